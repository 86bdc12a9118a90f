"""Kernels that find neighbors by species, from candidates that the particles of a cell share.

The candidates of a cell are gathered once, sorted by species. For each particle of the cell, their
squared distances are compared with the cut-off in full vectors.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cagebreak._compile import njit
from cagebreak._simd.near import LANES, PLACES_OF_BITS, append_near
from cagebreak._simd.vectors import pointer
from cagebreak.descriptors._angular_kernel import scratch


class Candidates(NamedTuple):
    """Scratch: possible neighbors of the particles of a cell, by species."""

    steps: NDArray[np.int64]
    """Number of cells searched on either side along each lattice vector, (3,)."""
    positions: NDArray[np.float64]
    """x, y and z of the images, (3, slots)."""
    chosen: NDArray[np.int32]
    """Slots of the candidates within the cut-off, (slots,)."""
    starts: NDArray[np.int64]
    """Species z has slots starts[z] to starts[z + 1], filled to full vectors with far points."""


@njit
def candidates_of(cells, n_species):
    """Return scratch for the candidates of any cell."""
    # Neighbors this near to the cut-off may be missed: all radial functions are 0 there.
    slack = 1e-9
    steps = np.ceil(cells.reach * cells.shape - slack).astype(np.int64)
    images = 2 * np.ceil(cells.reach).astype(np.int64) + 1
    fullest = 0
    for c in range(len(cells.starts) - 1):
        fullest = max(fullest, cells.starts[c + 1] - cells.starts[c])
    slots = min((2 * steps + 1).prod() * fullest, images.prod() * len(cells.x))
    # Additional slots fill vectors, and take what is written before it is kept.
    slots = (slots // LANES + n_species + 1) * LANES
    return Candidates(
        steps,
        scratch(3 * slots).reshape(3, slots),
        np.empty(slots, np.int32),
        np.empty(n_species + 1, np.int64),
    )


@njit
def find_candidates(cells, cell, candidates):
    """Write the candidates of a cell, images of its own particles among them."""
    nx, ny, nz = cells.shape
    m = cells.matrix
    x, y, z = candidates.positions[0], candidates.positions[1], candidates.positions[2]
    column, home_z = cell // nz, cell % nz
    home_x, home_y = column // ny, column % ny
    z_first, z_last = home_z - candidates.steps[2], home_z + candidates.steps[2]
    k = np.uint64(0)
    for species in range(len(candidates.starts) - 1):
        candidates.starts[species] = k
        for cx in range(home_x - candidates.steps[0], home_x + candidates.steps[0] + 1):
            image_x = cx // nx
            for cy in range(home_y - candidates.steps[1], home_y + candidates.steps[1] + 1):
                image_y = cy // ny
                row = ((cx - image_x * nx) * ny + cy - image_y * ny) * nz
                for image_z in range(z_first // nz, z_last // nz + 1):
                    first = cells.starts[row + max(z_first - image_z * nz, 0)]
                    last = cells.starts[row + min(z_last - image_z * nz, nz - 1) + 1]
                    sx = image_x * m[0, 0] + image_y * m[1, 0] + image_z * m[2, 0]
                    sy = image_x * m[0, 1] + image_y * m[1, 1] + image_z * m[2, 1]
                    sz = image_x * m[0, 2] + image_y * m[1, 2] + image_z * m[2, 2]
                    for j in range(np.uint64(first), np.uint64(last)):
                        # Always written, and kept by increasing k: a branch would be mispredicted.
                        x[k], y[k], z[k] = cells.x[j] + sx, cells.y[j] + sy, cells.z[j] + sz
                        k += np.uint64(cells.species[j] == species)
        while k % np.uint64(LANES) != 0:
            x[k] = np.inf
            k += np.uint64(1)
    candidates.starts[-1] = k


@njit(fastmath={"contract"})
def neighbors_by_species(cells, i, candidates, starts, near):
    """Sort the neighbors of particle i by species.

    The rows of `near` take x, y, z of the vectors to the neighbors and their squared lengths.
    Species z fills columns starts[z] to starts[z + 1], from the given starts[0] on. Columns that
    only fill a vector, and that of the particle itself, get a length beyond the cut-off.
    """
    x, y, z = candidates.positions[0], candidates.positions[1], candidates.positions[2]
    at_x, at_y, at_z = pointer(x), pointer(y), pointer(z)
    chosen, table = candidates.chosen, pointer(PLACES_OF_BITS)
    xi, yi, zi = cells.x[i], cells.y[i], cells.z[i]
    limit = cells.cutoff * cells.cutoff
    dx, dy, dz, squares = near[0], near[1], near[2], near[3]
    begin = np.uint64(starts[0])
    for species in range(len(starts) - 1):
        count = 0
        for j in range(candidates.starts[species], candidates.starts[species + 1], LANES):
            count = append_near(
                at_x, at_y, at_z, j, xi, yi, zi, limit, table, pointer(chosen), count
            )
        for k in range(np.uint64(count)):
            place, c = begin + k, np.uint64(chosen[k])
            dx[place], dy[place], dz[place] = x[c] - xi, y[c] - yi, z[c] - zi
            square = dx[place] ** 2 + dy[place] ** 2 + dz[place] ** 2
            squares[place] = square if square > 0.0 else 2 * limit
        begin += np.uint64(count)
        while begin % np.uint64(LANES) != 0:
            dx[begin] = dy[begin] = dz[begin] = 0.0
            squares[begin] = 2 * limit
            begin += np.uint64(1)
        starts[species + 1] = begin
