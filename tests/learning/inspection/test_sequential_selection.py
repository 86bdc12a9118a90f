"""Features chosen by cross-validated accuracy, one by one."""

import numpy as np
import pytest

from cagebreak.errors import InputError
from cagebreak.learning import (
    Labeled,
    LogisticRegressionCV,
    accuracy_curve,
    configuration_folds,
    sequential_selection,
)

ONE = LogisticRegressionCV(alphas=(1.0,))


def rows(n_groups=6, size=40, n_features=7, seed=0):
    """Return features, classes that depend on columns 5 and 2, and groups."""
    random = np.random.default_rng(seed)
    X = random.normal(3.0, 2.0, (n_groups * size, n_features))
    X[:, 3] = X[:, 5] + random.normal(size=len(X))
    signal = X[:, 5] - 0.7 * X[:, 2] + random.normal(size=len(X))
    return X, signal > np.median(signal), np.repeat(np.arange(n_groups), size)


def one_by_one(X, y, groups, n, alpha, folds, seed):
    """Choose with a fit of its own for every candidate and fold."""
    fold = configuration_folds(len(set(groups)), folds, seed=seed)[groups]
    order, best = [], []
    for _ in range(n):
        right = np.full(X.shape[1], -1)
        for j in set(range(X.shape[1])) - set(order):
            columns = [*order, j]
            right[j] = 0
            for k in range(folds):
                fitted = LogisticRegressionCV(alphas=(alpha,))
                fitted.fit(X[fold != k][:, columns], y[fold != k])
                right[j] += (fitted.predict(X[fold == k][:, columns]) == y[fold == k]).sum()
        order.append(int(right.argmax()))
        best.append(right.max() / len(X))
    return order, best


@pytest.mark.parametrize("alpha", [0.1, 30.0])
def test_every_choice_is_the_best_of_all_fits(alpha):
    X, y, groups = rows()
    chosen = sequential_selection(X, y, groups, 2, alpha, folds=3, seed=4)
    order, accuracy = one_by_one(X, y, groups, 2, alpha, 3, seed=4)
    assert chosen.order.tolist() == order
    np.testing.assert_allclose(chosen.accuracy, accuracy, rtol=0, atol=1e-12)
    assert set(order) == {2, 5}


def test_equal_features_are_chosen_in_their_order():
    X, y, groups = rows()
    twins = np.column_stack([X[:, 5], X[:, 5]])
    assert sequential_selection(twins, y, groups, 2, seed=1).order.tolist() == [0, 1]


def test_the_order_of_a_curve_comes_from_the_training_configurations():
    X, y, groups = rows(n_features=12)
    shuffled = np.random.default_rng(1).permutation(y)
    found = {}
    for name, classes in (("signal", y), ("noise", shuffled)):
        data = [Labeled(X[groups == g], classes[groups == g]) for g in range(6)]
        table = accuracy_curve(data, [1, 2, 4], "sequential", ONE, folds=3, seed=1)
        found[name] = table["accuracy"].tolist()
    assert found["signal"][1] > found["signal"][0] > 0.65
    # The accuracy that four features of twelve were chosen for would be above one half.
    assert max(found["noise"]) < 0.56
    assert sequential_selection(X, shuffled, groups, 4, seed=1).accuracy[-1] > 0.57


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n": 8}, "n: expected a number of features from 1 to 7, got 8"),
        ({"alpha": 0.0}, "alpha: expected a positive number, got 0.0"),
        ({"y": np.zeros(240)}, r"y: expected bools \(240,\), got float64 \(240,\)"),
        ({"y": np.zeros(240, bool)}, "y: expected both classes outside fold 0, got one"),
        ({"groups": np.zeros(240)}, "groups: expected two configurations"),
        ({"groups": np.zeros(3)}, r"groups: expected shape \(240,\), got \(3,\)"),
        ({"folds": 1}, "n_folds: expected at least 2, got 1"),
    ],
)
def test_what_cannot_be_chosen_from_is_refused(changes, message):
    X, y, groups = rows()
    with pytest.raises(InputError, match=message):
        sequential_selection(**({"X": X, "y": y, "groups": groups, "n": 2, "seed": 1} | changes))
