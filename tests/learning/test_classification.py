"""Telling active particles from inactive ones: data sets, the classifier, its accuracy."""

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

import cagebreak as cb
from cagebreak.dynamics.plasticity import Window
from cagebreak.errors import InputError
from cagebreak.learning import (
    Labeled,
    LogisticRegressionCV,
    Standardizer,
    accuracy_against_data,
    accuracy_curve,
    configuration_folds,
    most_and_least_mobile,
    pair_functions,
    plastic,
)

ONE = LogisticRegressionCV(alphas=(3.0,))
SVM = make_pipeline(Standardizer(), LinearSVC(C=0.1, random_state=0))
ORDERS = ("basis", "forward", "principal")


def rows(n=200, n_features=5, seed=0, noise=1.0):
    random = np.random.default_rng(seed)
    X = random.normal(2.0, [1.0, 3.0, 0.1, 1.0, 1.0][:n_features], (n, n_features))
    y = X[:, 1] - 30 * X[:, 2] + noise * 3 * random.normal(size=n)
    return X, y > np.median(y), np.arange(n) % 8


def configurations(n=12, size=60, n_features=12, truth=(9, 4), shuffled=False, seed=0):
    """Return data whose classes depend on two features only, and weakly on noise."""
    random = np.random.default_rng(seed)
    made = []
    for _ in range(n):
        X = random.normal(size=(size, n_features))
        signal = X[:, truth[0]] - X[:, truth[1]] + 0.3 * random.normal(size=size)
        active = signal > np.median(signal)
        made.append(Labeled(X, random.permutation(active) if shuffled else active))
    return made


def test_coefficients_minimize_the_printed_objective():
    X, y, _ = rows()
    fitted = LogisticRegressionCV(alphas=(3.0,)).fit(X, y)
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    sign = np.where(y, 1, -1)

    def objective(w):
        decision = Z @ w[:-1] + w[-1]
        return np.logaddexp(0, -sign * decision).sum() + 1.5 * (w[:-1] ** 2).sum()

    best = minimize(objective, np.zeros(6), tol=1e-9).x
    np.testing.assert_allclose(fitted.coef_, best[:-1], atol=1e-6)
    assert fitted.intercept_ == pytest.approx(best[-1], abs=1e-6)
    p = fitted.predict_proba(X)
    np.testing.assert_allclose(p[:, 1], 1 / (1 + np.exp(-fitted.decision_function(X))))
    np.testing.assert_allclose(p.sum(axis=1), 1.0)
    assert ((p[:, 1] > 0.5) == fitted.predict(X)).all()


def test_all_principal_components_say_what_the_features_say():
    # Few rows of collinear features: components of unit deviation would be noise for the most part.
    data = configurations(n=6, size=20)
    table = [accuracy_curve(data, [12], order, folds=3, seed=1) for order in ("basis", "principal")]
    assert table[0].equals(table[1])
    X, y, _ = rows()
    fitted = LogisticRegressionCV(alphas=(3.0,), standardize=False).fit(X, y)
    best = LogisticRegression(C=1 / 3, tol=1e-10, max_iter=5000).fit(X - X.mean(axis=0), y)
    np.testing.assert_allclose(fitted.coef_, best.coef_[0], atol=1e-5)


def test_alpha_has_the_least_cross_entropy_on_configurations_held_out():
    X, y, groups = rows()
    fitted = LogisticRegressionCV((0.1, 10.0, 1000.0), folds=4, seed=5).fit(X, y, groups=groups)
    fold = configuration_folds(8, 4, seed=5)[groups]
    errors = []
    for alpha in fitted.alphas_:
        lost = 0.0
        for k in range(4):
            one = LogisticRegressionCV(alphas=(alpha,)).fit(X[fold != k], y[fold != k])
            p = one.predict_proba(X[fold == k])
            lost -= np.log(np.where(y[fold == k], p[:, 1], p[:, 0])).sum()
        errors.append(lost / len(X))
    np.testing.assert_allclose(fitted.errors_, errors, rtol=1e-5)
    assert fitted.alpha_ == fitted.alphas_[int(np.argmin(errors))]


@pytest.mark.parametrize("alphas", [(1e-3, 1e-2), (1e4, 1e5)])
def test_the_search_for_alpha_goes_on_beyond_an_end(alphas):
    X, y, groups = rows()
    found = LogisticRegressionCV(alphas=alphas, folds=4).fit(X, y, groups=groups)
    of_range = LogisticRegressionCV(alphas=found.alphas_, folds=4).fit(X, y, groups=groups)
    assert found.alpha_ == of_range.alpha_ == pytest.approx(1.0)
    assert 1e-4 < found.alphas_.min() < found.alphas_.max() < 1e6
    np.testing.assert_allclose(found.errors_, of_range.errors_, rtol=1e-6)


def test_the_search_for_alpha_ends():
    X, y, groups = rows()
    ends = (1e-4, 1e6)
    assert LogisticRegressionCV(ends, folds=4).fit(X, y, groups=groups).alphas_.tolist() == [*ends]


