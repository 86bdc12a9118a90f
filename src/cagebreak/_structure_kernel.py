"""Kernel of the radial distribution function."""

import numpy as np
from numba import njit

from cagebreak._neighbor_kernel import gather


@njit(cache=True, error_model="numpy")
def count_pairs(cells, counts):
    """Add the pairs nearer than the cut-off to `counts` (S, S, R), by species and bin of r."""
    n_bins = counts.shape[2]
    scale = n_bins / cells.cutoff
    index, near = np.empty(cells.capacity, np.int64), np.empty((4, cells.capacity))
    for i in range(len(cells.x)):
        for j in range(gather(cells, i, index, near)):
            # Rounding may put a distance a hair below the cut-off beyond the last bin.
            r = min(int(np.sqrt(near[3, j]) * scale), n_bins - 1)
            counts[cells.species[i], cells.species[index[j]], r] += 1
