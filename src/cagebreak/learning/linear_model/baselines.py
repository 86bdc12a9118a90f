"""What the papers compare with: linear support vectors, and softness."""

from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn import svm
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.svm import LinearSVC
from sklearn.utils.validation import check_is_fitted

from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats, as_table, require_finite
from cagebreak.learning.preprocessing import CLIP, Standardizer, location_and_scale


class _Linear(RegressorMixin, BaseEstimator):
    """The base of linear predictions fitted to one target after the other."""

    clip: float
    standardizer_: Standardizer
    coef_: Floats
    intercept_: Floats
    n_features_in_: int

    def _tables(self, X: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
        """Return standardized features and targets, checked; note what they looked like."""
        table = as_table("X", X)
        given = np.asarray(y)
        self.single_ = given.ndim == 1
        Y = as_table("y", given[:, None] if self.single_ else given, len(table))
        require_finite("y", Y, Y.sum(axis=0))
        self.standardizer_ = Standardizer(self.clip).fit(table)
        self.n_features_in_ = table.shape[1]
        return self.standardizer_.transform(table), Y

    def predict(self, X: ArrayLike) -> Floats:
        """Return the predictions for the rows of X (n, F), (n,) or (n, T).

        Raises
        ------
        InputError
            If X has another number of columns, or a number is not finite.
        """
        check_is_fitted(self)
        predicted: Floats = self.standardizer_.transform(X) @ self.coef_.T + self.intercept_
        return predicted[:, 0] if self.single_ else predicted


class LinearSVR(_Linear):
    r"""Linear regression by support vectors, the baseline of Bapst 2020 and Boattini 2021.

    Minimizes :math:`\frac12 |w|^2 + C \sum_i \max(0, |y_i - w \cdot z_i - b| - \epsilon)` for each
    target y, standardized, over standardized features z (`sklearn.svm.LinearSVR`).

    Parameters
    ----------
    C : float
        How much an error weighs against the penalty (chosen; the papers print none).
    epsilon : float
        Errors below it are none, in deviations of the target (chosen).
    clip : float
        Standardized features are clipped at so many deviations.
    seed : int
        Of the order in which the solver takes rows.
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


class Softness(_Linear):
    r"""The signed distance from the plane that parts the most from the least mobile particles.

    A linear support-vector classifier is trained on the fraction of rows with the largest and on
    as many with the smallest target, for each target by itself; the softness of any particle is
    :math:`(w \cdot z + b) / |w|` over standardized features z (Cubuk 2015, Schoenholz 2016). It is
    no prediction of the target, but grows with it: what counts is r.

    Parameters
    ----------
    fraction : float
        Of the rows that is taken from either end, default 0.1 (chosen).
    C, clip, seed
        As of `LinearSVR`.
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


class SingleFeature(RegressorMixin, BaseEstimator):
    """Predict a single feature to be the target, so that r is the correlation of the two.

    "No linear regression is required" (Alkemade 2023, fig. 2); r keeps its sign.
    """

    def fit(self, X: np.ndarray, y: np.ndarray) -> Self:
        """Take note of the number of targets.

        Raises
        ------
        InputError
            If there are several features.
        """
        if X.shape[1] != 1:
            raise InputError(f"X: expected a single feature, got {X.shape[1]}")
        self.n_targets_ = y.shape[1]
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the feature, once for each target."""
        return np.repeat(X, self.n_targets_, axis=1)
