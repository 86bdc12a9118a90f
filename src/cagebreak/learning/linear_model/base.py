"""Base class of the linear learners, and predictions from sufficient statistics."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from cagebreak.configuration import Configuration, as_configuration
from cagebreak.errors import InputError
from cagebreak.learning._validation import (
    Floats,
    Integers,
    as_features,
    as_targets,
    require_choice,
    require_finite,
)
from cagebreak.learning.folds import configuration_folds
from cagebreak.learning.learner import FitRecord, Traits
from cagebreak.learning.linear_model.whitening import whiten, whitening
from cagebreak.learning.preprocessing import Moments, Standardizer
from cagebreak.learning.scores import COUNT, X_MEAN, XX, XY, Y_MEAN, YY
from cagebreak.learning.statistics import CENTERS, Statistics


class LinearLearner(RegressorMixin, MultiOutputMixin, BaseEstimator):
    """Base class of linear models of standardized features, fitted to sufficient statistics.

    A subclass has the parameters `folds`, `center`, `clip` and `seed`, documented at `RidgeCV`, and
    implements `fit_statistics`. All subclasses share `fit` and `predict`.

    Attributes
    ----------
    coef_ : (F,) or (T, F) array
        Coefficients of the standardized features; 0 for a constant column.
    intercept_ : float or (T,) array
    standardizer_ : Standardizer or None
        None after `fit_statistics` without a standardizer.
    n_features_in_ : int
    feature_names_in_ : (F,) array of str
        Columns of the data frame given to `fit`; absent if X was an array.
    """

    error_correlation: tuple[float, float] | None = None
    folds: int
    center: str
    clip: float
    seed: int
    coef_: Floats
    intercept_: Floats
    errors_: Floats | None = None
    standardizer_: Standardizer | None
    n_features_in_: int

    # Attributes that lose the axis of targets if y is (n,); so does `errors_`, (candidates, T).
    _of_each_target: tuple[str, ...] = ("coef_", "intercept_")

    def fit(self, X: ArrayLike, y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Fit to features X (n, F) and targets y (n,) or (n, T).

        Parameters
        ----------
        X, y
        groups : (n,) array, optional
            The configuration each row belongs to, for the choice of hyperparameters on held-out
            configurations.

        Raises
        ------
        InputError
            If a shape does not fit, a number is not finite, there are no rows, or a parameter is
            out of range.
        """
        return self._fit_rows(X, y, groups)

    @abstractmethod
    def fit_statistics(
        self, parts: Sequence[Statistics], standardizer: Standardizer | None = None
    ) -> Self:
        """Fit to statistics instead of rows.

        Parameters
        ----------
        parts
            Statistics of standardized features, one for each configuration or group of
            configurations. Hyperparameters are chosen by cross-validation over the parts, in
            `folds` folds.
        standardizer
            The standardizer that made the features; `predict` applies it.

        Raises
        ------
        InputError
            If there are no rows, the parts do not fit each other or the standardizer, or a
            parameter is out of range.
        """

    def predict(self, X: ArrayLike, groups: ArrayLike | None = None) -> Floats:
        """Return the predictions for the rows of X (n, F), (n,) or (n, T).

        Parameters
        ----------
        X
        groups : (n,) array, optional
            The configuration each row belongs to, used with ``center="configuration"`` only. By
            default all rows belong to one configuration.

        Raises
        ------
        InputError
            If the columns of X differ from those of the fit, or a number is not finite.
        """
        check_is_fitted(self)
        X = as_features(self, X)
        if self.standardizer_ is None:
            require_finite("X", X, X.sum(axis=0))
        else:
            X = self.standardizer_.standardize(X)
        predicted = X @ self.coef_.T
        if self.center == "configuration":
            for rows in _rows_of_groups(groups, len(X)):
                predicted[rows] -= predicted[rows].mean(axis=0)
        return predicted + self.intercept_

    def _fit_rows(
        self,
        X: ArrayLike,
        y: ArrayLike,
        groups: ArrayLike | None,
        particles: Sequence[Configuration] | None = None,
        **arguments: Any,
    ) -> Self:
        """Fit to the statistics of the rows, with a part for each fold of configurations."""
        self._check_parameters()
        X = as_features(self, X, reset=True)
        Y, single = as_targets(self, y, len(X))
        configurations = _rows_of_groups(groups, len(X))
        if particles is not None and len(particles) != len(configurations):
            raise InputError(
                f"configurations: expected {len(configurations)}, as many as groups, "
                f"got {len(particles)}"
            )
        moments = Moments.none(X.shape[1])
        for rows in configurations:
            moments = moments + Moments.of(X[rows])
        standardizer = Standardizer.from_moments(moments, self.clip)
        fold = configuration_folds(len(configurations), self.folds, seed=self.seed)
        parts = [
            Statistics(X.shape[1], Y.shape[1], center=self.center) for _ in range(fold.max() + 1)
        ]
        for k, (rows, held_out_in) in enumerate(zip(configurations, fold, strict=True)):
            matrix = self.whitening_of(None if particles is None else particles[k], len(Y[rows]))
            parts[held_out_in].add(*whiten(matrix, standardizer.standardize(X[rows]), Y[rows]))
        self.fit_statistics(parts, standardizer, **arguments)
        if single:
            for name in self._of_each_target:
                setattr(self, name, getattr(self, name)[0])
            if self.errors_ is not None:
                self.errors_ = self.errors_[:, 0]
        return self

    def whitening_of(self, particles: Configuration | None, n: int) -> csr_array | None:
        """Return the whitening matrix of n rows of a configuration; None if errors are independent.

        Raises
        ------
        InputError
            If errors are correlated and `particles` is None or does not have n particles.
        """
        if self.error_correlation is None:
            return None
        particles = None if particles is None else as_configuration(particles)
        if particles is None or len(particles) != n:
            number = "none" if particles is None else len(particles)
            raise InputError(f"configuration: expected the {n} particles of the rows, got {number}")
        return whitening(particles, *self.error_correlation)

    def learner_traits(self) -> Traits:
        """Return that the learner is fitted to statistics."""
        return Traits(learns_from="statistics", groups=True)

    def fit_record(self) -> FitRecord:
        """Return the number of coefficients and intercepts."""
        return FitRecord(np.size(self.coef_) + np.size(self.intercept_), np.nan)

    def _checked(
        self, parts: Sequence[Statistics], standardizer: Standardizer | None
    ) -> list[Statistics]:
        """Return the parts that have rows, after checks of their columns."""
        parts = [part for part in parts if part.count > 0]
        if not parts:
            raise InputError("parts: expected at least one row, got none")
        n_features = parts[0].n_features
        if n_features == 0:
            raise InputError("X: expected at least one feature, got none")
        if standardizer is not None and standardizer.n_features_in_ != n_features:
            raise InputError(
                f"standardizer: expected {n_features} features, got {standardizer.n_features_in_}"
            )
        return parts

    def _blocks(self, parts: Sequence[Statistics]) -> Sequence[Statistics]:
        """Return the parts pooled into one block for each fold."""
        if len(parts) <= self.folds:
            return parts
        fold = configuration_folds(len(parts), self.folds, seed=self.seed)
        return [
            Statistics.pooled(
                (part for part, held_out_in in zip(parts, fold, strict=True) if held_out_in == k),
                self.center,
            )
            for k in range(self.folds)
        ]

    def _set(
        self, coefficients: Floats, everything: Statistics, standardizer: Standardizer | None
    ) -> None:
        """Set the fitted attributes from coefficients (F, T) and the pooled statistics."""
        self.coef_ = coefficients.T
        self.intercept_ = intercepts(coefficients, everything)
        self.standardizer_ = standardizer
        self.n_features_in_ = everything.n_features

    def _check_parameters(self) -> None:
        require_choice("center", self.center, CENTERS)
        if self.folds < 2:
            raise InputError(f"folds: expected at least 2, got {self.folds}")


