"""Solvers of ridge regression for many penalties, weights and subsets from one decomposition."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import blas, cho_factor, cho_solve, eigh

from cagebreak.learning._validation import Floats, Integers
from cagebreak.learning.statistics import Statistics, deviations, inverse, spectrum, varying

RESOLUTION = 1e4 * np.finfo(float).eps
"""Smallest alpha in units of the norm of X'X (chosen: the coefficients are then known to 1e-4)."""
SEARCHED = float(np.sqrt(np.finfo(float).eps))
"""Smallest alpha that is tried unasked, in the same units (chosen: a deviation of a feature that
breaks a collinearity, as clipping does, is then multiplied by no more than 1e4)."""


def norm_of(statistics: Statistics) -> float:
    """Return the Frobenius norm of X'X.

    It is at least the largest eigenvalue, and near to it if features are collinear.
    """
    return float(np.linalg.norm(statistics.xx))


def smallest_alpha(statistics: Statistics) -> float:
    r"""Return the smallest penalty that the rounding of X'X allows, 0 if no feature varies.

    .. math:: \alpha \ge 10^4 \epsilon \, \|X'X\|, \qquad \epsilon = 2.2 \cdot 10^{-16}

    X'X holds squares of the data. Its eigenvalues are therefore known to about
    :math:`\epsilon \|X'X\|`, and a smaller alpha would divide by their rounding. With the smallest
    alpha the coefficients agree to about 1e-4 with a singular value decomposition of the data
    matrix, and the rounding of a squared error is below 1e-4 of the variance of the target.
    """
    return RESOLUTION * norm_of(statistics)


class RidgePath:
    """Solutions of ``(X'X + alpha) w = X'y`` for all alpha and all targets.

    With ``X'X = V diag(lambda) V'`` the solution is ``V (V'X'y / (lambda + alpha))``, for alpha
    of at least `smallest_alpha`.

    Parameters
    ----------
    statistics : Statistics
        Statistics of the training rows.
    """

    def __init__(self, statistics: Statistics) -> None:
        self.statistics = statistics
        self._values, self._vectors, self._rotated = spectrum(statistics)

    def coefficients(self, alpha: ArrayLike) -> Floats:
        """Return the coefficients (F, T) for a single alpha, or for one alpha per target, (T,)."""
        return self._vectors @ (self._rotated / (self._values[:, None] + np.asarray(alpha)))

    def inverse(self, alpha: float) -> Floats:
        """Return ``(X'X + alpha)^-1``, (F, F)."""
        root = self._vectors / np.sqrt(self._values + alpha)
        # dsyrk computes one triangle only, in half the time of a full product.
        lower = blas.dsyrk(1.0, root.T, trans=1, lower=1)
        return np.tril(lower) + np.tril(lower, -1).T

    def path(self, alphas: Floats) -> Floats:
        """Return the coefficients (F, A, T) for several alphas."""
        # One matrix product for all alphas is several times as fast as one product for each.
        scaled = [self._rotated / (self._values + alpha)[:, None] for alpha in alphas]
        coefficients = self._vectors @ np.concatenate(scaled, axis=1)
        return coefficients.reshape(len(coefficients), len(alphas), -1)

    def generalized_errors(self, alphas: Floats) -> Floats:
        """Return the generalized cross-validation error of each alpha and target, (A, T).

        The error is ``n E / (n - 1 - d)^2``, with the squared error in training
        ``E = E_0 + sum_k (alpha / (lambda_k + alpha))^2 (v_k'X'y)^2 / lambda_k`` and the effective
        number of coefficients ``d = sum_k lambda_k / (lambda_k + alpha)``. E_0 is the squared error
        of least squares.
        """
        count, kept = self.statistics.count, varying(self._values)
        values, spare = self._values[kept], self.statistics.count - 1 - int(kept.sum())
        explained = self._rotated[kept] ** 2 / values[:, None]
        unexplained = np.zeros(self.statistics.n_targets)
        if spare > 0:
            unexplained = np.maximum(np.diag(self.statistics.yy) - explained.sum(axis=0), 0.0)
        # E and n - 1 - d both vanish as d approaches n - 1; sums of positive terms avoid
        # cancellation in their ratio.
        errors = np.empty((len(alphas), self.statistics.n_targets))
        for error, alpha in zip(errors, alphas, strict=True):
            shrunk = alpha / (values + alpha)
            freedom = max(spare, 0) + shrunk.sum()  # n - 1 - d
            if freedom > 0:
                error[:] = count * (unexplained + shrunk**2 @ explained) / freedom**2
            else:
                error[:] = 0.0
        return errors


