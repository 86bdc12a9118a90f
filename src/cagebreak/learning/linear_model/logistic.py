"""Logistic regression for the probability that a particle is active."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted, column_or_1d

from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats, Integers, as_features
from cagebreak.learning.folds import configuration_folds
from cagebreak.learning.preprocessing import CLIP, Standardizer
from cagebreak.learning.statistics import Statistics, decompose

ALPHAS = (1.0, 10.0, 100.0, 1000.0)
"""Default penalties to choose from (chosen: the paper states none)."""
SEARCHED = (1e-4, 1e6)
"""The range to which the search for a penalty may extend (chosen: it reaches fits without penalty,
and without features)."""
STOP = {"maxiter": 2000, "ftol": 1e-14, "gtol": 1e-7}
"""Limits of the minimization (chosen: down to the rounding of the loss)."""


class LogisticRegressionCV(ClassifierMixin, BaseEstimator):
    r"""Logistic regression with an L2 penalty that is chosen on held-out configurations.

    .. math::
        P(y_i = 1) = \frac{1}{1 + e^{-(w \cdot z_i + b)}}, \qquad
        \min_{w, b} \; -\sum_i \ln P(y_i) + \frac{\alpha}{2} |w|^2

    over standardized features z (`Standardizer`); :cite:`Rottler2024`, eq. 11, "with Tychonov
    regularization". The objective is that of scikit-learn's `LogisticRegression` with
    C = 1 / alpha.

    Parameters
    ----------
    alphas : sequence of floats
        Penalties to choose from, default 1, 10, 100, 1000 (chosen: the paper states none). The
        chosen one has the smallest cross entropy on held-out configurations. While this is one at
        an end, the next decade beyond is tried, down to 1e-4 and up to 1e6. A single value is used
        as it is.
    folds : int
        Number of folds; one for each configuration if there are fewer configurations.
    clip : float
        Bound of the standardized features, in standard deviations; default 6.
    standardize : bool
        If False, features are centered but not scaled. This suits principal components, whose
        deviations are meaningful: scaling would amplify components that are noise. Default True.
    seed : int
        Seed of the division into folds.

    Attributes
    ----------
    coef_ : (F,) array
        Coefficients of the standardized features.
    intercept_ : float
    alpha_ : float
    alphas_ : (A,) array
        The penalties that were tried, in increasing order.
    errors_ : (A,) array or None
        Mean cross entropy of each alpha on held-out configurations; None with one alpha.
    classes_ : (2,) array
        The two classes. Coefficients and intercept give the log-odds of the second.
    standardizer_ : Standardizer
    n_features_in_ : int
    feature_names_in_ : (F,) array of str
        As in `RidgeCV`.
    """

    coef_: Floats
    intercept_: float
    alpha_: float
    alphas_: Floats
    errors_: Floats | None
    classes_: NDArray[Any]
    standardizer_: Standardizer
    n_features_in_: int

    def __init__(
        self,
        alphas: Sequence[float] = ALPHAS,
        folds: int = 5,
        clip: float = CLIP,
        standardize: bool = True,
        seed: int = 0,
    ) -> None:
        self.alphas = alphas
        self.folds = folds
        self.clip = clip
        self.standardize = standardize
        self.seed = seed

    def fit(self, X: ArrayLike, y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Fit to features X (n, F) and classes y (n,), of which there are two.

        Parameters
        ----------
        X, y
        groups : (n,) array, optional
            The configuration each row belongs to. By default each row counts as a configuration,
            which ignores the correlation of neighboring particles.

        Raises
        ------
        InputError
            If a shape does not fit, a number is not finite, y or the training rows of a fold do not
            have two classes, or a parameter is out of range.
        """
        alphas = np.asarray(self.alphas, dtype=float)
        if alphas.ndim != 1 or not len(alphas) or not (np.isfinite(alphas) & (alphas > 0)).all():
            raise InputError(f"alphas: expected positive numbers, got {self.alphas!r}")
        X = as_features(self, X, reset=True)
        self.classes_, active = self._classes(y, len(X))
        self.standardizer_ = self._standardizer(X)
        self.alphas_, self.errors_ = np.unique(alphas), None
        self.alpha_ = float(alphas[0])
        if len(self.alphas_) > 1:
            self._search(X, active, groups)
        path = _path(self.standardizer_.standardize(X), active, np.array([self.alpha_]))
        self.coef_, self.intercept_ = path[0, :-1], float(path[0, -1])
        return self

    def decision_function(self, X: ArrayLike) -> Floats:
        """Return w z + b of each row, (n,); it is positive for the second class."""
        check_is_fitted(self)
        return self.standardizer_.standardize(as_features(self, X)) @ self.coef_ + self.intercept_

    def predict_proba(self, X: ArrayLike) -> Floats:
        """Return the probability of each class, (n, 2)."""
        active = self.decision_function(X)
        return np.stack([expit(-active), expit(active)], axis=1)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the more probable class of each row, (n,)."""
        classes = (self.decision_function(X) > 0).astype(np.int64)
        return self.classes_[classes]

    def _classes(self, y: ArrayLike, n_rows: int) -> tuple[NDArray[Any], Integers]:
        """Return the two classes, and 1 for each row of the second class, else 0, (n,)."""
        if y is None:
            name = type(self).__name__
            raise InputError(f"y: {name} requires y to be passed, but the target y is None")
        try:
            labels = column_or_1d(y, warn=True)
            check_classification_targets(labels)
        except ValueError as error:
            raise InputError(f"y: {error}") from error
        if len(labels) != n_rows:
            raise InputError(f"y: expected shape ({n_rows},), got {labels.shape}")
        classes, active = np.unique(labels, return_inverse=True)
        if len(classes) == 1:
            raise InputError(f"y: expected two classes, got 1 class, {classes.tolist()}")
        if len(classes) != 2:
            raise InputError(
                f"y: expected two classes, got {classes.tolist()}. Only binary classification is "
                f"supported. The type of the target is {type_of_target(labels)}"
            )
        return classes, active

    def _standardizer(self, X: Floats) -> Standardizer:
        if self.standardize:
            return Standardizer(self.clip).fit(X)
        fitted = Standardizer(np.inf).fit(X)
        fitted.scale_ = (fitted.scale_ > 0).astype(np.float64)
        return fitted

    def _search(self, X: Floats, active: Integers, groups: ArrayLike | None) -> None:
        """Set alpha to the one with the smallest error, inside of those that are tried.

        Each decade beyond decomposes the folds again: few are tried, and all folds take memory.
        """
        tolerance = 1.0 + 1e-9  # Rounding must not exclude the ends.
        errors = self._held_out(X, active, groups, self.alphas_)
        tried = dict(zip(self.alphas_, errors, strict=True))
        while True:
            best = min(tried, key=tried.__getitem__)
            beyond = {min(tried): min(tried) / 10.0, max(tried): max(tried) * 10.0}.get(best)
            if beyond is None or not SEARCHED[0] / tolerance < beyond < SEARCHED[1] * tolerance:
                break
            (tried[beyond],) = self._held_out(X, active, groups, np.array([beyond]))
        self.alpha_ = float(best)
        self.alphas_ = np.array(sorted(tried))
        self.errors_ = np.array([tried[alpha] for alpha in self.alphas_])

    def _held_out(
        self, X: Floats, active: Integers, groups: ArrayLike | None, alphas: Floats
    ) -> Floats:
        """Return the mean cross entropy of each alpha on held-out configurations, (A,)."""
        labels = np.arange(len(X)) if groups is None else np.asarray(groups)
        if labels.shape != (len(X),):
            raise InputError(f"groups: expected shape ({len(X)},), got {labels.shape}")
        configurations, group = np.unique(labels, return_inverse=True)
        if len(configurations) < 2:
            raise InputError("groups: expected two configurations to choose alpha on, got one")
        fold = configuration_folds(len(configurations), self.folds, seed=self.seed)[group]
        total = np.zeros(len(alphas))
        for k in range(fold.max() + 1):
            training, test = fold != k, fold == k
            if len(set(active[training].tolist())) < 2:
                raise InputError(f"y: expected both classes outside fold {k}, got one")
            standardizer = self._standardizer(X[training])
            path = _path(standardizer.standardize(X[training]), active[training], alphas)
            decision = standardizer.standardize(X[test]) @ path[:, :-1].T + path[:, -1]
            sign = 2.0 * active[test, None] - 1
            total += np.logaddexp(0.0, -sign * decision).sum(axis=0)
        return total / len(X)

    def __sklearn_tags__(self) -> Tags:
        """Return the scikit-learn tags of a binary classifier."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags


