from functools import cache

import numba
import numpy as np
import pytest
from numba import njit

import cagebreak as cb
import paths
from cagebreak import models, potentials
from cagebreak._simd.sites import any_within, squares
from cagebreak._simd.vectors import pointer
from cagebreak.configuration import Box
from cagebreak.errors import ConfigurationError, InputError
from cagebreak.neighbors import neighbor_table
from cagebreak.potentials import _pair_kernel as pair_kernel
from cagebreak.seeding import seed_sequence
from cagebreak.states import CageSampler, cage_state
from cagebreak.states import _philox_kernel as random_kernel
from cagebreak.states._cage_kernel import as_tuple, single
from cagebreak.states.cage import pool_chains
from naive import cage as naive
from naive import potentials as naive_potentials
from naive.descriptors import images
from table_models import tabulated

SHEARED = np.array([[4.1, 0, 0], [1.3, 4.0, 0], [-0.9, 0.8, 4.3]])


def jittered(n_cells, box, n_species=2, noise=0.02, seed=1):
    """Return a simple cubic crystal of n_cells^3 particles in any box, a little disturbed."""
    rng = np.random.default_rng(seed)
    fractions = np.stack(np.meshgrid(*[np.arange(n_cells)] * 3), axis=-1).reshape(-1, 3) / n_cells
    positions = fractions @ np.asarray(box, float)
    positions = positions + rng.uniform(-noise, noise, positions.shape)
    return cb.Configuration(positions, rng.integers(0, n_species, len(positions)), Box(box))


def across(configuration):
    """Return a configuration moved so that its rows cross the box, and wrapped."""
    box = configuration.box
    return configuration.replace(positions=box.wrap(configuration.positions + box.matrix[2] / 2))


SYSTEMS = {
    "hard spheres": (models.hard_spheres(0.4), jittered(4, np.eye(3) * 4.6)),
    "hard spheres, sheared": (models.hard_spheres(0.4), jittered(3, SHEARED)),
    "Kob-Andersen": (models.kob_andersen(1.0), jittered(3, np.diag([3.1, 3.3, 3.0]))),
    "smoothed": (models.kob_andersen_smoothed(1.0), jittered(3, SHEARED * 0.78)),
    "harmonic": (models.harmonic_spheres(0.02), jittered(3, np.eye(3) * 3.3)),
    "tabulated": (
        tabulated(models.kob_andersen(1.0), first=0.2, n=300),
        jittered(3, np.diag([3.1, 3.3, 3.0])),
    ),
    # Rows of the lattice are the chains; a bond of each is to an image.
    "chains": (models.fene_polymer(50.0, chain_length=3), across(jittered(3, np.eye(3) * 3.4, 1))),
    "chains, sheared": (
        models.fene_polymer(20.0, chain_length=3),
        across(jittered(3, SHEARED * 0.87, 1)),
    ),
}


def voronoi_test(configuration, model):
    """Return inside(i, displacement) of the size-weighted Voronoi cells."""
    diameters = np.array(model.diameters)[configuration.species]
    neighbors = cache(lambda i: naive.sann(configuration, i))
    return lambda i, u: naive.in_voronoi(diameters, i, *neighbors(i), u)


def naive_run(configuration, model, sampler, sweeps, step, cell):
    table = potentials.pair_table(model.pair)
    energy, form = pair_kernel.energy.py_func, potentials.FORMS[model.pair.form]
    inside = voronoi_test(configuration, model)
    if cell != "voronoi":

        def inside(i, displacement):
            return np.linalg.norm(displacement) < cell

    def weight(i, positions):
        now = configuration.replace(positions=positions, images=None)
        index, vectors = images(now, i, model.pair.cutoffs.max())
        # Its own images move with a particle.
        index, vectors = index[index != i], vectors[index != i]
        partners = naive_potentials.bonded(model.bonds, i, index, vectors)
        lengths = np.linalg.norm(vectors[partners], axis=1)
        of_bonds = sum(naive_potentials.bond(model.bonds)[0](length) for length in lengths)
        index, vectors = np.delete(index, partners), np.delete(vectors, partners, axis=0)
        squares = (vectors**2).sum(axis=1)
        rows = table[configuration.species[i], configuration.species[index]]
        if model.name == "hard_spheres":
            return np.inf if (squares < rows[:, 1] ** 2).any() else 0.0
        near = squares < rows[:, 0]
        if model.pair.tables:
            others = configuration.species[index[near]]
            twins = [naive_potentials.pair(model.pair, configuration.species[i], b) for b in others]
            lengths = np.sqrt(squares[near])
            return sum(u(r) for (u, _), r in zip(twins, lengths, strict=True)) / model.temperature
        pairs = zip(squares[near], rows[near], strict=True)
        of_pairs = sum(energy(form, square, row) for square, row in pairs)
        return (of_pairs + of_bonds) / model.temperature

    positions = configuration.unwrapped.copy()
    key = [int(k) for k in sampler._key]
    results = [
        naive.sweep(configuration, sampler._order, positions, key, k, step, inside, weight)
        for k in range(sweeps)
    ]
    accepted, blocked = np.array(results).mean(axis=0)
    return positions, accepted, blocked


