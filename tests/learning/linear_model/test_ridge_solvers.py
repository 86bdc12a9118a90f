import warnings

import numpy as np
import pytest

from cagebreak.errors import InputError
from cagebreak.learning import AlphaWarning, RidgeCV, Sample, Statistics, evaluate, learning_curve
from cagebreak.learning.collection import collect
from cagebreak.learning.linear_model.held_out_errors import HeldOutErrors
from cagebreak.learning.linear_model.ridge_solvers import (
    FACTORED,
    RESOLUTION,
    RidgePath,
    SubsetRidge,
    WeightedRidge,
    norm_of,
    ridge_coefficients,
    smallest_alpha,
)
from naive import learning as naive


def collinear(seed, n_configurations=8, n_particles=400, n_features=15):
    """Radial functions so broad that their Gram matrix is singular to rounding, and a target."""
    random = np.random.default_rng(seed)
    r = random.uniform(0.9, 2.5, (n_configurations * n_particles, 20))
    centers = np.linspace(0.9, 2.5, n_features)
    X = np.exp(-((r[:, :, None] - centers) ** 2) / (2 * 0.6**2)).sum(axis=1)
    y = X[:, 0] - X[:, -1] + random.normal(size=len(X))
    return X, y, np.repeat(np.arange(n_configurations), n_particles)


@pytest.fixture(scope="module")
def standardized():
    X, y, _ = collinear(0)
    return (X - X.mean(axis=0)) / X.std(axis=0), y


def by_decomposition(Z, y, alpha):
    """Ridge coefficients from the singular values of the data matrix."""
    u, s, vt = np.linalg.svd(Z - Z.mean(axis=0), full_matrices=False)
    return vt.T @ (s * (u.T @ (y - y.mean())) / (s**2 + alpha))


def test_the_smallest_alpha_gives_the_coefficients_of_a_decomposition_of_the_data(standardized):
    Z, y = standardized
    statistics = Statistics.from_arrays(Z, y[:, None])
    assert np.linalg.eigvalsh(statistics.xx)[0] < 1e-15 * np.linalg.norm(statistics.xx)
    alpha = smallest_alpha(statistics)
    expected = by_decomposition(Z, y, alpha)
    assert np.abs(expected).max() > 100
    found = RidgePath(statistics).coefficients(alpha)[:, 0]
    assert np.linalg.norm(found - expected) < 3e-4 * np.linalg.norm(expected)
    # Beyond it, rounding takes over.
    below = RidgePath(statistics).coefficients(alpha / 1e4)[:, 0]
    exact = by_decomposition(Z, y, alpha / 1e4)
    assert np.linalg.norm(below - exact) > 1e-2 * np.linalg.norm(exact)
    # The error that chooses alpha is that of the rows.
    error = y @ y / len(y) - y.mean() ** 2
    of_statistics = (
        statistics.yy[0, 0] - 2 * found @ statistics.xy[:, 0] + found @ statistics.xx @ found
    )
    residuals = y - y.mean() - (Z - Z.mean(axis=0)) @ found
    assert abs(of_statistics - residuals @ residuals) < 1e-4 * error * len(y)


def test_weighted_and_subset_ridge_are_as_exact_at_the_smallest_alpha(standardized):
    Z, y = standardized
    statistics = Statistics.from_arrays(Z, y[:, None])
    alpha = smallest_alpha(statistics)
    expected = by_decomposition(Z, y, alpha)
    weighted = np.arange(Z.shape[1]) >= 12
    (found,) = WeightedRidge(statistics, weighted).paths([np.ones(15)], np.array([alpha]))
    assert np.linalg.norm(found[:, 0, 0] - expected) < 3e-3 * np.linalg.norm(expected)
    # A smaller alpha is raised to the smallest.
    columns = np.arange(15)
    raised = SubsetRidge(statistics, np.array([1e-30])).coefficients(columns)
    assert np.linalg.norm(raised[:, 0, 0] - expected) < 3e-3 * np.linalg.norm(expected)


def test_an_alpha_below_rounding_is_raised_and_said(standardized):
    Z, y = standardized
    norm = np.linalg.norm(Statistics.from_arrays(Z, y[:, None]).xx)
    with pytest.warns(AlphaWarning, match="1 of 1 chosen alphas lie outside the range 1e-30"):
        ridge = RidgeCV(alphas=[1e-30]).fit(Z, y)
    assert ridge.alpha_ == pytest.approx(RESOLUTION * norm)
    assert ridge.outside_
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not RidgeCV(alphas=[1e-5]).fit(Z, y).outside_


def test_the_search_below_the_range_ends_before_collinear_features_have_large_coefficients():
    X, _, groups = collinear(1)
    y = X[:, 0] - X[:, -1]  # without noise, the smaller alpha the better
    ridge = RidgeCV(alphas=[100.0, 1000.0]).fit(X, y, groups)
    norm = np.linalg.norm(Statistics.from_arrays(ridge.standardizer_.standardize(X), y[:, None]).xx)
    assert ridge.outside_
    assert 1.4e-8 * norm < ridge.alpha_ < 1.6e-7 * norm
    assert ridge.alphas_[0] == ridge.alpha_


