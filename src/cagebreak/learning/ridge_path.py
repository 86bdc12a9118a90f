"""Ridge regression for every strength of the penalty from one eigendecomposition."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import blas

from cagebreak.learning._checks import Floats
from cagebreak.learning.spectrum import decompose
from cagebreak.learning.statistics import Statistics


class RidgePath:
    """Solutions of ``(X'X + alpha) w = X'y`` for all alpha and all targets.

    With ``X'X = V diag(lambda) V'`` the solution is ``V (V'X'y / (lambda + alpha))``. In directions
    that hold nothing of the data the coefficient is 0, the limit of the exact solution.

    Parameters
    ----------
    statistics : Statistics
        Of the training rows.
    """

    def __init__(self, statistics: Statistics) -> None:
        self.statistics = statistics
        self._values, self._vectors, self._rotated = decompose(statistics)
        self._rank = int((self._values > 0).sum())

    def coefficients(self, alpha: ArrayLike) -> Floats:
        """Return the coefficients (F, T) for one alpha, or for one alpha of each target, (T,)."""
        return self._vectors @ (self._rotated / (self._values[:, None] + np.asarray(alpha)))

    def inverse(self, alpha: float) -> Floats:
        """Return ``(X'X + alpha)^-1``, (F, F)."""
        root = self._vectors / np.sqrt(self._values + alpha)
        # BLAS fills one triangle, in half the time.
        whole = blas.dsyrk(1.0, root.T, trans=1, lower=1)
        return np.tril(whole) + np.tril(whole, -1).T

    def path(self, alphas: Floats) -> Floats:
        """Return the coefficients (F, A, T) for several alphas."""
        # One product for all alphas, several times as fast as one for each.
        scaled = [self._rotated / (self._values + alpha)[:, None] for alpha in alphas]
        together = self._vectors @ np.concatenate(scaled, axis=1)
        return together.reshape(len(together), len(alphas), -1)

    def generalised_errors(self, alphas: Floats) -> Floats:
        """Return the generalised cross-validation error of each alpha and target, (A, T).

        ``n E / (n - 1 - d)^2``, with the squared error in training
        ``E = E_0 + sum_k (alpha / (lambda_k + alpha))^2 (v_k'X'y)^2 / lambda_k`` and
        ``d = sum_k lambda_k / (lambda_k + alpha)``; E_0 is what no coefficients can explain.
        """
        count, kept = self.statistics.count, self._values > 0
        values, spare = self._values[kept], self.statistics.count - 1 - self._rank
        explained = self._rotated[kept] ** 2 / values[:, None]
        unexplained = np.zeros(self.statistics.n_targets)
        if spare > 0:
            unexplained = np.maximum(np.diag(self.statistics.yy) - explained.sum(axis=0), 0.0)
        # Sums of positive terms only: E and n - 1 - d vanish together where d approaches n - 1.
        errors = np.empty((len(alphas), self.statistics.n_targets))
        for error, alpha in zip(errors, alphas, strict=True):
            shrunk = alpha / (values + alpha)
            left = max(spare, 0) + shrunk.sum()
            error[:] = count * (unexplained + shrunk**2 @ explained) / left**2 if left > 0 else 0.0
        return errors
