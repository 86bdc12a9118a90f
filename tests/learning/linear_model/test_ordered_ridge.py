import numpy as np
import pytest

from cagebreak.errors import InputError
from cagebreak.learning import Statistics
from cagebreak.learning.linear_model.ordered_ridge import ordered_ridge
from cagebreak.learning.linear_model.ridge_solvers import smallest_alpha
from naive import learning as naive


def data(seed=0):
    random = np.random.default_rng(seed)
    X = random.normal(size=(80, 12)) * 10.0 ** random.uniform(-1, 1, size=12)
    X[:, 7], X[:, 3] = X[:, 1] - X[:, 2], 0.0  # collinear, and constant
    return X, X @ random.normal(size=(12, 1)) + random.normal(size=(80, 1))


def test_every_number_of_features_is_a_ridge_of_its_own():
    X, Y = data()
    sizes, alphas = np.array([1, 4, 8, 12, 20]), np.array([1e-3, 1.0, 1e3])
    found = ordered_ridge(Statistics.from_arrays(X, Y), sizes, alphas)
    assert found.shape == (12, 5, 3)
    for s, size in enumerate(sizes):
        for a, alpha in enumerate(alphas):
            w, _ = naive.ridge(X[:, :size], Y, alpha)
            np.testing.assert_allclose(found[:size, s, a], w[:, 0], rtol=1e-8, atol=1e-10)
            assert (found[size:, s, a] == 0).all()
            assert found[3, s, a] == 0


def test_an_alpha_below_rounding_is_raised():
    statistics = Statistics.from_arrays(*data())
    smallest = smallest_alpha(statistics)
    raised, expected = (
        ordered_ridge(statistics, np.array([12]), np.array([alpha])) for alpha in (1e-30, smallest)
    )
    np.testing.assert_array_equal(raised, expected)


def test_statistics_with_negative_eigenvalues_are_an_error():
    statistics = Statistics.from_arrays(*data())
    statistics._gram[np.diag_indices(12)] -= 1e3
    with pytest.raises(InputError, match="no eigenvalue below 0"):
        ordered_ridge(statistics, np.array([12]), np.array([1.0]))
