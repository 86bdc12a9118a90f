"""One contract for all that scores held-out configurations: these are not learned from.

Each configuration is a fold. Other targets of the last configuration then change what is learned
for all others, and nothing of what is predicted for the last: neither coefficients nor a choice of
alpha, of features or of components.
"""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.neighbors import KNeighborsRegressor

import cagebreak as cb
from cagebreak.learning import (
    ElasticNetCV,
    Ensemble,
    Graph,
    GraphNetwork,
    Labeled,
    MLPRegressor,
    PLSRegression,
    RidgeCV,
    Sample,
    Source,
    ablation,
    accuracy_against_data,
    accuracy_curve,
    collect,
    compare,
    evaluate,
    held_out_moments,
    learning_curve,
    selection_curve,
    transfer,
)

N, ROWS, FEATURES = 5, 30, 6
ALPHAS = (1e-2, 1.0, 1e2, 1e4)
MEAN_PREDICTED, SQUARE_PREDICTED = 1, 3


def samples(changed=False, n_features=FEATURES):
    """Return noisy configurations of one species; `changed` gives the last one other targets."""
    random = np.random.default_rng(0)
    made = []
    for _ in range(N):
        X = random.normal(size=(ROWS, n_features))
        Y = 3 + 0.2 * np.stack([X[:, 0] + X[:, 1], X[:, 1] - X[:, 2]], axis=1)
        Y += 0.5 * random.random(Y.shape)
        side = 3.0
        start = cb.Configuration(random.uniform(0, side, (ROWS, 3)), np.zeros(ROWS, int), side)
        made.append(Sample(X, Y, np.zeros(ROWS, int), graph=Graph(start, X)))
    if changed:
        last = made[-1]
        Y = 2 + (40 * last.features[:, 3:5]) ** 2
        made[-1] = Sample(last.features, Y, last.species, graph=last.graph)
    return made


def of_statistics(score):
    return lambda made: score(collect(made, species="A"))


def subset(moments):
    return np.concatenate(list(moments.values()), axis=-1)


GRAPHS = {"cutoff": 1.2, "layers": 1, "epochs": 2, "batch_size": 2, "dropout": 0.0}
MLP = MLPRegressor(hidden=(4,), epochs=2)


def by_evaluate(learner, **settings):
    def score(made):
        moments = evaluate(learner, made, seed=1, folds=N, n_resamples=10, **settings).moments
        return moments["A", "all"]

    return score


def by_compare(made):
    learners = {"ridge": RidgeCV(), "neighbors": KNeighborsRegressor(3)}
    moments = compare(learners, made, seed=1, folds=N, n_resamples=10).moments
    return np.concatenate(list(moments.values()), axis=-1)


SCORES = {
    "ridge": by_evaluate(RidgeCV()),
    "ridge with configuration means": by_evaluate(RidgeCV(), configuration_mean=0),
    "elastic net": by_evaluate(ElasticNetCV()),
    "partial least squares": by_evaluate(PLSRegression()),
    "rows": by_evaluate(KNeighborsRegressor(3)),
    "compare": by_compare,
    "held_out_moments": of_statistics(
        lambda c: subset(
            held_out_moments(c, {"all": slice(None), "two": [0, 3]}, seed=1, folds=N, alphas=ALPHAS)
        )
    ),
    "selection_curve": of_statistics(
        lambda c: selection_curve(c, 4, seed=1, folds=N, n_resamples=10).moments
    ),
    "selection_curve with alphas": of_statistics(
        lambda c: selection_curve(c, 4, seed=1, folds=N, alphas=ALPHAS, n_resamples=10).moments
    ),
    "learning_curve": of_statistics(
        lambda c: np.moveaxis(
            learning_curve(c, seed=1, folds=N, sizes=[1, 2, 4], n_resamples=10).moments, 0, -1
        )
    ),
}
NETWORKS = {
    "fully connected": by_evaluate(MLP),
    "graph": by_evaluate(GraphNetwork(**GRAPHS)),
    "ensemble": by_evaluate(Ensemble(MLP, members=2)),
}