@pytest.mark.parametrize("cell", ["voronoi", 0.2])
@pytest.mark.parametrize("system", SYSTEMS)
def test_equals_twin_move_by_move(system, cell):
    model, configuration = SYSTEMS[system]
    sampler = CageSampler(configuration, model, seed=3, cell=cell)
    sampler.step = 0.4
    sampler.run(3)
    positions, accepted, blocked = naive_run(configuration, model, sampler, 3, 0.4, cell)
    np.testing.assert_allclose(sampler.positions, positions, atol=1e-7)
    state = sampler.state()
    np.testing.assert_allclose(state.acceptance, accepted, atol=1e-12)
    np.testing.assert_allclose(state.wall, blocked, atol=1e-12)
    assert blocked.any()
    assert accepted.any()


def test_random_numbers_are_those_of_philox_4x32():
    # Known answers of the authors' library, Random123.
    answers = {
        ((0,) * 4, (0,) * 2): (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8),
        ((2**32 - 1,) * 4, (2**32 - 1,) * 2): (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD),
        ((0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0)): (
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)
        ),
    }
    kernel = njit(lambda c, k: random_kernel.philox(c[0], c[1], c[2], c[3], k[0], k[1]))
    for (counter, key), answer in answers.items():
        assert naive.philox(counter, key) == answer
        assert kernel(np.array(counter, np.uint64), np.array(key, np.uint64)) == answer


def test_sixteen_distances_at_once_equal_the_twin():
    rng = np.random.default_rng(1)
    sites = rng.integers(-(2**31), 2**31, (50, 3)).astype(np.int32)
    lines = np.zeros((50, 4), np.int32)
    lines[:, :3] = sites
    lattice = (SHEARED / 2**32).astype(np.float32)
    entries = rng.integers(0, 50, 32).astype(np.int32)
    points = rng.integers(-(2**31), 2**31, (2, 3)).astype(np.int32)
    # Whole numbers wrap around as the box does.
    apart = (points[:, None] - sites[entries[16:]]).astype(np.int32)
    expected = ((apart @ lattice.astype(float)) ** 2).sum(axis=-1)

    @njit
    def call(lines, entries, limits, a, b, m, out):
        q, entry, limit, found = pointer(lines), pointer(entries), pointer(limits), pointer(out)
        both = (a[0], a[1], a[2], b[0], b[1], b[2])
        squares(q, entry, 16, both, single(as_tuple(m)), found)
        return any_within(q, entry, limit, 16, (a[0], a[1], a[2]), single(as_tuple(m)))

    out = np.empty(32, np.float32)
    limits = np.full(32, -1, np.float32)
    limits[:16] = 1e9  # of entries that are not looked at
    arguments = lines, entries, limits, *points, lattice, out
    assert not call(*arguments)
    np.testing.assert_allclose(out.reshape(2, 16), expected, rtol=1e-5)
    for k in (0, 7, 15):
        limits[16:] = -1
        limits[16 + k] = expected[0, k] * 1.001
        assert call(*arguments)
        limits[16 + k] = expected[0, k] * 0.999
        assert not call(*arguments)