def _path(Z: Floats, active: Integers, alphas: Floats) -> Floats:
    """Return coefficients and intercept for each alpha, (A, F + 1).

    The variables of L-BFGS are components along the principal directions of the features, scaled
    by the square root of the curvature of the objective at probability 1/2. The curvature is then
    about 1 in every direction, even for collinear features, and about ten iterations suffice.
    """
    n, n_features = Z.shape
    values, vectors, _ = decompose(Statistics.from_arrays(Z, np.zeros((n, 1))))
    varies = values > 0
    values, vectors = values[varies], vectors[:, varies]
    rotated = Z @ vectors
    sign = 2.0 * active - 1.0
    path = np.zeros((len(alphas), n_features + 1))
    start = np.zeros(len(values) + 1)
    # Alphas are taken in falling order, each starting from the solution of the previous one.
    for k in np.argsort(-alphas):
        scale = np.append(values / 4 + alphas[k], n / 4) ** -0.5
        solution = minimize(
            _loss,
            start / scale,
            args=(rotated, sign, scale, alphas[k]),
            jac=True,
            method="L-BFGS-B",
            options=STOP,
        )
        start = solution.x * scale
        path[k, :-1], path[k, -1] = vectors @ start[:-1], start[-1]
    return path


def _loss(
    scaled: Floats, rotated: Floats, sign: Floats, scale: Floats, alpha: float
) -> tuple[float, Floats]:
    """Return the objective and its gradient in the scaled coefficients and intercept."""
    w = scaled * scale
    margin = sign * (rotated @ w[:-1] + w[-1])
    residuals = -sign * expit(-margin)
    gradient = np.append(rotated.T @ residuals + alpha * w[:-1], residuals.sum())
    loss = np.logaddexp(0.0, -margin).sum() + alpha / 2 * (w[:-1] @ w[:-1])
    return loss, gradient * scale
