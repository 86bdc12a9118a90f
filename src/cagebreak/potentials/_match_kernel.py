"""Kernels of `match`: the nearest pairs, and what forces do along the vectors to the neighbors."""

import numpy as np

from cagebreak._compile import njit
from cagebreak._neighbor_kernel import gather
from cagebreak.potentials._pair_kernel import energy, parameters


@njit
def nearest_pairs(cells, distances, pairs):
    """Lower `distances` (S, S) to the shortest of each pair of species, and write its particles.

    `pairs` (S, S, 2) takes the numbers of the particles in the configuration; a particle and its
    own image count too.
    """
    index, near = np.empty(cells.capacity, np.int64), np.empty((4, cells.capacity))
    for i in range(len(cells.x)):
        a = cells.species[i]
        for k in range(gather(cells, i, index, near)):
            b, r = cells.species[index[k]], np.sqrt(near[3, k])
            if r < distances[a, b]:
                distances[a, b] = distances[b, a] = r
                first, second = cells.order[i], cells.order[index[k]]
                pairs[a, b, 0] = pairs[b, a, 0] = min(first, second)
                pairs[a, b, 1] = pairs[b, a, 1] = max(first, second)


@njit
def fields(cells, forces, reach, work, spread, n_near):
    """Write F.B and -div B of every particle, (N, S), for the field B of each species b.

    B points away from the neighbors of species b, with weights w = (1 - (r/R)^2)^2 and R =
    ``reach[a, b]``. `n_near` takes the number of neighbors of all species within R.
    """
    index, near = np.empty(cells.capacity, np.int64), np.empty((4, cells.capacity))
    for i in range(len(cells.x)):
        a, own = cells.species[i], cells.order[i]
        for k in range(gather(cells, i, index, near)):
            b, r = cells.species[index[k]], np.sqrt(near[3, k])
            # The image of a particle moves with it.
            if index[k] == i or r >= reach[a, b]:
                continue
            x = r / reach[a, b]
            rest = 1 - x * x
            weight, slope = rest * rest, -4 * x * rest / reach[a, b]
            along = 0.0
            for axis in range(3):
                along += forces[own, axis] * near[axis, k]
            work[own, b] -= weight * along / r
            spread[own, b] -= slope + 2 * weight / r
            n_near[own] += 1


@njit
def pair_energy(form, table, a, b, r):
    """Return u(r) of species a and b, as the kernels compute it."""
    return energy(form, r * r, parameters(table, a, b))
