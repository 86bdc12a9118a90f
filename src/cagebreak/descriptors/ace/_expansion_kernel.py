"""Kernels of the atomic cluster expansion: sums A over neighbors, and their invariants B.

`expansion.AtomicClusterExpansion` has the equations.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cagebreak._compile import njit
from cagebreak._simd.batches import BATCH, sum_products, sum_rows
from cagebreak._simd.vectors import pointer
from cagebreak.descriptors._angular_kernel import (
    ROWS,
    SHELLS,
    compact,
    harmonics,
    scratch,
    shell_sums,
)
from cagebreak.descriptors.ace._species_kernel import (
    candidates_of,
    find_candidates,
    neighbors_by_species,
)

# Neighbors that are processed together and fit into a fast cache; a multiple of LANES.
TILE = 512


class Program(NamedTuple):
    """Operations of the kernel `expand` for every particle."""

    l_max: int
    """The largest degree of the harmonics."""
    radial_blocks: NDArray[np.int64]
    """Number of blocks of `SHELLS` radial functions that each block of `ROWS` harmonics needs."""
    species_starts: NDArray[np.int64]
    """Rows `species_starts[z]` to `species_starts[z + 1]` are sums over species z."""
    sources: NDArray[np.int64]
    """Indices of the harmonic and of the radial function of each row of sums, (rows, 2)."""
    scales: NDArray[np.float64]
    """Factors from the normalization of `harmonics` to S_00 = 1, (rows,)."""
    n_rows: int
    """Number of all rows."""
    product_starts: NDArray[np.int64]
    """Row p after the sums adds products `product_starts[p]` to `product_starts[p + 1]`."""
    product_weights: NDArray[np.float64]
    """The factor of each product, (P,)."""
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    """The two rows of each product, (P,) each."""
    feature_starts: NDArray[np.int64]
    """Feature f adds entries `feature_starts[f]` to `feature_starts[f + 1]` of the next two."""
    feature_weights: NDArray[np.float64]
    """The factor of each row in a feature."""
    feature_rows: NDArray[np.int64]
    """The rows of the features."""


@njit(fastmath={"contract"}, error_model="numpy")
def radial_functions(distance, r_cut, r_s, a, envelope, rows):
    """Write R_1, R_2, ... at each distance to the rows; see `radial.RadialBasis`."""
    s_cut = (r_cut / r_s) ** 3
    y_cut = (1 + s_cut) / (1 + s_cut + a * s_cut * (r_cut / r_s))
    n_max, n = rows.shape
    t = scratch(n)
    per_unit, per_cut, norm = 1 / r_s, 1 / r_cut, 1 / (1 - y_cut)
    for j in range(n):
        s, part = distance[j] * per_unit, (distance[j] * per_cut) ** 2
        cube = s * s * s
        y = (1 + cube) / (1 + cube + a * cube * s)
        # 1 - x, which is 0 beyond the cut-off: by rounding, or in slots that fill a vector.
        left = (y - y_cut) * norm * max(1 - part * part, 0.0)
        t[j] = 1 - 2 * left
        rows[0, j] = -left
    for _ in range(envelope - 1):
        for j in range(n):
            rows[0, j] *= (t[j] - 1) / 2
    for k in range(n_max - 1):
        up = np.sqrt((2 * k + 1.0) * (2 * k + 3.0)) / (k + 1)
        down = k / (k + 1.0) * np.sqrt((2 * k + 3.0) / max(2 * k - 1.0, 1.0))
        new, old, older = rows[k + 1], rows[k], rows[max(k - 1, 0)]
        for j in range(n):
            new[j] = up * t[j] * old[j] - down * older[j]


@njit(fastmath={"contract"}, error_model="numpy")
def expand(cells, program, r_s, a, envelope, values):
    """Write the features of every particle.

    The neighbors of a batch of particles are contiguous, so that functions of them are computed in
    long loops. Only the sums are taken particle by particle and species by species.
    """
    n_species = len(program.species_starts) - 1
    y_rows, r_rows = len(program.radial_blocks) * ROWS, program.radial_blocks.max() * SHELLS
    candidates = candidates_of(cells, n_species)
    places = BATCH * len(candidates.chosen)
    near = scratch(4 * places).reshape(4, places)
    starts = np.zeros(BATCH * n_species + 1, np.int64)
    unit_buffer, distance_buffer, inverse_buffer = scratch(3 * TILE), scratch(TILE), scratch(TILE)
    y_buffer, r_buffer = scratch(y_rows * TILE), scratch(r_rows * TILE)
    y_buffer[:] = 0.0
    sums = np.empty((BATCH * n_species, y_rows, r_rows))
    numbers = scratch(program.n_rows * BATCH).reshape(program.n_rows, BATCH)
    features = scratch(values.shape[1] * BATCH).reshape(values.shape[1], BATCH)
    numbers[:] = 0.0
    numbers[0] = 1.0
    cell = -1
    for batch in range(0, len(cells.x), BATCH):
        particles = cells.order[batch : batch + BATCH]
        for lane in range(len(particles)):
            if batch + lane >= cells.starts[cell + 1]:
                while batch + lane >= cells.starts[cell + 1]:
                    cell += 1
                find_candidates(cells, cell, candidates)
            own = starts[lane * n_species : (lane + 1) * n_species + 1]
            neighbors_by_species(cells, batch + lane, candidates, own, near)
        starts[len(particles) * n_species :] = starts[len(particles) * n_species]
        sums[:] = 0.0
        for begin in range(0, starts[-1], TILE):
            size = min(TILE, starts[-1] - begin)
            unit, distance = compact(unit_buffer, 3, size), distance_buffer[:size]
            radial, y_lm = compact(r_buffer, r_rows, size), compact(y_buffer, y_rows, size)
            directions(near, begin, inverse_buffer, unit, distance)
            radial_functions(distance, cells.cutoff, r_s, a, envelope, radial)
            harmonics(unit, program.l_max, y_lm)
            add_sums(y_lm, radial, starts - begin, program.radial_blocks, sums)
        for lane in range(len(particles)):
            for z in range(n_species):
                own_sums = sums[lane * n_species + z]
                for row in range(program.species_starts[z], program.species_starts[z + 1]):
                    c, k = program.sources[row, 0], program.sources[row, 1]
                    numbers[row, lane] = program.scales[row] * own_sums[c, k]
        couple(program, numbers, features)
        for lane in range(len(particles)):
            out = values[particles[lane]]
            for f in range(len(out)):
                out[f] = features[f, lane]


@njit
def add_sums(y_lm, radial, starts, radial_blocks, sums):
    """Add harmonics times radial functions of neighbors starts[s] to starts[s + 1] to sums[s]."""
    first, last = np.empty((2, len(radial) // SHELLS), np.int64)
    part = np.zeros(sums.shape[1:])
    for s in range(len(sums)):
        first[:], last[:] = max(starts[s], 0), min(starts[s + 1], y_lm.shape[1])
        if first[0] < last[0]:
            shell_sums(y_lm, radial, first, last, radial_blocks, part)
            for c in range(len(part)):
                total, added = sums[s, c], part[c]
                for k in range(len(total)):
                    total[k] += added[k]


@njit(fastmath={"contract"}, error_model="numpy")
def directions(near, begin, inverse_buffer, unit, distance):
    """Write unit vectors and lengths of the neighbors from `begin` on."""
    squares, inverse = near[3], inverse_buffer[: len(distance)]
    for j in range(len(distance)):
        distance[j] = np.sqrt(squares[np.uint64(begin) + np.uint64(j)])
    for j in range(len(distance)):
        inverse[j] = 1 / distance[j]
    # One loop for each axis: with more arrays, a compiler cannot tell that they do not overlap.
    for axis in range(3):
        vectors, units = near[axis], unit[axis]
        for j in range(len(distance)):
            units[j] = vectors[np.uint64(begin) + np.uint64(j)] * inverse[j]


@njit
def couple(program, numbers, features):
    """Form the products of the sums of a batch of particles, and the features from them."""
    table, results = pointer(numbers), pointer(features)
    weights = pointer(program.product_weights)
    left, right = pointer(program.left), pointer(program.right)
    for p in range(len(program.product_starts) - 1):
        begin, end = program.product_starts[p], program.product_starts[p + 1]
        sum_products(weights, left, right, begin, end, table, program.species_starts[-1] + p)
    weights, rows = pointer(program.feature_weights), pointer(program.feature_rows)
    for f in range(len(program.feature_starts) - 1):
        begin, end = program.feature_starts[f], program.feature_starts[f + 1]
        sum_rows(weights, rows, begin, end, table, results, f)
