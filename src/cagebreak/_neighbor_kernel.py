"""Kernels of the cell list: assign particles to cells, and find the neighbors of one particle."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cagebreak._compile import njit


class CellList(NamedTuple):
    """Particles sorted by the cell they lie in; what the kernels of this package read.

    Cells divide the box evenly along each lattice vector, the last one running fastest.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    z: NDArray[np.float64]
    """Wrapped coordinates, (N,) each, in the order of the cells."""
    fractions: NDArray[np.float64]
    """Fractional coordinates in [0, 1], (N, 3), in the same order."""
    species: NDArray[np.int64]
    """Species, (N,), in the same order."""
    order: NDArray[np.int64]
    """The index of each sorted particle in the configuration, (N,)."""
    starts: NDArray[np.int64]
    """Cell c holds the sorted particles ``starts[c]`` to ``starts[c + 1]``."""
    shape: NDArray[np.int64]
    """Number of cells along each lattice vector, (3,)."""
    matrix: NDArray[np.float64]
    """Lattice vectors as rows, (3, 3)."""
    reach: NDArray[np.float64]
    """The cut-off as a fraction of the box's heights, (3,)."""
    dimension: int
    """3 or 2; of two, z is 0."""
    cutoff: float
    """Particles nearer than this are neighbors."""
    capacity: int
    """Slots that the scratch of `gather` needs, at most."""


@njit
def counting_sort(keys, starts, order):
    """Sort small integers: write the order, and the first place of each key and one beyond."""
    starts[:] = 0
    for key in keys:
        starts[key + 1] += 1
    for key in range(len(starts) - 1):
        starts[key + 1] += starts[key]
    for i in range(len(keys)):
        order[starts[keys[i]]] = i
        starts[keys[i]] += 1
    # Each start has advanced to the next one.
    for key in range(len(starts) - 1, 0, -1):
        starts[key] = starts[key - 1]
    starts[0] = 0


@njit
def cell_of_each(fractions, shape):
    """Return the number of the cell in which each particle lies."""
    cell = np.empty(len(fractions), np.int64)
    for i in range(len(fractions)):
        c = 0
        for a in range(3):
            # Rounding may leave a fraction at exactly 1.
            c = c * shape[a] + min(int(fractions[i, a] * shape[a]), shape[a] - 1)
        cell[i] = c
    return cell


