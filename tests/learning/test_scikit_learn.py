"""Every estimator passes the checks of scikit-learn, knows its columns and refuses others."""

import pickle
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest
import sklearn
from scipy.sparse import csr_array
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.linear_model import Ridge
from sklearn.model_selection import GroupKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import (
    check_dataframe_column_names_consistency,
    parametrize_with_checks,
)

import cagebreak.learning
from cagebreak.errors import InputError
from cagebreak.learning import (
    ARDRegression,
    ElasticNetCV,
    Ensemble,
    EquivariantNetwork,
    GraphNetwork,
    LinearSVR,
    LogisticRegressionCV,
    MLPRegressor,
    PCARegression,
    PLSRegression,
    RidgeCV,
    Softness,
    Standardizer,
    StructuralOrder,
)
from cagebreak.learning.linear_model.baselines import SingleFeature

# Small, and fast to fit: one of the checks asks for R^2 > 0.5 on 200 rows.
NETWORK = MLPRegressor(
    hidden=(8,), dropout=0.0, batch_size=40, learning_rate=0.1, epochs=6, progress=False
)
NETWORKS = [NETWORK, Ensemble(NETWORK, members=2)] if find_spec("torch") else []
REGRESSORS = [
    RidgeCV(),
    ElasticNetCV(),
    ARDRegression(),
    PCARegression(),
    PLSRegression(),
    LinearSVR(C=1.0),
    Softness(),
    SingleFeature(column=0),
    StructuralOrder(hidden=1),
    *NETWORKS,
]
PREDICTORS = [*REGRESSORS, LogisticRegressionCV(), LogisticRegressionCV(alphas=(3.0,))]
ESTIMATORS = [*PREDICTORS, Standardizer()]
# They learn from graphs and not from tables, and say so by their tags.
ON_GRAPHS = [GraphNetwork(), EquivariantNetwork(), Ensemble(GraphNetwork())]

every_estimator = pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)


def table(n=40):
    """Return a data frame of three columns, and a target."""
    random = np.random.default_rng(0)
    X = pd.DataFrame(random.normal(size=(n, 3)), columns=["radial", "angular", "energy"])
    return X, X["radial"] - 2 * X["energy"] + 0.1 * random.normal(size=n)


def fitted(estimator):
    X, y = table()
    return clone(estimator).fit(X, y > 0 if is_classifier(estimator) else y), X


def output(estimator, X):
    return estimator.transform(X) if hasattr(estimator, "transform") else estimator.predict(X)


@parametrize_with_checks(ESTIMATORS)
def test_it_passes_the_checks_of_scikit_learn(estimator, check):
    check(estimator)


def test_no_estimator_is_left_out():
    public = {
        value
        for name in cagebreak.learning.__all__
        if isinstance(value := getattr(cagebreak.learning, name), type)
        and issubclass(value, BaseEstimator)
    }
    checked = {type(estimator) for estimator in [*ESTIMATORS, *ON_GRAPHS, NETWORK]}
    assert public <= checked


@pytest.mark.parametrize("estimator", ON_GRAPHS, ids=str)
def test_learners_on_graphs_take_no_table(estimator):
    assert not get_tags(estimator).input_tags.two_d_array


@every_estimator
def test_names_of_features_are_kept_and_others_are_refused(estimator):
    check_dataframe_column_names_consistency(type(estimator).__name__, estimator)
    learner, X = fitted(estimator)
    assert learner.feature_names_in_.tolist() == ["radial", "angular", "energy"]
    with pytest.raises(InputError, match="X: The feature names should match"):
        output(learner, X[["angular", "radial", "energy"]])
    with pytest.raises(InputError, match="unseen at fit time"):
        output(learner, X.rename(columns={"energy": "pressure"}))


@every_estimator
def test_a_wrong_table_is_refused_by_its_name_with_what_was_expected(estimator):
    X, y = table()
    X, y = X.to_numpy(), y.to_numpy()
    if is_classifier(estimator):
        y = y > 0
    learner = clone(estimator).fit(X, y)
    with pytest.raises(InputError, match=r"X has 2 features, but \w+ is expecting 3"):
        output(learner, X[:, :2])
    with pytest.raises(InputError, match=r"X: Expected 2D array, got 1D array"):
        output(learner, X[0])
    with pytest.raises(InputError, match="X: could not convert string to float"):
        clone(estimator).fit(np.array([["a", "b", "c"]] * len(X)), y)
    with pytest.raises(InputError, match=r"X: Sparse data was passed for X, but dense data"):
        clone(estimator).fit(csr_array(X), y)
    hole = X.copy()
    hole[7, 1] = np.nan
    with pytest.raises(InputError, match=r"X: expected finite .* got nan in row 7, column 1"):
        clone(estimator).fit(hole, y)


