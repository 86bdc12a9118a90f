"""Baselines of the papers: linear support vectors, softness, and single features."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn import svm
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.svm import LinearSVC
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats, as_features, as_targets, require_finite
from cagebreak.learning.learner import scale_free_tags
from cagebreak.learning.preprocessing import CLIP, Standardizer, location_and_scale


class _LinearPerTarget(RegressorMixin, MultiOutputMixin, BaseEstimator):
    """The base of linear predictions that are fitted target by target."""

    clip: float
    standardizer_: Standardizer
    coef_: Floats
    intercept_: Floats
    n_features_in_: int

    def _tables(self, X: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
        """Return standardized features (n, F) and targets (n, T), checked; set what predicts."""
        features = as_features(self, X, reset=True)
        Y, self.single_ = as_targets(self, y, len(features))
        require_finite("y", Y, Y.sum(axis=0))
        self.standardizer_ = Standardizer(self.clip).fit(features)
        return self.standardizer_.standardize(features), Y

    def predict(self, X: ArrayLike) -> Floats:
        """Return the predictions for the rows of X (n, F), (n,) or (n, T).

        Raises
        ------
        InputError
            If X has other columns, or a number is not finite.
        """
        check_is_fitted(self)
        Z = self.standardizer_.standardize(as_features(self, X))
        predicted: Floats = Z @ self.coef_.T + self.intercept_
        return predicted[:, 0] if self.single_ else predicted


class LinearSVR(_LinearPerTarget):
    r"""Linear regression by support vectors, the baseline of Bapst 2020 and Boattini 2021.

    Minimizes :math:`\frac12 |w|^2 + C \sum_i \max(0, |y_i - w \cdot z_i - b| - \epsilon)` for each
    target y, standardized, over standardized features z (`sklearn.svm.LinearSVR`).

    Parameters
    ----------
    C : float
        Weight of the errors against the penalty, default 1e-3 (chosen; the papers print none).
    epsilon : float
        Errors below it do not count, in deviations of the target; default 0.1 (chosen).
    clip : float
        Standardized features are clipped at so many deviations.
    seed : int
        Of the order in which the solver takes rows.

    Attributes
    ----------
    coef_ : (T, F) array
        Of the standardized features.
    intercept_ : (T,) array
    standardizer_ : Standardizer
    n_features_in_ : int
    feature_names_in_ : (F,) array of str
        As of `RidgeCV`.
    """

    def __init__(
        self, C: float = 1e-3, epsilon: float = 0.1, clip: float = CLIP, seed: int = 0
    ) -> None:
        self.C = C
        self.epsilon = epsilon
        self.clip = clip
        self.seed = seed

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Fit to features X (n, F) and targets y (n,) or (n, T).

        Raises
        ------
        InputError
            If a shape does not fit, a number is not finite, or C is not positive.
        """
        if not self.C > 0:
            raise InputError(f"C: expected a positive number, got {self.C!r}")
        Z, Y = self._tables(X, y)
        mean, scale = location_and_scale(Y)
        fits = [
            svm.LinearSVR(
                C=self.C, epsilon=self.epsilon, random_state=self.seed, max_iter=10_000
            ).fit(Z, (Y[:, t] - mean[t]) / scale[t])
            for t in range(Y.shape[1])
        ]
        self.coef_ = np.array([fit.coef_ for fit in fits]) * scale[:, None]
        self.intercept_ = np.array([float(np.squeeze(fit.intercept_)) for fit in fits]) * scale
        self.intercept_ += mean
        return self