def test_a_tie_is_the_first_class():
    """As in scikit-learn: features say nothing, and there are as many of each."""
    fitted = LogisticRegressionCV(alphas=(3.0,)).fit(np.zeros((8, 2)), np.arange(8) % 2 == 0)
    assert (fitted.decision_function(np.zeros((3, 2))) == 0).all()
    assert not fitted.predict(np.zeros((3, 2))).any()


def test_classes_may_have_any_names():
    X, y, groups = rows()
    names = np.where(y, "mobile", "caged")
    fitted = LogisticRegressionCV().fit(X, names, groups=groups)
    assert fitted.classes_.tolist() == ["caged", "mobile"]
    expected = LogisticRegressionCV().fit(X, y, groups=groups).predict(X)
    assert (fitted.predict(X) == np.where(expected, "mobile", "caged")).all()


@pytest.mark.parametrize(
    ("parameters", "y", "message"),
    [
        ({"alphas": (0.0, 1.0)}, None, "alphas: expected positive numbers"),
        ({"alphas": ()}, None, "alphas"),
        ({"folds": 1}, None, "n_folds: expected at least 2, got 1"),
        ({}, np.zeros(200, bool), "y: expected two classes, got"),
        ({}, np.arange(200) % 3, "y: expected two classes, got"),
        ({}, np.zeros(7), "y: expected shape"),
    ],
)
def test_what_cannot_be_fitted_is_refused(parameters, y, message):
    X, classes, groups = rows()
    with pytest.raises(InputError, match=message):
        LogisticRegressionCV(**parameters).fit(X, classes if y is None else y, groups)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("learner", [ONE, SVM], ids=["logistic", "support vectors"])
def test_a_linear_truth_is_found(order, learner):
    table = accuracy_curve(configurations(), [1, 2, 12], order, learner, folds=4, seed=1)
    assert table["n_features"].tolist() == [1, 2, 12]
    # Of signal + 0.3 noise / sqrt(2) the sign is right for 1 - arctan(0.21) / pi = 93 %.
    assert table["accuracy"].iloc[-1] > 0.9
    assert (table["low"] <= table["accuracy"]).all()
    assert (table["accuracy"] <= table["high"]).all()
    assert (table["high"] - table["low"] < 0.12).all()
    if order == "forward":
        assert table["accuracy"][1] > 0.9
        # One of two features of equal weight: the angle between signal and feature is 45 degrees.
        assert table["accuracy"][0] == pytest.approx(0.74, abs=0.05)
    if order == "basis":
        assert table["accuracy"][1] < 0.6


def test_an_order_of_ones_own():
    table = accuracy_curve(configurations(), [1, 2], [4, 9], ONE, seed=1)
    assert table["accuracy"][1] > 0.9
    with pytest.raises(InputError, match="order: expected 3 columns at least, got 2"):
        accuracy_curve(configurations(), [3], [4, 9], seed=1)


@pytest.mark.parametrize("order", ORDERS)
def test_shuffled_labels_are_not_predicted(order):
    """Any leak shows here, above all one of the choice of features; 720 labels: 0.5 +- 0.02."""
    data = configurations(n_features=40, shuffled=True)
    table = accuracy_curve(data, [1, 3, 40], order, ONE, folds=6, seed=1)
    assert np.abs(table["accuracy"] - 0.5).max() < 0.07


def test_accuracy_is_that_of_a_plain_loop():
    data = configurations(n=6, size=30)
    table = accuracy_curve(data, [12], "basis", ONE, folds=3, seed=4)
    fold, right = configuration_folds(6, 3, seed=4), 0
    for i, one in enumerate(data):
        training = [other for j, other in enumerate(data) if fold[j] != fold[i]]
        X, y = (np.concatenate([getattr(t, name) for t in training]) for name in
                ("features", "active"))  # fmt: skip
        right += (LogisticRegressionCV((3.0,)).fit(X, y).predict(one.features) == one.active).sum()
    assert table["accuracy"][0] == pytest.approx(right / 180, abs=1 / 180)


def test_accuracy_rises_with_the_number_of_configurations():
    data = configurations(n=10, size=20, n_features=15)
    table = accuracy_against_data(data, [1, 3, 8], learner=ONE, folds=5, seed=2)
    assert table["n_configurations"].tolist() == [1, 3, 8]
    np.testing.assert_allclose(table["n_particles"], [20, 60, 160])
    assert (np.diff(table["accuracy"]) > 0).all()
    again = accuracy_against_data(data, [1, 3, 8], learner=ONE, folds=5, seed=2)
    assert again.equals(table)
    blind = accuracy_against_data(data, [8], [0, 1], ONE, folds=5, seed=2)
    assert blind["accuracy"][0] < 0.65
    with pytest.raises(InputError, match="sizes: expected integers from 1 to 8, got"):
        accuracy_against_data(data, [9], folds=5, seed=2)


