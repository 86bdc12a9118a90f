"""Wave vectors of a box, and density modes: slow twins, shells, and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cagebreak as cb
from cagebreak.errors import InputError
from cagebreak.structure import density_modes, shells, wave_vectors
from naive import modes as naive

BOXES = {
    "cube": np.eye(3) * 4.0,
    "long": np.diag([2.0, 3.0, 9.0]),
    "sheared": np.array([[3.0, 0, 0], [1.4, 2.6, 0], [-0.9, 0.5, 2.5]]),
}


def sorted_rows(rows):
    """Rows in an order that does not depend on where they come from."""
    rounded = np.round(rows, 9) + 0.0
    return rounded[np.lexsort(rounded.T)]


@pytest.mark.parametrize("name", BOXES)
def test_wave_vectors_are_those_of_a_search_and_one_of_each_pair(name):
    edges = [0.5, 3.0, 4.0, 6.0]
    vectors = wave_vectors(BOXES[name], edges)
    both = np.concatenate([vectors.vectors, -vectors.vectors])
    for shell in range(3):
        expected = naive.wave_vectors(BOXES[name], edges[shell], edges[shell + 1])
        chosen = np.tile(vectors.shell == shell, 2)
        np.testing.assert_allclose(sorted_rows(both[chosen]), sorted_rows(expected), atol=1e-8)
        assert vectors.counts[shell] == len(expected)
        lengths = np.linalg.norm(expected, axis=1)
        assert vectors.k[shell] == pytest.approx(lengths.mean())
        assert vectors.spread[shell] == pytest.approx(lengths.std(), abs=1e-7)


@given(seed=st.integers(0, 10**6), n=st.integers(1, 600), name=st.sampled_from(list(BOXES)))
@settings(max_examples=15, deadline=None)
def test_modes_equal_their_twin(seed, n, name):
    rng = np.random.default_rng(seed)
    # Beyond the box: positions need not be wrapped.
    positions = rng.uniform(-2, 3, size=(n, 3)) @ BOXES[name]
    configuration = cb.Configuration(positions, np.arange(n) % 2, BOXES[name])
    vectors = wave_vectors(BOXES[name], [0.0, 2.0, 4.5])
    weights = rng.normal(size=(2, n))
    found = density_modes(configuration, vectors, weights)
    for of_weights, each in zip(found, weights, strict=True):
        expected = naive.modes(positions, each, vectors.vectors)
        np.testing.assert_allclose(of_weights, expected, atol=1e-11 * n)
    of_species = density_modes(configuration, vectors)
    for s, of_one in enumerate(of_species):
        expected = naive.modes(positions, configuration.species == s, vectors.vectors)
        np.testing.assert_allclose(of_one, expected, atol=1e-11 * n)
    one = density_modes(configuration, vectors, weights[0])
    np.testing.assert_array_equal(one, found[0])


@pytest.mark.parametrize("edges", [[0.0, 4.0], [3.0, 3.5], [2.0, 2.01, 6.0], [0.01, 0.02]])
@pytest.mark.parametrize("name", BOXES)
def test_rows_have_every_wave_vector_once(name, edges):
    vectors = wave_vectors(BOXES[name], edges)
    found = []
    for x, y, first, last, plus, minus in vectors.mirrored_rows.tolist():
        assert x >= 0
        assert first >= 0
        for z in range(first, last + 1):
            if plus >= 0:
                found.append((plus + z - first, [x, y, z]))
            if minus >= 0 and z > 0:
                found.append((minus - z + first, [x, y, -z]))
    assert sorted(found) == list(enumerate(vectors.indices.tolist()))


def test_shells_of_a_cube_begin_with_its_shortest_wave_vectors():
    vectors = shells(np.eye(3) * 5.0, 8.0)
    unit = 2 * np.pi / 5
    assert vectors.n_shells == 6
    assert vectors.counts[0] == 18  # of length 1 and sqrt(2)
    np.testing.assert_allclose(vectors.k[2:], unit * np.arange(3, 7), rtol=0.05)
    assert np.linalg.norm(vectors.vectors, axis=1).max() < 6.5 * unit


def test_a_shell_without_wave_vectors_has_no_k():
    vectors = wave_vectors(np.eye(3), [1.0, 2.0, 7.0])
    assert vectors.counts.tolist() == [0, 6]
    assert np.isnan(vectors.k[0])
    assert vectors.k[1] == pytest.approx(2 * np.pi)
    # Nor has one between the wave vectors anything to average.
    none = wave_vectors(np.eye(3), [1.0, 2.0])
    assert len(none) == 0
    assert np.isnan(none.mean(np.zeros((2, 3, 0)))).all()
    assert none.mean(np.zeros((2, 3, 0))).shape == (2, 3, 1)


def test_what_is_refused():
    configuration = cb.Configuration(np.zeros((1, 3)), [0], 2.0)
    vectors = wave_vectors(np.eye(3) * 2, [0.0, 5.0])
    with pytest.raises(InputError, match=r"^edges: expected ascending wave numbers >= 0"):
        wave_vectors(np.eye(3), [2.0, 1.0])
    with pytest.raises(InputError, match=r"^edges: expected at least two wave numbers"):
        wave_vectors(np.eye(3), [1.0])
    with pytest.raises(InputError, match=r"^edges: expected at most 20,000,000 wave vectors"):
        wave_vectors(np.eye(3) * 100, [0.0, 100.0])
    with pytest.raises(InputError, match=r"^k_max: expected a positive wave number, got -1"):
        shells(np.eye(3), -1)
    with pytest.raises(InputError, match=r"^width: expected a positive wave number, got 0"):
        shells(np.eye(3), 3.0, 0)
    with pytest.raises(InputError, match=r"^vectors: expected those of the box"):
        density_modes(configuration, wave_vectors(np.eye(3), [0.0, 7.0]))
    with pytest.raises(InputError, match=r"^weights: expected shape \(N,\) or \(W, N\)"):
        density_modes(configuration, vectors, np.ones(2))
    with pytest.raises(InputError, match=r"^weights: expected finite numbers"):
        density_modes(configuration, vectors, [np.nan])
