"""Kernels of the atomic cluster expansion: sums over neighbors, and invariants of the sums."""

import numpy as np
from numba import njit

from cagebreak._lanes import pointer
from cagebreak._neighbor_kernel import gather
from cagebreak.descriptors._angular_kernel import LANES, ROWS, compact, harmonics, shell_sums
from cagebreak.descriptors._batch_lanes import BATCH, sum_products, sum_rows


@njit(cache=True, fastmath={"contract"}, error_model="numpy")
def radial_functions(distance, r_cut, r_s, a, envelope, rows):
    """Write R_1, R_2, ... at each distance to the rows; they are 0 at the cut-off."""
    s_cut = (r_cut / r_s) ** 3
    y_cut = (1 + s_cut) / (1 + s_cut + a * s_cut * (r_cut / r_s))
    n_max, n = rows.shape
    t = np.empty(n)
    for j in range(n):
        s, part = distance[j] / r_s, distance[j] / r_cut
        cube = 1 + s * s * s
        y = cube / (cube + a * (cube - 1) * s)
        # 1 - x, exactly 0 at the cut-off.
        left = (y - y_cut) / (1 - y_cut) * (1 - part * part * part * part)
        factor = 1.0
        for _ in range(envelope):
            factor *= -left
        rows[0, j] = factor
        t[j] = 1 - 2 * left
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
    y_rows, r_rows = len(program.n_of_block) * ROWS, program.n_of_block.max()
    capacity = (-(-cells.capacity // LANES) + n_species) * LANES
    index, near = np.empty(cells.capacity, np.int64), np.empty((4, cells.capacity))
    starts = np.empty(n_species + 1, np.int64)
    unit_buffer, scratch_buffer = np.empty(3 * capacity), np.empty(4 * capacity)
    y_buffer, r_buffer = np.zeros(y_rows * capacity), np.empty(r_rows * capacity)
    distance = np.empty(capacity)
    first, last = np.empty(r_rows // 2, np.int64), np.empty(r_rows // 2, np.int64)
    sums = np.empty((y_rows, r_rows))
    numbers, features = np.zeros((program.n_rows, BATCH)), np.empty((values.shape[1], BATCH))
    numbers[0] = 1.0
    coincident = 0
    n_particles = len(cells.x)
    for i in range(n_particles):
        n = gather(cells, i, index, near)
        padded = by_species(cells, index, near, n, starts, unit_buffer, distance)
        unit, scratch = compact(unit_buffer, 3, padded), compact(scratch_buffer, 4, padded)
        y_lm, radial = compact(y_buffer, y_rows, padded), compact(r_buffer, r_rows, padded)
        for j in range(padded):
            d = np.sqrt(distance[j])
            coincident += d == 0
            distance[j] = d
            for axis in range(3):
                unit[axis, j] /= d
        radial_functions(distance[:padded], cells.cutoff, r_s, a, envelope, radial)
        harmonics(unit, program.harmonic_rows, scratch, y_lm)
        lane = i % BATCH
        for z in range(n_species):
            first[:], last[:] = starts[z], starts[z + 1]
            for b in range(len(program.n_of_block)):
                c, m = b * ROWS, program.n_of_block[b]
                shell_sums(
                    y_lm[c : c + ROWS], radial[:m], first[: m // 2], last[: m // 2],
                    sums[c : c + ROWS],
                )
            for row in range(program.species_starts[z], program.species_starts[z + 1]):
                c, k = program.sources[row, 0], program.sources[row, 1]
                numbers[row, lane] = program.scales[row] * sums[c, k]
        if lane == BATCH - 1 or i == n_particles - 1:
            couple(program, numbers, features)
            particles = cells.order[i - lane : i + 1]
            for f in range(len(features)):
                for k in range(len(particles)):
                    values[particles[k], f] = features[f, k]
    return coincident


@njit(cache=True)
def by_species(cells, index, near, n, starts, vectors, squares):
    """Sort neighbors by species, each filling whole vectors; return how many places they take.

    Those of species z stand at starts[z] to starts[z + 1], with vectors as three rows. Places left
    empty have the length of the cut-off.
    """
    starts[:] = 0
    for j in range(n):
        starts[cells.species[index[j]] + 1] += 1
    for z in range(len(starts) - 1):
        starts[z + 1] = starts[z] + -(-starts[z + 1] // LANES) * LANES
    padded = starts[-1]
    squares[:padded] = cells.cutoff * cells.cutoff
    vectors[: 3 * padded] = 0.0
    free = starts[:-1].copy()
    for j in range(n):
        z = cells.species[index[j]]
        k = free[z]
        free[z] = k + 1
        vectors[k], vectors[padded + k] = near[0, j], near[1, j]
        vectors[2 * padded + k], squares[k] = near[2, j], near[3, j]
    return padded


@njit(cache=True)
def couple(program, numbers, features):
    """Form the products of the sums of a batch of particles, and the features from them."""
    table, results = pointer(numbers), pointer(features)
    weights, ones, others = (
        pointer(program.product_weights), pointer(program.ones), pointer(program.others)
    )
    for p in range(len(program.product_starts) - 1):
        begin, end = program.product_starts[p], program.product_starts[p + 1]
        sum_products(weights, ones, others, begin, end, table, program.species_starts[-1] + p)
    weights, rows = pointer(program.feature_weights), pointer(program.feature_rows)
    for f in range(len(program.feature_starts) - 1):
        begin, end = program.feature_starts[f], program.feature_starts[f + 1]
        sum_rows(weights, rows, begin, end, table, results, f)
