"""Times and displacements of frames: what is believed, what is refused, and what is said."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cagebreak.configuration import Box
from cagebreak.errors import InputError
from cagebreak.study.importing.trajectory import Clock, Stamp, Timeline, trajectory
from support.trajectory_files import EDGE, SPECIES, N, configuration, frames, moved, places

FILE = Path("run.dump")
STEPS = Clock(timestep=0.5, interval=None)


def read(run, clock=STEPS, wrapped=False):
    stamps = [Stamp(frame.step, frame.time) for frame in run]
    return trajectory(FILE, run, Timeline.of(FILE, stamps, clock), wrapped)


def path_of(n=3, by=0.05, seed=0):
    return [places(seed) + sum((by * np.random.default_rng(k + 1).normal(size=(N, 3))
            for k in range(i)), np.zeros((N, 3))) for i in range(n)]  # fmt: skip


def test_unwrapped_positions_are_believed_however_far_particles_go():
    x = places(0) % EDGE
    y = x.copy()
    y[0] += 3.2 * EDGE
    found = read(frames([x, y], [0, 10])).displacements
    np.testing.assert_array_equal(found[1], y - x)
    # Without images, positions over more than a box are not wrapped.
    np.testing.assert_array_equal(read(frames([x, y], [0, 10], unwrapped=False)).displacements,
                                  found)  # fmt: skip


def test_particles_without_ids_in_another_order_are_not_paired_by_line():
    x = places(0)
    order = np.arange(N)
    for s in (0, 1):
        of_species = np.flatnonzero(s == SPECIES)
        order[of_species] = np.roll(of_species, 3)
    y = moved(x, 0.05, seed=1)
    with pytest.raises(InputError, match=r"frame 3 has its particles in .* another order"):
        read(frames([x, y, y[order]], [0, 10, 20]))
    with_ids = frames([x, y, y[order]], [0, 10, 20], ids=[np.arange(N)] * 3)
    assert read(with_ids).displacements.shape == (3, N, 3)
    for later in (moved(x, 0.3, seed=2), places(1)):  # a liquid, before and after it relaxed
        assert read(frames([x, later], [0, 10])).displacements.shape == (2, N, 3)


@pytest.mark.parametrize("unwrapped", [True, False])
def test_wrapped_beside_what_is_unwrapped_is_refused(unwrapped):
    x = places(0) % EDGE
    run = frames([x, x + 0.7 * EDGE], [0, 10], unwrapped)
    with pytest.raises(InputError, match=r"wrapped: .* run\.dump .*leave wrapped out"):
        read(run if unwrapped else frames([x, 2 * x], [0, 10], False), wrapped=True)


def test_a_jump_without_images_names_the_particle_and_both_ways_on():
    x, y = places(0) % EDGE, places(0) % EDGE
    x[7], y[7] = 0.1, 0.1 + 0.6 * EDGE
    with pytest.raises(InputError, match=r"particle 7 moves by 0\.6 .* no images; say wrapped if"):
        read(frames([x, y], [0, 10], unwrapped=False))
    y[7] = 0.1 + 0.48 * EDGE
    with pytest.raises(InputError, match=r"do not say which way it went; write images"):
        read(frames([x, y], [0, 10], unwrapped=False), wrapped=True)


def test_frames_with_images_beside_frames_without_are_refused():
    run = frames(path_of(), [0, 1, 2])
    run[1] = replace(run[1], configuration=run[1].configuration.replace(images=None))
    with pytest.raises(InputError, match="none in frame 2"):
        read(run)


@pytest.mark.parametrize(
    ("step", "time", "clock", "expected"),
    [
        ([5, 7, 11], None, Clock(0.5, None), [0, 1, 3]),
        (None, [1.0, 1.5, 3.0], Clock(None, None), [0, 0.5, 2]),
        ([5, 7, 11], [1.0, 2.0, 4.0], Clock(None, None), [0, 1, 3]),
        ([5, 7, 11], [1.0, 2.0, 4.0], Clock(0.5, None), [0, 1, 3]),
        (None, None, Clock(None, 0.2), [0, 0.2, 0.4]),
        ([5, 7, 11], [1.0, 2.0, 4.0], Clock(0.05, None), r"states the time 3 of its last frame"),
        ([5, 7, 11], None, Clock(None, None), r"timestep: run\.dump states .*--timestep"),
        (None, None, Clock(0.5, None), r"interval: run\.dump states no times and .*--interval"),
        ([5, 7, 11], None, Clock(None, 0.2), r"interval: run\.dump states time steps, expected no"),
        (None, [1.0, 2.0, 4.0], Clock(None, 0.2), r"interval: run\.dump states times"),
        ([0, 0, 0], None, Clock(None, 0.2), [0, 0.2, 0.4]),
        ([0, 0, 0], [0.0, 0.0, 0.0], Clock(0.5, None), r"no time steps .* or the same in all"),
        ([5, 7, 11], [0.0, 0.0, 0.0], Clock(0.5, None), [0, 1, 3]),
        ([5, 11, 7], None, Clock(0.5, None), r"got 1 in frame 3 after 3"),
        ([5, 7, 7], None, Clock(0.5, None), r"frames 2 and 3 at 1, 0\.\d+ sigma apart"),
    ],
)
def test_times(step, time, clock, expected):
    run = frames(path_of(), step, **({} if time is None else {"time": time}))
    if isinstance(expected, str):
        with pytest.raises(InputError, match=expected):
            read(run, clock)
    else:
        np.testing.assert_allclose(read(run, clock).times, expected)


def test_a_frame_that_a_restart_wrote_again_is_left_out():
    a, b, c = path_of()
    found = read(frames([a, b, b, c], [0, 10, 10, 20]))
    np.testing.assert_allclose(found.times, [0, 5, 10])
    np.testing.assert_allclose(found.displacements, [a - a, b - a, c - a], atol=1e-12)
    assert "1 frames repeat the one before" in found.remarks[0]


def test_the_affine_part_of_a_changing_box_is_left_out():
    """The particles move by u in the first box, while the box and its origin change."""
    a, b, _ = path_of()
    b -= (b - a).mean(axis=0)
    for deformation in (np.eye(3) * 1.01, np.eye(3) + np.diag([0.03], 2)):
        matrix = np.eye(3) * EDGE @ deformation
        later = configuration(b @ deformation + 0.7, Box(matrix), images=np.zeros((N, 3), int))
        run = frames([a, a], [0, 1])
        run[1] = replace(run[1], configuration=later)
        found = read(run)
        np.testing.assert_allclose(found.displacements[1], b - a, atol=1e-12)
        assert "the box changes by up to 0.0" in found.remarks[0]
        wrapped = later.replace(positions=later.wrapped, images=None)
        run = [replace(run[0], configuration=configuration(a % EDGE)),
               replace(run[1], configuration=wrapped)]  # fmt: skip
        np.testing.assert_allclose(read(run, wrapped=True).displacements[1], b - a, atol=1e-12)


def test_a_box_that_changes_much_is_refused_with_the_numbers():
    a, b, _ = path_of()
    run = frames([a, b], [0, 1])
    run[1] = replace(run[1], configuration=run[1].configuration.replace(box=Box.cubic(1.2 * EDGE)))
    with pytest.raises(InputError, match=r"strain of 0\.2 in frame 2: edges of 5\.64 "):
        read(run)


def test_frames_of_other_particles_are_refused():
    a, b, _ = path_of()
    run = frames([a, b], [0, 1], ids=[np.arange(N), np.arange(N) + (np.arange(N) == 3) * 900])
    with pytest.raises(InputError, match=r"ids of its first frame in every other, got id 903 in"):
        read(run)
    run = frames([a, b], [0, 1], ids=[np.arange(N), None])
    with pytest.raises(InputError, match="frame 2 states no ids"):
        read(run)
    run = [*frames([a], [0]), *frames([b[:-1]], [1])]
    with pytest.raises(InputError, match="125, got 124 in frame 2"):
        read(run)
    run = frames([a, b], [0, 1])
    species = run[1].configuration.species.copy()
    species[[3, 4]] = species[[4, 3]]
    run[1] = replace(run[1], configuration=run[1].configuration.replace(species=species))
    with pytest.raises(InputError, match=r"species of particle 3 in frame 2 \(2 such"):
        read(run)