def test_trials_are_even_and_opposite_moves_equally_likely():
    n = 200_000
    moves, chances = np.empty((3, n), np.int32), np.empty(n, np.float32)
    key = np.array([1, 2], np.uint64)
    random_kernel.draw_trials(key, 7, 0, n, np.eye(3) * 1e8, moves, chances)
    uniform = np.vstack([moves / 1e8, 2 * chances - 1])
    assert abs(uniform).max() <= 1
    np.testing.assert_allclose(uniform.mean(axis=1), 0, atol=4 / np.sqrt(3 * n))
    np.testing.assert_allclose(np.cov(uniform), np.eye(4) / 3, atol=4 / np.sqrt(5 * n))
    later = np.empty((3, 10), np.int32), np.empty(10, np.float32)
    random_kernel.draw_trials(key, 7, 1000, 1010, np.eye(3) * 1e8, *later)
    np.testing.assert_array_equal(later[0], moves[:, 1000:1010])


# One particle alone


def lone(length=20.0):
    # A Voronoi cell between its own images: the cube.
    return cb.Configuration([[1.0, 2, 3]], [0], length)


def test_one_particle_in_a_sphere_has_the_exact_moments():
    radius = 0.7
    sampler = CageSampler(lone(), models.hard_spheres(composition=1), 1, radius, drift=True)
    sampler.step = 0.4
    sampler.run(400_000)
    state = sampler.state()
    # u^2 of the uniform ball is 3 R^2 / 5.
    np.testing.assert_allclose(state.variance, 3 / 5 * radius**2, rtol=0.02)
    np.testing.assert_allclose(state.covariance[0], np.eye(3) * radius**2 / 5, atol=0.002)
    assert state.displacement[0] < 5 * state.error[0] < 0.03


def test_one_particle_explores_its_whole_voronoi_cell_however_large():
    # The cube between its images: unbounded for the lists, which follow it.
    sampler = CageSampler(lone(2.0), models.hard_spheres(0.01, composition=1), 2, drift=True)
    sampler.step = 0.4
    sampler.run(80_000)
    state = sampler.state()
    np.testing.assert_allclose(state.covariance[0], np.eye(3) * 2.0**2 / 12, atol=0.012)
    assert 0.05 < state.wall[0] == pytest.approx(1 - state.acceptance[0])


def test_one_particle_in_a_harmonic_cage_has_the_exact_moments():
    # Eight neighbors at the corners of a cube, each within a tiny cell: U = sum (1 - r)^2 eps.
    corners = np.array(np.meshgrid([-1, 1], [-1, 1], [-1, 1])).reshape(3, -1).T * 0.5
    positions = np.vstack([[0.05, 0.02, -0.03], corners])
    model = models.harmonic_spheres(0.02, composition=1)
    start = cb.Configuration(positions + 5, [0] * 9, 10.0)
    sampler = CageSampler(start, model, 3, 0.3, drift=True)
    # Only the first moves: the cells of the others hold no trial.
    sampler._cells.outer[sampler._order != 0] = 0
    sampler._cells.inner[sampler._order != 0] = 0
    sampler.step = 0.25
    sampler.run(200_000)
    state = sampler.state()

    axis = np.linspace(-0.3, 0.3, 121)
    u = np.array(np.meshgrid(axis, axis, axis)).reshape(3, -1).T
    u = u[(u**2).sum(axis=1) < 0.3**2]
    r = np.linalg.norm(positions[0] + u[:, None] - corners, axis=2)
    weights = np.exp(-(np.where(r < 1, 1 - r, 0) ** 2).sum(axis=1) / 0.02)
    mean = weights @ u / weights.sum()
    covariance = np.cov(u.T, aweights=weights, bias=True)
    np.testing.assert_allclose(
        state.configuration.positions[0] - start.positions[0], mean, atol=5 * state.error[0]
    )
    assert 5 * state.error[0] < 0.01 < np.linalg.norm(mean)
    np.testing.assert_allclose(state.covariance[0], covariance, atol=0.03 * covariance.max())
    assert state.acceptance[1:].max() == 0


# Two and three particles: their separations, against numerical integration


def histogram_of(sampler, n_samples, measure):
    values = np.empty(n_samples)
    for k in range(n_samples):
        sampler.run(16)
        values[k] = measure(sampler.positions)
    return values