@pytest.mark.parametrize("estimator", PREDICTORS, ids=lambda e: type(e).__name__)
def test_targets_are_needed(estimator):
    X, y = table()
    with pytest.raises(InputError, match="requires y to be passed, but the target y is None"):
        clone(estimator).fit(X, None)
    with pytest.raises(InputError, match="y: expected"):
        clone(estimator).fit(X, y[:-1] > 0 if is_classifier(estimator) else y[:-1])


@pytest.mark.parametrize("estimator", REGRESSORS, ids=lambda e: type(e).__name__)
def test_predictions_have_the_shape_of_the_targets(estimator):
    X, y = table()
    assert clone(estimator).fit(X, y).predict(X).shape == (40,)
    several = np.stack([y, -y], axis=1)
    for targets in (several, several[:, :1]):
        assert clone(estimator).fit(X, targets).predict(X).shape == targets.shape


def test_the_standardizer_gives_data_frames_with_the_names_of_the_features():
    X, y = table()
    standardizer = Standardizer().set_output(transform="pandas").fit(X)
    assert standardizer.get_feature_names_out().tolist() == list(X.columns)
    standardized = standardizer.transform(X)
    assert standardized.columns.tolist() == list(X.columns)
    assert (standardized.index == X.index).all()
    np.testing.assert_array_equal(standardized, Standardizer().fit_transform(X.to_numpy()))
    unnamed = Standardizer().fit(X.to_numpy())
    assert unnamed.get_feature_names_out().tolist() == ["x0", "x1", "x2"]
    piped = make_pipeline(Standardizer(), Ridge()).set_output(transform="pandas").fit(X, y)
    assert piped[-1].feature_names_in_.tolist() == list(X.columns)


@every_estimator
def test_learners_do_not_depend_on_the_output_that_transformers_are_set_to(estimator):
    learner, X = fitted(estimator)
    with sklearn.config_context(transform_output="pandas"):
        again, _ = fitted(estimator)
        result = output(again, X)
    np.testing.assert_array_equal(result, output(learner, X))


def test_columns_with_several_levels_are_named_and_refused_in_another_order():
    """Those of `Features.to_pandas`."""
    random = np.random.default_rng(1)
    columns = pd.MultiIndex.from_product([["radial", "angular"], [1.0, 1.5]])
    frame = pd.DataFrame(random.normal(size=(30, 4)), columns=columns)
    fitted = RidgeCV().fit(frame, frame.to_numpy()[:, 0])
    assert fitted.feature_names_in_.tolist()[1] == "radial 1.5"
    with pytest.raises(ValueError, match="order"):
        fitted.predict(frame.iloc[:, ::-1])


def test_cross_validation_of_scikit_learn_hands_groups_to_the_fit():
    """Beside the division into folds, which needs them too."""
    X, y = table(60)
    groups = np.arange(60) % 6
    learner = RidgeCV(alphas=(1e-6, 1e-3, 1.0, 1e3))
    folds = GroupKFold(3)
    found = cross_validate(
        learner, X, y, groups=groups, params={"groups": groups}, cv=folds, return_estimator=True
    )
    for (train, test), fitted, score in zip(
        folds.split(X, y, groups), found["estimator"], found["test_score"], strict=True
    ):
        alone = clone(learner).fit(X.iloc[train], y.iloc[train], groups=groups[train])
        np.testing.assert_array_equal(fitted.errors_, alone.errors_)
        assert score == alone.score(X.iloc[test], y.iloc[test])
        without = clone(learner).fit(X.iloc[train], y.iloc[train])
        assert without.errors_.tolist() != alone.errors_.tolist()


def test_a_learner_can_be_pickled():
    learner, X = fitted(RidgeCV())
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(learner)).predict(X), learner.predict(X)
    )
