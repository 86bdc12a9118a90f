"""One contract for every learner: reproducible clones, linear truth, and no leak."""

from importlib.util import find_spec

import numpy as np
import pytest
from sklearn import svm
from sklearn.base import clone
from sklearn.model_selection import GroupKFold, cross_val_predict, cross_val_score
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures

from cagebreak.learning import (
    ARDRegression,
    ElasticNetCV,
    Ensemble,
    MLPRegressor,
    PCARegression,
    PLSRegression,
    RidgeCV,
    Sample,
    Standardizer,
    Statistics,
    evaluate,
    pearson,
)
from cagebreak.learning.linear_model.base import LinearLearner
from cagebreak.learning.model_selection.nested_fits import (
    Outer,
    fit_linear,
    fit_rows,
    overview,
)
from naive import learning as naive

LEARNERS = {
    "ridge": RidgeCV(),
    "ridge, one alpha": RidgeCV(alphas=[3.0], clip=4.0, seed=7),
    "ridge, centered per configuration": RidgeCV(center="configuration", folds=3),
    "ARD": ARDRegression(),
    "lasso": ElasticNetCV(),
    "elastic net, centered per configuration": ElasticNetCV(l1_ratio=0.5, center="configuration"),
    "principal components": PCARegression(),
    "partial least squares": PLSRegression(components=(1, 2, 4), center="configuration"),
}
# Learners of others, in the same evaluation.
GUESTS = {
    "ridge in a pipeline": make_pipeline(Standardizer(), RidgeCV(alphas=[1.0])),
    "support vectors": make_pipeline(
        Standardizer(), MultiOutputRegressor(svm.LinearSVR(C=0.1, random_state=0))
    ),
}

# Networks draw batches of rows: the order of particles changes what they become, if little.
_NETWORK = MLPRegressor(hidden=(16,), dropout=0.0, alpha=1e-3, learning_rate=1e-2, epochs=30)
NETWORKS = (
    {"neural network": _NETWORK, "ensemble": Ensemble(_NETWORK, members=2)}
    if find_spec("torch")
    else {}
)

every_learner = pytest.mark.parametrize("learner", LEARNERS.values(), ids=LEARNERS)
our_own = pytest.mark.parametrize(
    "learner", [*LEARNERS.values(), *NETWORKS.values()], ids=[*LEARNERS, *NETWORKS]
)
everyone = pytest.mark.parametrize(
    "learner",
    [*LEARNERS.values(), *NETWORKS.values(), *GUESTS.values()],
    ids=[*LEARNERS, *NETWORKS, *GUESTS],
)


def samples(seed=0, n_configurations=8, n=60, n_features=6, noise=1.0, shuffled=False):
    random = np.random.default_rng(seed)
    w = random.normal(size=(n_features, 2))
    made = []
    for _ in range(n_configurations):
        X = random.normal(size=(n, n_features))
        Y = X @ w
        if shuffled:
            Y = random.permutation(Y)
        noises = noise * random.normal(size=(2, n, 2))
        species = np.arange(n) % 2
        made.append(Sample(X, Y + noises.mean(axis=0), species, Y + noises))
    return made


def rows(made):
    X = np.concatenate([sample.features for sample in made])
    Y = np.concatenate([sample.targets for sample in made])
    return X, Y, np.repeat(np.arange(len(made)), len(made[0].features))


def parameters(learner):
    """Return all parameters, those of a learner within another too, but not that one itself."""
    given = learner.get_params(deep=True).items()
    return {name: value for name, value in given if not hasattr(value, "get_params")}


@our_own
def test_clones_have_the_same_parameters_and_give_the_same(learner):
    X, Y, groups = rows(samples())
    copy = clone(learner)
    assert parameters(copy) == parameters(learner)
    first = copy.fit(X, Y, groups=groups).predict(X)
    assert parameters(copy) == parameters(learner)
    assert (clone(copy).fit(X, Y, groups=groups).predict(X) == first).all()
    assert copy.n_features_in_ == X.shape[1]


@our_own
def test_it_works_in_the_tools_of_scikit_learn(learner):
    X, Y, groups = rows(samples())
    folds = GroupKFold(4)
    scores = cross_val_score(
        clone(learner), X, Y, groups=groups, cv=folds, params={"groups": groups}
    )
    assert scores.mean() > 0.7
    predicted = cross_val_predict(make_pipeline(PolynomialFeatures(1), learner), X, Y, cv=4)
    assert predicted.shape == Y.shape
    assert naive.pearson(predicted[:, 0], Y[:, 0]) > 0.8


@every_learner
def test_the_order_of_particles_does_not_matter(learner):
    X, Y, _ = rows(samples(n_configurations=1))
    mixed = np.random.default_rng(1).permutation(len(X))
    predicted = clone(learner).fit(X, Y).predict(X)
    again = clone(learner).fit(X[mixed], Y[mixed]).predict(X)
    np.testing.assert_allclose(again, predicted, rtol=1e-10, atol=1e-10)