def test_two_hard_spheres_in_spherical_cells_have_the_exact_separation():
    # Cells of radius R about centers d apart; averages over both balls by plain sampling.
    start = cb.Configuration([[5, 5, 5], [6.05, 5, 5]], [0, 1], 10.0)
    model, radius = models.hard_spheres(0.01), 0.3
    sampler = CageSampler(start, model, 5, radius)
    sampler.step = 0.3
    x = histogram_of(sampler, 10_000, lambda p: p[1, 0] - p[0, 0])
    rng = np.random.default_rng(1)
    ball = rng.uniform(-radius, radius, (2, 3_000_000, 3))
    both = ((ball**2).sum(axis=2) < radius**2).all(axis=0)
    apart = ball[1, both] - ball[0, both] + [1.05, 0, 0]
    exact = apart[(apart**2).sum(axis=1) > 0.925**2, 0]
    edges = np.quantile(exact, np.linspace(0, 1, 9))
    edges[[0, -1]] = -np.inf, np.inf
    counts = np.histogram(x, edges)[0]
    np.testing.assert_allclose(counts / len(x), 1 / 8, atol=0.012)
    assert np.mean(apart[:, 0] < edges[1]) > 0.25  # without the overlap test it would differ


def test_three_attracting_particles_have_the_boltzmann_distribution():
    start = cb.Configuration([[5, 5, 5], [6.1, 5, 5], [5.5, 6, 5]], [0, 1, 0], 12.0)
    model = models.kob_andersen(0.6)
    radius = 0.25
    sampler = CageSampler(start, model, 6, radius)
    sampler.step = 0.25
    energies = histogram_of(
        sampler, 6_000, lambda p: potentials.energy(start.replace(positions=p), model)
    )
    rng = np.random.default_rng(2)
    u = rng.uniform(-radius, radius, (3, 1_000_000, 3))
    p = start.positions[:, None] + u[:, ((u**2).sum(axis=2) < radius**2).all(axis=0)]
    eps, sigma = np.array(model.pair.epsilon), np.array(model.pair.sigma)
    exact = np.zeros(p.shape[1])
    for i, j in [(0, 1), (0, 2), (1, 2)]:
        e, s = eps[start.species[i], start.species[j]], sigma[start.species[i], start.species[j]]
        s6 = s**6 / ((p[i] - p[j]) ** 2).sum(axis=1) ** 3
        exact += 4 * e * (s6**2 - s6 - 2.5**-12 + 2.5**-6)
    weights = np.exp(-(exact - exact.min()) / 0.6)
    order = np.argsort(exact)
    below = np.cumsum(weights[order]) / weights.sum()
    edges = exact[order][np.searchsorted(below, np.arange(1, 8) / 8)]
    counts = np.histogram(energies, [-np.inf, *edges, np.inf])[0]
    np.testing.assert_allclose(counts / len(energies), 1 / 8, atol=0.015)


# Many particles


def fcc(n_cells, length):
    corners = np.stack(np.meshgrid(*[np.arange(n_cells)] * 3), axis=-1).reshape(-1, 1, 3)
    basis = np.array([[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]])
    positions = (corners + basis).reshape(-1, 3) * length / n_cells
    return cb.Configuration(positions, [0] * len(positions), length)


def glass(model, n=300, seed=1):
    start = cb.equilibrate(cb.hard_spheres(0.5), n, 5, seed=seed)
    scale = (model.box(n).volume / start.box.volume) ** (1 / 3)
    return cb.Configuration(start.positions * scale, start.species, start.box.matrix * scale)


@cache
def dense_hard_spheres():
    model = cb.hard_spheres(0.55)
    return model, cb.equilibrate(model, 300, 5, seed=1)


def crystal():
    # Packing fraction 0.6, of 0.74 at contact.
    return fcc(3, 3 * (4 * np.pi / 6 / 0.6) ** (1 / 3))


def test_the_mean_of_a_crystal_is_its_lattice():
    model, start = cb.hard_spheres(0.6, composition=1), crystal()
    # Off its sites by a little, so that the mean has somewhere to go.
    off = np.random.default_rng(1).uniform(-0.02, 0.02, start.positions.shape)
    moved = start.replace(positions=start.positions + off)
    state = cage_state(moved, model, seed=1, sweeps=(500, 12_000))
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
    sampler.step = 0.15  # wide enough to meet the walls
    for _ in range(30):
        sampler.run(40)
        now = start.replace(positions=sampler.positions, images=None)
        table = neighbor_table(now, 1.0)
        i = np.repeat(np.arange(len(now)), np.diff(table.offsets))
        contact = sigma[now.species[i], now.species[table.neighbors]]
        assert (np.sqrt((table.vectors**2).sum(axis=1)) >= contact).all()
        moved = sampler.positions - start.unwrapped
        assert all(inside(i, each) for i, each in enumerate(moved))
    assert sampler.state().wall.max() > 0


