"""Kernel of `surroundings`: exponentially weighted sums of features over neighbors by species."""

import numpy as np

from cagebreak._compile import njit
from cagebreak._neighbor_kernel import gather


@njit(fastmath={"reassoc", "contract"})
def sum_around(cells, values, lengths, weights, sums):
    """Write sums over neighbors of the weights exp(-r / L) and of the weighted `values` (N, F).

    `weights` are (N, L, S) for L lengths and S species, `sums` (N, L, S, F). The particle itself is
    left out.
    """
    n_columns = values.shape[1]
    index, near = np.empty(cells.capacity, np.int64), np.empty((4, cells.capacity))
    for i in range(len(cells.x)):
        norm, total = weights[cells.order[i]], sums[cells.order[i]]
        norm[:], total[:] = 0.0, 0.0
        for j in range(gather(cells, i, index, near)):
            distance, species = np.sqrt(near[3, j]), cells.species[index[j]]
            row = values[cells.order[index[j]]]
            for k in range(len(lengths)):
                weight = np.exp(-distance / lengths[k])
                norm[k, species] += weight
                of_species = total[k, species]
                for c in range(n_columns):
                    of_species[c] += weight * row[c]
