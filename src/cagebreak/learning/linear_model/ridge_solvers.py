"""Solvers of ridge regression for many penalties, weights and subsets from one reduction."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import cho_factor, cho_solve, eigh, lapack

from cagebreak.learning._validation import Floats, Integers
from cagebreak.learning.linear_model.band_form import BandForm, not_positive
from cagebreak.learning.statistics import Statistics, deviations, inverse, spectrum, varying

RESOLUTION = 1e4 * np.finfo(float).eps
"""Smallest alpha in units of the norm of X'X (chosen: the coefficients are then known to 1e-4)."""
FACTORED = 4
"""Number of alphas up to which Cholesky factors are faster than the band form (measured)."""
SEARCHED = float(np.sqrt(np.finfo(float).eps))
"""Smallest alpha that is tried unasked, in the same units (chosen: a deviation of a feature that
breaks a collinearity, as clipping does, is then multiplied by no more than 1e4)."""


def norm_of(statistics: Statistics, candidates: Sequence[Floats] = ()) -> float:
    """Return the Frobenius norm of X'X, or the largest of those with factors (F,) of the features.

    It is at least the largest eigenvalue, and near to it if features are collinear.
    """
    if not len(candidates):
        return float(np.linalg.norm(statistics.xx))
    squares = statistics.xx**2
    return float(np.sqrt(max(f**2 @ squares @ f**2 for f in candidates)))


def scaled(statistics: Statistics, factors: Floats) -> Statistics:
    """Return `Statistics.scaled`, without a copy if all factors are 1."""
    return statistics if (factors == 1.0).all() else statistics.scaled(factors)


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

    With the band form ``X'X = Q B Q'`` (`BandForm`) the solution is ``Q (B + alpha)^-1 Q'X'y``, for
    alpha of at least `smallest_alpha`.

    Parameters
    ----------
    statistics : Statistics
        Statistics of the training rows.
    """

    def __init__(self, statistics: Statistics) -> None:
        # The coefficient of a constant column is exactly 0, not 0 within rounding.
        self._varies = np.diag(statistics.xx_lower) > 0.0
        self._n_targets = statistics.n_targets
        lower = statistics.xx_lower
        if not self._varies.all():
            lower = lower[np.ix_(self._varies, self._varies)]
        self._band = BandForm(lower)
        self._rotated = self._band.rotate(statistics.xy[self._varies])

    def coefficients(self, alpha: ArrayLike) -> Floats:
        """Return the coefficients (F, T) for a single alpha, or for one alpha per target, (T,)."""
        alphas = np.broadcast_to(np.asarray(alpha, dtype=float), self._n_targets)
        solved = np.empty_like(self._rotated)
        for value in np.unique(alphas):
            targets = alphas == value
            solved[:, targets] = self._band.solve(value, self._rotated[:, targets])
        return self._of_all_features(solved)

    def path(self, alphas: Floats) -> Floats:
        """Return the coefficients (F, A, T) for several alphas."""
        # One product with Q for all alphas is several times as fast as one for each.
        solved = [self._band.solve(alpha, self._rotated) for alpha in alphas]
        coefficients = self._of_all_features(np.concatenate(solved, axis=1))
        return coefficients.reshape(len(coefficients), len(alphas), -1)

    def _of_all_features(self, solved: Floats) -> Floats:
        """Return coefficients (F, k) from solutions of the band system."""
        coefficients = np.zeros((len(self._varies), solved.shape[1]))
        coefficients[self._varies] = self._band.rotate_back(solved)
        return coefficients


def ridge_coefficients(statistics: Statistics, alphas: Floats, chosen: NDArray[np.bool_]) -> Floats:
    """Return the solutions for the C chosen of T targets, (F, C).

    Parameters
    ----------
    statistics
    alphas : (T,) array
        Penalties of at least `smallest_alpha`.
    chosen : (T,) array
    """
    values = np.unique(alphas[chosen])
    if len(values) > FACTORED:
        used = statistics if chosen.all() else statistics.select(targets=chosen)
        return RidgePath(used).coefficients(alphas[chosen])
    # The coefficient of a constant column is exactly 0, not 0 within rounding.
    varies = np.diag(statistics.xx_lower) > 0.0
    lower = statistics.xx_lower
    if not varies.all():
        lower = lower[np.ix_(varies, varies)]
    coefficients = np.zeros((len(varies), len(alphas)))
    for alpha in values:
        targets = chosen & (alphas == alpha)
        # The transpose of a matrix in C order is in the Fortran order that LAPACK needs.
        shifted = lower.T.copy(order="F")
        shifted[np.diag_indices(len(lower))] += alpha
        try:
            factor = cho_factor(shifted, overwrite_a=True, check_finite=False)
        except np.linalg.LinAlgError:
            raise not_positive(alpha) from None
        right = statistics.xy[np.ix_(varies, targets)]
        coefficients[np.ix_(varies, targets)] = cho_solve(factor, right, check_finite=False)
    return coefficients[:, chosen]


def generalized_errors(statistics: Statistics, alphas: Floats) -> Floats:
    """Return the generalized cross-validation error of each alpha and target, (A, T).

    The error is ``n E / (n - 1 - d)^2``, with the squared error in training
    ``E = E_0 + sum_k (alpha / (lambda_k + alpha))^2 (v_k'X'y)^2 / lambda_k`` and the effective
    number of coefficients ``d = sum_k lambda_k / (lambda_k + alpha)``. E_0 is the squared error
    of least squares.
    """
    values, _, rotated = spectrum(statistics)
    count, kept = statistics.count, varying(values)
    values, spare = values[kept], statistics.count - 1 - int(kept.sum())
    explained = rotated[kept] ** 2 / values[:, None]
    unexplained = np.zeros(statistics.n_targets)
    if spare > 0:
        unexplained = np.maximum(np.diag(statistics.yy) - explained.sum(axis=0), 0.0)
    # E and n - 1 - d both vanish as d approaches n - 1; sums of positive terms avoid
    # cancellation in their ratio.
    errors = np.empty((len(alphas), statistics.n_targets))
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
        (X_v'X_v - C'RC + \alpha f^{-2}) w_v = X_v'y - C'Rc, \qquad w_u = QR (c - C w_v)

    so that each additional set of factors costs the solution of a system of the size of v.

    Parameters
    ----------
    statistics : Statistics
        Statistics of the training rows.
    weighted : (F,) array of bool
        True for the features v.
    """

    def __init__(self, statistics: Statistics, weighted: np.ndarray) -> None:
        self._weighted = weighted
        xx, xy = statistics.xx, statistics.xy
        # The coefficient of a constant column is exactly 0, not 0 within rounding.
        self._unweighted = ~weighted & (np.diag(xx) > 0.0)
        # X'X is symmetric: the transpose is a copy in Fortran order, which needs no further one.
        self._band = BandForm(xx[np.ix_(self._unweighted, self._unweighted)].T, overwrite=True)
        of_both = np.concatenate([xx[:, weighted], xy], axis=1)
        self._rotated = self._band.rotate(of_both[self._unweighted])
        self._within, self._direct = xx[np.ix_(weighted, weighted)], xy[weighted]

    def paths(self, candidates: Sequence[Floats], alphas: Floats) -> Iterator[Floats]:
        """Yield the coefficients (F, A, T) of the unscaled features, for each set of factors (F,).

        Parameters
        ----------
        candidates
        alphas
            Penalties of at least `smallest_alpha`.
        """
        n_candidates, n_rotated = len(candidates), len(self._rotated)
        n, n_targets = self._direct.shape
        weighted = np.empty((n_candidates, n, len(alphas), n_targets))
        rotated = np.empty((n_candidates, n_rotated, len(alphas), n_targets))
        f = np.array(candidates)[:, self._weighted, None]
        for a, alpha in enumerate(alphas):
            # With L L' = B + alpha both sides of the system are products of L^-1 [C c].
            factor = self._band.factor(alpha)
            crossed, of_targets = np.split(factor.forward(self._rotated), [n], axis=1)
            left, right = self._within - crossed.T @ crossed, self._direct - crossed.T @ of_targets
            for k in range(n_candidates):
                # The system is scaled by f, so that the penalty is constant on the diagonal.
                weighted[k, :, a] = f[k] * _solve(f[k] * left * f[k].T, alpha, f[k] * right)
            v = np.concatenate(weighted[:, :, a], axis=1)
            solved = factor.backward(np.tile(of_targets, n_candidates) - crossed @ v)
            rotated[:, :, a] = np.moveaxis(solved.reshape(n_rotated, -1, n_targets), 1, 0)
        for k, factors in enumerate(candidates):
            coefficients = np.zeros((len(factors), len(alphas), n_targets))
            coefficients[self._weighted] = weighted[k]
            unweighted = self._band.rotate_back(rotated[k].reshape(n_rotated, -1))
            coefficients[self._unweighted] = unweighted.reshape(-1, len(alphas), n_targets)
            yield coefficients


