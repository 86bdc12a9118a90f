"""Cage states of many particles: cells, lists, errors, chains, and what is refused."""

import warnings

import numba
import numpy as np
import pytest

import cagebreak as cb
from cagebreak import models, potentials
from cagebreak.errors import ConfigurationError, InputError, SamplingWarning
from cagebreak.neighbors import neighbor_table
from cagebreak.seeding import seed_sequence
from cagebreak.states import CageSampler, cage, cage_sampler, cage_state
from cagebreak.states.cage import pool_chains
from support import paths
from support.cage_systems import crystal, dense_hard_spheres, glass, jittered, voronoi_test

TILTED = np.array([[3.1, 0.4, -0.5], [0.6, 3.3, 0.3], [-0.7, 0.5, 3.2]])  # in every direction


def test_the_mean_of_a_crystal_is_its_lattice():
    model, start = cb.hard_spheres(0.6, composition=1), crystal()
    # Disturbed a little, so that the mean differs from the start.
    off = np.random.default_rng(1).uniform(-0.02, 0.02, start.positions.shape)
    disturbed = start.replace(positions=start.positions + off)
    state = cage_state(disturbed, model, seed=1, sweeps=(500, 12_000))
    from_lattice = state.configuration.positions - start.positions
    from_lattice -= from_lattice.mean(axis=0)
    error = np.sqrt((state.error**2).mean())
    assert error < 0.008
    assert np.sqrt((from_lattice**2).sum(axis=1).mean()) < 1.5 * error
    assert state.displacement.mean() > 2 * error


def test_no_sphere_ever_overlaps_another_or_leaves_its_cell():
    model, start = dense_hard_spheres()
    sampler = CageSampler(start, model, 4)
    inside = voronoi_test(start, model)
    sigma = np.array(model.pair.sigma)
    sampler.step = 0.15  # wide enough to reach the faces of cells
    for _ in range(30):
        sampler.run(40)
        now = start.replace(positions=sampler.positions, images=None)
        table = neighbor_table(now, 1.0)
        i = np.repeat(np.arange(len(now)), np.diff(table.offsets))
        contact = sigma[now.species[i], now.species[table.neighbors]]
        assert (np.sqrt((table.vectors**2).sum(axis=1)) >= contact).all()
        displacements = sampler.positions - start.unwrapped
        assert all(inside(i, displacement) for i, displacement in enumerate(displacements))
    assert sampler.state().cell_rejection.max() > 0


def test_no_soft_particle_ever_leaves_its_cell():
    model = models.kob_andersen(2.0)  # hot, to push against the faces of cells
    start = glass(model, 150)
    sampler = CageSampler(start, model, 4)
    inside = voronoi_test(start, model)
    for _ in range(8):
        sampler.run(100)
        displacements = sampler.positions - start.unwrapped
        assert all(inside(i, displacement) for i, displacement in enumerate(displacements))
    assert sampler.state().cell_rejection.mean() > 1e-3


def test_lists_miss_no_interaction():
    # The energy of a particle over its list is that over all particles.
    model = models.kob_andersen(0.8)
    start = glass(model, 400)
    sampler = CageSampler(start, model, 5, cell=0.45)
    sampler.relax(300)
    sampler.run(300)
    now = start.replace(positions=sampler.positions, images=None)
    exact = potentials.energies(now, model)
    coordinates = sampler._sites.coordinates[:, :3].T
    for k, i in enumerate(sampler._order[:60]):
        index, square = [], []
        for s in range(2):
            first, n = sampler._lists.rows[k, s]
            neighbors = coordinates[:, sampler._lists.entries[first : first + n]]
            d = (neighbors - coordinates[:, [k]]).T @ sampler._sites.lattice
            square.append((d**2).sum(axis=1))
            index.append(np.full(n, s))
        square, index = np.concatenate(square), np.concatenate(index)
        rows = potentials.pair_table(model.pair)[now.species[i], index]
        near = square < rows[:, 0]
        s6 = rows[near, 2] / square[near] ** 3
        energy = (rows[near, 1] * (s6**2 - s6) - rows[near, 3]).sum() / 2
        assert energy == pytest.approx(exact[i], abs=1e-6)


