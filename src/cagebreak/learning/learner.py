"""What cross-validation asks of a learner beside scikit-learn's `fit` and `predict`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, clone
from sklearn.utils import Tags
from sklearn.utils.validation import has_fit_parameter

from cagebreak.errors import InputError

CHECKPOINT = "checkpoint"
"""The parameter of a learner that names the folder of its unfinished trainings."""


@dataclass(frozen=True)
class Traits:
    """How a learner is fitted; the defaults are those of a regressor of scikit-learn.

    Parameters
    ----------
    learns_from
        "rows": ``fit(X, y)`` with X (n, F) and y (n, T). "statistics": ``fit_statistics`` of
        `Statistics`, one for each part of the data. "graphs": ``fit(X, y)`` with a `Graph` and its
        targets (n, T) for each configuration.
    groups
        Whether `fit` takes `groups`, the group of each row or graph: rows of one configuration are
        a group, and configurations that share their structure are.
    feature_groups
        Whether `fit` or `fit_statistics` takes `feature_groups`, the family of each feature.
    share_species
        Whether one fit serves all species.
    requires
        Packages beyond those that cagebreak is installed with.
    """

    learns_from: Literal["rows", "statistics", "graphs"] = "rows"
    groups: bool = False
    feature_groups: bool = False
    share_species: bool = False
    requires: tuple[str, ...] = ()


class FitRecord(NamedTuple):
    """What is reported of a fit."""

    n_parameters: int
    """Numbers that were fitted, for all targets; 0 if unknown."""
    alpha: ArrayLike
    """The strength of the penalty, a number or (T,); NaN if there is none."""
    earlier_seconds: float = 0.0
    """CPU time that earlier processes spent on the training."""
    outside: ArrayLike = False
    """Whether alpha lies outside the range that the learner was given, a bool or (T,)."""


@runtime_checkable
class Learner(Protocol):
    """A learner that states its traits and what is reported of its fit.

    Any other regressor of scikit-learn is a learner with the default traits.
    """

    def learner_traits(self) -> Traits:
        """Return how the learner is fitted."""

    def fit_record(self) -> FitRecord:
        """Return what is reported of the fit."""


def require_learner(learner: object) -> None:
    """Raise an `InputError` unless an argument is a learner or regressor of scikit-learn."""
    methods = ("fit", "predict", "get_params")
    if isinstance(learner, type) or not all(hasattr(learner, method) for method in methods):
        raise InputError(
            f"learner: expected a regressor, such as cagebreak.RidgeCV(), got {learner!r}"
        )


def traits(learner: Any) -> Traits:
    """Return how a learner or regressor of scikit-learn is fitted."""
    require_learner(learner)
    if isinstance(learner, Learner):
        return learner.learner_traits()
    return Traits(
        groups=has_fit_parameter(learner, "groups"),
        feature_groups=has_fit_parameter(learner, "feature_groups"),
    )


def fit_record(fitted: Any) -> FitRecord:
    """Return what is reported of a fitted learner or regressor of scikit-learn."""
    if isinstance(fitted, Learner):
        return fitted.fit_record()
    # scikit-learn's names for the parameters of a linear model and a chosen penalty.
    n_parameters = sum(np.size(getattr(fitted, name, ())) for name in ("coef_", "intercept_"))
    return FitRecord(n_parameters, getattr(fitted, "alpha_", np.nan))


def with_checkpoints(learner: BaseEstimator, folder: str | os.PathLike[str]) -> BaseEstimator:
    """Return a learner whose trainings, and those of learners within it, resume from a folder.

    A learner without trainings, or one that names a folder itself, is returned as it is.
    """
    require_learner(learner)
    parameters: Mapping[str, Any] = learner.get_params()
    unset = [
        name
        for name, value in parameters.items()
        if name.split("__")[-1] == CHECKPOINT and value is None
    ]
    return clone(learner).set_params(**dict.fromkeys(unset, folder)) if unset else learner


def scale_free_tags(tags: Tags) -> Tags:
    """Return tags of predictions that correlate with the target but are not on its scale."""
    tags.regressor_tags.poor_score = True
    return tags
