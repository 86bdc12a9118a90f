"""Kernel of the surroundings: exponential averages of columns over neighbors of each species."""

import numpy as np
from numba import njit

from cagebreak._neighbor_kernel import gather


@njit(cache=True, fastmath={"reassoc", "contract"})
def average_around(cells, values, lengths, n_species, averages):
    """Write the averages (N, n_lengths, n_species, columns) of `values` (N, columns).

    The particle itself is left out; without a neighbor of a species its averages are 0.
    """
    n_columns = values.shape[1]
    index, near = np.empty(cells.capacity, np.int64), np.empty((4, cells.capacity))
    norm = np.empty((len(lengths), n_species))
    for i in range(len(cells.x)):
        total = averages[cells.order[i]]
        total[:] = 0.0
        norm[:] = 0.0
        for j in range(gather(cells, i, index, near)):
            distance, species = np.sqrt(near[3, j]), cells.species[index[j]]
            row = values[cells.order[index[j]]]
            for k in range(len(lengths)):
                weight = np.exp(-distance / lengths[k])
                norm[k, species] += weight
                sums = total[k, species]
                for c in range(n_columns):
                    sums[c] += weight * row[c]
        for k in range(len(lengths)):
            for species in range(n_species):
                if norm[k, species] > 0:
                    total[k, species] /= norm[k, species]