class WeightedRidge:
    r"""Ridge coefficients for any factors of some features v; all other features u have factor 1.

    A factor f of a feature is equivalent to the penalty :math:`\alpha / f^2` of that feature. With
    :math:`X_u'X_u = V \Lambda V'`, :math:`C = V'X_u'X_v`, :math:`c = V'X_u'y` and
    :math:`R = (\Lambda + \alpha)^{-1}`, block elimination gives

    .. math::
        (X_v'X_v - C'RC + \alpha f^{-2}) w_v = X_v'y - C'Rc, \qquad w_u = VR (c - C w_v)

    so that each additional set of factors costs the solution of a system of the size of v.

    Parameters
    ----------
    statistics : Statistics
        Statistics of the training rows.
    weighted : (F,) array of bool
        True for the features v.
    alphas : (A,) array
        Penalties of at least `smallest_alpha`.
    """

    def __init__(self, statistics: Statistics, weighted: np.ndarray, alphas: Floats) -> None:
        self._weighted, self._alphas = weighted, alphas
        values, self._vectors, self._rotated = spectrum(statistics.select(~weighted))
        xx = statistics.xx
        self._crossed = self._vectors.T @ xx[np.ix_(~weighted, weighted)]
        self._shrunk = [1.0 / (values + alpha)[:, None] for alpha in alphas]
        within, xy = xx[np.ix_(weighted, weighted)], statistics.xy[weighted]
        self._left = [within - self._crossed.T @ (r * self._crossed) for r in self._shrunk]
        self._right = [xy - self._crossed.T @ (r * self._rotated) for r in self._shrunk]

    def coefficients(self, factors: Floats) -> Floats:
        """Return the coefficients (F, A, T) of the unscaled features, for factors (F,)."""
        f = factors[self._weighted][:, None]
        n_targets = self._rotated.shape[1]
        coefficients = np.empty((len(factors), len(self._alphas), n_targets))
        unweighted = np.empty((len(self._vectors), len(self._alphas), n_targets))
        for a, alpha in enumerate(self._alphas):
            # The system is scaled by f, so that the penalty is a constant alpha on the diagonal.
            v = f * _solve(f * self._left[a] * f.T, alpha, f * self._right[a])
            coefficients[self._weighted, a] = v
            unweighted[:, a] = self._shrunk[a] * (self._rotated - self._crossed @ v)
        of_unweighted = self._vectors @ unweighted.reshape(len(unweighted), -1)
        coefficients[~self._weighted] = of_unweighted.reshape(unweighted.shape)
        return coefficients


def _solve(left: Floats, alpha: float, right: Floats) -> Floats:
    """Return (left + alpha)^-1 right; negative eigenvalues of `left` are rounding, and set to 0."""
    values, vectors = eigh(left, check_finite=False)
    vectors[np.diag(left) == 0.0] = 0.0  # The coefficient of a constant column is exactly 0.
    return vectors @ (vectors.T @ right / (np.maximum(values, 0.0) + alpha)[:, None])


class SubsetRidge:
    r"""Ridge coefficients of any subset of the features, for every alpha and target.

    The features are scaled to unit variance in the training rows (within configurations, if the
    statistics are centered per configuration). A subset of up to half of the features is solved
    directly. For a larger subset, the features g outside of it are eliminated from the solution w
    of all features: with :math:`P = (X'X + \alpha)^{-1}`, which is computed once for each alpha,

    .. math:: w \leftarrow w - P_{\cdot g} P_{gg}^{-1} w_g

    This block elimination is exact, and costs the solution of a system of the size of g.

    Parameters
    ----------
    statistics : Statistics
        Statistics of the training rows.
    alphas : (A,) array
        Penalties; one below `smallest_alpha` is raised to it.
    """

    def __init__(self, statistics: Statistics, alphas: Floats) -> None:
        self._factors = inverse(deviations(statistics))
        self._varies = self._factors > 0
        self._statistics = statistics
        standardized = statistics.scaled(self._factors)
        self._alphas = np.maximum(alphas, smallest_alpha(standardized))
        self._inverses: list[Floats] | None = None

    def coefficients(self, columns: Integers) -> Floats:
        """Return the coefficients (F, A, T) of the unscaled features; 0 outside of the subset."""
        kept = columns[self._varies[columns]]
        left_out = np.setdiff1d(np.flatnonzero(self._varies), kept)
        shape = (len(self._varies), len(self._alphas), self._statistics.n_targets)
        coefficients = np.zeros(shape)
        if not len(kept):
            return coefficients
        if len(left_out) < len(kept):
            coefficients[self._varies] = self._without(left_out)
        else:
            path = RidgePath(self._statistics.select(kept).scaled(self._factors[kept]))
            for a, alpha in enumerate(self._alphas):
                coefficients[kept, a] = path.coefficients(alpha)
        return coefficients * self._factors[:, None, None]

    def _without(self, left_out: Integers) -> Floats:
        """Return the coefficients (V, A, T) of the V features that vary, after elimination."""
        if self._inverses is None:
            self._decompose()
        assert self._inverses is not None
        coefficients = self._all.copy()
        if not len(left_out):
            return coefficients
        places = np.searchsorted(np.flatnonzero(self._varies), left_out)
        for a, inverse_matrix in enumerate(self._inverses):
            rows = inverse_matrix[places]
            factor = cho_factor(rows[:, places], check_finite=False)
            coefficients[:, a] -= rows.T @ cho_solve(
                factor, coefficients[places, a], check_finite=False
            )
            coefficients[places, a] = 0.0
        return coefficients

    def _decompose(self) -> None:
        kept = np.flatnonzero(self._varies)
        part = self._statistics.select(kept).scaled(self._factors[kept])
        path = RidgePath(part)
        self._all = path.path(self._alphas)
        self._inverses = [path.inverse(alpha) for alpha in self._alphas]
