"""Logistic regression: the probability that a particle is active."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats, Integers, as_table
from cagebreak.learning.folds import configuration_folds
from cagebreak.learning.preprocessing import CLIP, Standardizer
from cagebreak.learning.statistics import Statistics, decompose

ALPHAS = (1.0, 10.0, 100.0, 1000.0)
STOP = {"maxiter": 2000, "ftol": 1e-14, "gtol": 1e-7}
"""Of the minimization: at the rounding of the loss, which is of the order of the rows (chosen)."""


class LogisticRegressionCV(ClassifierMixin, BaseEstimator):
    r"""Logistic regression with an L2 penalty, its strength chosen on held-out configurations.

    .. math::
        P(y_i = 1) = \frac{1}{1 + e^{-(w \cdot z_i + b)}}, \qquad
        \min_{w, b} \; -\sum_i \ln P(y_i) + \frac{\alpha}{2} |w|^2

    over standardized features z (`Standardizer`); Rottler and Ortner 2024, eq. 11, "with Tychonov
    regularization". It is scikit-learn's `LogisticRegression` with C = 1 / alpha.

    Parameters
    ----------
    alphas : sequence of floats
        Strengths to choose from by the smallest cross entropy on configurations held out (chosen:
        the paper prints none). One alone is taken as it is.
    folds : int
        Folds of the cross-validation; one for each configuration if there are fewer.
    clip : float
        Standardized features are clipped at so many deviations.
    standardize : bool
        If not, features lose their mean only: for principal components, whose deviations say how
        much they hold, and whose small ones are noise.
    seed : int
        Of the division into folds.

    Attributes
    ----------
    coef_ : (F,) array
        Of the standardized features.
    intercept_ : float
    alpha_ : float
    errors_ : (A,) array or None
        Mean cross entropy held out of each alpha; None where there was nothing to choose.
    classes_ : (2,) array
        The second one is what the probability is of.
    standardizer_ : Standardizer
    n_features_in_ : int
    """

    coef_: Floats
    intercept_: float
    alpha_: float
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
        """Fit to features X (n, F) and classes y (n,), two different ones.

        Parameters
        ----------
        X, y
        groups : (n,) array, optional
            The configuration each row belongs to. Without, every row counts as one, which
            neighboring particles are not: give it.

        Raises
        ------
        InputError
            If a shape does not fit, a number is not finite, there are not two classes (also
            outside each fold), or a parameter is out of range.
        """
        alphas = np.asarray(self.alphas, dtype=float)
        if alphas.ndim != 1 or not len(alphas) or not (np.isfinite(alphas) & (alphas > 0)).all():
            raise InputError(f"alphas: expected positive numbers, got {self.alphas!r}")
        X = as_table("X", X)
        labels = np.asarray(y)
        if labels.shape != (len(X),):
            raise InputError(f"y: expected shape ({len(X)},), got {labels.shape}")
        check_classification_targets(labels)
        self.standardizer_ = self._standardizer(X)
        self.n_features_in_ = X.shape[1]
        self.classes_, active = np.unique(labels, return_inverse=True)
        if len(self.classes_) != 2:
            raise InputError(f"y: expected two classes, got {self.classes_.tolist()}")
        self.errors_ = None
        self.alpha_ = float(alphas[0])
        if len(alphas) > 1:
            self.errors_ = self._held_out(X, active, groups, alphas)
            self.alpha_ = float(alphas[self.errors_.argmin()])
        path = _path(self.standardizer_.transform(X), active, np.array([self.alpha_]))
        self.coef_, self.intercept_ = path[0, :-1], float(path[0, -1])
        return self

    def decision_function(self, X: ArrayLike) -> Floats:
        """Return w z + b of each row, (n,): positive for the second class."""
        check_is_fitted(self)
        X = as_table("X", X, n_columns=self.n_features_in_)
        return self.standardizer_.transform(X) @ self.coef_ + self.intercept_

    def predict_proba(self, X: ArrayLike) -> Floats:
        """Return the probability of each class, (n, 2)."""
        active = self.decision_function(X)
        return np.stack([expit(-active), expit(active)], axis=1)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the likelier class of each row, (n,)."""
        likely = (self.decision_function(X) > 0).astype(np.int64)
        return self.classes_[likely]

    def _standardizer(self, X: Floats) -> Standardizer:
        if self.standardize:
            return Standardizer(self.clip).fit(X)
        fitted = Standardizer(np.inf).fit(X)
        fitted.scale_ = (fitted.scale_ > 0).astype(np.float64)
        return fitted

    def _held_out(
        self, X: Floats, active: Integers, groups: ArrayLike | None, alphas: Floats
    ) -> Floats:
        """Return the mean cross entropy of each alpha on configurations held out, (A,)."""
        given = np.arange(len(X)) if groups is None else np.asarray(groups)
        if given.shape != (len(X),):
            raise InputError(f"groups: expected shape ({len(X)},), got {given.shape}")
        configurations, group = np.unique(given, return_inverse=True)
        if len(configurations) < 2:
            raise InputError("groups: expected two configurations to choose alpha on, got one")
        fold = configuration_folds(len(configurations), self.folds, seed=self.seed)[group]
        total = np.zeros(len(alphas))
        for k in range(fold.max() + 1):
            training, test = fold != k, fold == k
            if len(set(active[training].tolist())) < 2:
                raise InputError(f"y: expected both classes outside fold {k}, got one")
            standardizer = self._standardizer(X[training])
            path = _path(standardizer.transform(X[training]), active[training], alphas)
            decision = standardizer.transform(X[test]) @ path[:, :-1].T + path[:, -1]
            sign = 2.0 * active[test, None] - 1
            total += np.logaddexp(0.0, -sign * decision).sum(axis=0)
        return total / len(X)

    def __sklearn_tags__(self) -> Any:
        """Return what scikit-learn should know: two classes only."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags


def _path(Z: Floats, active: Integers, alphas: Floats) -> Floats:
    """Return coefficients and intercept for each alpha, (A, F + 1).

    By L-BFGS along principal directions, each scaled by the root of the curvature it has where all
    probabilities are one half: the curvature is then about one in every direction, whatever the
    features have in common, and some ten steps do.
    """
    n, n_features = Z.shape
    values, vectors, _ = decompose(Statistics.from_arrays(Z, np.zeros((n, 1))))
    varies = values > 0
    values, vectors = values[varies], vectors[:, varies]
    rotated = Z @ vectors
    sign = 2.0 * active - 1.0
    path = np.zeros((len(alphas), n_features + 1))
    start = np.zeros(len(values) + 1)
    # From the strongest on, each from where the last one ended.
    for k in np.argsort(-alphas):
        scale = np.append(values / 4 + alphas[k], n / 4) ** -0.5
        found = minimize(
            _loss,
            start / scale,
            args=(rotated, sign, scale, alphas[k]),
            jac=True,
            method="L-BFGS-B",
            options=STOP,
        )
        start = found.x * scale
        path[k, :-1], path[k, -1] = vectors @ start[:-1], start[-1]
    return path


def _loss(
    scaled: Floats, rotated: Floats, sign: Floats, scale: Floats, alpha: float
) -> tuple[float, Floats]:
    """Return what is minimized and its gradient, coefficients and intercept being scaled."""
    w = scaled * scale
    margin = sign * (rotated @ w[:-1] + w[-1])
    pull = -sign * expit(-margin)
    slope = np.append(rotated.T @ pull + alpha * w[:-1], pull.sum())
    total = np.logaddexp(0.0, -margin).sum() + alpha / 2 * (w[:-1] @ w[:-1])
    return total, slope * scale
