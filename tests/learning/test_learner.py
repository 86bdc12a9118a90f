"""The protocol of learners: traits and records of our own, and defaults for any regressor."""

import numpy as np
import pytest
from sklearn import linear_model, svm
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline

from cagebreak.errors import InputError
from cagebreak.learning import (
    ARDRegression,
    Ensemble,
    EquivariantNetwork,
    GraphNetwork,
    Learner,
    LinearSVR,
    MLPRegressor,
    RidgeCV,
    Sample,
    Standardizer,
    Traits,
    evaluate,
)
from cagebreak.learning.learner import FitRecord, fit_record, traits, with_checkpoints

TABLE = np.random.default_rng(0).normal(size=(30, 4))
TARGETS = TABLE[:, :2] + 0.1 * TABLE[:, 2:]


class Grouped(RegressorMixin, BaseEstimator):
    """A regressor of somebody else that asks for configurations and families of features."""

    def fit(self, X, y, groups=None, feature_groups=None):
        assert groups.shape == (len(X),)
        assert feature_groups.shape == (X.shape[1],)
        self.mean_ = y.mean(axis=0)
        return self

    def predict(self, X):
        return np.tile(self.mean_, (len(X), 1)) + 1e-3 * X[:, :1]


class MeanOfGroups(Grouped):
    """A learner of somebody else that states its traits itself."""

    def learner_traits(self):
        return Traits(groups=True, feature_groups=True)

    def fit_record(self):
        return FitRecord(n_parameters=7, alpha=np.array([2.0, 4.0]), earlier_seconds=1e6)


@pytest.mark.parametrize(
    ("learner", "expected"),
    [
        (RidgeCV(), Traits("statistics", groups=True, feature_groups=True)),
        (ARDRegression(), Traits("statistics", groups=True)),
        (LinearSVR(), Traits()),
        (MLPRegressor(), Traits(groups=True, requires=("torch",))),
        (Ensemble(MLPRegressor()), Traits(groups=True, requires=("torch",))),
        (GraphNetwork(), Traits("graphs", groups=True, requires=("torch",))),
        (EquivariantNetwork(), Traits("graphs", groups=True, requires=("torch", "e3nn"))),
        (
            EquivariantNetwork(share_species=True),
            Traits("graphs", groups=True, share_species=True, requires=("torch", "e3nn")),
        ),
        (
            Ensemble(GraphNetwork(share_species=True)),
            Traits("graphs", groups=True, share_species=True, requires=("torch",)),
        ),
        (linear_model.Ridge(), Traits()),
        (make_pipeline(Standardizer(), linear_model.Ridge()), Traits()),
        (Grouped(), Traits(groups=True, feature_groups=True)),
        (MeanOfGroups(), Traits(groups=True, feature_groups=True)),
    ],
    ids=str,
)
def test_traits_say_how_a_learner_is_fitted(learner, expected):
    assert traits(learner) == expected


@pytest.mark.parametrize(
    ("learner", "n_parameters"),
    [
        (RidgeCV(), 10),
        (linear_model.Ridge(), 10),
        (KNeighborsRegressor(), 0),
        (make_pipeline(linear_model.Ridge()), 0),
    ],
    ids=str,
)
def test_parameters_are_counted(learner, n_parameters):
    assert fit_record(learner.fit(TABLE, TARGETS)).n_parameters == n_parameters


def test_alpha_is_that_which_was_chosen():
    ours = RidgeCV().fit(TABLE, TARGETS)
    assert (fit_record(ours).alpha == ours.alpha_).all()
    theirs = linear_model.RidgeCV(alphas=[3.0]).fit(TABLE, TARGETS)
    assert fit_record(theirs).alpha == 3.0
    for without in (ARDRegression(), linear_model.Ridge()):
        assert np.isnan(fit_record(without.fit(TABLE, TARGETS)).alpha)


def test_a_learner_of_ones_own_is_evaluated_by_its_traits_and_reports_its_record():
    samples = [Sample(np.roll(TABLE, shift, axis=0), TARGETS) for shift in range(4)]
    families = np.array([0, 0, 1, 1])
    for learner in (Grouped(), MeanOfGroups()):
        scores = evaluate(learner, samples, seed=1, feature_groups=families)
    costs = scores.costs["A", "all"]
    assert isinstance(learner, Learner)
    assert costs.parameters == 7
    assert costs.training_seconds > 4e6  # One fit a fold, of 1e6 s in earlier processes.
    assert np.asarray(scores.table["alpha"]).tolist() == [2.0, 4.0]


def test_trainings_are_kept_where_no_folder_is_named(tmp_path):
    named = MLPRegressor(checkpoint="here")
    assert with_checkpoints(named, tmp_path) is named
    without = svm.LinearSVR()
    assert with_checkpoints(without, tmp_path) is without
    network = MLPRegressor()
    assert with_checkpoints(network, tmp_path).checkpoint == tmp_path
    assert network.checkpoint is None
    ensemble = with_checkpoints(Ensemble(network), tmp_path)
    assert ensemble.learner.checkpoint == tmp_path
    piped = with_checkpoints(make_pipeline(Standardizer(), network), tmp_path)
    assert piped[-1].checkpoint == tmp_path


@pytest.mark.parametrize("wrong", ["ridge", RidgeCV, None, 1.0])
def test_what_is_no_learner_is_refused(wrong, tmp_path):
    samples = [Sample(np.roll(TABLE, shift, axis=0), TARGETS) for shift in range(4)]
    for use in (
        lambda: evaluate(wrong, samples, seed=0),
        lambda: with_checkpoints(wrong, tmp_path),
    ):
        with pytest.raises(InputError, match=r"learner: expected a regressor, such as .*, got "):
            use()
