"""Kernel of density modes: sums of exp(i k r) over particles, for many wave vectors of a box."""

import numpy as np

from cagebreak._compile import njit

CHUNK = 256
"""Particles at a time, whose powers of exp(2 pi i s) stay in the cache."""


@njit(nogil=True, fastmath={"reassoc", "contract"})
def add_modes(fractions, weights, rows, cosines, sines):
    """Add sums over particles of w exp(2 pi i n s) to the modes of rows of wave vectors n.

    A row (x, y, first, last, place) has the wave vectors (x, y, first), ..., (x, y, last); the mode
    of the first is at `place`. x is not negative.
    """
    top_x, top_y, top_z = 0, 0, 0
    for r in range(len(rows)):
        top_x = max(top_x, rows[r, 0])
        top_y = max(top_y, abs(rows[r, 1]))
        top_z = max(top_z, -rows[r, 2], rows[r, 3])
    x_real, x_imag = np.empty((top_x + 1, CHUNK)), np.empty((top_x + 1, CHUNK))
    y_real, y_imag = np.empty((2 * top_y + 1, CHUNK)), np.empty((2 * top_y + 1, CHUNK))
    z_real, z_imag = np.empty((2 * top_z + 1, CHUNK)), np.empty((2 * top_z + 1, CHUNK))
    real, imag = np.empty(CHUNK), np.empty(CHUNK)
    for begin in range(0, len(fractions), CHUNK):
        size = min(CHUNK, len(fractions) - begin)
        _powers(fractions[begin : begin + size, 0], top_x, 0, x_real, x_imag)
        _powers(fractions[begin : begin + size, 1], top_y, top_y, y_real, y_imag)
        _powers(fractions[begin : begin + size, 2], top_z, top_z, z_real, z_imag)
        for n in range(top_x + 1):
            for p in range(size):
                x_real[n, p] *= weights[begin + p]
                x_imag[n, p] *= weights[begin + p]
        for r in range(len(rows)):
            x, y, place = rows[r, 0], rows[r, 1] + top_y, rows[r, 4]
            for p in range(size):
                real[p] = x_real[x, p] * y_real[y, p] - x_imag[x, p] * y_imag[y, p]
                imag[p] = x_real[x, p] * y_imag[y, p] + x_imag[x, p] * y_real[y, p]
            for z in range(rows[r, 2] + top_z, rows[r, 3] + top_z + 1):
                cosine, sine = 0.0, 0.0
                for p in range(size):
                    cosine += real[p] * z_real[z, p] - imag[p] * z_imag[z, p]
                    sine += real[p] * z_imag[z, p] + imag[p] * z_real[z, p]
                cosines[place] += cosine
                sines[place] += sine
                place += 1


@njit(nogil=True, fastmath={"contract"})
def _powers(fractions, top, zero, real, imag):
    """Write exp(2 pi i n s) for n from -`zero` to `top`, which is at `zero` + `top`."""
    size = len(fractions)
    for p in range(size):
        real[zero, p], imag[zero, p] = 1.0, 0.0
    if top == 0:
        return
    for p in range(size):
        angle = 2.0 * np.pi * fractions[p]
        real[zero + 1, p], imag[zero + 1, p] = np.cos(angle), np.sin(angle)
    # Particles are the inner loop, which takes several at once.
    for n in range(2, top + 1):
        for p in range(size):
            a, b = real[zero + n - 1, p], imag[zero + n - 1, p]
            c, s = real[zero + 1, p], imag[zero + 1, p]
            real[zero + n, p] = a * c - b * s
            imag[zero + n, p] = a * s + b * c
    for n in range(1, zero + 1):
        for p in range(size):
            real[zero - n, p], imag[zero - n, p] = real[zero + n, p], -imag[zero + n, p]
