"""Kernels of motion relative to the neighbors at the start: bonds that break, cages that move."""

import numpy as np

from cagebreak._compile import njit


@njit(nogil=True)
def kept_shares(offsets, neighbors, vectors, displacements, limit, result):
    """Write the share of each particle's neighbors that are still nearer than the limit.

    A particle without neighbors has lost none: its share is 1.
    """
    for i in range(len(offsets) - 1):
        n_kept = 0
        for k in range(offsets[i], offsets[i + 1]):
            j = neighbors[k]
            square = 0.0
            for a in range(3):
                now = vectors[k, a] + displacements[j, a] - displacements[i, a]
                square += now * now
            n_kept += square < limit * limit
        n = offsets[i + 1] - offsets[i]
        result[i] = n_kept / n if n else 1.0


@njit(nogil=True)
def relative_lengths(offsets, neighbors, displacements, result):
    """Write how far each particle has moved beyond the mean displacement of its neighbors."""
    mean = np.empty(3)
    for i in range(len(offsets) - 1):
        mean[:] = 0.0
        for k in range(offsets[i], offsets[i + 1]):
            for a in range(3):
                mean[a] += displacements[neighbors[k], a]
        n = offsets[i + 1] - offsets[i]
        square = 0.0
        for a in range(3):
            difference = displacements[i, a] - (mean[a] / n if n else 0.0)
            square += difference * difference
        result[i] = np.sqrt(square)
