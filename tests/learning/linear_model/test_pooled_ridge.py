"""One ridge regression for several state points, against obvious fits to rows."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from cagebreak.errors import InputError
from cagebreak.learning import PooledRidgeCV, Standardizer, collect
from cagebreak.learning.samples import Sample

VALUES = np.array([1.0, 1.5, 2.0, 2.5])
N_FEATURES, N_CONFIGURATIONS, N_ROWS = 6, 4, 300
UNITS = Standardizer.of(np.zeros(N_FEATURES), np.ones(N_FEATURES), np.inf)


def rows_of(value, coefficients, seed, noise=0.0):
    """Configurations of one state point, each with a level of its own."""
    random = np.random.default_rng(seed)
    for _ in range(N_CONFIGURATIONS):
        X = random.normal(size=(N_ROWS, N_FEATURES)) + random.normal(size=N_FEATURES)
        Y = X @ coefficients(value) + noise * random.normal(size=(N_ROWS, 2)) + random.normal()
        yield X, Y


def points_of(coefficients, values=VALUES, noise=0.0):
    return [
        collect([Sample(X, Y) for X, Y in rows_of(v, coefficients, k, noise)], standardizer=UNITS)
        for k, v in enumerate(values)
    ]


@pytest.fixture(scope="module")
def planted():
    random = np.random.default_rng(7)
    constant, slope = random.normal(size=(2, N_FEATURES, 2))
    return lambda value: constant + slope * (value - 1.7)


@pytest.mark.parametrize("held_out", ["configurations", "state points"])
def test_coefficients_that_are_linear_in_the_state_point_are_recovered(planted, held_out):
    fitted = PooledRidgeCV(held_out=held_out).fit(points_of(planted), VALUES)
    assert (fitted.deviation == 1.0).all()
    for value in (1.0, 1.7, 2.5, 3.5):
        np.testing.assert_allclose(fitted.coefficients(value).T, planted(value), atol=1e-4)


def test_coefficients_that_do_not_depend_on_the_state_point_are_shared(planted):
    def constant(value):
        return planted(1.0)

    points = points_of(constant, noise=5.0)
    chosen, free = (PooledRidgeCV(deviations=f).fit(points, VALUES) for f in ([0.0, 1.0], [1.0]))
    assert (chosen.deviation == 0.0).any()
    error, other = (np.abs(fit.coefficients(2.5).T - planted(1.0)).sum() for fit in (chosen, free))
    assert error < other


def centered(points_rows):
    """All rows, with the mean of each configuration subtracted."""
    pairs = [(X - X.mean(axis=0), Y - Y.mean(axis=0)) for X, Y in points_rows]
    return (np.concatenate(parts) for parts in zip(*pairs, strict=True))


def ridge(X, Y, alpha, units):
    """Return the coefficients of scikit-learn's ridge regression of features in `units`."""
    return Ridge(alpha, fit_intercept=False).fit(X / units, Y).coef_ / units


@pytest.fixture(scope="module")
def noisy(planted):
    rows = [list(rows_of(value, planted, k, 2.0)) for k, value in enumerate(VALUES)]
    X, Y = centered([pair for of_point in rows for pair in of_point])
    return points_of(planted, noise=2.0), rows, (X, Y)


def test_without_deviations_it_is_one_fit_to_all_rows(noisy):
    points, _, (X, Y) = noisy
    fitted = PooledRidgeCV(degree=0, alphas=[30.0]).fit(points, VALUES)
    expected = ridge(X, Y, 30.0, X.std(axis=0))
    for value in VALUES:
        np.testing.assert_allclose(fitted.coefficients(value), expected, rtol=1e-9)


def test_with_deviations_of_no_weight_it_is_one_fit_to_all_rows(noisy):
    points, _, (X, Y) = noisy
    fitted = PooledRidgeCV(degree=2, deviations=[0.0], alphas=[30.0]).fit(points, VALUES)
    expected = ridge(X, Y, 30.0, X.std(axis=0))
    np.testing.assert_allclose(fitted.coefficients(2.1), expected, rtol=1e-9)


def test_without_the_shared_part_each_state_point_is_fitted_separately(noisy):
    points, rows, (X, _) = noisy
    fitted = PooledRidgeCV(
        degree=0, independent=True, shared=False, deviations=[1.0], alphas=[30.0]
    ).fit(points, VALUES)
    for value, of_point in zip(VALUES, rows, strict=True):
        expected = ridge(*centered(of_point), 30.0, X.std(axis=0))
        np.testing.assert_allclose(fitted.coefficients(value), expected, rtol=1e-9)
    np.testing.assert_array_equal(fitted.coefficients(1.9), 0.0)


def test_it_is_ridge_regression_on_the_features_and_their_products_with_the_state_point(noisy):
    points, rows, (X, _) = noisy
    fitted = PooledRidgeCV(deviations=[0.3], alphas=[30.0]).fit(points, VALUES)
    standard = (VALUES - VALUES.mean()) / VALUES.std()
    units = X.std(axis=0)
    blocks, targets = [], []
    for s, of_point in zip(standard, rows, strict=True):
        z, y = centered(of_point)
        blocks.append(np.hstack([z / units, 0.3 * s * z / units]))
        targets.append(y)
    solved = Ridge(30.0, fit_intercept=False).fit(np.concatenate(blocks), np.concatenate(targets))
    shared, slope = solved.coef_[:, :N_FEATURES], solved.coef_[:, N_FEATURES:]
    for value, s in zip(VALUES, standard, strict=True):
        expected = (shared + 0.3 * s * slope) / units
        np.testing.assert_allclose(fitted.coefficients(value), expected, rtol=1e-8)


def test_families_of_features_have_weights(planted):
    groups = np.array([0, 0, 0, 1, 1, 1])
    fitted = PooledRidgeCV(weights=[1.0, 10.0]).fit(points_of(planted, noise=2.0), VALUES, groups)
    assert fitted.weights.shape == (2, 2)
    assert (fitted.weights[:, 0] == 1.0).all()


@pytest.mark.parametrize(
    ("parameters", "values", "argument"),
    [
        ({"degree": -1}, VALUES, "degree"),
        ({"deviations": []}, VALUES, "deviations"),
        ({"deviations": [-1.0]}, VALUES, "deviations"),
        ({"held_out": "particles"}, VALUES, "held_out"),
        ({"folds": 1}, VALUES, "folds"),
        ({}, VALUES[:3], "values"),
        ({}, [1.0, 1.0, 2.0, 3.0], "values"),
        ({}, [1.0, np.nan, 2.0, 3.0], "values"),
    ],
)
def test_what_does_not_fit_is_named(planted, parameters, values, argument):
    with pytest.raises(InputError, match=f"^{argument}:"):
        PooledRidgeCV(**parameters).fit(points_of(planted), values)


def test_state_points_in_different_units_are_refused(planted):
    points = points_of(planted)
    other = collect([Sample(X, Y) for X, Y in rows_of(1.0, planted, 9)])
    with pytest.raises(InputError, match=r"^points\[1\]: expected features standardized"):
        PooledRidgeCV().fit([points[0], other], VALUES[:2])


def test_one_state_point_cannot_be_held_out(planted):
    with pytest.raises(InputError, match=r"^held_out:"):
        PooledRidgeCV(held_out="state points").fit(points_of(planted)[:1], VALUES[:1])
