"""The kernels of the cage state: against slow twins, and random numbers with known answers."""

import numpy as np
import pytest
from numba import njit

from cagebreak import potentials, tabulated
from cagebreak._simd.sites import any_within, squares
from cagebreak._simd.vectors import pointer
from cagebreak.potentials import _pair_kernel as pair_kernel
from cagebreak.potentials.sizes import reach
from cagebreak.states import CageSampler
from cagebreak.states import _cage_list_kernel as lists
from cagebreak.states import _philox_kernel as random_kernel
from cagebreak.states._cage_kernel import as_tuple, single
from naive import cage as naive
from naive import polydisperse as naive_sizes
from naive import potentials as naive_potentials
from naive.descriptors import images
from support.cage_systems import SHEARED, SYSTEMS, jittered, voronoi_test


def naive_run(configuration, model, sampler, sweeps, step, cell):
    table = potentials.pair_table(model.pair)
    energy, form = pair_kernel.energy.py_func, potentials.FORMS[model.pair.form]
    inside = voronoi_test(configuration, model)
    if cell != "voronoi":

        def inside(i, displacement):
            return np.linalg.norm(displacement) < cell

    def weight(i, positions):
        now = configuration.replace(positions=positions, images=None)
        index, vectors = images(now, i, reach(configuration, model))
        # The images of a particle move with it.
        index, vectors = index[index != i], vectors[index != i]
        partners = naive_potentials.bonded(model.bonds, i, index, vectors)
        lengths = np.linalg.norm(vectors[partners], axis=1)
        of_bonds = sum(naive_potentials.bond(model.bonds)[0](length) for length in lengths)
        index, vectors = np.delete(index, partners), np.delete(vectors, partners, axis=0)
        squares = (vectors**2).sum(axis=1)
        if model.sizes is not None:
            own, others = configuration.diameters[i], configuration.diameters[index]
            squares /= naive_sizes.contact(own, others, model.sizes.nonadditivity) ** 2
        rows = table[configuration.species[i], configuration.species[index]]
        if model.is_hard:
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
    np.testing.assert_allclose(state.cell_rejection, blocked, atol=1e-12)
    assert blocked.any()
    assert accepted.any()


def test_both_images_of_a_particle_within_the_cutoff_are_met():
    # Half of the box is 5.25 of 6 sigma. The forces of the two images of a neighbor cancel.
    r = np.linspace(0.5, 6.0, 200)
    table = {"AA": (r, (1 - r / 6) ** 2, (1 - r / 6) / 3)}
    model = tabulated(table, temperature=0.01, number_density=0.007, diameters=(1,))
    configuration = jittered(2, np.eye(3) * 10.5, n_species=1, noise=0.2)
    sampler = CageSampler(configuration, model, seed=3, cell=0.4)
    sampler.step = 0.4
    sampler.run(10)
    positions, accepted, _ = naive_run(configuration, model, sampler, 10, 0.4, 0.4)
    np.testing.assert_allclose(sampler.positions, positions, atol=1e-7)
    assert 0.1 < accepted.mean() < 0.9


def test_lists_of_longer_reaches_are_those_made_anew():
    model, configuration = SYSTEMS["Kob-Andersen"]
    sampler = CageSampler(configuration, model, seed=1)
    reach, reaches = 0.6, sampler._sites.reaches
    statuses = set()
    for i in range(len(configuration)):
        lengthened, place = sampler._lists, sampler._places[i]
        status = lists.extend(place, reach, sampler._cell_list, reaches, sampler._rules, lengthened)
        statuses.add(status)
        reaches[i] = reach
        sampler._list()
        if status == lists.DONE:
            for one, other in zip(listed(lengthened), listed(sampler._lists), strict=True):
                np.testing.assert_array_equal(one, other)
            sampler._lists = lengthened
    assert statuses == {lists.DONE, lists.FULL}


def listed(neighbor_lists):
    """Return the sorted sites and limits of each list."""
    rows, entries, limits = neighbor_lists
    parts = [slice(first, first + n) for first, n in rows.reshape(-1, 2)]
    return [np.sort(np.stack([entries[part], limits[part]]), axis=1) for part in parts]


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
        q, entry, limit, distances = pointer(lines), pointer(entries), pointer(limits), pointer(out)
        both = (a[0], a[1], a[2], b[0], b[1], b[2])
        squares(q, entry, 16, both, single(as_tuple(m)), distances)
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
    # Random bits and their complement give opposite moves.
    signed = random_kernel._signed.py_func
    for bits in (0, 1, 12345, 2**31):
        assert signed(np.uint64(bits)) == -signed(np.uint64(2**32 - 1 - bits))
    later = np.empty((3, 10), np.int32), np.empty(10, np.float32)
    random_kernel.draw_trials(key, 7, 1000, 1010, np.eye(3) * 1e8, *later)
    np.testing.assert_array_equal(later[0], moves[:, 1000:1010])
