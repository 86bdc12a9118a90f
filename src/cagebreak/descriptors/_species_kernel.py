"""Kernels that find neighbors by species, from candidates that the particles of a cell share.

Candidates of a cell are gathered once, sorted by species; for each of its particles their squared
distances are formed in full vectors, and only what is near enough is looked at again.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

# The places of each species fill whole vectors.
LANES = 8


class Candidates(NamedTuple):
    """Scratch: what may be a neighbor of the particles of a cell, by species."""

    steps: NDArray[np.int64]
    """So many cells further along each lattice vector they are looked for, (3,)."""
    positions: NDArray[np.float64]
    """x, y and z, of the image that may be near, (3, slots)."""
    squares: NDArray[np.float64]
    """Of their distances, (slots,)."""
    chosen: NDArray[np.int64]
    """Which are near enough, (slots,)."""
    starts: NDArray[np.int64]
    """Those of species z stand at starts[z] to starts[z + 1]."""


@njit(cache=True)
def candidates_of(cells, n_species):
    """Return scratch for the candidates of any cell."""
    # What lies nearer than this to the cut-off may be missed: all counts nothing there.
    slack = 1e-9
    steps = np.ceil(cells.reach * cells.shape - slack).astype(np.int64)
    images = 2 * np.ceil(cells.reach).astype(np.int64) + 1
    fullest = 0
    for c in range(len(cells.starts) - 1):
        fullest = max(fullest, cells.starts[c + 1] - cells.starts[c])
    slots = min((2 * steps + 1).prod() * fullest, images.prod() * len(cells.x))
    return Candidates(
        steps,
        # A place more: they are written before they count.
        np.empty((3, slots + 1)),
        np.empty(slots + 1),
        np.empty(slots + 1, np.int64),
        np.empty(n_species + 1, np.int64),
    )


@njit(cache=True)
def find_candidates(cells, cell, found):
    """Write the candidates of a cell, images of its own particles among them."""
    nx, ny, nz = cells.shape
    m = cells.matrix
    x, y, z = found.positions[0], found.positions[1], found.positions[2]
    column, home_z = cell // nz, cell % nz
    home_x, home_y = column // ny, column % ny
    z_first, z_last = home_z - found.steps[2], home_z + found.steps[2]
    k = np.uint64(0)
    for species in range(len(found.starts) - 1):
        found.starts[species] = k
        for cx in range(home_x - found.steps[0], home_x + found.steps[0] + 1):
            image_x = cx // nx
            for cy in range(home_y - found.steps[1], home_y + found.steps[1] + 1):
                image_y = cy // ny
                row = ((cx - image_x * nx) * ny + cy - image_y * ny) * nz
                for image_z in range(z_first // nz, z_last // nz + 1):
                    first = cells.starts[row + max(z_first - image_z * nz, 0)]
                    last = cells.starts[row + min(z_last - image_z * nz, nz - 1) + 1]
                    sx = image_x * m[0, 0] + image_y * m[1, 0] + image_z * m[2, 0]
                    sy = image_x * m[0, 1] + image_y * m[1, 1] + image_z * m[2, 1]
                    sz = image_x * m[0, 2] + image_y * m[1, 2] + image_z * m[2, 2]
                    for j in range(np.uint64(first), np.uint64(last)):
                        # Written always and kept by counting it: a branch would be mispredicted.
                        x[k], y[k], z[k] = cells.x[j] + sx, cells.y[j] + sy, cells.z[j] + sz
                        k += np.uint64(cells.species[j] == species)
    found.starts[-1] = k


@njit(cache=True, fastmath={"reassoc", "contract"})
def squared_distances(x, y, z, xi, yi, zi, far, squares):
    """Write squared distances, and `far` for 0; return how many are 0."""
    zero = 0.0
    for j in range(len(squares)):
        dx, dy, dz = x[j] - xi, y[j] - yi, z[j] - zi
        square = dx * dx + dy * dy + dz * dz
        squares[j] = square if square > 0.0 else far
        zero += 0.0 if square > 0.0 else 1.0
    return int(zero)


@njit(cache=True)
def neighbors_by_species(cells, i, found, starts, near):
    """Sort the neighbors of particle i by species; return how many coincide with it.

    Those of species z fill places starts[z] to starts[z + 1] of the rows of `near`: x, y, z of the
    vectors to them and their squared lengths. Places left empty lie beyond the cut-off.
    """
    n = found.starts[-1]
    x, y, z = found.positions[0], found.positions[1], found.positions[2]
    squares, chosen = found.squares, found.chosen
    xi, yi, zi = cells.x[i], cells.y[i], cells.z[i]
    limit = cells.cutoff * cells.cutoff
    zero = squared_distances(x[:n], y[:n], z[:n], xi, yi, zi, 2 * limit, squares[:n])
    dx, dy, dz, lengths = near[0], near[1], near[2], near[3]
    begin = np.uint64(0)
    for species in range(len(starts) - 1):
        starts[species] = begin
        count = np.uint64(0)
        for j in range(np.uint64(found.starts[species]), np.uint64(found.starts[species + 1])):
            # Written and counted as candidates are.
            chosen[count] = j
            count += np.uint64(squares[j] < limit)
        for k in range(count):
            place, c = begin + k, np.uint64(chosen[k])
            dx[place], dy[place], dz[place] = x[c] - xi, y[c] - yi, z[c] - zi
            lengths[place] = squares[c]
        begin += count
        while begin % np.uint64(LANES) != 0:
            dx[begin] = dy[begin] = dz[begin] = 0.0
            lengths[begin] = 2 * limit
            begin += np.uint64(1)
    starts[-1] = begin
    # The particle itself is at no distance.
    return zero - 1