class Means(NamedTuple):
    """The means that the intercepts of a fit follow from."""

    x_mean: Floats
    y_mean: Floats
    center: str

    @classmethod
    def of(cls, statistics: Statistics) -> Self:
        """Return the means of statistics, without holding their Gram matrix."""
        return cls(statistics.x_mean.copy(), statistics.y_mean.copy(), statistics.center)


def intercepts(coefficients: Floats, learned: Statistics | Means) -> Floats:
    """Return the intercepts (..., T) of coefficients (F, ..., T) fitted to statistics."""
    if learned.center == "configuration":
        return np.broadcast_to(learned.y_mean, coefficients.shape[1:]).copy()
    return learned.y_mean - np.tensordot(learned.x_mean, coefficients, axes=1)


def _rows_of_groups(groups: ArrayLike | None, n_rows: int) -> list[slice | Integers]:
    """Return the rows of each group, as a slice where they are contiguous."""
    if groups is None:
        return [slice(0, n_rows)]
    labels = np.asarray(groups)
    if labels.shape != (n_rows,):
        raise InputError(f"groups: expected shape ({n_rows},), got {labels.shape}")
    _, group = np.unique(labels, return_inverse=True)
    order = np.argsort(group, kind="stable")
    rows_of_groups = np.split(order, np.flatnonzero(np.diff(group[order])) + 1)
    return [
        slice(int(rows[0]), int(rows[-1]) + 1) if rows[-1] - rows[0] == len(rows) - 1 else rows
        for rows in rows_of_groups
    ]