class Softness(_LinearPerTarget):
    r"""The signed distance from the plane between the most and the least mobile particles.

    For each target, a linear support-vector classifier is trained on the fraction of rows with the
    largest and on as many with the smallest target. The softness of a particle is
    :math:`(w \cdot z + b) / |w|` over standardized features z (:cite:`Cubuk2015`,
    :cite:`Schoenholz2016`). It grows with the target but is not on its scale: its score is r.

    Parameters
    ----------
    fraction : float
        Fraction of the rows taken from either end, default 0.1 (chosen).
    C, clip, seed
        As of `LinearSVR`.

    Attributes
    ----------
    coef_, intercept_, standardizer_, n_features_in_, feature_names_in_
        As of `LinearSVR`; each row of `coef_` has length 1.
    """

    def __init__(
        self, fraction: float = 0.1, C: float = 1e-3, clip: float = CLIP, seed: int = 0
    ) -> None:
        self.fraction = fraction
        self.C = C
        self.clip = clip
        self.seed = seed

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Fit to features X (n, F) and targets y (n,) or (n, T).

        Raises
        ------
        InputError
            If a shape does not fit, a number is not finite, or a parameter is out of range.
        """
        if not 0 < self.fraction <= 0.5:
            raise InputError(f"fraction: expected at most 0.5, above 0, got {self.fraction!r}")
        if not self.C > 0:
            raise InputError(f"C: expected a positive number, got {self.C!r}")
        Z, Y = self._tables(X, y)
        n = max(1, round(self.fraction * len(Y)))
        coefficients, intercepts = [], []
        for target in Y.T:
            order = np.argsort(target, kind="stable")
            rows = np.concatenate([order[:n], order[-n:]])
            mobile = np.repeat([0, 1], n)
            fit = LinearSVC(C=self.C, random_state=self.seed, max_iter=10_000).fit(Z[rows], mobile)
            length = np.linalg.norm(fit.coef_)
            coefficients.append(fit.coef_[0] / length)
            intercepts.append(fit.intercept_[0] / length)
        self.coef_, self.intercept_ = np.array(coefficients), np.array(intercepts)
        return self

    def __sklearn_tags__(self) -> Tags:
        """Return the tags of scikit-learn: the prediction is not on the scale of the target."""
        return scale_free_tags(super().__sklearn_tags__())


class SingleFeature(RegressorMixin, MultiOutputMixin, BaseEstimator):
    """A single feature as the prediction of every target: r is their correlation, with its sign.

    "No linear regression is required" (:cite:`Alkemade2023`, fig. 2).

    Parameters
    ----------
    column : int, optional
        The column of the features; if omitted there must be a single one.

    Attributes
    ----------
    n_features_in_ : int
    feature_names_in_ : (F,) array of str
        As of `RidgeCV`.
    """

    n_features_in_: int

    def __init__(self, column: int | None = None) -> None:
        self.column = column

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Take the numbers of features and targets from X (n, F) and y (n,) or (n, T).

        Raises
        ------
        InputError
            If a shape does not fit, a number is not finite, there is no such column, or there are
            several and none is named.
        """
        features = as_features(self, X, reset=True)
        require_finite("X", features, features.sum(axis=0))
        Y, self.single_ = as_targets(self, y, len(features))
        require_finite("y", Y, Y.sum(axis=0))
        n_features = features.shape[1]
        if self.column is None and n_features != 1:
            raise InputError(f"X: expected a single feature, got {n_features}")
        if self.column is not None and not 0 <= self.column < n_features:
            raise InputError(f"column: expected from 0 to {n_features - 1}, got {self.column!r}")
        self.n_targets_ = Y.shape[1]
        return self

    def predict(self, X: ArrayLike) -> Floats:
        """Return the feature, (n,), or once for each target, (n, T).

        Raises
        ------
        InputError
            If X has other columns, or a number is not finite.
        """
        check_is_fitted(self)
        features = as_features(self, X)
        require_finite("X", features, features.sum(axis=0))
        feature = features[:, self.column or 0]
        return feature if self.single_ else np.repeat(feature[:, None], self.n_targets_, axis=1)

    def __sklearn_tags__(self) -> Tags:
        """Return the tags of scikit-learn: the prediction is not on the scale of the target."""
        return scale_free_tags(super().__sklearn_tags__())