def require_held_out(score):
    before, after = score(samples()), score(samples(changed=True))
    for moment in (MEAN_PREDICTED, SQUARE_PREDICTED):
        np.testing.assert_array_equal(before[-1, moment], after[-1, moment])
        changes = (before[:-1, moment] != after[:-1, moment]).reshape(N - 1, -1)
        assert changes.any(axis=1).all()


@pytest.mark.parametrize("score", SCORES.values(), ids=SCORES)
def test_targets_held_out_change_no_prediction_of_theirs(score):
    require_held_out(score)


@pytest.mark.parametrize("score", NETWORKS.values(), ids=NETWORKS)
def test_targets_held_out_change_no_prediction_of_a_network(score):
    pytest.importorskip("torch")
    require_held_out(score)


def noise(seed=5, n_features=40):
    """Return configurations whose targets have nothing to do with their many features."""
    random = np.random.default_rng(seed)
    made = []
    for _ in range(8):
        X, Y = random.normal(size=(50, n_features)), random.normal(size=(50, 1))
        made.append(Sample(X, Y, np.zeros(50, int)))
    return made


# The standard error of r over 400 particles is 0.05; least squares of 40 features on the 400
# particles themselves has r = 0.3.
FROM_NOISE = {
    "ablation": lambda c: ablation(c, {"half": slice(20)}, seed=1, folds=4, n_resamples=10),
    "selection_curve": lambda c: selection_curve(c, 10, seed=1, folds=4, n_resamples=10).table,
    "learning_curve": lambda c: learning_curve(c, seed=1, folds=4, n_resamples=10).table,
}


@pytest.mark.parametrize("table", FROM_NOISE.values(), ids=FROM_NOISE)
def test_nothing_is_learned_from_noise(table):
    r = table(collect(noise(), species="A"))["r"]
    assert np.nanmax(r) < 0.15


def test_a_source_learns_nothing_from_the_noise_of_another():
    made = noise()
    labels = np.array([(f"f{i}",) for i in range(40)], dtype=[("kind", "U4")])
    other = noise(6)
    table = transfer(
        {"one": Source(made, labels), "other": Source(other, labels)}, seed=1, folds=4,
        n_resamples=10,
    )  # fmt: skip
    assert len(table) == 4
    assert np.nanmax(table["r"]) < 0.15


class Witness(ClassifierMixin, BaseEstimator):
    """A classifier that keeps what it is given."""

    seen: tuple = ()

    def fit(self, X, y):
        self.classes_ = np.array([False, True])
        Witness.seen = (*Witness.seen, [X.copy(), y.copy(), []])
        return self

    def predict(self, X):
        Witness.seen[-1][2].append(X.copy())
        return np.zeros(len(X), bool)


def labeled(changed=False):
    random = np.random.default_rng(7)
    made = [Labeled(random.normal(size=(20, 5)), np.arange(20) % 2 == 0) for _ in range(N)]
    if changed:
        made[-1] = Labeled(made[-1].features, np.argsort(made[-1].features[:, 4]) < 9)
    return made


CURVES = {
    "basis": lambda data: accuracy_curve(data, [2, 5], "basis", Witness(), folds=N, seed=1),
    "forward": lambda data: accuracy_curve(data, [2, 5], "forward", Witness(), folds=N, seed=1),
    "sequential": lambda data: accuracy_curve(
        data, [2, 5], "sequential", Witness(), folds=N, seed=1
    ),
    "principal": lambda data: accuracy_curve(data, [2, 5], "principal", Witness(), folds=N, seed=1),
    "data": lambda data: accuracy_against_data(data, [1, 4], learner=Witness(), folds=N, seed=1),
}


@pytest.mark.parametrize("curve", CURVES.values(), ids=CURVES)
def test_a_classifier_does_not_see_what_it_is_tested_on(curve):
    seen = []
    for changed in (False, True):
        Witness.seen = ()
        curve(labeled(changed))
        seen.append(Witness.seen)
    unchanged = 0
    for (X, y, predicted), (other_X, other_y, _) in zip(*seen, strict=True):
        given = np.concatenate(predicted)
        assert not (X[:, None] == given).all(axis=-1).any()
        assert len(X) % 20 == 0
        unchanged += np.array_equal(X, other_X) and np.array_equal(y, other_y)
    # In one fold the last configuration is tested, at both sizes.
    assert unchanged >= 2
