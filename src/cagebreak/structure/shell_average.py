"""Averages of structure factors over configurations whose boxes may differ."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cagebreak.structure.wave_vectors import WaveVectors

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class ShellAverage:
    r"""The average over configurations of what is known in shells of wave vectors.

    .. math:: S_b = \frac{\sum_c w_c \, n_{cb} \, S_{cb}}{\sum_c w_c \, n_{cb}}

    for the value :math:`S_{cb}` of configuration c in shell b, of which its box has :math:`n_{cb}`
    wave vectors. Every wave vector counts once, so that a shell may be empty in some boxes. Shells
    that are empty in all are left out.

    Parameters
    ----------
    k : sequence of (B_c,) arrays
        Mean wave number of each shell in the box of each configuration (`WaveVectors.k`).
    counts : sequence of (B_c,) arrays of integers
        Number of wave vectors of each shell (`WaveVectors.counts`).
    edges : (B + 1,) array
        Bounds of the common shells, in 1 / sigma. The shells of a configuration may have others:
        the mean wave number of each decides to which common one it belongs, and those beyond are
        left out.
    """

    def __init__(self, k: Sequence[Floats], counts: Sequence[Integers], edges: Floats) -> None:
        n_shells = len(edges) - 1
        # The wave vectors that a shell of a configuration brings to each common shell.
        self._brought = []
        for of_k, of_counts in zip(k, counts, strict=True):
            place = np.searchsorted(edges, of_k, side="right") - 1
            same = (place[:, None] == np.arange(n_shells)) & (of_counts > 0)[:, None]
            self._brought.append(same * of_counts[:, None].astype(np.float64))
        self._counts = np.array([brought.sum(axis=0) for brought in self._brought])
        self._present = self._counts.sum(axis=0) > 0
        self.counts = self._counts.sum(axis=0)[self._present]
        """Number of wave vectors of each shell in all boxes, (B',)."""
        self.k = self(k)
        """Mean wave number of each shell, (B',), in 1 / sigma."""

    @classmethod
    def of(cls, vectors: Sequence[WaveVectors]) -> ShellAverage:
        """Return that of configurations with these wave vectors, in the widest of their shells."""
        widest = max(vectors, key=lambda each: each.edges[1])
        return cls([each.k for each in vectors], [each.counts for each in vectors], widest.edges)

    def spread(self, vectors: Sequence[WaveVectors]) -> Floats:
        """Return the standard deviation of the wave numbers in each shell, (B',)."""
        squares = self([each.k**2 + each.spread**2 for each in vectors])
        return np.sqrt(np.maximum(squares - self.k**2, 0.0))

    def __call__(self, values: Sequence[Floats], weights: Floats | None = None) -> Floats:
        """Return the average in each shell, (..., B') or (W, ..., B').

        Parameters
        ----------
        values : sequence of (..., B_c) arrays
            Of each configuration; NaN in a shell that its box does not have.
        weights : (W, C) array, optional
            How often each configuration counts; default once. The average is NaN in a shell that
            none of those which count has.
        """
        weights = np.ones(len(self._counts)) if weights is None else weights
        sums = np.array(
            [
                np.where(brought.any(axis=1), of_configuration, 0.0) @ brought[:, self._present]
                for of_configuration, brought in zip(values, self._brought, strict=True)
            ]
        )
        sums = np.tensordot(weights, sums, axes=1)
        total = weights @ self._counts[:, self._present]
        total = total.reshape(*total.shape[:-1], *[1] * (sums.ndim - total.ndim), -1)
        average = np.full(sums.shape, np.nan)
        np.divide(sums, total, out=average, where=total > 0)
        return average
