"""Kernel of the distinct van Hove function."""

import numpy as np

from cagebreak._compile import njit
from cagebreak._neighbor_kernel import gather


@njit(nogil=True, error_model="numpy")
def count_other_particles(cells, n, counts):
    """Add the particles around other places to `counts` (S, S, R), by species and bin of r.

    The first n entries of `cells` are particles; each of the others is a place, with the species
    and the number of the particle that is not counted there.
    """
    n_bins = counts.shape[2]
    scale = n_bins / cells.cutoff
    index, near = np.empty(cells.capacity, np.int64), np.empty((4, cells.capacity))
    for i in range(n, len(cells.x)):
        for j in range(gather(cells, i, index, near)):
            if cells.order[index[j]] != cells.order[i]:
                # Rounding may put a distance just below the cut-off beyond the last bin.
                r = min(int(np.sqrt(near[3, j]) * scale), n_bins - 1)
                counts[cells.species[i], cells.species[index[j]], r] += 1
