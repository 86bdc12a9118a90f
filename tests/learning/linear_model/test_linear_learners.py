"""ARD, elastic net and components equal scikit-learn's, whatever the columns are."""

import numpy as np
import pytest
from sklearn import cross_decomposition, linear_model
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from cagebreak.errors import InputError
from cagebreak.learning import (
    ARDRegression,
    ElasticNetCV,
    PCARegression,
    PLSRegression,
    RidgeCV,
    Standardizer,
    Statistics,
)


def awkward(seed=0, n=200):
    """Ill-scaled columns; sums of others, a copy and a constant among them."""
    random = np.random.default_rng(seed)
    X = random.normal(size=(n, 10))
    X = np.hstack([X, X[:, :2] + X[:, 2:4], X[:, [3]], np.full((n, 1), 2.0)])
    X[:, 4] *= 1e6
    y = X[:, 0] - 2 * X[:, 6] + random.normal(size=n)
    return X, (y - y.mean()) / y.std(), Standardizer().fit(X).transform(X)


def test_ard_is_that_of_scikit_learn():
    X, y, Z = awkward()
    ours, theirs = ARDRegression().fit(X, y), linear_model.ARDRegression().fit(Z, y)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(Z), atol=1e-8)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-8)
    deviations = np.sqrt(np.diag(theirs.sigma_))[:-1]  # Theirs keeps the constant column.
    np.testing.assert_allclose(ours.deviation_[ours.coef_ != 0], deviations, rtol=1e-6)
    assert ours.noise_ == pytest.approx(1 / theirs.alpha_)
    assert ours.n_iter_ == theirs.n_iter_


def test_ard_without_noise_is_that_of_scikit_learn():
    """Nothing but the flat prior then keeps the precision finite."""
    X, _, Z = awkward()
    y = Z[:, 0] - 0.5 * Z[:, 6]
    y /= y.std()
    ours, theirs = ARDRegression(max_iter=3).fit(X, y), linear_model.ARDRegression(max_iter=3)
    assert ours.noise_ == pytest.approx(1 / theirs.fit(Z, y).alpha_, rel=1e-6)
    assert ours.noise_ < 1e-7


def test_ard_does_not_depend_on_the_units_of_the_target():
    X, y, _ = awkward()
    once, scaled = ARDRegression().fit(X, y), ARDRegression().fit(X, 1e-3 * y + 5)
    np.testing.assert_allclose(scaled.coef_, 1e-3 * once.coef_, rtol=1e-9)
    assert scaled.noise_ == pytest.approx(1e-6 * once.noise_)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.4])
def test_elastic_net_is_that_of_scikit_learn(l1_ratio):
    X, y, Z = awkward()
    for fraction in (0.5, 0.03):
        ours = ElasticNetCV(l1_ratio, fractions=[fraction], tol=1e-12).fit(X, y)
        theirs = linear_model.ElasticNet(
            ours.alpha_, l1_ratio=l1_ratio, tol=1e-12, max_iter=100_000
        )
        np.testing.assert_allclose(ours.predict(X), theirs.fit(Z, y).predict(Z), atol=1e-8)


def test_at_the_largest_alpha_of_the_path_nothing_is_left():
    X, y, _ = awkward()
    assert not ElasticNetCV(fractions=[1.0]).fit(X, y).coef_.any()
    assert ElasticNetCV(fractions=[0.98]).fit(X, y).coef_.any()


def test_alphas_that_do_not_converge_are_named():
    X, y, _ = awkward()
    with pytest.warns(ConvergenceWarning, match=r"of target 0, .* in 2 sweeps"):
        ElasticNetCV(sweeps=2, fractions=[0.5, 1e-3]).fit(X, y)


@pytest.mark.parametrize("k", [1, 4, 9])
def test_components_are_those_of_a_decomposition(k):
    X, y, Z = awkward()
    left, _, _ = np.linalg.svd(Z - Z.mean(axis=0), full_matrices=False)
    expected = left[:, :k] @ (left[:, :k].T @ y)
    np.testing.assert_allclose(PCARegression([k]).fit(X, y).predict(X), expected, atol=1e-8)
    theirs = cross_decomposition.PLSRegression(k, scale=False).fit(Z, y).predict(Z).ravel()
    np.testing.assert_allclose(PLSRegression([k]).fit(X, y).predict(X), theirs, atol=1e-8)


