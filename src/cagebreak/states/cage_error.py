"""The standard error of the mean positions of a cage state, from two halves of its run."""

import math

import numpy as np
from numpy.typing import NDArray

KEPT = 64
"""Earlier sums that are kept, at most (chosen)."""


class Marks:
    """Sums of displacements, (3, N), at earlier sweeps of a run."""

    def __init__(self) -> None:
        self._marks: list[tuple[int, NDArray[np.float64]]] = []

    def add(self, measured: int, sums: NDArray[np.float64]) -> None:
        """Keep the sums over so many sweeps; when there are too many, every other is dropped."""
        self._marks.append((measured, sums.copy()))
        if len(self._marks) > KEPT:
            del self._marks[::2]

    def clear(self) -> None:
        """Forget all sums: a measurement begins."""
        self._marks.clear()

    def error(self, measured: int, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the standard error of the means after so many sweeps, (N,).

        It is infinite if no earlier sums are known.
        """
        earlier = [mark for mark in self._marks if mark[0] < measured]
        if not earlier:
            return np.full(sums.shape[1], math.inf)
        first, first_sums = min(earlier, key=lambda mark: abs(2 * mark[0] - measured))
        second = measured - first
        differences = first_sums / first - (sums - first_sums) / second
        return np.sqrt((differences**2).sum(axis=0) * first * second) / measured