def test_the_error_agrees_with_the_scatter_of_independent_seeds():
    model, start = cb.hard_spheres(0.6, composition=1), crystal()
    states = [cage_state(start, model, seed=k, sweeps=(500, 4000)) for k in range(6)]
    means = np.array([state.configuration.positions for state in states])
    scatter = np.sqrt(means.var(axis=0, ddof=1).sum(axis=1).mean())
    error = np.sqrt(np.mean([(state.error**2).mean() for state in states]))
    assert 0.75 * scatter < error < 1.33 * scatter


def test_one_seed_gives_the_same_bits_however_sweeps_are_divided():
    model = models.kob_andersen(0.8)
    start = glass(model, 200)
    runs = []
    for parts in ([60], [7, 13, 40]):
        sampler = CageSampler(start, model, 7)
        sampler.relax(40)
        for part in parts:
            sampler.run(part)
        runs.append(sampler)
    first, second = (sampler.state() for sampler in runs)
    np.testing.assert_array_equal(runs[0].positions, runs[1].positions)
    np.testing.assert_array_equal(first.configuration.positions, second.configuration.positions)
    np.testing.assert_array_equal(first.covariance, second.covariance)
    assert first.sweeps == second.sweeps == (40, 60)
    other = CageSampler(start, model, 8)
    other.relax(40)
    other.run(60)
    assert (other.positions != runs[0].positions).all()


def test_calls_of_a_single_sweep_give_the_same_bits(monkeypatch):
    """Large systems have few sweeps a call, but never none."""
    model, start = dense_hard_spheres()
    whole = cage_state(start, model, seed=2, sweeps=(10, 20))
    monkeypatch.setattr(cage_sampler, "_MOVES_PER_CALL", len(start) - 1)
    divided = cage_state(start, model, seed=2, sweeps=(10, 20))
    np.testing.assert_array_equal(whole.configuration.positions, divided.configuration.positions)
    np.testing.assert_array_equal(whole.covariance, divided.covariance)


def test_the_motion_of_the_center_of_mass_is_left_out():
    model = models.wahnstrom()
    start = glass(models.wahnstrom(), 200)
    masses = np.array(model.masses)[start.species]
    displacements = []
    for include in (False, True):
        sampler = CageSampler(start, model, 1, include_center_of_mass=include)
        sampler.run(50)
        displacements.append(sampler.state().configuration.positions - start.positions)
    relative, absolute = displacements
    np.testing.assert_allclose(masses @ relative, 0, atol=1e-9)
    center_of_mass = masses @ absolute / masses.sum()
    assert np.linalg.norm(center_of_mass) > 1e-4
    np.testing.assert_allclose(absolute - relative, np.tile(center_of_mass, (200, 1)), atol=1e-9)


@pytest.mark.parametrize("include", [False, True])
def test_moments_are_those_of_the_positions_after_each_sweep(include):
    """Relative to the center of mass by default, and in a box of any shape."""
    model, start = models.wahnstrom(), jittered(3, TILTED)
    sampler = CageSampler(start, model, 1, include_center_of_mass=include)
    moved = np.empty((20, len(start), 3))
    for k in range(20):
        sampler.run(1)
        moved[k] = sampler.positions - start.unwrapped
    if not include:
        masses = np.array(model.masses)[start.species]
        moved -= (masses @ moved / masses.sum())[:, None]
    state = sampler.state()
    mean = moved.mean(axis=0)
    np.testing.assert_allclose(state.configuration.positions - start.positions, mean, atol=1e-9)
    around = moved - mean
    covariance = np.einsum("kia,kib->iab", around, around) / 20
    np.testing.assert_allclose(state.covariance, covariance, atol=1e-9)
    assert np.abs(covariance).max(axis=0).min() > 1e-4


def test_means_are_unwrapped_from_the_start_and_keep_its_images():
    model, start = dense_hard_spheres()
    shift = np.random.default_rng(1).integers(-2, 3, (300, 3))
    imaged = start.replace(images=shift, positions=start.wrapped)
    state = cage_state(imaged, model, seed=1, sweeps=(0, 20))
    np.testing.assert_array_equal(state.configuration.images, shift)
    displacements = state.configuration.unwrapped - imaged.unwrapped
    lengths = np.linalg.norm(displacements, axis=1)
    np.testing.assert_allclose(lengths, state.displacement, atol=1e-12)
    assert state.displacement.max() < 0.5
    assert state.configuration.velocities is None