def test_as_many_components_are_tried_in_each_decade():
    numbers = [step * ten for ten in (1, 10, 100) for step in (1, 1.5, 2, 3, 5, 7)]
    assert list(PCARegression().components) == [n for n in numbers if n % 1 == 0] + [1000]


def test_all_components_are_least_squares():
    X, y, Z = awkward()
    expected = linear_model.LinearRegression().fit(Z, y).predict(Z)
    for learner in (PCARegression([1000]), PLSRegression([1000]), RidgeCV(alphas=[1e-9])):
        np.testing.assert_allclose(learner.fit(X, y).predict(X), expected, atol=1e-7)


@pytest.mark.parametrize("learner", [ElasticNetCV(tol=1e-12), PCARegression(), PLSRegression()])
def test_what_is_chosen_is_best_on_what_is_held_out(learner):
    X, y, Z = awkward(n=90)
    groups = np.arange(90) // 30
    learner.fit(X, y, groups=groups)
    fold = groups  # Three configurations are three folds.
    parts = [Statistics.from_arrays(Z[fold == g], y[fold == g, None]) for g in range(3)]
    name = "fractions" if isinstance(learner, ElasticNetCV) else "components"
    for row in (0, 2, -1):
        error = 0.0
        for g in range(3):
            if name == "fractions":
                training = sum(parts[:g] + parts[g + 1 :], start=Statistics(14, 1))
                top = np.abs(training.xy).max() / training.count
                chosen = [learner.candidates_[row, 0] / top]
            else:
                chosen = [int(learner.candidates_[row, 0])]
            one = (
                clone(learner)
                .set_params(**{name: chosen})
                .fit_statistics(parts[:g] + parts[g + 1 :])
            )
            error += ((one.predict(Z[fold == g])[:, 0] - y[fold == g]) ** 2).sum()
        assert learner.errors_[row] == pytest.approx(error / 90, rel=1e-5)
    assert (
        learner.errors_.min()
        == learner.errors_[np.flatnonzero(learner.candidates_[:, 0] == _chosen(learner))[0]]
    )


@pytest.mark.parametrize("learner", [ElasticNetCV(tol=1e-12), PCARegression()])
def test_one_configuration_is_judged_by_generalized_cross_validation(learner):
    """n RSS / (n - 1 - size)^2, with as many parameters as components or coefficients."""
    X, y, Z = awkward(n=60)
    learner.fit(X, y)
    is_net = isinstance(learner, ElasticNetCV)
    top = np.abs(Z.T @ (y - y.mean())).max() / 60
    for row in (0, 3, -1):
        candidate = learner.candidates_[row, 0]
        chosen = {"fractions": [candidate / top]} if is_net else {"components": [int(candidate)]}
        one = clone(learner).set_params(**chosen).fit(X, y)
        size = np.count_nonzero(one.coef_) if is_net else candidate
        expected = 60 * ((one.predict(X) - y) ** 2).sum() / (60 - 1 - size) ** 2
        assert learner.errors_[row] == pytest.approx(expected, rel=1e-5)


def _chosen(learner):
    return learner.alpha_ if isinstance(learner, ElasticNetCV) else learner.n_components_


@pytest.mark.parametrize(
    ("learner", "message"),
    [
        (ElasticNetCV(l1_ratio=0.0), "l1_ratio: "),
        (ElasticNetCV(fractions=[0.1, 0.5]), "fractions: .* falling"),
        (ElasticNetCV(fractions=[0.1, -0.5]), "fractions: .* positive"),
        (PCARegression([3, 2]), "components: "),
        (PCARegression([2, 2]), "components: expected rising integers"),
        (PLSRegression([0, 2]), "components: "),
        (ARDRegression(threshold=0), "threshold: "),
        (ARDRegression(max_iter=0), "max_iter: "),
        (ARDRegression(folds=1), "folds: "),
    ],
)
def test_bad_parameters_are_named(learner, message):
    X, y, _ = awkward(n=20)
    with pytest.raises(InputError, match=message):
        learner.fit(X, y)