def test_configurations_without_particles_are_left_out():
    data = configurations(n=4)
    nothing = Labeled(np.empty((0, 12)), np.empty(0, bool))
    table = accuracy_curve([*data[:2], nothing, *data[2:]], [12], learner=ONE, seed=1)
    assert table.equals(accuracy_curve(data, [12], learner=ONE, seed=1))
    with pytest.raises(InputError, match="data: expected two configurations with particles, got 1"):
        accuracy_curve([data[0], nothing], [12], seed=1)
    with pytest.raises(InputError, match=r"sizes: expected integers from 1 to 12, got \[13\]"):
        accuracy_curve(data, [13], seed=1)
    with pytest.raises(InputError, match="order: expected one of basis, forward, principal"):
        accuracy_curve(data, [1], "best", seed=1)
    with pytest.raises(InputError, match="data: expected as many features everywhere"):
        accuracy_curve([*data, Labeled(np.zeros((2, 3)), np.array([True, False]))], [1], seed=1)


def test_the_most_and_the_least_mobile_are_taken():
    random = np.random.default_rng(0)
    moved, species = random.permutation(100.0 * np.arange(50)), np.arange(50) % 5 // 4
    features = np.column_stack([np.arange(50), moved])
    found = most_and_least_mobile(features, moved, species, share=0.1)
    members = np.flatnonzero(species == 0)
    ranked = members[np.argsort(moved[members])]
    assert found.active.sum() == 4  # 10 % of 40
    assert set(found.particles[found.active]) == set(ranked[-4:])
    assert set(found.particles[~found.active]) == set(ranked[:4])
    np.testing.assert_array_equal(found.features, features[found.particles])
    of_b = most_and_least_mobile(features, moved, species, share=0.5, of=1)
    assert sorted(of_b.particles) == np.flatnonzero(species == 1).tolist()
    for wrong, message in (({"share": 0.6}, "share"), ({"of": 3}, "share: expected one particle")):
        with pytest.raises(InputError, match=message):
            most_and_least_mobile(features, moved, species, **wrong)
    with pytest.raises(InputError, match=r"mobility: expected shape \(50,\), got \(49,\)"):
        most_and_least_mobile(features, moved[1:], species)


def test_plastic_particles_stand_against_the_least_mobile():
    start = cb.Configuration(
        np.random.default_rng(0).uniform(0, 9, (40, 3)), [0] * 30 + [1] * 10, 9
    )
    moved = np.linspace(0, 0.5, 40)
    moved[[3, 20, 35]] = 0.9, 0.7, 5.0  # the last is a B particle
    window = Window(start, 0.1, moved, 1)
    features = np.arange(80.0).reshape(40, 2)
    found = plastic(features, window)
    assert found.particles[found.active].tolist() == [3, 20]
    assert found.particles[~found.active].tolist() == [0, 1]
    np.testing.assert_array_equal(found.features, features[found.particles])
    assert len(plastic(features, window, avalanche=0.05)) == 0
    with pytest.raises(InputError, match="features: expected 40 rows, got 39"):
        plastic(features[1:], window)


@pytest.mark.parametrize(
    "wrong", [np.zeros(5), np.zeros((5, 1), bool), np.zeros(4, bool)], ids=["0", "2d", "4"]
)
def test_labels_must_fit_their_features(wrong):
    with pytest.raises(InputError):
        Labeled(np.zeros((5, 2)), wrong)


def test_a_fitted_model_is_a_pair_function_for_one_neighbor():
    descriptor = cb.AtomicClusterExpansion(2.0, 2, 6, 6, n_species=2)
    gas = cb.Configuration(
        np.random.default_rng(0).uniform(0, 9, (200, 3)), np.arange(200) % 2, 9.0
    )
    X = descriptor.compute(gas).values
    learner = LogisticRegressionCV((3.0,), clip=np.inf).fit(X, X[:, 0] > np.median(X[:, 0]))
    r = np.array([0.7, 1.0, 1.6])
    u = pair_functions(descriptor, learner, [*r, 2.0])
    np.testing.assert_allclose(u[:, -1], 0.0, atol=1e-12)
    alone = learner.decision_function(np.zeros((1, X.shape[1])))
    for species in (0, 1):
        for k, distance in enumerate(r):
            dimer = cb.Configuration([[5, 5, 5], [5, 5, 5 + distance]], [0, species], 20.0)
            decision = learner.decision_function(descriptor.compute(dimer).values[:1])
            assert decision - alone == pytest.approx(u[species, k], abs=1e-9)
    columns = np.arange(8)
    few = LogisticRegressionCV((3.0,)).fit(X[:, columns], X[:, 0] > np.median(X[:, 0]))
    assert pair_functions(descriptor, few, r, columns).shape == (2, 3)
    with pytest.raises(InputError, match="learner: expected coefficients"):
        pair_functions(descriptor, few, r)
    impure = cb.AtomicClusterExpansion(2.0, 2, 6, 6, n_species=2, purified=False)
    with pytest.raises(InputError, match="descriptor: expected a purified expansion"):
        pair_functions(impure, learner, r)