def prediction_moments(rows: Statistics, coefficients: Floats, intercept: Floats) -> Floats:
    r"""Return the moments of predictions :math:`w'x + b` and targets, (6, ..., T).

    The moments are those of `scores.pair_moments`, which determine Pearson r and its bootstrap.
    With :math:`\hat y` the prediction and :math:`\delta` a deviation from the mean of the rows,
    :math:`\sum \delta\hat y^2 = w'X'X w` and :math:`\sum \delta\hat y\,\delta y = w'X'y`.

    Parameters
    ----------
    rows
        Statistics of the predicted rows, with F features and T targets.
    coefficients : (F, ..., T) array
        Coefficients of any number of models, for each target.
    intercept : (..., T) array
    """
    shape = coefficients.shape[1:]
    flat = coefficients.reshape(rows.n_features, -1)
    # One matrix product for all models is several times as fast as one product for each.
    squares = rows.squares(flat)
    products = np.einsum("f...t,ft->...t", coefficients, rows.xy)
    moments = np.empty((6, *shape))
    moments[COUNT] = rows.count
    moments[X_MEAN] = (rows.x_mean @ flat).reshape(shape) + intercept
    moments[Y_MEAN] = rows.y_mean
    moments[XX] = np.maximum(squares, 0.0).reshape(shape)  # Rounding of 0 may be negative.
    moments[YY] = np.diag(rows.yy)
    moments[XY] = products
    return moments


def errors_on(rows: Statistics, coefficients: Floats, learned: Statistics | Means) -> Floats:
    """Return the sum of squared errors (..., T) on `rows`.

    The coefficients (F, ..., T) were fitted to the statistics `learned`, or to some of these means.
    """
    moments = prediction_moments(rows, coefficients, intercepts(coefficients, learned))
    return squared_errors(moments, learned.center)


def squared_errors(moments: Floats, center: str) -> Floats:
    """Return the sum of squared errors (...) of moments (6, ...).

    With ``center="configuration"`` the errors of the means are left out, since only deviations
    from the mean of a configuration are predicted.
    """
    errors = moments[XX] - 2.0 * moments[XY] + moments[YY]
    if center == "global":
        errors = errors + moments[COUNT] * (moments[X_MEAN] - moments[Y_MEAN]) ** 2
    return np.maximum(errors, 0.0)
