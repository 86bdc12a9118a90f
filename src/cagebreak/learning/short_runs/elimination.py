"""Normal equations of structure and motion, with the coefficients of structure eliminated.

`run_ridge` has the equation.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from cagebreak.learning._validation import Floats, Integers
from cagebreak.learning.scores import COUNT, XX, XY, YY
from cagebreak.learning.statistics import Statistics


class Reduced(NamedTuple):
    """Statistics of rows in terms of the motion that structure does not give, r, and of the
    prediction from structure alone, p (T of them)."""

    n: float
    """Number of rows."""
    rr: Floats
    rp: Floats
    ry: Floats
    pp: Floats
    py: Floats
    yy: Floats

    def moments(self, w: Floats, extra: Floats) -> Floats:
        """Return `pair_moments` (6, T) of the predictions p + w'r, for w (V, T), about means 0."""
        result = np.zeros((6, len(self.yy)))
        squares = np.einsum("vt,vu,ut->t", w, self.rr + extra, w, optimize=True)
        squares += self.pp + 2 * np.einsum("vt,vt->t", w, self.rp)
        result[COUNT], result[XX], result[YY] = self.n, np.maximum(squares, 0.0), self.yy
        result[XY] = self.py + np.einsum("vt,vt->t", w, self.ry)
        return result


class Elimination:
    """Training statistics from which structure is eliminated, for one alpha.

    Parameters
    ----------
    training
        Statistics of standardized features.
    n_structure
        Number of features of structure.
    used
        Whether these are used.
    alpha
    """

    def __init__(self, training: Statistics, n_structure: int, used: bool, alpha: float) -> None:
        self._start, self._alpha = n_structure, alpha
        xx, xy = training.xx, training.xy
        self._used = np.arange(n_structure)[np.diag(xx)[:n_structure] > 0] if used else np.arange(0)
        s, x = self._used, slice(n_structure, None)
        n_noisy = len(xx) - n_structure
        self._given = np.zeros((len(s), n_noisy + xy.shape[1]))
        if len(s):
            shifted = xx[np.ix_(s, s)]
            shifted[np.diag_indices(len(s))] += alpha
            right = np.hstack([xx[s, x], xy[s]])
            factor = cho_factor(shifted, lower=True, overwrite_a=True, check_finite=False)
            self._given = cho_solve(factor, right, check_finite=False)
        self._of_runs, self._of_targets = np.split(self._given, [n_noisy], axis=1)
        self._left = xx[x, x] - xx[x, s] @ self._of_runs
        self._right = xy[x] - xx[x, s] @ self._of_targets

    def reduce(self, rows: Statistics) -> Reduced:
        """Return the reduced statistics of rows, whose features have the units of training."""
        s, x = self._used, slice(self._start, None)
        b, a = self._of_runs, self._of_targets
        xx, xy = rows.xx, rows.xy
        ss_b = xx[np.ix_(s, s)] @ self._given if len(s) else np.zeros(self._given.shape)
        ss_b, ss_a = np.split(ss_b, [b.shape[1]], axis=1)
        crossed = xx[x, s] @ b
        return Reduced(
            n=rows.count,
            rr=xx[x, x] - crossed - crossed.T + b.T @ ss_b,
            rp=xx[x, s] @ a - b.T @ ss_a,
            ry=xy[x] - b.T @ xy[s],
            pp=np.einsum("st,st->t", a, ss_a),
            py=np.einsum("st,st->t", a, xy[s]),
            yy=np.diag(rows.yy).copy(),
        )

    def solve(self, columns: Integers, extra: Floats, factor: float) -> Floats:
        """Return the coefficients w (V, T) of the motion that structure does not give."""
        w = np.zeros(self._right.shape)
        if len(columns):
            chosen = np.ix_(columns, columns)
            left = self._left[chosen] + extra[chosen]
            left[np.diag_indices(len(left))] += self._alpha / factor**2
            # An indefinite matrix of products without noise is possible, if runs are few.
            w[columns] = np.linalg.solve(left, self._right[columns])
        return w

    def coefficients(self, w: Floats) -> Floats:
        """Return the coefficients (F + V, T) of all features."""
        result = np.zeros((self._start + len(w), w.shape[1]))
        result[self._used] = self._of_targets - self._of_runs @ w
        result[self._start :] = w
        return result
