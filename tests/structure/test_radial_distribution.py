"""g(r): a slow twin, the ideal gas, crystals, and what is refused."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cagebreak as cb
from cagebreak.errors import InputError
from cagebreak.structure import radial_distribution
from naive.descriptors import images

SHEARED = np.array([[3.0, 0, 0], [1.4, 2.6, 0], [-0.9, 0.5, 2.5]])


def naive(configuration, r_max, n_bins):
    """Count every pair in every bin, particle by particle."""
    s, n = configuration.species, configuration.n_species
    edges = np.linspace(0, r_max, n_bins + 1)
    counts = np.zeros((n, n, n_bins))
    for i in range(len(s)):
        index, vectors = images(configuration, i, r_max)
        for b in range(n):
            lengths = np.linalg.norm(vectors[s[index] == b], axis=1)
            counts[s[i], b] += np.histogram(lengths, edges)[0]
    shell = 4 / 3 * np.pi * (edges[1:] ** 3 - edges[:-1] ** 3) / configuration.box.volume
    g, possible = np.zeros((n, n, n_bins)), np.zeros((n, n))
    for a, b in product(range(n), repeat=2):
        possible[a, b] = (s == a).sum() * ((s == b).sum() - (a == b))
        if possible[a, b]:
            g[a, b] = counts[a, b] / (possible[a, b] * shell)
    total = [counts[a].sum(axis=0) / (possible[a].sum() * shell) for a in range(n)]
    return g, np.array(total)


@given(seed=st.integers(0, 10**6), n=st.integers(2, 30), n_species=st.integers(1, 3))
@settings(max_examples=20, deadline=None)
def test_equals_twin(seed, n, n_species):
    rng = np.random.default_rng(seed)
    species = np.arange(n) % min(n_species, n)
    configuration = cb.Configuration(rng.uniform(size=(n, 3)) @ SHEARED, species, SHEARED)
    # Beyond half the box: images count.
    found = radial_distribution(configuration, 2.9, 17)
    pairs, total = naive(configuration, 2.9, 17)
    np.testing.assert_allclose(found.pairs, pairs, rtol=1e-12)
    np.testing.assert_allclose(found.total, total, rtol=1e-12)
    np.testing.assert_allclose(found.r, (np.arange(17) + 0.5) * 2.9 / 17)


def test_of_an_ideal_gas_is_one_in_every_bin():
    rng = np.random.default_rng(1)
    few = [cb.Configuration(rng.uniform(0, 4, (5, 3)), [0, 0, 0, 1, 1], 4.0) for _ in range(4000)]
    found = radial_distribution(few, 2.0, 4)
    shell = 4 / 3 * np.pi * np.diff(np.linspace(0, 2, 5) ** 3) / 64
    counts = 4000 * np.array([[6, 6], [6, 2]])[:, :, None] * shell
    # So few particles show that none is its own neighbor; each pair counts twice.
    assert (np.abs(found.pairs - 1) < 4 * np.sqrt(2 / counts)).all()
    np.testing.assert_allclose(found.total[0], (6 * found.pairs[0, 0] + 6 * found.pairs[0, 1]) / 12)


def test_of_a_crystal_has_its_shells():
    basis = np.array([[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]])
    cells = np.array(list(product(range(3), repeat=3)))
    edge = np.sqrt(2)  # of the cube, with neighbors at distance 1
    positions = (cells[:, None] + basis).reshape(-1, 3) * edge
    found = radial_distribution(cb.Configuration(positions, [0] * 108, 3 * edge), 2.2, 73)
    density = 108 / (3 * edge) ** 3 * 107 / 108
    edges = np.linspace(0, 2.2, 74)
    shells = found.pairs[0, 0] * density * 4 / 3 * np.pi * np.diff(edges**3)
    occupied = np.flatnonzero(shells)
    np.testing.assert_allclose(edges[occupied + 1], np.sqrt([1, 2, 3, 4]), atol=0.031)
    np.testing.assert_allclose(shells[occupied], [12, 6, 24, 12])


def test_several_are_weighted_by_their_pairs():
    rng = np.random.default_rng(2)
    several = [cb.Configuration(rng.uniform(0, 3, (n, 3)), np.arange(n) % 2, 3.0) for n in (6, 40)]
    together = radial_distribution(several, 1.4, 5)
    alone = [radial_distribution(each, 1.4, 5).pairs[0, 1] for each in several]
    np.testing.assert_allclose(together.pairs[0, 1], (9 * alone[0] + 400 * alone[1]) / 409)


def test_a_pair_that_cannot_occur_is_zero():
    found = radial_distribution(cb.Configuration([[0, 0, 0], [1, 0, 0]], [0, 1], 9.0), 2.0, 4)
    assert not found.pairs[0, 0].any()
    assert found.pairs[0, 1].any()


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (([], 1.0), "configurations"),
        ((None, 0.0), "r_max"),
        ((None, np.inf), "r_max"),
        ((None, 1.0, 0), "n_bins"),
        ((None, 1.0, 2.0), "n_bins"),
    ],
)
def test_wrong_arguments_are_named(arguments, name):
    first = cb.Configuration([[0, 0, 0]], [0], 1.0) if arguments[0] is None else arguments[0]
    with pytest.raises(InputError, match=f"{name}: expected"):
        radial_distribution(first, *arguments[1:])