@njit
def gather(cells, i, index, near):
    """Write the neighbors of sorted particle `i` and return how many there are.

    `index` takes their sorted numbers; the rows of `near` take x, y, z of the vectors to them and
    their squared lengths. Every periodic image within the cut-off is a neighbor of its own, also
    images of `i`. Both arrays hold ``cells.capacity`` neighbors.
    """
    nx, ny, nz = cells.shape
    m = cells.matrix
    fx, fy, fz = cells.fractions[i, 0], cells.fractions[i, 1], cells.fractions[i, 2]
    rx, ry, rz = cells.reach
    z_first, z_last = int(np.floor((fz - rz) * nz)), int(np.floor((fz + rz) * nz))
    xi, yi, zi = cells.x[i], cells.y[i], cells.z[i]
    limit = cells.cutoff * cells.cutoff
    # Unsigned: for a signed index Numba checks whether it is negative, which takes time.
    n = np.uint64(0)
    for cx in range(int(np.floor((fx - rx) * nx)), int(np.floor((fx + rx) * nx)) + 1):
        image_x = cx // nx
        for cy in range(int(np.floor((fy - ry) * ny)), int(np.floor((fy + ry) * ny)) + 1):
            image_y = cy // ny
            row = ((cx - image_x * nx) * ny + cy - image_y * ny) * nz
            for image_z in range(z_first // nz, z_last // nz + 1):
                first = cells.starts[row + max(z_first - image_z * nz, 0)]
                last = cells.starts[row + min(z_last - image_z * nz, nz - 1) + 1]
                sx = image_x * m[0, 0] + image_y * m[1, 0] + image_z * m[2, 0]
                sy = image_x * m[0, 1] + image_y * m[1, 1] + image_z * m[2, 1]
                sz = image_x * m[0, 2] + image_y * m[1, 2] + image_z * m[2, 2]
                itself = i if image_x == 0 and image_y == 0 and image_z == 0 else -1
                for j in range(np.uint64(first), np.uint64(last)):
                    # In this order of rounding the vector from j to i is exactly the opposite.
                    x = (cells.x[j] - xi) + sx
                    y = (cells.y[j] - yi) + sy
                    z = (cells.z[j] - zi) + sz
                    square = x * x + y * y + z * z
                    # Written always, and kept only if counted: a branch would be mispredicted.
                    index[n] = j
                    near[0, n], near[1, n], near[2, n], near[3, n] = x, y, z, square
                    n += np.uint64((square < limit) & (np.int64(j) != itself))
    return np.int64(n)


@njit
def first_pair(cells):
    """Return two different particles nearer than the cut-off, or -1 and -1 if there are none."""
    index, near = np.empty(cells.capacity, np.int64), np.empty((4, cells.capacity))
    for i in range(len(cells.x)):
        for k in range(gather(cells, i, index, near)):
            if index[k] != i:
                return cells.order[i], cells.order[index[k]]
    return np.int64(-1), np.int64(-1)


@njit
def count_neighbors(cells, counts):
    """Write the number of neighbors of each particle, in the configuration's order."""
    index, near = np.empty(cells.capacity, np.int64), np.empty((4, cells.capacity))
    for i in range(len(cells.x)):
        counts[cells.order[i]] = gather(cells, i, index, near)


@njit
def fill_table(cells, offsets, neighbors, vectors):
    """Write the neighbors of each particle and the vectors to them at its offset."""
    index, near = np.empty(cells.capacity, np.int64), np.empty((4, cells.capacity))
    for i in range(len(cells.x)):
        n = gather(cells, i, index, near)
        start = offsets[cells.order[i]]
        for k in range(n):
            neighbors[start + k] = cells.order[index[k]]
            for a in range(3):
                vectors[start + k, a] = near[a, k]


@njit
def fills_circle(squares, order, m):
    """Return whether the m nearest neighbors fill a circle up to the distance of the next."""
    angle = 0.0
    for k in range(m):
        angle += np.arccos(np.sqrt(squares[order[k]] / squares[order[m]]))
    return angle >= np.pi


@njit
def shell_radius(squares, n, order, dimension):
    """Sort the nearest neighbors to the front of `order` until they fill the solid angle.

    Returns how many they are, or -1 if the n candidates do not suffice. The m nearest suffice as
    soon as the sum of their distances over m - 2 does not exceed the distance of the next; in two
    dimensions as soon as they fill a circle.
    """
    for k in range(n):
        order[k] = k
    total = 0.0
    for m in range(n):
        nearest = m
        for k in range(m + 1, n):
            if squares[order[k]] < squares[order[nearest]]:
                nearest = k
        order[m], order[nearest] = order[nearest], order[m]
        distance = np.sqrt(squares[order[m]])
        if m >= 3:
            filled = total <= (m - 2) * distance
            if dimension == 2:
                filled = fills_circle(squares, order, m)
            if filled:
                return m
        total += distance
    return -1


@njit
def count_shells(cells, counts):
    """Write the number of solid-angle neighbors of each particle, -1 where the cut-off hides one.

    In the configuration's order.
    """
    index, near = np.empty(cells.capacity, np.int64), np.empty((4, cells.capacity))
    order = np.empty(cells.capacity, np.int64)
    for i in range(len(cells.x)):
        n = gather(cells, i, index, near)
        counts[cells.order[i]] = shell_radius(near[3], n, order, cells.dimension)


@njit
def fill_shells(cells, offsets, neighbors, vectors):
    """Write the solid-angle neighbors of each particle, nearest first, at its offset."""
    index, near = np.empty(cells.capacity, np.int64), np.empty((4, cells.capacity))
    order = np.empty(cells.capacity, np.int64)
    for i in range(len(cells.x)):
        n = gather(cells, i, index, near)
        start = offsets[cells.order[i]]
        for m in range(shell_radius(near[3], n, order, cells.dimension)):
            k = order[m]
            neighbors[start + m] = cells.order[index[k]]
            for axis in range(3):
                vectors[start + m, axis] = near[axis, k]


@njit(error_model="numpy")
def count_pairs(cells, counts):
    """Add the pairs nearer than the cut-off to `counts` (S, S, R), by species and bin of r."""
    n_bins = counts.shape[2]
    scale = n_bins / cells.cutoff
    index, near = np.empty(cells.capacity, np.int64), np.empty((4, cells.capacity))
    for i in range(len(cells.x)):
        for j in range(gather(cells, i, index, near)):
            # Rounding may put a distance just below the cut-off beyond the last bin.
            r = min(int(np.sqrt(near[3, j]) * scale), n_bins - 1)
            counts[cells.species[i], cells.species[index[j]], r] += 1