def test_precision_is_reached_and_sweeps_are_honored():
    model, start = dense_hard_spheres()
    state = cage_state(start, model, seed=1, precision=0.06)
    assert np.sqrt((state.error**2).mean()) < 0.06
    assert cage_state(start, model, seed=1, sweeps=(30, 41)).sweeps == (30, 41)
    np.testing.assert_array_equal(state.variance, np.trace(state.covariance, axis1=1, axis2=2))


def test_a_precision_that_is_not_reached_ends_with_a_warning(monkeypatch):
    monkeypatch.setattr(cage, "LONGEST", 700)
    model, start = dense_hard_spheres()
    with pytest.warns(SamplingWarning, match="precision: the standard error .* after 700 sweeps"):
        state = cage_state(start, model, seed=1, precision=1e-9)
    assert state.sweeps == (1000, 700)


def test_relaxing_tunes_the_step_and_running_does_not():
    model, start = dense_hard_spheres()
    sampler = CageSampler(start, model, 1)
    sampler.relax(400)
    step = sampler.step
    sampler.run(400)
    assert sampler.step == step == sampler.state().step
    assert sampler.state().acceptance.mean() == pytest.approx(0.3, abs=0.03)
    assert sampler.sweeps == (400, 400)


@pytest.mark.parametrize("first", [0.005, 0.4])
def test_any_first_step_is_tuned(first):
    model, start = dense_hard_spheres()
    sampler = CageSampler(start, model, 1)
    sampler.step = first
    sampler.relax(400)
    sampler.run(200)
    assert sampler.state().acceptance.mean() == pytest.approx(0.3, abs=0.03)


def test_chains_are_pooled_as_one_long_measurement():
    """Means, covariance and scatter of three chains, from samples of every sweep."""
    model, start = dense_hard_spheres()
    pooled = cage_state(start, model, seed=3, sweeps=(20, 25), samples=25, chains=3)
    positions = pooled.samples
    assert len(positions) == 75
    # Moments are relative to the center of mass.
    masses = np.array(model.masses)[start.species]
    displacements = positions - start.unwrapped
    displacements -= (np.einsum("n,kni->ki", masses, displacements) / masses.sum())[:, None]
    mean = displacements.mean(axis=0)
    np.testing.assert_allclose(pooled.configuration.positions - start.positions, mean, atol=1e-6)
    np.testing.assert_allclose(pooled.displacement, np.linalg.norm(mean, axis=1), atol=1e-6)
    for i in range(len(start)):
        expected = np.cov(displacements[:, i].T, bias=True)
        np.testing.assert_allclose(pooled.covariance[i], expected, atol=1e-6)
    of_chains = displacements.reshape(3, 25, -1, 3).mean(axis=1)
    error = np.sqrt(of_chains.var(axis=0, ddof=1).sum(axis=1) / 3)
    np.testing.assert_allclose(pooled.error, error, atol=1e-6)
    assert pooled.sweeps == (60, 75)


def test_bad_input_is_refused_before_any_work():
    model, start = dense_hard_spheres()
    for arguments, name in [
        ({"cell": "cube"}, "cell"),
        ({"cell": 0.0}, "cell"),
        ({"cell": np.nan}, "cell"),
        ({"sweeps": (1, 1), "precision": 0.1}, "sweeps"),
        ({"sweeps": 7}, "sweeps"),
        ({"sweeps": (10, 0)}, "sweeps"),
        ({"sweeps": (-1, 10)}, "sweeps"),
        ({"precision": 0.0}, "precision"),
        ({"precision": "fine"}, "precision"),
        ({"seed": -1}, "seed"),
    ]:
        with pytest.raises(InputError, match=name):
            cage_state(start, model, **{"seed": 1, **arguments})
    with pytest.raises(ConfigurationError, match=r"spheres \d+ and \d+ overlap"):
        cage_state(start, cb.hard_spheres(0.55, size_ratio=0.95), seed=1)
    with pytest.raises(ConfigurationError, match="species"):
        cage_state(start, cb.hard_spheres(0.55, composition=1), seed=1)
    with pytest.raises(InputError, match="step"):
        CageSampler(start, model, 1).step = 0.5
    with pytest.raises(InputError, match="run"):
        CageSampler(start, model, 1).state()


