"""Kernels of the angular descriptors: spherical harmonics and their sums over shells."""

import numpy as np
from numba import njit

from cagebreak._neighbor_kernel import counting_sort, gather
from cagebreak.descriptors._shell_kernel import weight

# Rows of harmonics and shells are summed in blocks, and neighbors in full vectors of 8 numbers.
ROWS, SHELLS, LANES = 4, 2, 8


@njit(cache=True, fastmath={"reassoc", "contract"}, error_model="numpy")
def angular(cells, r, width, first_bin, last_bin, n_bins, rows, row_degree, values):
    """Write q_l(r, width) to columns (l, shell); return the number of coincident neighbors.

    Neighbors are sorted by distance into `n_bins` bins, so that a block of shells needs only
    those in its shells' bins `first_bin` to `last_bin`. `rows` is as in `harmonics`; `row_degree`
    tells for each row the place of its l.
    """
    n_shells, n_rows = len(r), len(row_degree)
    n_blocks = -(-n_shells // SHELLS)
    y_rows, w_rows = -(-n_rows // ROWS) * ROWS, n_blocks * SHELLS
    capacity = -(-cells.capacity // LANES) * LANES
    index, near = np.empty(cells.capacity, np.int64), np.empty((4, cells.capacity))
    keys, order = np.empty_like(index), np.empty_like(index)
    starts = np.empty(n_bins + 1, np.int64)
    first, last = np.empty(n_blocks, np.int64), np.empty(n_blocks, np.int64)
    unit_buffer, scratch_buffer = np.empty(3 * capacity), np.empty(6 * capacity)
    y_buffer, w_buffer = np.zeros(y_rows * capacity), np.zeros(w_rows * capacity)
    distance = np.empty(capacity)
    sums = np.empty((y_rows, w_rows))
    inverse_norm = np.empty(n_shells)
    wanted = np.full(y_rows // ROWS, n_blocks)
    coincident = 0
    for i in range(len(cells.x)):
        n = gather(cells, i, index, near)
        for j in range(n):
            near[3, j] = np.sqrt(near[3, j])
            keys[j] = min(int(near[3, j] * (n_bins / cells.cutoff)), n_bins - 1)
        counting_sort(keys[:n], starts, order)

        padded = -(-n // LANES) * LANES
        unit, scratch = compact(unit_buffer, 3, padded), compact(scratch_buffer, 6, padded)
        y_lm, weights = compact(y_buffer, y_rows, padded), compact(w_buffer, w_rows, padded)
        for j in range(n):
            d = near[3, order[j]]
            coincident += d == 0
            distance[j] = d
            for a in range(3):
                unit[a, j] = near[a, order[j]] / d
        distance[n:padded], unit[:, n:] = np.inf, 0.0
        harmonics(unit, rows, scratch, y_lm)

        for b in range(n_blocks):
            shells = range(b * SHELLS, min((b + 1) * SHELLS, n_shells))
            start, stop = n, 0
            for k in shells:
                start = min(start, starts[first_bin[k]])
                stop = max(stop, starts[last_bin[k] + 1])
            first[b] = start // LANES * LANES
            last[b] = max(first[b], -(-stop // LANES) * LANES)
            for k in shells:
                factor = np.sqrt(0.5) / width[k]
                norm = 0.0
                for j in range(first[b], last[b]):
                    z = (distance[j] - r[k]) * factor
                    w = weight(z * z)
                    weights[k, j] = w
                    norm += w
                inverse_norm[k] = 1 / norm if norm > 0 else 0.0
        shell_sums(y_lm, weights, first, last, wanted, sums)

        out = values[cells.order[i]]
        out[:] = 0.0
        for c in range(n_rows):
            total = out[row_degree[c] * n_shells : (row_degree[c] + 1) * n_shells]
            part = sums[c]
            for k in range(n_shells):
                total[k] += part[k] * part[k]
        for start in range(0, len(out), n_shells):
            total = out[start : start + n_shells]
            for k in range(n_shells):
                total[k] = np.sqrt(total[k]) * inverse_norm[k]
    return coincident


@njit(cache=True)
def compact(buffer, n_rows, n):
    """Return the beginning of a buffer as rows of length n, close together for the cache's sake."""
    return buffer[: n_rows * n].reshape(n_rows, n)


@njit(cache=True, fastmath={"contract"})
def harmonics(unit, rows, scratch, values):
    """Write the real spherical harmonics of unit vectors, sqrt(4 pi / (2l + 1)) Y_lm.

    Row ``rows[l, m]`` takes the harmonic with cos(m phi), for m > 0 the next row that with
    sin(m phi); rows[l, m] < 0 leaves it out. The harmonics are P_lm(z) times the real and
    imaginary part of (x + iy)^m, where P solves a recurrence that is stable upwards in l and, as
    sin(theta)^m stays with the other factor, smooth at the poles.
    """
    x, y, z = unit[0], unit[1], unit[2]
    cosine, sine, next_cosine, next_sine = scratch[0], scratch[1], scratch[2], scratch[3]
    old, new = scratch[4], scratch[5]
    n, l_max = len(x), len(rows) - 1
    p_mm = 1.0
    # A loop writes one array only: with more a compiler does not see that none overlap.
    for m in range(l_max + 1):
        if m == 0:
            cosine[:n], sine[:n] = 1.0, 0.0
        else:
            p_mm *= np.sqrt(2.0 if m == 1 else 1.0) * np.sqrt((2 * m - 1) / (2 * m))
            for j in range(n):
                next_cosine[j] = x[j] * cosine[j] - y[j] * sine[j]
            for j in range(n):
                next_sine[j] = x[j] * sine[j] + y[j] * cosine[j]
            cosine, next_cosine = next_cosine, cosine
            sine, next_sine = next_sine, sine
        old[:n], new[:n] = 0.0, p_mm
        for l in range(m, l_max + 1):
            if rows[l, m] >= 0:
                real = values[rows[l, m]]
                for j in range(n):
                    real[j] = new[j] * cosine[j]
                if m > 0:
                    imaginary = values[rows[l, m] + 1]
                    for j in range(n):
                        imaginary[j] = new[j] * sine[j]
            scale = 1 / np.sqrt((l + 1) ** 2 - m**2)
            a, b = (2 * l + 1) * scale, np.sqrt(l**2 - m**2) * scale
            for j in range(n):
                old[j] = a * z[j] * new[j] - b * old[j]
            old, new = new, old


@njit(cache=True, fastmath={"reassoc", "contract"})
def shell_sums(values, weights, first, last, wanted, sums):
    """Write sum_j values[c, j] weights[k, j], j from first[b] to last[b] of the shells' block b.

    Of each block of rows only the first so many blocks of shells are wanted. Blocks of 4 rows and 2
    shells keep 8 sums in registers and use each loaded number twice or more.
    """
    for b in range(len(first)):
        k, start, stop = b * SHELLS, first[b], last[b]
        w0, w1 = weights[k, start:stop], weights[k + 1, start:stop]
        for c in range(0, len(values), ROWS):
            if b >= wanted[c // ROWS]:
                continue
            v0, v1 = values[c, start:stop], values[c + 1, start:stop]
            v2, v3 = values[c + 2, start:stop], values[c + 3, start:stop]
            s00 = s01 = s10 = s11 = s20 = s21 = s30 = s31 = 0.0
            for j in range(len(w0)):
                s00 += v0[j] * w0[j]
                s01 += v0[j] * w1[j]
                s10 += v1[j] * w0[j]
                s11 += v1[j] * w1[j]
                s20 += v2[j] * w0[j]
                s21 += v2[j] * w1[j]
                s30 += v3[j] * w0[j]
                s31 += v3[j] * w1[j]
            sums[c, k], sums[c, k + 1] = s00, s01
            sums[c + 1, k], sums[c + 1, k + 1] = s10, s11
            sums[c + 2, k], sums[c + 2, k + 1] = s20, s21
            sums[c + 3, k], sums[c + 3, k + 1] = s30, s31
