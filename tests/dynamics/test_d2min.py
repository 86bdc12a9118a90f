"""D2min: blind to affine maps and boxes, equal to least squares, and to OVITO's."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cagebreak as cb
from cagebreak.dynamics import _d2min_kernel as kernel
from cagebreak.dynamics.d2min import D2Min, d2min, nonaffine, thermal_d2min
from cagebreak.dynamics.plasticity import is_event
from cagebreak.errors import ConfigurationError, InputError
from cagebreak.simulation.isoconfigurational import trajectory
from cagebreak.simulation.packing import random_packing
from naive import d2min as naive

CUTOFF = 1.6


def system(seed=0, n=60, length=4.0, tilt=0.0, spread=0.1):
    rng = np.random.default_rng(seed)
    matrix = np.diag([length, length * 1.1, length * 0.9])
    matrix[1, 0] = tilt
    start = cb.Configuration(rng.random((n, 3)) @ matrix, np.zeros(n, int), cb.Box(matrix))
    end = start.replace(positions=start.positions + rng.normal(scale=spread, size=(n, 3)))
    return start, end


@pytest.mark.parametrize("tilt", [0.0, 1.3, -2.0])
@pytest.mark.parametrize("cutoff", [0.6, CUTOFF, 2.5])
def test_it_is_least_squares(tilt, cutoff):
    """At 0.6 most particles have fewer than four neighbors; 2.5 is more than half the box."""
    start, end = system(tilt=tilt)
    expected = naive.d2min(start.positions, end.positions, start.box.matrix, end.box.matrix, cutoff)
    np.testing.assert_allclose(d2min(start, end, cutoff), expected, atol=1e-10)


entries = st.floats(-0.2, 0.2)


@given(st.lists(entries, min_size=9, max_size=9), st.integers(0, 5))
@settings(deadline=None, max_examples=30)
def test_affine_maps_are_not_seen(numbers, seed):
    """The box deforms with the particles; then also on top of other motion."""
    deformation = np.eye(3) + np.reshape(numbers, (3, 3))
    start, end = system(seed)
    box = cb.Box(start.box.matrix @ deformation)
    affine = start.replace(positions=start.positions @ deformation, box=box)
    np.testing.assert_allclose(d2min(start, affine, CUTOFF), 0, atol=1e-12)
    np.testing.assert_allclose(nonaffine(start, affine), 0, atol=1e-12)
    moved = nonaffine(start, end)
    both = affine.replace(positions=affine.positions + moved)
    np.testing.assert_allclose(
        d2min(start, both, CUTOFF), d2min(start, end, CUTOFF), rtol=1e-8, atol=1e-12
    )


def test_a_rotation_of_both_changes_nothing():
    start, end = system(1, length=20.0)
    q, _ = np.linalg.qr(np.random.default_rng(2).normal(size=(3, 3)))
    q *= np.sign(np.linalg.det(q))
    box = cb.Box(start.box.matrix @ q)
    turned = [each.replace(positions=each.positions @ q, box=box) for each in (start, end)]
    np.testing.assert_allclose(d2min(*turned, 6.0), d2min(start, end, 6.0), rtol=1e-9, atol=1e-13)


def test_wrapping_and_flips_of_the_box_change_nothing():
    start, end = system(3, tilt=1.9)
    expected = d2min(start, end, CUTOFF)
    wrapped = end.replace(positions=end.wrapped)
    np.testing.assert_allclose(d2min(start, wrapped, CUTOFF), expected, atol=1e-12)
    matrix = end.box.matrix.copy()
    matrix[1] -= matrix[0]  # the same lattice
    flipped = cb.Box(matrix)
    flipped_end = end.replace(positions=flipped.wrap(end.positions), box=flipped)
    np.testing.assert_allclose(d2min(start, flipped_end, CUTOFF), expected, atol=1e-12)


def test_images_tell_of_ways_longer_than_half_the_box():
    start, end = system(4)
    far = end.positions.copy()
    far[0] += 2 * start.box.matrix[0]
    images = np.zeros((60, 3), int)
    counted = [start.replace(images=images), end.replace(positions=far, images=images)]
    assert d2min(*counted, CUTOFF)[0] > d2min(start, end, CUTOFF)[0] + 10
    np.testing.assert_allclose(
        d2min(start, end.replace(positions=far), CUTOFF), d2min(start, end, CUTOFF), atol=1e-12
    )


def test_displacements_without_images_are_the_shortest_in_a_tilted_box():
    start, end = system(3, tilt=9.0, spread=1.5)
    moved = nonaffine(start, end.replace(positions=end.wrapped))
    shifts = np.array(list(itertools.product(range(-6, 7), repeat=3))) @ start.box.matrix
    shortest = np.linalg.norm(moved[:, None] + shifts, axis=2).min(axis=1)
    np.testing.assert_allclose(np.linalg.norm(moved, axis=1), shortest, atol=1e-12)


def test_few_neighbors_are_fitted_exactly():
    positions = [[1.0, 1, 1], [2, 1, 1], [1, 2, 1], [1, 1, 2], [9, 9, 9]]
    start = cb.Configuration(positions, [0] * 5, 20.0)
    rng = np.random.default_rng(0)
    end = start.replace(positions=start.positions + rng.normal(scale=0.1, size=(5, 3)))
    np.testing.assert_allclose(d2min(start, end, 1.2), 0, atol=1e-14)
    assert (d2min(start, end, 1.6)[:4] >= 0).all()


@pytest.mark.parametrize("unit", [1e-5, 1e5])
@pytest.mark.parametrize("cutoff", [0.6, CUTOFF])
def test_it_scales_as_a_squared_length(cutoff, unit):
    """Also where neighbors span no volume, which is a question of their shape."""
    start, end = system(6)
    box = cb.Box(start.box.matrix * unit)
    scaled = [each.replace(positions=each.positions * unit, box=box) for each in (start, end)]
    expected = d2min(start, end, cutoff)
    np.testing.assert_allclose(d2min(*scaled, cutoff * unit) / unit**2, expected, atol=1e-10)


def test_kernels_index_nothing_beyond_their_arrays(monkeypatch):
    """Uncompiled, they give the same: numpy checks every index."""
    start, end = system(7, n=12, length=3.0)
    expected = d2min(start, end, CUTOFF)
    for name in ("invert", "residuals"):
        monkeypatch.setattr(kernel, name, getattr(kernel, name).py_func)
    np.testing.assert_allclose(d2min(start, end, CUTOFF), expected, rtol=1e-9, atol=1e-14)


def test_many_frames_at_once():
    start, end = system(5)
    measure = D2Min(start, CUTOFF)
    moved = end.positions - start.positions
    frames = np.stack([0 * moved, moved, 2 * moved])
    found = measure(frames)
    np.testing.assert_allclose(found[0], 0)
    np.testing.assert_allclose(found[1], d2min(start, end, CUTOFF))
    np.testing.assert_allclose(found[2], 4 * found[1])


def test_displacements_that_do_not_fit_the_reference_are_refused():
    plane = random_packing(cb.kob_andersen_2d(0.4), 40, seed=1)
    moved = np.zeros((40, 3))
    moved[3, 2] = 0.5
    with pytest.raises(InputError, match=r"expected zeros along z, .*, got up to 0\.5"):
        D2Min(plane, CUTOFF)(moved)
    with pytest.raises(InputError, match="expected finite numbers"):
        D2Min(plane, CUTOFF)(np.full((2, 40, 3), np.nan))
    with pytest.raises(InputError, match=r"expected \(\.\.\., 40, 3\)"):
        D2Min(plane, CUTOFF)(moved[:-1])


def test_the_isoconfigurational_mean_is_that_of_the_runs():
    model = cb.hard_spheres(0.5)
    start = cb.equilibrate(model, 60, 2.0, seed=1)
    times = [0.1, 1.0]
    found = thermal_d2min(start, model, times, n_runs=3, seed=2, cutoff=2.0)
    runs = [
        trajectory(start, model, times, cb.seeding.seed_sequence(2, "run", r)) for r in range(3)
    ]
    expected = np.mean([D2Min(start, 2.0)(run) for run in runs], axis=0)
    np.testing.assert_allclose(found.mean, expected)
    assert found.mean.shape == (2, 60)


def ovito_d2min(start, end, cutoff):
    """Return OVITO's D2min of wrapped positions; each configuration in its own box."""
    ovito = pytest.importorskip("ovito", reason="OVITO is no dependency of the tests")
    from ovito.data import DataCollection, SimulationCell
    from ovito.modifiers import AtomicStrainModifier
    from ovito.pipeline import Pipeline, PythonSource

    def source(configuration):
        def create(frame, data: DataCollection):
            data.create_particles(count=len(configuration))
            data.particles_.create_property("Position", data=configuration.wrapped)
            cell = SimulationCell(pbc=(True, True, True))
            cell[:, :3] = configuration.box.matrix.T
            data.objects.append(cell)

        return PythonSource(function=create)

    assert ovito is not None
    pipeline = Pipeline(source=source(end))
    modifier = AtomicStrainModifier(
        cutoff=cutoff, output_nonaffine_squared_displacements=True, minimum_image_convention=True
    )
    modifier.reference = source(start)
    pipeline.modifiers.append(modifier)
    return np.asarray(pipeline.compute().particles["Nonaffine Squared Displacement"])


