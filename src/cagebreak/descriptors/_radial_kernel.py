"""Kernel of the radial descriptors, the equation of `radial.Radial`."""

import numpy as np

from cagebreak._compile import njit
from cagebreak._neighbor_kernel import counting_sort, gather
from cagebreak.descriptors._shell_kernel import weight


@njit(fastmath={"reassoc", "contract"}, error_model="numpy")
def radial(cells, weights, r, width, first_bin, last_bin, n_bins, n_species, values):
    """Write sum_j w_j exp(-(r_ij - r)^2 / (2 width^2)) to columns (species of j, shell).

    `weights` (N,) are the w_j, in the order of the configuration; without any, (0,), w_j = 1.

    Neighbors are sorted by species and into `n_bins` bins of distance. A shell sums over the
    neighbors in its bins `first_bin` to `last_bin` only.
    """
    n_shells = len(r)
    index, near = np.empty(cells.capacity, np.int64), np.empty((4, cells.capacity))
    keys, order = np.empty_like(index), np.empty_like(index)
    distance, factors = np.empty(cells.capacity), np.empty(cells.capacity)
    starts = np.empty(n_species * n_bins + 1, np.int64)
    scale = n_bins / cells.cutoff
    for i in range(len(cells.x)):
        n = gather(cells, i, index, near)
        for j in range(n):
            near[0, j] = np.sqrt(near[3, j])
        for j in range(n):
            keys[j] = cells.species[index[j]] * n_bins + min(int(near[0, j] * scale), n_bins - 1)
        counting_sort(keys[:n], starts, order)
        for j in range(n):
            distance[j] = near[0, order[j]]
        for j in range(n if len(weights) else 0):
            factors[j] = weights[cells.order[index[order[j]]]]
        for s in range(n_species):
            for k in range(n_shells):
                factor = np.sqrt(0.5) / width[k]
                total = 0.0
                first, last = (
                    starts[s * n_bins + first_bin[k]],
                    starts[s * n_bins + last_bin[k] + 1],
                )
                if len(weights):
                    for j in range(first, last):
                        z = (distance[j] - r[k]) * factor
                        total += factors[j] * weight(z * z)
                else:
                    for j in range(first, last):
                        z = (distance[j] - r[k]) * factor
                        total += weight(z * z)
                values[cells.order[i], s * n_shells + k] = total
