"""Kernels of the neighbor lists of FIRE: pairs within the cut-off and a skin, images as ghosts."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cagebreak._compile import njit
from cagebreak._neighbor_kernel import gather

ROOM = 100
"""Neighbors of a particle for which there is room at first (chosen); room grows where it lacks."""

SAME = 1e-6
"""Vectors to a particle that agree to this, in cut-offs, are to the same image of it."""


class NeighborList(NamedTuple):
    """Neighbors of each of N particles, by species; periodic images are ghost particles.

    The G ghosts have the numbers N to N + G.
    """

    bounds: NDArray[np.int64]
    """Particle i has the neighbors ``bounds[i, s, 0]`` to ``bounds[i, s, 1]`` of species s,
    (N, S, 2)."""
    neighbors: NDArray[np.uint32]
    """Numbers of particles or ghosts. Unsigned, so that no index is checked for its sign."""
    parents: NDArray[np.uint32]
    """The particle that each ghost is an image of, (G,)."""
    shifts: NDArray[np.float64]
    """Vector from the particle to the ghost, in sigma, (3, G)."""


@njit
def list_neighbors(cells, species, reach, inverse, x):
    """Return the fields of the list of all pairs of species a, b nearer than ``reach[a, b]``.

    `x` (3, N) holds the positions of the particles in the order of the configuration, unwrapped.
    Images are counted from these positions.
    """
    n, n_species = len(species), len(reach)
    index, near = np.empty(cells.capacity, np.int64), np.empty((4, cells.capacity))
    bounds = np.empty((n, n_species, 2), np.int64)
    neighbors = np.empty(ROOM * n, np.uint32)
    # Neighbors that are images: their slots, and the numbers of the images along each edge.
    slots, images = np.empty(n, np.int64), np.empty((n, 3), np.int64)
    n_listed, n_images = 0, 0
    same = SAME * cells.cutoff
    for i in range(n):
        own = cells.order[i]
        n_near = gather(cells, i, index, near)
        if n_listed + n_near > len(neighbors):
            neighbors = _longer(neighbors, n_listed + n_near)
        if n_images + n_near > len(slots):
            slots, images = _longer(slots, n_images + n_near), _longer(images, n_images + n_near)
        for s in range(n_species):
            bounds[own, s, 0] = n_listed
            limit = reach[cells.species[i], s] * reach[cells.species[i], s]
            for k in range(n_near):
                if cells.species[index[k]] != s or near[3, k] >= limit:
                    continue
                other = cells.order[index[k]]
                neighbors[n_listed] = other
                dx = near[0, k] - (x[0, other] - x[0, own])
                dy = near[1, k] - (x[1, other] - x[1, own])
                dz = near[2, k] - (x[2, other] - x[2, own])
                if max(abs(dx), abs(dy), abs(dz)) > same:
                    slots[n_images] = n_listed
                    for a in range(3):
                        images[n_images, a] = np.rint(
                            dx * inverse[0, a] + dy * inverse[1, a] + dz * inverse[2, a]
                        )
                    n_images += 1
                n_listed += 1
            bounds[own, s, 1] = n_listed
    parents, shifts = _number_images(
        neighbors, slots[:n_images], images[:n_images], n, cells.matrix
    )
    # Not a NeighborList: Numba would call its class, and crash if a signal raises there.
    return bounds, neighbors, parents, shifts


@njit
def _longer(array, n):
    """Return a copy with room for at least twice as much, and for n."""
    more = max(len(array), n - len(array))
    return np.concatenate((array, np.empty((more, *array.shape[1:]), array.dtype)))


@njit
def _number_images(neighbors, slots, images, n, matrix):
    """Replace each neighbor that is an image by its ghost; return parents and shifts."""
    low, high = np.zeros(3, np.int64), np.zeros(3, np.int64)
    for k in range(len(slots)):
        for a in range(3):
            low[a] = min(low[a], images[k, a])
            high[a] = max(high[a], images[k, a])
    ny, nz = high[1] - low[1] + 1, high[2] - low[2] + 1
    numbers = np.full(((high[0] - low[0] + 1) * ny * nz, n), -1, np.int64)
    parents, first = np.empty(len(slots), np.uint32), np.empty(len(slots), np.int64)
    n_ghosts = 0
    for k in range(len(slots)):
        a, b, c = images[k]
        code = ((a - low[0]) * ny + b - low[1]) * nz + c - low[2]
        parent = np.int64(neighbors[slots[k]])
        if numbers[code, parent] < 0:
            numbers[code, parent] = n + n_ghosts
            parents[n_ghosts], first[n_ghosts] = parent, k
            n_ghosts += 1
        neighbors[slots[k]] = numbers[code, parent]
    shifts = np.empty((3, n_ghosts))
    for g in range(n_ghosts):
        a, b, c = images[first[g]]
        for axis in range(3):
            shifts[axis, g] = a * matrix[0, axis] + b * matrix[1, axis] + c * matrix[2, axis]
    return parents[:n_ghosts].copy(), shifts