@everyone
def test_a_linear_truth_is_found_to_the_ceiling(learner):
    table = evaluate(learner, samples(n=200), seed=1).table
    assert len(table) == 4
    assert np.abs(table["r"] - table["ceiling"]).max() < 0.04
    assert np.abs(table["r_configuration"] - table["ceiling"]).max() < 0.04
    assert (table["low"] <= table["r"]).all()
    assert (table["r"] <= table["high"]).all()


@everyone
def test_shuffled_targets_are_not_predicted(learner):
    """Any leak from held-out to training data shows here."""
    table = evaluate(learner, samples(n_configurations=10, n=100, shuffled=True), seed=1).table
    # The standard error of r over 500 particles of a species is 0.045. Pooled r may be lower: the
    # mean of the training data is low where that of the configuration held out is high.
    assert np.nanmax(table["r"], initial=0.0) < 0.15
    assert np.nanmax(np.abs(table["r_configuration"]), initial=0.0) < 0.15


def brief(learner):
    """Return an ensemble whose members train for a few epochs; any other learner as it is.

    A configuration that validates a single network changes its best epoch only, which a few epochs
    do not show.
    """
    names = [name for name in learner.get_params() if name.endswith("__epochs")]
    return clone(learner).set_params(**dict.fromkeys(names, 4))


@everyone
@pytest.mark.parametrize("what", ["features", "targets"])
def test_a_configuration_held_out_does_not_change_its_training(learner, what):
    learner, made = brief(learner), samples()
    fold = np.arange(len(made)) % 4
    columns = {"all": np.arange(6), "two": np.array([4, 1])}
    fit = fit_linear if isinstance(learner, LinearLearner) else fit_rows

    def fits():
        outer = Outer(learner, made, fold, columns)
        seen = overview(outer)
        return [fit(outer, k, seen) for k in range(4)]

    before = fits()
    changed = {"features": made[2].features, "targets": made[2].targets}
    changed[what] = 50.0 * changed[what] ** 3 - 7.0
    made[2] = Sample(**changed, species=made[2].species)
    after = fits()
    X = made[0].features
    for name, chosen in columns.items():
        for species in "AB":
            for k in range(4):
                same = (
                    before[k][species, name].predict(X[:, chosen])
                    == after[k][species, name].predict(X[:, chosen])
                ).all()
                assert same == (k == fold[2])


@every_learner
def test_rows_of_more_configurations_than_folds_are_divided_by_the_seed(learner):
    made = samples()
    X, Y = (np.concatenate([getattr(s, what) for s in made]) for what in ("features", "targets"))
    groups = np.repeat(np.arange(8), 60)
    given = {"folds": 4, "seed": 3}
    first, again = (clone(learner).set_params(**given).fit(X, Y, groups=groups) for _ in range(2))
    np.testing.assert_array_equal(first.predict(X), again.predict(X))
    default = clone(learner).fit(X, Y, groups=groups).predict(X)
    assert pearson(default, Y).min() > 0.7


@every_learner
def test_columns_that_hold_nothing_change_nothing(learner):
    X, Y, groups = rows(samples())
    random = np.random.default_rng(0)
    predicted = clone(learner).fit(X, Y, groups=groups).predict(X, groups=groups)
    more = np.hstack([X * 10.0 ** random.uniform(-6, 6, X.shape[1]), np.full((len(X), 1), 3.0)])
    fit = clone(learner).fit(more, Y, groups=groups)
    np.testing.assert_allclose(fit.predict(more, groups=groups), predicted, rtol=1e-8, atol=1e-8)
    assert not fit.coef_[:, -1].any()


@every_learner
@pytest.mark.parametrize("n", [4, 9])
def test_more_features_than_rows_and_targets_that_do_not_vary(learner, n):
    random = np.random.default_rng(1)
    X = random.normal(size=(n, 12))
    Y = np.column_stack([X[:, 0] + X[:, 1], np.full(n, 2.0)])
    predicted = (
        clone(learner).fit(X, Y, groups=np.arange(n) // 2).predict(random.normal(size=(7, 12)))
    )
    assert np.isfinite(predicted).all()
    np.testing.assert_allclose(predicted[:, 1], 2.0, rtol=1e-9)


@every_learner
def test_rows_and_statistics_give_the_same(learner):
    X, Y, groups = rows(samples())
    X = np.hstack([X, X[:, :2] + X[:, 2:4]])
    standardizer = Standardizer(learner.clip).fit(X)
    parts = [
        Statistics(8, 2, learner.center).add(standardizer.transform(X[groups == g]), Y[groups == g])
        for g in range(8)
    ]
    by_rows = clone(learner).fit(X, Y, groups=groups)
    by_statistics = clone(learner).fit_statistics(parts, standardizer)
    np.testing.assert_allclose(
        by_statistics.predict(X, groups=groups),
        by_rows.predict(X, groups=groups),
        rtol=1e-7,
        atol=1e-8,
    )
