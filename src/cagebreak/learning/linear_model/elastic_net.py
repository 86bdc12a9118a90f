"""Elastic net and lasso: linear regression with sparse coefficients."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import enet_path

from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats
from cagebreak.learning.learner import FitRecord
from cagebreak.learning.linear_model.path import PathLearner
from cagebreak.learning.preprocessing import CLIP
from cagebreak.learning.statistics import Statistics, decompose

FRACTIONS = tuple(np.geomspace(1.0, 1e-3, 25))
"""Default path of alpha, relative to its largest useful value (chosen: three decades)."""


class ElasticNetCV(PathLearner):
    r"""Linear regression with L1 and L2 penalties on the coefficients.

    Minimizes, as `sklearn.linear_model.ElasticNet` does,

    .. math::
        \frac{|y - Zw - b|^2}{2 n}
        + \alpha \left(\lambda |w|_1 + \frac{1 - \lambda}{2} |w|^2 \right)

    over standardized features Z; lambda is `l1_ratio`. The objective depends on the data through
    Z'Z and Z'y only. The coordinate descent of scikit-learn therefore runs on F rows ``sqrt(d) V'``
    with targets ``V'Z'y / sqrt(d)``, where ``Z'Z = V diag(d) V'``. Alpha is chosen for each target
    from a path that starts at the smallest alpha for which all coefficients are 0; see
    `PathLearner`. With ``l1_ratio=1`` the model is the lasso.

    Among collinear features the lasso keeps one, almost at random. Its coefficients therefore do
    not measure importance (`collinearity`).

    Parameters
    ----------
    l1_ratio : float
        Share of the L1 penalty, above 0 and at most 1; default 1, the lasso.
    fractions : sequence of floats
        The path of alpha in falling order, as fractions of the smallest alpha for which all
        coefficients are 0; default 25 values from 1 to 0.001 (chosen).
    tol : float
        Coordinate descent stops at a duality gap of `tol` times ``|y|^2``; default 1e-6 (chosen).
    sweeps : int
        Largest number of sweeps for each alpha; default 10000 (chosen).
    folds, center, clip, seed
        As in `RidgeCV`.

    Attributes
    ----------
    coef_, intercept_, standardizer_, n_features_in_, feature_names_in_
        As in `RidgeCV`.
    alpha_ : float or (T,) array
    candidates_ : (K, T) array
        The path of alpha.
    errors_ : (K,) or (K, T) array
        Mean squared error of each alpha on held-out configurations.
    """

    alpha_: Floats

    _of_each_target = ("coef_", "intercept_", "alpha_")

    def __init__(
        self,
        l1_ratio: float = 1.0,
        fractions: Sequence[float] = FRACTIONS,
        tol: float = 1e-6,
        sweeps: int = 10_000,
        folds: int = 5,
        center: str = "global",
        clip: float = CLIP,
        seed: int = 0,
    ) -> None:
        self.l1_ratio = l1_ratio
        self.fractions = fractions
        self.tol = tol
        self.sweeps = sweeps
        self.folds = folds
        self.center = center
        self.clip = clip
        self.seed = seed

    def _candidates(self, everything: Statistics) -> Floats:
        largest = np.abs(everything.xy).max(axis=0) / (everything.count * self.l1_ratio)
        return np.asarray(self.fractions, dtype=float)[:, None] * largest

    def _path(self, statistics: Statistics, candidates: Floats) -> Floats:
        values, vectors, rotated = decompose(statistics)
        path = np.zeros((statistics.n_features, *candidates.shape))
        kept = values > 0
        if not kept.any():
            return path
        root = np.sqrt(values[kept])
        rows = np.asfortranarray(root[:, None] * vectors[:, kept].T)
        targets = rotated[kept] / root[:, None]
        # scikit-learn divides the squared error by the number of its rows, F.
        scale = statistics.count / len(rows)
        for target in np.flatnonzero(candidates.max(axis=0) > 0):
            y = targets[:, target]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                _, models, gaps = enet_path(
                    rows,
                    y,
                    l1_ratio=self.l1_ratio,
                    alphas=candidates[:, target] * scale,
                    precompute=True,
                    tol=self.tol,
                    max_iter=self.sweeps,
                )
            path[:, :, target] = models
            unconverged = np.flatnonzero(gaps * len(rows) > 1.001 * self.tol * (y @ y))
            if len(unconverged):
                warnings.warn(
                    f"{len(unconverged)} of {len(candidates)} alphas of target {target}, from "
                    f"{candidates[unconverged[0], target]:.3g} on, did not converge in "
                    f"{self.sweeps} sweeps",
                    ConvergenceWarning,
                    stacklevel=2,
                )
        return path

    def _size(self, path: Floats, candidates: Floats) -> Floats:
        # The number of coefficients that are not 0 (:cite:`Zou2007`).
        return (path != 0).sum(axis=0).astype(float)

    def _keep(self, chosen: Floats) -> None:
        self.alpha_ = chosen

    def fit_record(self) -> FitRecord:
        """Return the number of coefficients and intercepts, and alpha."""
        return super().fit_record()._replace(alpha=self.alpha_)

    def _check_parameters(self) -> None:
        super()._check_parameters()
        if not 0 < self.l1_ratio <= 1:
            raise InputError(
                f"l1_ratio: expected a number above 0 and at most 1, got {self.l1_ratio!r}"
            )
        fractions = np.asarray(self.fractions, dtype=float)
        if fractions.ndim != 1 or len(fractions) == 0 or not (np.diff(fractions) < 0).all():
            raise InputError(f"fractions: expected a falling sequence, got {self.fractions!r}")
        if not (fractions > 0).all():
            raise InputError(f"fractions: expected positive numbers, got {self.fractions!r}")
