"""Displacements in boxes that change: the affine part is out, and nothing is guessed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cagebreak as cb
from cagebreak.configuration import Box
from cagebreak.dynamics.d2min import nonaffine
from cagebreak.dynamics.displacements import displacements
from cagebreak.errors import ConfigurationError, InputError

N, EDGE = 60, 6.0


def run(strains, seed=0, by=0.05, dimension=3):
    """Return frames whose particles move by `moved` in the first box, and `moved` (F, N, 3).

    The box is deformed by each strain; positions follow it, are unwrapped, and have no images.
    """
    rng = np.random.default_rng(seed)
    first = np.eye(3) * EDGE
    plane = [1, 1, dimension == 3]
    x = rng.uniform(0, EDGE, (N, 3)) * plane
    moved = np.cumsum(by * rng.normal(size=(len(strains), N, 3)), axis=0) * plane
    moved -= moved[0]
    moved -= moved.mean(axis=1, keepdims=True)
    frames = []
    for u, strain in zip(moved, strains, strict=True):
        matrix = first @ (np.eye(3) + strain)
        positions = (x + u) / EDGE @ matrix
        box = Box(matrix[:dimension, :dimension])
        frames.append(cb.Configuration(positions, [0] * N, box, images=np.zeros((N, 3), int)))
    return frames, moved


def shear(gamma):
    return gamma * np.outer([0, 1, 0], [1, 0, 0])


strain_of_a_box = st.lists(st.floats(-0.02, 0.02), min_size=9, max_size=9).map(
    lambda values: np.reshape(values, (3, 3))
)


@given(st.lists(strain_of_a_box, min_size=1, max_size=4), st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_the_motion_in_the_first_box_is_left(strains, seed):
    """A common motion is left out with the box: where its origin is has no meaning."""
    frames, moved = run([np.zeros((3, 3)), 0.01 * np.eye(3), *strains], seed)
    drifting = [f.replace(positions=f.positions + 0.3 * i) for i, f in enumerate(frames)]
    np.testing.assert_allclose(displacements(drifting), moved, atol=1e-12)


@pytest.mark.parametrize("dimension", [3, 2])
def test_a_constant_box_leaves_everything(dimension):
    frames, moved = run([np.zeros((3, 3))] * 3, dimension=dimension)
    drifting = [
        f.replace(positions=f.positions + np.array([i, 0, 0])) for i, f in enumerate(frames)
    ]
    expected = moved + np.arange(3)[:, None, None] * [1, 0, 0]
    np.testing.assert_allclose(displacements(drifting), expected, atol=1e-12)


@pytest.mark.parametrize("dimension", [3, 2])
def test_a_flipped_box_is_continued(dimension):
    """A box tilted by 0.55 of its edge, and the equivalent one tilted by -0.45."""
    tilts = (0.5, 0.53, 0.55)
    frames, _ = run([shear(tilt) for tilt in tilts], dimension=dimension)
    matrix = frames[-1].box.matrix.copy()
    flip = np.eye(3)
    flip[1, 0] = -1.0
    flipped = frames[-1].replace(box=Box((flip @ matrix)[:dimension, :dimension]))
    expected = displacements(frames)
    np.testing.assert_allclose(displacements([*frames[:-1], flipped]), expected, atol=1e-12)


@pytest.mark.parametrize("tilt", [0.0, 0.5, 2.3])
def test_wrapped_positions_follow_the_shortest_way_at_any_tilt(tilt):
    strains = [shear(tilt), shear(tilt + 0.01), shear(tilt + 0.02) + 0.01 * np.eye(3)]
    frames, _ = run(strains)
    wrapped = [frame.replace(positions=frame.wrapped, images=None) for frame in frames]
    np.testing.assert_allclose(displacements(wrapped, True), displacements(frames), atol=1e-12)


def test_two_frames_are_the_nonaffine_displacement_in_the_first_box():
    frames, _ = run([np.zeros((3, 3)), shear(0.05) - 0.02 * np.eye(3)])
    first, later = (frame.box for frame in frames)
    expected = nonaffine(*frames) @ later.inverse @ first.matrix
    expected -= expected.mean(axis=0)
    np.testing.assert_allclose(displacements(frames)[1], expected, atol=1e-12)


def test_frames_of_a_file_are_read_one_at_a_time(tmp_path):
    frames, moved = run([0.002 * i * np.eye(3) for i in range(5)])
    cb.write(tmp_path / "npt.dump", frames)
    found = displacements(cb.iread(tmp_path / "npt.dump"))
    np.testing.assert_allclose(found, moved, atol=1e-12)
    for origin in range(3):  # any frame may be the origin
        np.testing.assert_allclose(found[origin:] - found[origin], moved[origin:] - moved[origin],
                                   atol=1e-12)  # fmt: skip


def test_what_is_not_known_is_refused():
    frames, _ = run([np.zeros((3, 3))] * 3, by=0.0)
    inside = [frame.replace(positions=frame.wrapped, images=None) for frame in frames]
    far = inside[1].positions.copy()
    far[3, 0] = (far[3, 0] + 0.49 * EDGE) % EDGE
    across = [inside[0], inside[1].replace(positions=far)]
    with pytest.raises(InputError, match=r"particle 3 moves by 0\.49 of the box between frames 1"):
        displacements(across, wrapped=True)
    with pytest.raises(InputError, match="wrapped: images or unwrapped positions in fr"):
        displacements(frames, wrapped=True)
    with pytest.raises(InputError, match="none in frame 2"):
        displacements([frames[0], inside[1]])
    with pytest.raises(InputError, match=r"strain of 0\.2 in frame 2: edges of 7\.2 "):
        displacements(run([np.zeros((3, 3)), 0.2 * np.eye(3)])[0])
    with pytest.raises(ConfigurationError, match=r"60 particles of the first frame .* got 59"):
        displacements([frames[0], frames[1][:-1]])
    other = frames[1].replace(species=frames[1].species[::-1] + np.arange(len(frames[1])) % 2)
    with pytest.raises(ConfigurationError, match=r"another species of particle \d+ in frame 2"):
        displacements([frames[0], other])
    with pytest.raises(InputError, match="frames of a run, got one Configuration"):
        displacements(frames[0])
    with pytest.raises(InputError, match="frames: expected at least one"):
        displacements([])


def test_positions_over_more_than_a_box_are_unwrapped():
    frames, _ = run([np.zeros((3, 3))] * 2, by=0.0)
    jumped = frames[1].positions + np.eye(N, 3, k=0) * 3 * EDGE
    bare = [frames[0].replace(images=None), frames[1].replace(positions=jumped, images=None)]
    np.testing.assert_allclose(displacements(bare)[1], np.eye(N, 3) * 3 * EDGE, atol=1e-12)
