"""Kernels of the atomic cluster expansion: sums over neighbors, and invariants of the sums."""

import numpy as np
from numba import njit

from cagebreak._lanes import pointer
from cagebreak.descriptors._angular_kernel import ROWS, SHELLS, compact, harmonics, shell_sums
from cagebreak.descriptors._batch_lanes import BATCH, sum_products, sum_rows
from cagebreak.descriptors._species_kernel import (
    LANES,
    candidates_of,
    find_candidates,
    neighbors_by_species,
)

# So many neighbors at a time stay in the fastest cache; a multiple of LANES.
TILE = 512


@njit(cache=True, fastmath={"contract"}, error_model="numpy")
def radial_functions(distance, r_cut, r_s, a, envelope, rows):
    """Write R_1, R_2, ... at each distance to the rows; they are 0 at the cut-off."""
    s_cut = (r_cut / r_s) ** 3
    y_cut = (1 + s_cut) / (1 + s_cut + a * s_cut * (r_cut / r_s))
    n_max, n = rows.shape
    t = np.empty(n)
    per_unit, per_cut, norm = 1 / r_s, 1 / r_cut, 1 / (1 - y_cut)
    for j in range(n):
        s, part = distance[j] * per_unit, (distance[j] * per_cut) ** 2
        cube = s * s * s
        y = (1 + cube) / (1 + cube + a * cube * s)
        # 1 - x; what is beyond the cut-off, by rounding or to fill a vector, counts nothing.
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


@njit(cache=True, fastmath={"contract"}, error_model="numpy")
def expand(cells, program, r_s, a, envelope, values):
    """Write the features of every particle; return the number of coincident neighbors."""
    n_species = len(program.species_starts) - 1
    y_rows, r_rows = len(program.wanted) * ROWS, program.wanted.max() * SHELLS
    found = candidates_of(cells, n_species)
    near = np.empty((4, len(found.squares) + n_species * LANES))
    starts = np.empty(n_species + 1, np.int64)
    unit_buffer, distance_buffer = np.empty(3 * TILE), np.empty(TILE)
    scratch_buffer = np.empty(6 * TILE)
    y_buffer, r_buffer = np.zeros(y_rows * TILE), np.empty(r_rows * TILE)
    first, last = np.empty(r_rows // SHELLS, np.int64), np.empty(r_rows // SHELLS, np.int64)
    part, sums = np.zeros((y_rows, r_rows)), np.empty((n_species, y_rows, r_rows))
    numbers, features = np.zeros((program.n_rows, BATCH)), np.empty((values.shape[1], BATCH))
    numbers[0] = 1.0
    coincident = 0
    for cell in range(len(cells.starts) - 1):
        if cells.starts[cell] < cells.starts[cell + 1]:
            find_candidates(cells, cell, found)
        for i in range(cells.starts[cell], cells.starts[cell + 1]):
            coincident += neighbors_by_species(cells, i, found, starts, near)
            sums[:] = 0.0
            for begin in range(0, starts[-1], TILE):
                size = min(TILE, starts[-1] - begin)
                unit, distance = compact(unit_buffer, 3, size), distance_buffer[:size]
                directions(near, begin, scratch_buffer, unit, distance)
                radial, y_lm = compact(r_buffer, r_rows, size), compact(y_buffer, y_rows, size)
                radial_functions(distance, cells.cutoff, r_s, a, envelope, radial)
                harmonics(unit, program.harmonic_rows, compact(scratch_buffer, 6, size), y_lm)
                for z in range(n_species):
                    first[:] = max(starts[z] - begin, 0)
                    last[:] = min(starts[z + 1] - begin, size)
                    if first[0] < last[0]:
                        shell_sums(y_lm, radial, first, last, program.wanted, part)
                        sums[z] += part
            lane = i % BATCH
            for z in range(n_species):
                for row in range(program.species_starts[z], program.species_starts[z + 1]):
                    c, k = program.sources[row, 0], program.sources[row, 1]
                    numbers[row, lane] = program.scales[row] * sums[z, c, k]
            if lane == BATCH - 1 or i == len(cells.x) - 1:
                couple(program, numbers, features)
                particles = cells.order[i - lane : i + 1]
                for f in range(len(features)):
                    for k in range(len(particles)):
                        values[particles[k], f] = features[f, k]
    return coincident


@njit(cache=True, fastmath={"contract"}, error_model="numpy")
def directions(near, begin, inverse_buffer, unit, distance):
    """Write unit vectors and lengths of the neighbors from `begin` on."""
    squares, inverse = near[3], inverse_buffer[: len(distance)]
    for j in range(len(distance)):
        distance[j] = np.sqrt(squares[np.uint64(begin) + np.uint64(j)])
    for j in range(len(distance)):
        inverse[j] = 1 / distance[j]
    # One loop for each axis: with more arrays a compiler does not see that none overlap.
    for axis in range(3):
        vectors, units = near[axis], unit[axis]
        for j in range(len(distance)):
            units[j] = vectors[np.uint64(begin) + np.uint64(j)] * inverse[j]


@njit(cache=True)
def couple(program, numbers, features):
    """Form the products of the sums of a batch of particles, and the features from them."""
    table, results = pointer(numbers), pointer(features)
    weights, ones, others = (
        pointer(program.product_weights),
        pointer(program.ones),
        pointer(program.others),
    )
    for p in range(len(program.product_starts) - 1):
        begin, end = program.product_starts[p], program.product_starts[p + 1]
        sum_products(weights, ones, others, begin, end, table, program.species_starts[-1] + p)
    weights, rows = pointer(program.feature_weights), pointer(program.feature_rows)
    for f in range(len(program.feature_starts) - 1):
        begin, end = program.feature_starts[f], program.feature_starts[f + 1]
        sum_rows(weights, rows, begin, end, table, results, f)