def test_no_soft_particle_ever_leaves_its_cell():
    model = models.kob_andersen(2.0)  # hot, to push against the walls
    start = glass(model, 150)
    sampler = CageSampler(start, model, 4)
    inside = voronoi_test(start, model)
    for _ in range(8):
        sampler.run(100)
        moved = sampler.positions - start.unwrapped
        assert all(inside(i, each) for i, each in enumerate(moved))
    assert sampler.state().wall.mean() > 1e-3


def test_lists_miss_no_interaction():
    # The energy of a particle over its list is that over all particles.
    model = models.kob_andersen(0.8)
    start = glass(model, 400)
    sampler = CageSampler(start, model, 5, cell=0.45)
    sampler.relax(300)
    sampler.run(300)
    now = start.replace(positions=sampler.positions, images=None)
    exact = potentials.energies(now, model)
    for k, i in enumerate(sampler._order[:60]):
        index, square = [], []
        for s in range(2):
            first, n = sampler._rows[k, s]
            sites = sampler._entries[first : first + n]
            d = (sampler._sites[:, sites] - sampler._sites[:, [k]]).T @ sampler._lattice
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


def test_the_drift_of_the_center_of_mass_is_left_out():
    model = models.wahnstrom()
    start = glass(models.wahnstrom(), 200)
    masses = np.array(model.masses)[start.species]
    still, drifting = (CageSampler(start, model, 1, drift=drift) for drift in (False, True))
    for sampler in (still, drifting):
        sampler.run(50)
    moved = [s.state().configuration.positions - start.positions for s in (still, drifting)]
    np.testing.assert_allclose(masses @ moved[0], 0, atol=1e-9)
    drift = masses @ moved[1] / masses.sum()
    assert np.linalg.norm(drift) > 1e-4
    np.testing.assert_allclose(moved[1] - moved[0], np.tile(drift, (200, 1)), atol=1e-9)


def test_means_are_unwrapped_from_the_start_and_keep_its_images():
    model, start = dense_hard_spheres()
    shift = np.random.default_rng(1).integers(-2, 3, (300, 3))
    apart = start.replace(images=shift, positions=start.wrapped)
    state = cage_state(apart, model, seed=1, sweeps=(0, 20))
    np.testing.assert_array_equal(state.configuration.images, shift)
    moved = state.configuration.unwrapped - apart.unwrapped
    np.testing.assert_allclose(np.linalg.norm(moved, axis=1), state.displacement, atol=1e-12)
    assert state.displacement.max() < 0.5
    assert state.configuration.velocities is None


def test_precision_is_reached_and_sweeps_are_honoured():
    model, start = dense_hard_spheres()
    state = cage_state(start, model, seed=1, precision=0.06)
    assert np.sqrt((state.error**2).mean()) < 0.06
    assert cage_state(start, model, seed=1, sweeps=(30, 41)).sweeps == (30, 41)
    np.testing.assert_array_equal(state.variance, np.trace(state.covariance, axis1=1, axis2=2))


def test_relaxing_tunes_the_step_and_running_does_not():
    model, start = dense_hard_spheres()
    sampler = CageSampler(start, model, 1)
    sampler.relax(400)
    step = sampler.step
    sampler.run(400)
    assert sampler.step == step == sampler.state().step
    assert sampler.state().acceptance.mean() == pytest.approx(0.3, abs=0.03)
    assert sampler.sweeps == (400, 400)


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
def test_kob_andersen_has_the_known_acceptance_and_walls():
    # Cubic steps of 0.08: acceptance 0.27, 0.08 % rejected by the wall after 1000 + 3000 sweeps.
    data = np.load(DATA / "train" / "isoconfig_N4096T0.44_1_tc07.npz")
    start = cb.Configuration(
        data["initial_positions"], data["types"].astype(int), (4096 / 1.2) ** (1 / 3)
    )
    sampler = CageSampler(start, models.kob_andersen(number_density=1.2), 1)
    sampler.step = 0.08
    sampler.run(400)
    state = sampler.state()
    assert state.acceptance.mean() == pytest.approx(0.27, abs=0.01)
    assert 2e-4 < state.wall.mean() < 9e-4


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