@pytest.mark.parametrize("tilt", [0.0, 1.3])
def test_it_equals_ovito(tilt):
    """A development-only check, also in a tilted box."""
    start, end = system(6, n=400, length=8.0, tilt=tilt)
    theirs = ovito_d2min(start, end, CUTOFF)
    np.testing.assert_allclose(d2min(start, end, CUTOFF), theirs, atol=1e-8)


def test_it_equals_ovito_under_shear():
    """Steps of athermal shear, events among them: box and particles are strained together."""
    pytest.importorskip("ovito", reason="OVITO is no dependency of the tests")
    model = cb.kob_andersen_smoothed()
    states = list(cb.shear(random_packing(model, 150, seed=1), model, 0.12, step=1e-3))
    pairs = list(itertools.pairwise(states))
    events = [pair for pair in pairs if is_event(*pair)]
    assert events
    for before, after in pairs[:2] + events:
        here, there = before.configuration, after.configuration
        theirs = ovito_d2min(here, there, 1.5)
        np.testing.assert_allclose(d2min(here, there, 1.5), theirs, atol=1e-8)


def test_bad_input_is_named():
    start, end = system()
    for cutoff in (0.0, -1.0, np.nan):
        with pytest.raises(InputError, match="cutoff: expected a positive length"):
            d2min(start, end, cutoff)
    with pytest.raises(ConfigurationError, match="expected the 60 particles of the reference"):
        d2min(start, cb.Configuration([[0.0, 0, 0]], [0], 4.0), CUTOFF)
    with pytest.raises(ConfigurationError, match="expected a box near that of the reference"):
        d2min(start, end.replace(box=cb.Box.cubic(400.0)), CUTOFF)
    with pytest.raises(InputError, match=r"displacements: expected \(\.\.\., 60, 3\)"):
        D2Min(start, CUTOFF)(np.zeros((3, 3)))
