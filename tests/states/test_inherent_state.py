import pickle

import numpy as np
import pytest

import cagebreak as cb
from cagebreak import models, potentials
from cagebreak.errors import ConfigurationError, InputError, NotConvergedError
from cagebreak.states import _fire_kernel as kernel
from cagebreak.states import inherent
from cagebreak.states.inherent import inherent_state
from naive import potentials as naive
from support import lammps_reference, paths
from support.table_models import tabulated

DATA = paths.EXTERNAL
KOB_ANDERSEN = DATA / "ka-t044" / "train" / "isoconfig_N4096T0.44_1_tc07.npz"
HARD_SPHERES = DATA / "hs-eta058-n10000.sph"
SOFT = {
    "harmonic": models.harmonic_spheres(),
    "lennard_jones": models.kob_andersen(),
    "lennard_jones_smooth": models.kob_andersen_smoothed(),
    "wahnstrom": models.wahnstrom(),
    "tabulated": tabulated(models.kob_andersen_smoothed(), first=0.02, n=4000),
}
SHEARED = np.array([[4.2, 0, 0], [1.9, 4.0, 0], [-1.1, 0.6, 3.9]])


@pytest.fixture(scope="module")
def hard_spheres():
    return cb.equilibrate(models.hard_spheres(0.58), n_particles=150, time=1, seed=1)


def liquid(model, n, seed=1, matrix=None):
    """Return a mixture near a minimum: where random particles have been pushed apart a little."""
    rng, box = np.random.default_rng(seed), model.box(n) if matrix is None else cb.Box(matrix)
    start = cb.Configuration(rng.uniform(size=(n, 3)) @ box.matrix, model.species(n), box)
    try:
        return inherent_state(start, model, max_iterations=60).configuration
    except NotConvergedError as error:
        return error.state.configuration


def fcc(n_cells, edge):
    cells = np.stack(np.meshgrid(*[np.arange(n_cells)] * 3), axis=-1).reshape(-1, 1, 3)
    basis = np.array([[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]])
    positions = (cells + basis).reshape(-1, 3) * edge
    return cb.Configuration(positions, [0] * len(positions), n_cells * edge)


@pytest.mark.parametrize("name", SOFT)
def test_a_minimum_is_reached(name):
    model = SOFT[name]
    start = liquid(model, 200)
    state = inherent_state(start, model)
    forces = potentials.forces(state.configuration, model)
    assert np.linalg.norm(forces, axis=1).max() == pytest.approx(state.force, rel=1e-3)
    assert state.force <= 1e-6
    assert state.energy == potentials.energy(state.configuration, model) / 200
    assert state.energy < potentials.energy(start, model) / 200
    assert state.iterations > 0
    # Whoever is displaced a little falls back: it is a minimum, not a saddle.
    shaken = start.replace(
        positions=state.configuration.positions + np.random.default_rng(1).normal(0, 1e-3, (200, 3))
    )
    again = inherent_state(shaken, model)
    assert again.energy == pytest.approx(state.energy, abs=1e-9)


@pytest.mark.parametrize("name", SOFT)
def test_steps_equal_those_of_the_twin(name):
    model = SOFT[name]
    # Of the short-ranged one several images of a particle are neighbors.
    start = liquid(model, 14, seed=3, matrix=SHEARED / (2.5 if name == "harmonic" else 1))
    path, forces = naive.fire(start, model.pair, 20, inherent.first_dt_of(start, model))
    assert_best_of_path(start, model, path, forces)


def test_steps_of_hard_spheres_equal_those_of_the_twin():
    model = models.hard_spheres(0.4)
    start = cb.equilibrate(model, n_particles=12, time=1, seed=2)
    path, forces = naive.fire(start, model.pair, 20, inherent.FIRST_DT["hard_log"])
    assert_best_of_path(start, model, path, forces)


def assert_best_of_path(start, model, path, forces):
    largest = np.linalg.norm(forces, axis=2).max(axis=1)
    for n in (1, 7, 20):
        with pytest.raises(NotConvergedError) as caught:
            inherent_state(start, model, force_tolerance=1e-12, max_iterations=n)
        best = np.argmin(largest[: n + 1])
        state = caught.value.state
        assert state.iterations == n
        assert state.force == pytest.approx(largest[best], rel=1e-8)
        np.testing.assert_allclose(state.configuration.positions, path[best], atol=1e-9)


