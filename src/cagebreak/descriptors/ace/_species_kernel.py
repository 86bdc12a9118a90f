"""Kernels that find neighbors by species, from candidates that the particles of a cell share.

Candidates of a cell are gathered once, sorted by species; for each of its particles their squared
distances are compared in full vectors, and only what is near enough is looked at again.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cagebreak._compile import njit
from cagebreak._simd.near import LANES, PLACES_OF_BITS, append_near
from cagebreak._simd.vectors import pointer
from cagebreak.descriptors._angular_kernel import scratch


class Candidates(NamedTuple):
    """Scratch: what may be a neighbor of the particles of a cell, by species."""

    steps: NDArray[np.int64]
    """So many cells further along each lattice vector they are looked for, (3,)."""
    positions: NDArray[np.float64]
    """x, y and z, of the image that may be near, (3, slots)."""
    chosen: NDArray[np.int32]
    """Which are near enough, (slots,)."""
    starts: NDArray[np.int64]
    """Those of species z stand at starts[z] to starts[z + 1], in full vectors: the rest is far."""


@njit
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
    # Room to fill vectors, and for what is written before it counts.
    slots = (slots // LANES + n_species + 1) * LANES
    return Candidates(
        steps,
        scratch(3 * slots).reshape(3, slots),
        np.empty(slots, np.int32),
        np.empty(n_species + 1, np.int64),
    )


@njit
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
        while k % np.uint64(LANES) != 0:
            x[k] = np.inf
            k += np.uint64(1)
    found.starts[-1] = k


@njit(fastmath={"contract"})
def neighbors_by_species(cells, i, found, starts, near):
    """Sort the neighbors of particle i by species; return how many coincide with it.

    Those of species z fill places starts[z] to starts[z + 1] of the rows of `near`, from the given
    starts[0] on: x, y, z of the vectors to them and their squared lengths. Places left empty, and
    that of the particle itself, lie beyond the cut-off.
    """
    x, y, z = found.positions[0], found.positions[1], found.positions[2]
    at_x, at_y, at_z = pointer(x), pointer(y), pointer(z)
    chosen, table = found.chosen, pointer(PLACES_OF_BITS)
    xi, yi, zi = cells.x[i], cells.y[i], cells.z[i]
    limit = cells.cutoff * cells.cutoff
    dx, dy, dz, squares = near[0], near[1], near[2], near[3]
    begin, zero = np.uint64(starts[0]), 0
    for species in range(len(starts) - 1):
        count = 0
        for j in range(found.starts[species], found.starts[species + 1], LANES):
            count = append_near(
                at_x, at_y, at_z, j, xi, yi, zi, limit, table, pointer(chosen), count
            )
        for k in range(np.uint64(count)):
            place, c = begin + k, np.uint64(chosen[k])
            dx[place], dy[place], dz[place] = x[c] - xi, y[c] - yi, z[c] - zi
            square = dx[place] ** 2 + dy[place] ** 2 + dz[place] ** 2
            squares[place] = square if square > 0.0 else 2 * limit
            zero += square == 0.0
        begin += np.uint64(count)
        while begin % np.uint64(LANES) != 0:
            dx[begin] = dy[begin] = dz[begin] = 0.0
            squares[begin] = 2 * limit
            begin += np.uint64(1)
        starts[species + 1] = begin
    # The particle itself is at no distance.
    return zero - 1
