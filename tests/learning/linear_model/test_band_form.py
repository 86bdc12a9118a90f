import numpy as np
import pytest

from cagebreak.errors import InputError
from cagebreak.learning import Statistics
from cagebreak.learning.linear_model.band_form import WIDTH, BandForm
from cagebreak.learning.linear_model.ridge_solvers import SubsetRidge


def gram(n, n_rows, seed=0):
    Z = np.random.default_rng(seed).normal(size=(n_rows, n))
    return Z.T @ Z


@pytest.mark.parametrize("n", [0, 1, 2, WIDTH, WIDTH + 1, WIDTH + 2, 100, 2 * WIDTH + 1, 300])
def test_the_band_is_an_orthogonal_transformation_of_the_matrix(n):
    A = gram(n, 400)
    # The upper triangle is not read.
    form = BandForm(np.tril(A))
    Q = form.rotate_back(np.eye(n))
    np.testing.assert_allclose(Q.T @ Q, np.eye(n), atol=1e-13)
    np.testing.assert_allclose(form.rotate(np.eye(n)), Q.T, atol=1e-13)
    B = Q.T @ A @ Q
    scale = np.linalg.norm(A) if n else 1.0
    outside = np.abs(np.subtract.outer(np.arange(n), np.arange(n))) > WIDTH
    np.testing.assert_allclose(B[outside], 0.0, atol=1e-14 * scale)
    columns = np.random.default_rng(1).normal(size=(n, 3))
    solved = form.solve(2.0, columns)
    np.testing.assert_allclose(B @ solved + 2.0 * solved, columns, atol=1e-11)


@pytest.mark.parametrize("n_rows", [3, 50, 1000])
@pytest.mark.parametrize("alpha", [1e-6, 1.0, 1e6])
def test_solutions_are_those_of_the_full_system(n_rows, alpha):
    A = gram(200, n_rows)
    columns = A @ np.random.default_rng(1).normal(size=(200, 4))
    form = BandForm(A)
    found = form.rotate_back(form.solve(alpha, form.rotate(columns)))
    values, vectors = np.linalg.eigh(A)
    values = np.where(values > 1e-12 * values.max(), values, 0.0)
    inverse = np.where(values > 0, 1 / (values + alpha), 0.0)
    expected = vectors @ (inverse[:, None] * (vectors.T @ columns))
    # Of a singular matrix, alpha divides the rounding of the directions without variance.
    relative = 1e-13 + 20 * np.finfo(float).eps * np.linalg.norm(A) / alpha
    assert np.linalg.norm(found - expected) < relative * np.linalg.norm(expected)


def test_a_matrix_with_negative_eigenvalues_is_an_error_and_no_wrong_number():
    form = BandForm(gram(100, 3) - np.eye(100))
    with pytest.raises(InputError, match="no eigenvalue below 0 but by rounding, got one below -0"):
        form.solve(0.5, np.ones((100, 1)))


def test_subsets_of_such_statistics_are_an_error_too():
    X = np.random.default_rng(0).normal(size=(50, 4))
    statistics = Statistics.from_arrays(X, X[:, :1])
    statistics._gram[np.diag_indices(4)] -= 30.0
    with pytest.raises(InputError, match="no eigenvalue below 0"):
        SubsetRidge(statistics, np.array([1e-3])).coefficients(np.arange(4))