def test_scratch_has_room_for_the_neighbors_of_any_particle(monkeypatch):
    """Compiled kernels check no index. Uncompiled, `descend` does the same."""
    start = liquid(SOFT["harmonic"], 14, seed=3, matrix=SHEARED / 2.5)
    expected = inherent_state(start, SOFT["harmonic"]).configuration.positions
    compiled = kernel._forces

    def forces(form, table, species, neighbor_list, x, near, forces):
        assert near.shape == (4, np.diff(neighbor_list.bounds, axis=2).max())
        return compiled(form, table, species, neighbor_list, x, near, forces)

    monkeypatch.setattr(kernel, "_forces", forces)
    monkeypatch.setattr(kernel, "descend", kernel.descend.py_func)
    found = inherent_state(start, SOFT["harmonic"]).configuration.positions
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_two_particles_end_at_the_bottom_of_their_potential():
    model = SOFT["lennard_jones"]
    start = cb.Configuration([[1, 1, 1], [1, 1, 2.3]], [0, 1], 20.0)
    state = inherent_state(start, model)
    distance = np.linalg.norm(np.diff(state.configuration.positions, axis=0))
    assert distance == pytest.approx(0.8 * 2 ** (1 / 6), abs=1e-8)
    np.testing.assert_allclose(state.displacement, (1.3 - distance) / 2, atol=1e-9)


@pytest.mark.parametrize(
    ("model", "edge"),
    [
        (models.kob_andersen(composition=1), 1.55),
        (models.harmonic_spheres(composition=1), 1.35),
        (models.hard_spheres(composition=1), 1.6),
    ],
)
def test_a_shaken_crystal_returns_to_its_lattice(model, edge):
    lattice = fcc(3, edge)
    shaken = lattice.positions + np.random.default_rng(4).normal(0, 0.01, (108, 3))
    state = inherent_state(lattice.replace(positions=shaken), model, force_tolerance=1e-8)
    shift = state.configuration.positions - lattice.positions
    np.testing.assert_allclose(shift, np.tile(shift.mean(axis=0), (108, 1)), atol=1e-7)
    np.testing.assert_allclose(shift.mean(axis=0), (shaken - lattice.positions).mean(axis=0))
    assert state.energy == pytest.approx(potentials.energy(lattice, model) / 108, abs=1e-10)


def test_a_lone_particle_stays():
    state = inherent_state(cb.Configuration([[1, 2, 3]], [0], 1.7), SOFT["lennard_jones"])
    assert state.iterations == 0
    assert state.displacement.tolist() == [0]


def test_hard_spheres_never_overlap(hard_spheres):
    model = models.hard_spheres(0.58)
    gaps = naive.smallest_gaps(hard_spheres, model.pair.sigma)
    for n in (*range(1, 30), 60, 100):
        with pytest.raises(NotConvergedError) as caught:
            inherent_state(hard_spheres, model, force_tolerance=1e-9, max_iterations=n)
        potentials.energy(caught.value.state.configuration, model)  # raises if any overlap
    state = inherent_state(hard_spheres, model)
    assert naive.smallest_gaps(state.configuration, model.pair.sigma).min() > gaps.min()


def test_spheres_that_all_but_touch_are_driven_apart():
    model = models.hard_spheres(composition=1)
    start = cb.Configuration([[1, 1, 1], [1, 1, 2 + 1e-12], [1, 1.9, 4]], [0, 0, 0], 10.0)
    state = inherent_state(start, model)
    assert naive.smallest_gaps(state.configuration, model.pair.sigma).min() >= 0.349


def test_a_step_leaves_at_least_half_of_every_gap():
    rng = np.random.default_rng(5)
    for _ in range(50):
        x = rng.uniform(0, 3, (3, 8))
        distance = np.linalg.norm(x[:, :, None] - x[:, None], axis=0) + 10 * np.eye(8)
        contact = distance.min() - 10.0 ** rng.uniform(-9, -1)
        gaps = distance.min(axis=1) - contact
        velocities, forces = rng.normal(size=(2, 3, 8)) * 10.0 ** rng.uniform(-2, 6)
        kernel._move(x, velocities, forces, x.copy(), gaps, 0.1, 0.5)
        after = np.linalg.norm(x[:, :, None] - x[:, None], axis=0) + 10 * np.eye(8)
        assert (after - contact >= 0.4999 * (distance - contact)).all()


def test_the_start_is_continued_across_the_box():
    model = SOFT["lennard_jones"]
    plain = liquid(model, 100, seed=6)
    rng = np.random.default_rng(6)
    images = rng.integers(-3, 4, (100, 3))
    shifted = plain.positions + rng.integers(-2, 3, (100, 3)) @ plain.box.matrix
    start = plain.replace(positions=shifted, images=images, velocities=shifted)
    state = inherent_state(start, model)
    end = state.configuration
    np.testing.assert_array_equal(end.images, images)
    assert end.velocities is None
    assert state.start is start
    vectors = end.unwrapped - start.unwrapped
    np.testing.assert_allclose(state.displacement, np.linalg.norm(vectors, axis=1))
    same = inherent_state(plain, model)
    np.testing.assert_allclose(state.displacement, same.displacement, atol=1e-6)


