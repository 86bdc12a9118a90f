"""S(k): the ideal gas, a crystal, its sum rule with g(r), and what is refused."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import InputError
from cagebreak.structure import structure_factor


def test_of_an_ideal_gas_is_the_unit_matrix_of_the_composition():
    rng = np.random.default_rng(1)
    species = [0] * 30 + [1] * 10
    gas = [cb.Configuration(rng.uniform(0, 5, (40, 3)), species, 5.0) for _ in range(300)]
    found = structure_factor(gas, k_max=6.0)
    # |rho|^2 is exponential: its relative error is one over the root of the number of samples.
    error = 5 / np.sqrt(found.counts / 2)
    assert (np.abs(found.total - 1) < error).all()
    assert (np.abs(found.pairs[0, 0] - 0.75) < error).all()
    assert (np.abs(found.pairs[1, 1] - 0.25) < error).all()
    assert (np.abs(found.pairs[0, 1]) < error).all()
    np.testing.assert_array_equal(found.pairs[0, 1], found.pairs[1, 0])
    np.testing.assert_allclose(found.pairs.sum(axis=(0, 1)), found.total)


def test_of_a_crystal_is_n_at_its_reciprocal_lattice_and_0_elsewhere():
    sites = np.stack(np.meshgrid(*[np.arange(4)] * 3), axis=-1).reshape(-1, 3) * 1.5
    found = structure_factor(cb.Configuration(sites + 0.2, np.zeros(64, int), 6.0), k_max=9.0)
    n = found.counts * found.total
    reciprocal = 2 * np.pi / 1.5
    of_length = {1.0: 6, np.sqrt(2): 12, np.sqrt(3): 8, 2.0: 6, np.sqrt(5): 24}
    for length in of_length:
        # All of the shell's intensity is that of the reciprocal lattice vectors in it.
        shell = round(length * reciprocal / (2 * np.pi / 6))
        width = 2 * np.pi / 6
        inside = [x for x in of_length if round(x * reciprocal / width) == shell]
        assert n[shell - 1] == pytest.approx(64 * sum(of_length[x] for x in inside), abs=1e-6)
    assert n.sum() == pytest.approx(64 * 56, abs=1e-6)


def test_boxes_may_differ():
    rng = np.random.default_rng(2)
    boxes = (5.0, np.diag([5.0, 5.5, 4.7]))
    two = [cb.Configuration(rng.uniform(0, 4, (20, 3)), np.arange(20) % 2, box) for box in boxes]
    one, other, both = (structure_factor(each, 5.0, 1.2) for each in (*two, two))
    np.testing.assert_array_equal(both.counts, one.counts + other.counts)
    for name in ("k", "total", "pairs"):
        sums = getattr(one, name) * one.counts + getattr(other, name) * other.counts
        np.testing.assert_allclose(getattr(both, name), sums / both.counts)


def test_a_species_that_only_some_configurations_have():
    rng = np.random.default_rng(3)
    single = cb.Configuration(rng.uniform(0, 5, (20, 3)), np.zeros(20, int), 5.0)
    mixed = single.replace(species=np.arange(20) % 2)
    found = structure_factor([single, mixed], 4.0)
    of_mixed = structure_factor(mixed, 4.0)
    np.testing.assert_allclose(found.total, of_mixed.total)
    np.testing.assert_allclose(found.pairs[1, 1], of_mixed.pairs[1, 1] / 2)


def test_what_is_refused():
    one = cb.Configuration(np.zeros((1, 3)), [0], 2.0)
    with pytest.raises(InputError, match=r"^k_max: expected a positive wave number, got 0"):
        structure_factor(one, 0)
    with pytest.raises(InputError, match=r"^configurations: expected at least one, got none"):
        structure_factor([])
