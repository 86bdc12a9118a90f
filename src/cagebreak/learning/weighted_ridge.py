"""Ridge regression for every weighting of some features, from one decomposition of the others."""

import numpy as np
from scipy.linalg import eigh

from cagebreak.learning._checks import Floats
from cagebreak.learning.spectrum import decompose
from cagebreak.learning.statistics import Statistics


class WeightedRidge:
    r"""Ridge coefficients for any factors of some features v, where the others u have factor 1.

    A factor f is a penalty :math:`\alpha / f^2` on a feature as it is. With
    :math:`X_u'X_u = V \Lambda V'`, :math:`C = V'X_u'X_v`, :math:`c = V'X_u'y` and
    :math:`R = (\Lambda + \alpha)^{-1}`, block elimination leaves

    .. math::
        (X_v'X_v - C'RC + \alpha f^{-2}) w_v = X_v'y - C'Rc, \qquad w_u = VR (c - C w_v)

    so that further factors cost a solution of the size of v each; the usual v are a tenth of all.

    Parameters
    ----------
    statistics : Statistics
        Of the rows to learn from.
    weighted : (F,) array of bool
        Which features are v.
    alphas : (A,) array
    """

    def __init__(self, statistics: Statistics, weighted: np.ndarray, alphas: Floats) -> None:
        self._weighted, self._alphas = weighted, alphas
        values, self._vectors, self._rotated = decompose(statistics.select(~weighted))
        xx = statistics.xx
        self._crossed = self._vectors.T @ xx[np.ix_(~weighted, weighted)]
        self._crossed[values == 0] = 0.0
        self._shrunk = [1.0 / (values + alpha)[:, None] for alpha in alphas]
        within, xy = xx[np.ix_(weighted, weighted)], statistics.xy[weighted]
        self._left = [within - self._crossed.T @ (r * self._crossed) for r in self._shrunk]
        self._right = [xy - self._crossed.T @ (r * self._rotated) for r in self._shrunk]

    def coefficients(self, factors: Floats) -> Floats:
        """Return the coefficients (F, A, T) of the features as they are, for factors (F,)."""
        f = factors[self._weighted][:, None]
        n_targets = self._rotated.shape[1]
        found = np.empty((len(factors), len(self._alphas), n_targets))
        of_first = np.empty((len(self._vectors), len(self._alphas), n_targets))
        for a, alpha in enumerate(self._alphas):
            # Scaled, so that alpha is added to a diagonal that is nowhere smaller.
            v = f * _solve(f * self._left[a] * f.T, alpha, f * self._right[a])
            found[self._weighted, a] = v
            of_first[:, a] = self._shrunk[a] * (self._rotated - self._crossed @ v)
        together = self._vectors @ of_first.reshape(len(of_first), -1)
        found[~self._weighted] = together.reshape(of_first.shape)
        return found


def _solve(left: Floats, alpha: float, right: Floats) -> Floats:
    """Return (left + alpha)^-1 right; what rounding has pushed below 0 in `left` is 0."""
    values, vectors = eigh(left, check_finite=False)
    vectors[np.diag(left) == 0.0] = 0.0  # Exactly 0 for a column that does not vary.
    return vectors @ (vectors.T @ right / (np.maximum(values, 0.0) + alpha)[:, None])