def test_an_alpha_outside_the_range_is_in_the_table_and_in_one_warning():
    X, y, groups = collinear(2, n_configurations=4, n_particles=60, n_features=4)
    noise = np.random.default_rng(0).normal(size=len(y))
    Y = np.stack([y, noise], axis=1)
    samples = [Sample(X[groups == c], Y[groups == c]) for c in range(4)]
    learner = RidgeCV(alphas=[1e-3, 1e-2, 0.1, 1.0, 10.0])
    with pytest.warns(AlphaWarning, match=r"of 8 chosen .* at 1e\+\d+ \(species A, ") as said:
        rows = evaluate(learner, samples, seed=1, folds=4, n_resamples=100).rows
    assert len(said) == 1
    assert rows["alpha_outside"][0] == 0.0
    assert rows["alpha_outside"][1] > 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        wide = RidgeCV(alphas=10.0 ** np.arange(-3, 11))
        rows = evaluate(wide, samples, seed=1, folds=4, n_resamples=100).rows
    assert (rows["alpha_outside"] == 0).all()
    with pytest.warns(AlphaWarning, match="outside the range 1e-05 to 0.0001") as said:
        learning_curve(collect(samples), seed=1, alphas=[1e-5, 1e-4], folds=4, n_resamples=100)
    assert len(said) == 1


@pytest.mark.parametrize("chosen", [range(8), range(1, 7)])
@pytest.mark.parametrize("n_alphas", [1, FACTORED, FACTORED + 1])
def test_every_target_has_the_coefficients_of_its_alpha(n_alphas, chosen):
    random = np.random.default_rng(7)
    X = random.normal(size=(60, 12))
    X[:, 4] = 0.5  # constant
    Y = X @ random.normal(size=(12, 8)) + random.normal(size=(60, 8))
    alphas = 10.0 ** (np.arange(8) % n_alphas - 1)
    found = ridge_coefficients(Statistics.from_arrays(X, Y), alphas, np.isin(np.arange(8), chosen))
    assert found.shape == (12, len(chosen))
    assert (found[4] == 0.0).all()
    for coefficients, target in zip(found.T, chosen, strict=True):
        expected = by_decomposition(X, Y[:, target], alphas[target])
        np.testing.assert_allclose(coefficients, expected, rtol=1e-10, atol=1e-12)


def test_the_norm_is_the_largest_of_all_factors():
    random = np.random.default_rng(3)
    statistics = Statistics.from_arrays(random.normal(size=(30, 6)), random.normal(size=(30, 1)))
    candidates = [np.ones(6), np.array([1.0, 1.0, 1.0, 3.0, 3.0, 3.0]), np.full(6, 0.5)]
    expected = max(np.linalg.norm(statistics.scaled(factors).xx) for factors in candidates)
    assert norm_of(statistics, candidates) == pytest.approx(expected, rel=1e-14)
    assert norm_of(statistics) == pytest.approx(np.linalg.norm(statistics.xx), rel=1e-14)


def test_cholesky_factors_are_as_exact_at_the_smallest_alpha(standardized):
    Z, y = standardized
    statistics = Statistics.from_arrays(Z, y[:, None])
    alpha = smallest_alpha(statistics)
    one = np.array([True])
    found = ridge_coefficients(statistics, np.array([alpha]), one)[:, 0]
    expected = by_decomposition(Z, y, alpha)
    assert np.linalg.norm(found - expected) < 3e-4 * np.linalg.norm(expected)
    with pytest.raises(InputError, match="expected no eigenvalue below 0 but by rounding"):
        ridge_coefficients(statistics, np.array([-1.0]), one)


@pytest.mark.parametrize("weights", [(1.0,), (3.0,), (0.5, 1.0, 4.0)])
def test_errors_of_further_alphas_are_those_of_all_at_once(weights):
    random = np.random.default_rng(8)
    X = random.normal(size=(90, 10))
    Y = X @ random.normal(size=(10, 2)) + random.normal(size=(90, 2))
    blocks = [Statistics.from_arrays(X[rows::3], Y[rows::3]) for rows in range(3)]
    alphas = 10.0 ** np.arange(-2, 4)
    candidates = [np.where(np.arange(10) > 6, weight, 1.0) for weight in weights]
    held_out = HeldOutErrors(blocks, "global", candidates)
    errors = np.concatenate([held_out.at(alphas[:2]), held_out.at(alphas[2:])], axis=1)
    expected = np.zeros(errors.shape)
    for k, factors in enumerate(candidates):
        for test in range(3):
            rest = np.arange(90) % 3 != test
            for a, alpha in enumerate(alphas):
                w, b = naive.ridge(X[rest] * factors, Y[rest], alpha)
                expected[k, a] += ((X[~rest] * factors @ w + b - Y[~rest]) ** 2).sum(axis=0) / 90
    np.testing.assert_allclose(errors, expected, rtol=1e-10)