DATA = paths.EXTERNAL / "ka-t044"


@pytest.mark.external
@pytest.mark.skipif(not DATA.exists(), reason="needs ../shared/data/ka-t044")
def test_kob_andersen_has_the_known_acceptance_and_cell_rejection():
    # Cubic steps of 0.08: acceptance 0.27, 0.08 % rejected by the cell after 1000 + 3000 sweeps.
    data = np.load(DATA / "train" / "isoconfig_N4096T0.44_1_tc07.npz")
    start = cb.Configuration(
        data["initial_positions"], data["types"].astype(int), (4096 / 1.2) ** (1 / 3)
    )
    sampler = CageSampler(start, models.kob_andersen(number_density=1.2), 1)
    sampler.step = 0.08
    sampler.run(400)
    state = sampler.state()
    assert state.acceptance.mean() == pytest.approx(0.27, abs=0.01)
    assert 2e-4 < state.cell_rejection.mean() < 9e-4


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_chains_give_the_same_bits_in_any_number_of_threads(threads):
    model = cb.kob_andersen(temperature=1.0)
    rng = np.random.default_rng(1)
    sites = np.stack(np.meshgrid(*3 * [np.arange(4)]), -1).reshape(-1, 3) * 1.05
    start = cb.Configuration(sites + rng.normal(scale=0.02, size=sites.shape), [0] * 64, 4.2)
    one_by_one = pool_chains(
        [
            cb.cage_state(start, model, seed=seed, sweeps=(50, 200), samples=3)
            for seed in (5, seed_sequence(5, "chain", 1), seed_sequence(5, "chain", 2))
        ]
    )
    before = numba.get_num_threads()
    numba.set_num_threads(min(threads, before))
    try:
        together = cb.cage_state(start, model, seed=5, sweeps=(50, 200), samples=3, chains=3)
    finally:
        numba.set_num_threads(before)
    for name in ("displacement", "covariance", "acceptance", "error", "samples"):
        np.testing.assert_array_equal(getattr(together, name), getattr(one_by_one, name))


def test_what_is_still_sampled_when_a_block_ends_is_stopped(monkeypatch):
    model = cb.kob_andersen(temperature=1.0)
    sites = np.stack(np.meshgrid(*3 * [np.arange(4)]), -1).reshape(-1, 3) * 1.05
    start = cb.Configuration(sites, [0] * 64, 4.2)
    samplers = []

    class Recorded(CageSampler):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            samplers.append(self)

    monkeypatch.setattr(cage, "CageSampler", Recorded)
    monkeypatch.setattr(cage_sampler, "_MOVES_PER_CALL", 6400)
    n = 200_000  # sweeps of seconds
    with pytest.raises(KeyboardInterrupt), cage.cage_states(start, model, [1, 2, 3], sweeps=(0, n)):
        raise KeyboardInterrupt
    assert len(samplers) == 3
    assert all(sampler.sweeps[1] < n for sampler in samplers)
    with cage.cage_states(start, model, [4, 5], sweeps=(10, 20)) as states:
        for seed, state in zip((4, 5), states, strict=True):
            alone = cb.cage_state(start, model, seed=seed, sweeps=(10, 20))
            np.testing.assert_array_equal(state.covariance, alone.covariance)


def test_few_sweeps_are_said():
    """Means of a chain that scatter by a fifth of the variance, of halves or between chains."""
    model, start = dense_hard_spheres()
    with pytest.warns(SamplingWarning, match=r"sweeps: 20 are few: .* is 0\.\d+ of the var"):
        cage_state(start, model, seed=1, sweeps=(10, 20))
    with pytest.warns(SamplingWarning, match=r"sweeps: 1 are few: .* is inf of the variance"):
        cage_state(start, model, seed=1, sweeps=(1, 1))
    with pytest.warns(SamplingWarning, match="sweeps: 40 are few"):
        cage_state(start, model, seed=1, sweeps=(10, 20), chains=2)
    with warnings.catch_warnings():
        warnings.simplefilter("error", SamplingWarning)
        cage_state(start, model, seed=1, precision=0.06)
        cage_state(start, model, seed=1, sweeps=(1000, 10_000), cell=0.05)
