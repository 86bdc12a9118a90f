"""Kernels of the bond order parameters q_lm: spherical harmonics and their sums over shells.

`angular.Angular` has the equations.
"""

import numpy as np

from cagebreak._compile import njit
from cagebreak._neighbor_kernel import counting_sort, gather
from cagebreak.descriptors._shell_kernel import weight

# Sums run over blocks of harmonics and shells, and over neighbors in full vectors of 8 numbers.
ROWS, SHELLS, LANES = 4, 2, 8


@njit(fastmath={"reassoc", "contract"}, error_model="numpy")
def angular(cells, r, width, first_bin, last_bin, n_bins, row_degree, values):
    """Write q_l(r, width) to columns (l, shell): of harmonics, or of Fourier modes in a plane.

    Neighbors are sorted into `n_bins` bins of distance. A block of shells sums over the neighbors
    in the bins `first_bin` to `last_bin` of its shells only. `row_degree` holds the index of the l
    of each row of `harmonics` or `fourier_modes`, or -1 if that l has no column.
    """
    n_shells, n_rows = len(r), len(row_degree)
    planar = cells.dimension == 2
    l_max = n_rows // 2 if planar else int(np.sqrt(n_rows)) - 1
    n_blocks = -(-n_shells // SHELLS)
    y_rows, w_rows = -(-n_rows // ROWS) * ROWS, n_blocks * SHELLS
    capacity = -(-cells.capacity // LANES) * LANES
    index, near = np.empty(cells.capacity, np.int64), np.empty((4, cells.capacity))
    keys, order = np.empty_like(index), np.empty_like(index)
    starts = np.empty(n_bins + 1, np.int64)
    first, last = np.empty(n_blocks, np.int64), np.empty(n_blocks, np.int64)
    unit_buffer, distance = scratch(3 * capacity), scratch(capacity)
    y_buffer, w_buffer = scratch(y_rows * capacity), scratch(w_rows * capacity)
    y_buffer[:] = w_buffer[:] = 0.0
    sums = np.empty((y_rows, w_rows))
    inverse_norm = np.empty(n_shells)
    shell_blocks = np.zeros(y_rows // ROWS, np.int64)
    for c in range(n_rows):
        if row_degree[c] >= 0:
            shell_blocks[c // ROWS] = n_blocks
    for i in range(len(cells.x)):
        n = gather(cells, i, index, near)
        for j in range(n):
            near[3, j] = np.sqrt(near[3, j])
            keys[j] = min(int(near[3, j] * (n_bins / cells.cutoff)), n_bins - 1)
        counting_sort(keys[:n], starts, order)

        padded = -(-n // LANES) * LANES
        unit, y_lm = compact(unit_buffer, 3, padded), compact(y_buffer, y_rows, padded)
        weights = compact(w_buffer, w_rows, padded)
        for j in range(n):
            d = near[3, order[j]]
            distance[j] = d
            for a in range(3):
                unit[a, j] = near[a, order[j]] / d
        distance[n:padded], unit[:, n:] = np.inf, 0.0
        if planar:
            fourier_modes(unit, l_max, y_lm)
        else:
            harmonics(unit, l_max, y_lm)

        for b in range(n_blocks):
            shells = range(b * SHELLS, min((b + 1) * SHELLS, n_shells))
            start, stop = n, 0
            for k in shells:
                start = min(start, starts[first_bin[k]])
                stop = max(stop, starts[last_bin[k] + 1])
            first[b] = start // LANES * LANES
            last[b] = max(first[b], -(-stop // LANES) * LANES)
            for k in shells:
                factor, row, norm = np.sqrt(0.5) / width[k], weights[k], 0.0
                for j in range(first[b], last[b]):
                    z = (distance[j] - r[k]) * factor
                    row[j] = weight(z * z)
                # A separate loop. One that also writes is vectorized or not depending on where its
                # arrays lie in memory, which would change the rounding of the sum.
                for j in range(first[b], last[b]):
                    norm += row[j]
                inverse_norm[k] = 1 / norm if norm > 0 else 0.0
        shell_sums(y_lm, weights, first, last, shell_blocks, sums)

        out = values[cells.order[i]]
        out[:] = 0.0
        for c in range(n_rows):
            if row_degree[c] < 0:
                continue
            total = out[row_degree[c] * n_shells : (row_degree[c] + 1) * n_shells]
            part = sums[c]
            for k in range(n_shells):
                total[k] += part[k] * part[k]
        for start in range(0, len(out), n_shells):
            total = out[start : start + n_shells]
            for k in range(n_shells):
                total[k] = np.sqrt(total[k]) * inverse_norm[k]


@njit
def scratch(n):
    """Return an array of n numbers that begins at a cache line: vectors across two are slow."""
    buffer = np.empty(n + LANES)
    start = -(buffer.ctypes.data // buffer.itemsize) % LANES
    return buffer[start : start + n]


@njit
def compact(buffer, n_rows, n):
    """Return the beginning of a buffer as contiguous rows of length n, which suits the cache."""
    return buffer[: n_rows * n].reshape(n_rows, n)


@njit(fastmath={"contract"})
def harmonics(unit, l_max, values):
    """Write the real spherical harmonics of unit vectors, sqrt(4 pi / (2l + 1)) Y_lm.

    The rows of l begin at l^2: first m = 0, then for each m > 0 the harmonics with cos(m phi) and
    sin(m phi). A harmonic is P_lm(z) / sin(theta)^m times the real or imaginary part of
    (x + iy)^m, which is smooth at the poles. The two harmonics of m = l follow from those of
    l - 1. All others follow from the recurrence of P_lm, which is stable upwards in l.
    """
    x, y, z = unit[0], unit[1], unit[2]
    n = len(x)
    values[0] = 1.0
    if l_max > 0:
        for k in range(3):
            new, old = values[1 + k], unit[(k + 2) % 3]
            for j in range(n):
                new[j] = old[j]
    # Each loop writes one array: with more, a compiler cannot tell that they do not overlap.
    for l in range(2, l_max + 1):
        scale = np.sqrt((2 * l - 1) / (2 * l))
        cosine, sine = values[l * l - 2], values[l * l - 1]
        new = values[(l + 1) ** 2 - 2]
        for j in range(n):
            new[j] = scale * (x[j] * cosine[j] - y[j] * sine[j])
        new = values[(l + 1) ** 2 - 1]
        for j in range(n):
            new[j] = scale * (x[j] * sine[j] + y[j] * cosine[j])
        for k in range(2 * l - 1):
            m = (k + 1) // 2
            # For m = l - 1, b is 0, so that the row of another l does not contribute.
            a = (2 * l - 1) / np.sqrt(l**2 - m**2)
            b = np.sqrt(((l - 1) ** 2 - m**2) / (l**2 - m**2))
            new, old, older = values[l**2 + k], values[(l - 1) ** 2 + k], values[(l - 2) ** 2 + k]
            for j in range(n):
                new[j] = a * z[j] * old[j] - b * older[j]


@njit(fastmath={"contract"})
def fourier_modes(unit, l_max, values):
    """Write cos(l phi) and sin(l phi) of unit vectors in a plane to two rows for each l from 1."""
    x, y = unit[0], unit[1]
    n = len(x)
    for k in range(2):
        new, old = values[k], unit[k]
        for j in range(n):
            new[j] = old[j]
    for l in range(2, l_max + 1):
        cosine, sine = values[2 * l - 4], values[2 * l - 3]
        new = values[2 * l - 2]
        for j in range(n):
            new[j] = x[j] * cosine[j] - y[j] * sine[j]
        new = values[2 * l - 1]
        for j in range(n):
            new[j] = x[j] * sine[j] + y[j] * cosine[j]


@njit(fastmath={"reassoc", "contract"})
def shell_sums(values, weights, first, last, shell_blocks, sums):
    """Write sum_j values[c, j] weights[k, j], with j from first[b] to last[b] for block b of k.

    Each block of rows is combined with its first `shell_blocks` blocks of shells. Blocks of 4 rows
    and 2 shells keep 8 sums in registers and use each loaded number at least twice.
    """
    for b in range(len(first)):
        k, start, stop = b * SHELLS, first[b], last[b]
        w0, w1 = weights[k, start:stop], weights[k + 1, start:stop]
        for c in range(0, len(values), ROWS):
            if b >= shell_blocks[c // ROWS]:
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