def test_order_of_particles_and_place_of_the_box_do_not_matter():
    model = SOFT["lennard_jones_smooth"]
    start = liquid(model, 60, seed=8, matrix=SHEARED)
    state = inherent_state(start, model)
    order = np.random.default_rng(9).permutation(60)
    other = cb.Configuration(
        start.positions[order] + [0.3, 1.2, -7], start.species[order], start.box
    )
    again = inherent_state(other, model)
    assert again.energy == pytest.approx(state.energy, abs=1e-10)
    np.testing.assert_allclose(again.displacement, state.displacement[order], atol=1e-5)


def test_the_same_bits_again():
    model = SOFT["lennard_jones"]
    start = liquid(model, 100)
    one, two = inherent_state(start, model), inherent_state(start, model)
    np.testing.assert_array_equal(one.configuration.positions, two.configuration.positions)


def test_the_best_is_kept_when_steps_run_out():
    model = SOFT["lennard_jones"]
    start = liquid(model, 100)
    with pytest.raises(
        NotConvergedError, match=r"1e-06 eps/sigma .* max_iterations = 30"
    ) as caught:
        inherent_state(start, model, max_iterations=30)
    state = caught.value.state
    assert state.iterations == 30
    forces = potentials.forces(state.configuration, model)
    assert np.linalg.norm(forces, axis=1).max() == pytest.approx(state.force)
    assert state.force < np.linalg.norm(potentials.forces(start, model), axis=1).max()
    # It comes home from another process whole.
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)
    assert again.state.force == state.force


@pytest.mark.parametrize("tolerance", [0, -1e-6, np.nan, np.inf])
def test_a_tolerance_that_cannot_be_met_is_refused(tolerance):
    with pytest.raises(InputError, match="force_tolerance"):
        inherent_state(fcc(1, 1.6), models.kob_andersen(), force_tolerance=tolerance)


@pytest.mark.parametrize("n", [0, -3, 2.5])
def test_a_number_of_steps_that_is_none_is_refused(n):
    with pytest.raises(InputError, match="max_iterations"):
        inherent_state(fcc(1, 1.6), models.kob_andersen(), max_iterations=n)


def test_configurations_that_have_no_energy_are_refused():
    overlapping = cb.Configuration([[0, 0, 0], [0, 0, 0.9]], [0, 0], 5.0)
    with pytest.raises(ConfigurationError, match="spheres 0 and 1 overlap"):
        inherent_state(overlapping, models.hard_spheres())
    with pytest.raises(ConfigurationError, match="species"):
        inherent_state(fcc(1, 1.6).replace(species=[2] * 4), models.kob_andersen())


@pytest.mark.external
@pytest.mark.physics
@pytest.mark.skipif(not KOB_ANDERSEN.exists(), reason=f"{KOB_ANDERSEN.name} is absent")
def test_a_kob_andersen_liquid_nobody_here_made():
    state = inherent_state(cb.read(KOB_ANDERSEN), models.kob_andersen(number_density=1.2))
    # LAMMPS' own FIRE from the same start ends at -7.66216; basins of the same liquid differ by
    # less than a thousandth.
    assert state.energy == pytest.approx(-7.66216, abs=1e-3)


@pytest.mark.external
@pytest.mark.skipif(not HARD_SPHERES.exists(), reason=f"{HARD_SPHERES.name} is absent")
def test_a_hard_sphere_packing_nobody_here_made():
    model = models.hard_spheres()
    state = inherent_state(cb.read(HARD_SPHERES), model, force_tolerance=1)
    assert state.force <= 1
    potentials.energy(state.configuration, model)  # raises if any overlap


@pytest.mark.physics
@pytest.mark.parametrize("name", ["lennard_jones", "harmonic"])
def test_energies_equal_those_of_lammps(name):
    try:
        lammps_reference.load()
    except ImportError as error:
        pytest.skip(f"LAMMPS: {error}")
    model = SOFT[name]
    start = inherent_state(liquid(model, 300), model).configuration
    # Shaken little enough that both fall back into the same minimum.
    shaken = start.positions + np.random.default_rng(1).normal(0, 0.03, (300, 3))
    start = start.replace(positions=shaken)
    lammps = lammps_reference.begin(start, model)
    lammps_reference.minimize(lammps, 1e-8, inherent.FIRST_DT[model.pair.form])
    energy, _ = lammps_reference.energy_and_forces(lammps)
    state = inherent_state(start, model, force_tolerance=1e-8)
    assert state.energy == pytest.approx(energy / 300, abs=1e-10)
