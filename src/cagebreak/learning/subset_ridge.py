"""Ridge regression with many subsets of the features, from one decomposition of them all."""

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from cagebreak.learning._checks import Floats, Integers
from cagebreak.learning.ridge_path import RidgePath
from cagebreak.learning.selection import inverse, scale_of
from cagebreak.learning.statistics import Statistics


class SubsetRidge:
    r"""Ridge coefficients of any subset of the features, for every alpha and target.

    Features are brought to unit deviation first, that of the rows learnt from about their mean (or
    about those of their configurations, if the statistics are centred so). A small subset is
    solved for itself. If more than half of the features stay, those that go, g, are taken out of
    the solution w of all: with :math:`P = (X'X + \alpha)^{-1}`, known for each alpha,

    .. math:: w \leftarrow w - P_{\cdot g} P_{gg}^{-1} w_g

    which is exact: it is block elimination, and costs a solution of the size of g.

    Parameters
    ----------
    statistics : Statistics
        Of the rows to learn from.
    alphas : (A,) array
    """

    def __init__(self, statistics: Statistics, alphas: Floats) -> None:
        squares = np.diag(statistics.xx_lower)
        scale = scale_of(squares, statistics.x_mean, statistics.count)
        self._factors = inverse(scale) * np.sqrt(statistics.count)
        self._varies = scale > 0
        self._statistics, self._alphas = statistics, alphas
        self._inverses: list[Floats] | None = None

    def coefficients(self, columns: Integers) -> Floats:
        """Return the coefficients (F, A, T) of the features themselves, 0 for those left out."""
        kept = columns[self._varies[columns]]
        left_out = np.setdiff1d(np.flatnonzero(self._varies), kept)
        shape = (len(self._varies), len(self._alphas), self._statistics.n_targets)
        found = np.zeros(shape)
        if not len(kept):
            return found
        if len(left_out) < len(kept):
            found[self._varies] = self._without(left_out)
        else:
            path = RidgePath(self._statistics.select(kept).scaled(self._factors[kept]))
            for a, alpha in enumerate(self._alphas):
                found[kept, a] = path.coefficients(alpha)
        return found * self._factors[:, None, None]

    def _without(self, left_out: Integers) -> Floats:
        """Return the coefficients (V, A, T) of all features that vary but some."""
        if self._inverses is None:
            self._decompose()
        assert self._inverses is not None
        found = self._all.copy()
        if not len(left_out):
            return found
        places = np.searchsorted(np.flatnonzero(self._varies), left_out)
        for a, whole in enumerate(self._inverses):
            rows = whole[places]
            factor = cho_factor(rows[:, places], check_finite=False)
            found[:, a] -= rows.T @ cho_solve(factor, found[places, a], check_finite=False)
            found[places, a] = 0.0
        return found

    def _decompose(self) -> None:
        kept = np.flatnonzero(self._varies)
        part = self._statistics.select(kept).scaled(self._factors[kept])
        path = RidgePath(part)
        self._all = path.path(self._alphas)
        self._inverses = [path.inverse(alpha) for alpha in self._alphas]
