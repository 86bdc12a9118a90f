"""Kernel of the generations, the equation of `generations.Generations`: averages over neighbors."""

import numpy as np

from cagebreak._compile import njit
from cagebreak._neighbor_kernel import gather


@njit(fastmath={"reassoc", "contract"})
def average(cells, values, first, last):
    """Write the averages of columns `first` to `last` to the columns that follow them.

    The average runs over each particle and its neighbors, with weights exp(-r / cutoff). Neighbors
    are added four at a time, so that each partial sum is read and written once for four.
    """
    n_columns = last - first
    index, near = np.empty(cells.capacity + 4, np.int64), np.empty((4, cells.capacity))
    weight = np.empty(cells.capacity + 4)
    total = np.empty(n_columns)
    for i in range(len(cells.x)):
        n = gather(cells, i, index, near)
        norm = 1.0
        for j in range(n):
            weight[j] = np.exp(-np.sqrt(near[3, j]) / cells.cutoff)
            norm += weight[j]
        # The particle itself, at distance 0, and zero weights to fill the last block of four.
        index[n : n + 4], weight[n : n + 4] = i, 0.0
        weight[n] = 1.0
        total[:] = 0.0
        for j in range(0, n + 1, 4):
            w0, w1, w2, w3 = weight[j], weight[j + 1], weight[j + 2], weight[j + 3]
            x0 = values[cells.order[index[j]], first:last]
            x1 = values[cells.order[index[j + 1]], first:last]
            x2 = values[cells.order[index[j + 2]], first:last]
            x3 = values[cells.order[index[j + 3]], first:last]
            for c in range(n_columns):
                total[c] += (w0 * x0[c] + w1 * x1[c]) + (w2 * x2[c] + w3 * x3[c])
        row = values[cells.order[i], last:]
        for c in range(n_columns):
            row[c] = total[c] / norm
