"""Kernels of the atomic cluster expansion: sums over neighbors, and invariants of the sums."""

import numpy as np
from numba import njit

from cagebreak._neighbor_kernel import counting_sort, gather
from cagebreak.descriptors._angular_kernel import LANES, ROWS, compact, harmonics, shell_sums

# Invariants are formed for so many particles at once.
BATCH = 8


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
    n_species, n_harmonics, n_functions = program.place.shape
    y_rows, r_rows = len(program.n_of_block) * ROWS, program.n_of_block.max()
    # Neighbors of each species fill vectors of their own.
    capacity = (-(-cells.capacity // LANES) + n_species) * LANES
    index, near = np.empty(cells.capacity, np.int64), np.empty((4, cells.capacity))
    keys, order = np.empty_like(index), np.empty_like(index)
    starts = np.empty(n_species + 1, np.int64)
    unit_buffer, scratch_buffer = np.empty(3 * capacity), np.empty(4 * capacity)
    y_buffer, r_buffer = np.zeros(y_rows * capacity), np.empty(r_rows * capacity)
    distance = np.empty(capacity)
    first, last = np.empty(r_rows // 2, np.int64), np.empty(r_rows // 2, np.int64)
    sums = np.empty((y_rows, r_rows))
    numbers = np.zeros((program.n_sums + len(program.pair_starts) - 1, BATCH))
    numbers[0] = 1.0
    terms = np.empty((len(program.term_rows), BATCH))
    coincident = 0
    n_particles = len(cells.x)
    for i in range(n_particles):
        n = gather(cells, i, index, near)
        for j in range(n):
            keys[j] = cells.species[index[j]]
        counting_sort(keys[:n], starts, order)
        padded = 0
        for z in range(n_species):
            padded += -(-(starts[z + 1] - starts[z]) // LANES) * LANES
        unit, scratch = compact(unit_buffer, 3, padded), compact(scratch_buffer, 4, padded)
        y_lm, radial = compact(y_buffer, y_rows, padded), compact(r_buffer, r_rows, padded)
        unit[:], distance[:padded] = 0.0, cells.cutoff
        begin = 0
        for z in range(n_species):
            for k in range(starts[z], starts[z + 1]):
                j, slot = order[k], begin + k - starts[z]
                d = np.sqrt(near[3, j])
                coincident += d == 0
                distance[slot] = d
                for axis in range(3):
                    unit[axis, slot] = near[axis, j] / d
            begin += -(-(starts[z + 1] - starts[z]) // LANES) * LANES
        radial_functions(distance[:padded], cells.cutoff, r_s, a, envelope, radial)
        harmonics(unit, program.harmonic_rows, scratch, y_lm)

        lane, begin = i % BATCH, 0
        for z in range(n_species):
            end = begin + -(-(starts[z + 1] - starts[z]) // LANES) * LANES
            first[:], last[:] = begin, end
            for b in range(len(program.n_of_block)):
                c, m = b * ROWS, program.n_of_block[b]
                shell_sums(
                    y_lm[c : c + ROWS], radial[:m], first[: m // 2], last[: m // 2],
                    sums[c : c + ROWS],
                )
            for c in range(n_harmonics):
                for k in range(n_functions):
                    row = program.place[z, c, k]
                    if row >= 0:
                        numbers[row, lane] = program.scale[c] * sums[c, k]
            begin = end
        if lane == BATCH - 1 or i == n_particles - 1:
            couple(program, numbers, terms)
            combine(program, terms, cells.order[i - lane : i + 1], values)
    return coincident


@njit(cache=True, fastmath={"contract", "reassoc"})
def couple(program, numbers, terms):
    """Form the pairs and then the terms of a batch of particles."""
    for p in range(len(program.pair_starts) - 1):
        s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = 0.0
        for k in range(program.pair_starts[p], program.pair_starts[p + 1]):
            w = program.pair_weights[k]
            x, y = numbers[program.pair_rows[k, 0]], numbers[program.pair_rows[k, 1]]
            s0 += w * x[0] * y[0]
            s1 += w * x[1] * y[1]
            s2 += w * x[2] * y[2]
            s3 += w * x[3] * y[3]
            s4 += w * x[4] * y[4]
            s5 += w * x[5] * y[5]
            s6 += w * x[6] * y[6]
            s7 += w * x[7] * y[7]
        out = numbers[program.n_sums + p]
        out[0], out[1], out[2], out[3] = s0, s1, s2, s3
        out[4], out[5], out[6], out[7] = s4, s5, s6, s7
    for t in range(len(program.term_rows)):
        one, other, length = program.term_rows[t]
        s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = 0.0
        for m in range(length):
            x, y = numbers[one + m], numbers[other + m]
            s0 += x[0] * y[0]
            s1 += x[1] * y[1]
            s2 += x[2] * y[2]
            s3 += x[3] * y[3]
            s4 += x[4] * y[4]
            s5 += x[5] * y[5]
            s6 += x[6] * y[6]
            s7 += x[7] * y[7]
        out = terms[t]
        out[0], out[1], out[2], out[3] = s0, s1, s2, s3
        out[4], out[5], out[6], out[7] = s4, s5, s6, s7


@njit(cache=True, fastmath={"contract", "reassoc"})
def combine(program, terms, particles, values):
    """Write the features of a batch of particles, each a combination of terms."""
    out = np.empty(BATCH)
    for f in range(len(program.feature_starts) - 1):
        s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = 0.0
        for k in range(program.feature_starts[f], program.feature_starts[f + 1]):
            w, x = program.feature_weights[k], terms[program.feature_terms[k]]
            s0 += w * x[0]
            s1 += w * x[1]
            s2 += w * x[2]
            s3 += w * x[3]
            s4 += w * x[4]
            s5 += w * x[5]
            s6 += w * x[6]
            s7 += w * x[7]
        out[0], out[1], out[2], out[3] = s0, s1, s2, s3
        out[4], out[5], out[6], out[7] = s4, s5, s6, s7
        for lane in range(len(particles)):
            values[particles[lane], f] = out[lane]