def _solve(left: Floats, alpha: float, right: Floats) -> Floats:
    """Return (left + alpha)^-1 right; negative eigenvalues of `left` are rounding, and set to 0."""
    constant = np.diag(left) == 0.0
    shifted = left.copy(order="F")
    shifted[np.diag_indices(len(left))] += alpha
    try:
        factor = cho_factor(shifted, overwrite_a=True, check_finite=False)
        solved = cho_solve(factor, right, check_finite=False)
    except np.linalg.LinAlgError:
        values, vectors = eigh(left, check_finite=False)
        solved = vectors @ (vectors.T @ right / (np.maximum(values, 0.0) + alpha)[:, None])
    solved[constant] = 0.0  # The coefficient of a constant column is exactly 0.
    return solved


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
            coefficients[kept] = path.path(self._alphas)
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
        self._all = RidgePath(part).path(self._alphas)
        self._inverses = [_inverse(part.xx_lower, alpha) for alpha in self._alphas]


def _inverse(lower: Floats, alpha: float) -> Floats:
    """Return (A + alpha)^-1 of a matrix A (n, n), of which the lower triangle is read."""
    shifted = np.array(lower, order="F")
    shifted[np.diag_indices(len(lower))] += alpha
    try:
        factor, _ = cho_factor(shifted, lower=True, overwrite_a=True, check_finite=False)
    except np.linalg.LinAlgError:
        raise not_positive(alpha) from None
    # One triangle of the inverse, in half the time of a solution with the unit matrix.
    half, _ = lapack.dpotri(factor, lower=1, overwrite_c=1)
    return np.tril(half) + np.tril(half, -1).T
