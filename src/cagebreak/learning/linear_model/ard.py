"""Bayesian regression with automatic relevance determination."""

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
from scipy.linalg import cho_factor, cho_solve, lapack

from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats, Integers
from cagebreak.learning.linear_model.base import LinearLearner
from cagebreak.learning.preprocessing import CLIP, Standardizer
from cagebreak.learning.statistics import Statistics, scale_of

FLAT = 1e-6
"""Shape and rate of the Gamma priors of the precisions, nearly flat as in scikit-learn."""


class ARDRegression(LinearLearner):
    r"""Bayesian linear regression with a separate prior precision for each feature.

    .. math:: y = Zw + b + \epsilon,\quad \epsilon \sim N(0, 1/\beta),\quad w_j \sim N(0, 1/a_j)

    The precisions maximize the evidence, by MacKay's fixed point (:cite:`Tipping2001`):
    with :math:`\Sigma = (\beta X'X + \mathrm{diag}\,a)^{-1}`,
    :math:`w = \beta\Sigma X'y` and :math:`\gamma_j = 1 - a_j\Sigma_{jj}`,

    .. math:: a_j \leftarrow \gamma_j / w_j^2,\quad \beta \leftarrow (n - \sum_j\gamma_j) / E

    where E is the squared error. Features whose precision exceeds `threshold` are dropped. The
    model is that of `sklearn.linear_model.ARDRegression`, fitted to sufficient statistics. The
    target is scaled to unit variance, so that `threshold` does not depend on its unit.

    The model assumes independent particles. Neighboring particles are correlated; therefore too
    many features are kept, and their posterior is too narrow.

    Parameters
    ----------
    threshold : float
        Largest precision of a feature that is kept, in units of 1 / variance of the target; default
        1e4.
    max_iter : int
        Largest number of iterations; default 300.
    tol : float
        The iteration stops when the sum over features of the changes of the coefficients, in
        standard deviations of the target, is smaller than `tol`; default 1e-3.
    center, clip
        As in `RidgeCV`.
    folds, seed
        Not used; every linear learner has these parameters.

    Attributes
    ----------
    coef_, intercept_, standardizer_, n_features_in_, feature_names_in_
        As in `RidgeCV`.
    deviation_ : (F,) or (T, F) array
        Posterior standard deviation of the coefficients; 0 for a dropped feature.
    noise_ : float or (T,) array
        Variance of the noise.
    n_iter_ : int or (T,) array
        Number of iterations.
    """

    deviation_: Floats
    noise_: Floats
    n_iter_: Floats

    _of_each_target = ("coef_", "intercept_", "deviation_", "noise_", "n_iter_")

    def __init__(
        self,
        threshold: float = 1e4,
        max_iter: int = 300,
        tol: float = 1e-3,
        folds: int = 5,
        center: str = "global",
        clip: float = CLIP,
        seed: int = 0,
    ) -> None:
        self.threshold = threshold
        self.max_iter = max_iter
        self.tol = tol
        self.folds = folds
        self.center = center
        self.clip = clip
        self.seed = seed

    def fit_statistics(
        self, parts: Sequence[Statistics], standardizer: Standardizer | None = None
    ) -> Self:
        """Fit to statistics instead of rows; see `LinearLearner.fit_statistics`."""
        self._check_parameters()
        everything = Statistics.pooled(self._checked(parts, standardizer), self.center)
        n_features, n_targets = everything.n_features, everything.n_targets
        deviation = scale_of(np.diag(everything.yy), everything.y_mean, everything.count)
        deviation /= np.sqrt(everything.count)
        coefficients = np.zeros((n_features, n_targets))
        self.deviation_ = np.zeros((n_targets, n_features))
        self.noise_, self.n_iter_ = np.zeros(n_targets), np.zeros(n_targets, dtype=np.int64)
        xx = everything.xx
        varies = np.flatnonzero(np.diag(xx) > 0)
        for target in np.flatnonzero(deviation > 0):
            unit = deviation[target]
            posterior = _fixed_point(
                xx, everything.xy[:, target] / unit, everything.count, varies, self
            )
            coefficients[:, target] = posterior.mean * unit
            self.deviation_[target] = posterior.deviation * unit
            self.noise_[target] = unit**2 / posterior.precision
            self.n_iter_[target] = posterior.steps
        self._set(coefficients, everything, standardizer)
        return self

    def _check_parameters(self) -> None:
        super()._check_parameters()
        for name, value in (("threshold", self.threshold), ("tol", self.tol)):
            if not value > 0:
                raise InputError(f"{name}: expected a positive number, got {value!r}")
        if self.max_iter < 1:
            raise InputError(f"max_iter: expected at least 1, got {self.max_iter!r}")


class _Posterior(NamedTuple):
    mean: Floats
    deviation: Floats
    precision: float
    steps: int


def _fixed_point(
    xx: Floats, xy: Floats, count: float, varies: Integers, learner: ARDRegression
) -> _Posterior:
    """Return the posterior for one target of unit variance, whose y'y equals the count."""
    n_features = len(xy)
    kept = varies
    relevance = np.ones(len(kept))
    precision = 1.0
    mean = np.zeros(n_features)
    block = xx[np.ix_(kept, kept)]
    steps = 0
    while steps < learner.max_iter and len(kept):
        steps += 1
        weights, variances = _posterior(block, xy[kept], precision, relevance)
        error = max(float(count - 2 * weights @ xy[kept] + weights @ block @ weights), 0.0)
        determined = 1.0 - relevance * variances
        relevance = (determined + 2 * FLAT) / (weights**2 + 2 * FLAT)
        precision = (count - determined.sum() + 2 * FLAT) / (error + 2 * FLAT)
        new = np.zeros(n_features)
        new[kept] = weights
        stay = relevance < learner.threshold
        new[kept[~stay]] = 0.0
        if not stay.all():
            kept, relevance = kept[stay], relevance[stay]
            block = block[np.ix_(stay, stay)]
        change, mean = np.abs(new - mean).sum(), new
        if change < learner.tol:
            break
    mean, deviation = np.zeros(n_features), np.zeros(n_features)
    if len(kept):
        mean[kept], variances = _posterior(block, xy[kept], precision, relevance)
        deviation[kept] = np.sqrt(variances)
    return _Posterior(mean, deviation, precision, steps)


def _posterior(
    xx: Floats, xy: Floats, precision: float, relevance: Floats
) -> tuple[Floats, Floats]:
    """Return the posterior mean and variances of the coefficients."""
    # Coefficients are in units of their prior deviation, so that the matrix is well scaled.
    root = 1.0 / np.sqrt(relevance)
    matrix = precision * xx * root[:, None] * root
    matrix[np.diag_indices_from(matrix)] += 1.0
    factor = cho_factor(matrix, lower=True, overwrite_a=True, check_finite=False)
    mean = precision * root * cho_solve(factor, root * xy, check_finite=False)
    inverse, _ = lapack.dtrtri(factor[0], lower=1)
    return mean, root**2 * (np.tril(inverse) ** 2).sum(axis=0)
