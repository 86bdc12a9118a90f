"""Kernel of density modes: sums of exp(i k r) over particles, for many wave vectors of a box."""

import math

import numpy as np

from cagebreak._compile import njit

CHUNK = 256
"""Particles at a time, whose powers of exp(2 pi i s) stay in the cache."""

COSINE = np.array([(-1.0) ** k / math.factorial(2 * k) for k in range(9)])
SINE = np.array([(-1.0) ** k / math.factorial(2 * k + 1) for k in range(9)])
"""Coefficients of powers of the squared angle."""


@njit(nogil=True, fastmath={"reassoc", "contract"})
def add_modes(fractions, weights, rows, cosines, sines):
    """Add sums over particles of w exp(2 pi i n s) to the modes of rows of wave vectors n.

    A row (x, y, first, last, plus, minus) has the wave vectors (x, y, first), ..., (x, y, last), of
    which the modes are from `plus` on, and (x, y, -first), ..., (x, y, -last), from `minus` on
    downward. Either place is -1 if there are none. x and `first` are not negative.
    """
    top_x, top_y, top_z = 0, 0, 0
    for r in range(len(rows)):
        top_x = max(top_x, rows[r, 0])
        top_y = max(top_y, abs(rows[r, 1]))
        top_z = max(top_z, rows[r, 3])
    x_real, x_imag = np.empty((top_x + 1, CHUNK)), np.empty((top_x + 1, CHUNK))
    y_real, y_imag = np.empty((top_y + 1, CHUNK)), np.empty((top_y + 1, CHUNK))
    z_real, z_imag = np.empty((top_z + 1, CHUNK)), np.empty((top_z + 1, CHUNK))
    real, imag = np.empty(CHUNK), np.empty(CHUNK)
    for begin in range(0, len(fractions), CHUNK):
        size = min(CHUNK, len(fractions) - begin)
        _powers(fractions[begin : begin + size, 0], top_x, x_real, x_imag)
        _powers(fractions[begin : begin + size, 1], top_y, y_real, y_imag)
        _powers(fractions[begin : begin + size, 2], top_z, z_real, z_imag)
        for n in range(top_x + 1):
            for p in range(size):
                x_real[n, p] *= weights[begin + p]
                x_imag[n, p] *= weights[begin + p]
        for r in range(len(rows)):
            x, y, first = rows[r, 0], abs(rows[r, 1]), rows[r, 2]
            sign = 1.0 if rows[r, 1] >= 0 else -1.0
            plus, minus = rows[r, 4], rows[r, 5]
            for p in range(size):
                y_part = sign * y_imag[y, p]
                real[p] = x_real[x, p] * y_real[y, p] - x_imag[x, p] * y_part
                imag[p] = x_real[x, p] * y_part + x_imag[x, p] * y_real[y, p]
            for z in range(first, rows[r, 3] + 1):
                # The same four sums give the modes of z and of -z.
                real_real, imag_imag, real_imag, imag_real = 0.0, 0.0, 0.0, 0.0
                for p in range(size):
                    real_real += real[p] * z_real[z, p]
                    imag_imag += imag[p] * z_imag[z, p]
                    real_imag += real[p] * z_imag[z, p]
                    imag_real += imag[p] * z_real[z, p]
                if plus >= 0:
                    cosines[plus + z - first] += real_real - imag_imag
                    sines[plus + z - first] += imag_real + real_imag
                if minus >= 0 and z > 0:
                    cosines[minus - z + first] += real_real + imag_imag
                    sines[minus - z + first] += imag_real - real_imag


@njit(inline="always")
def _turned(share):
    """Return the cosine and the sine of a share of a turn, to rounding.

    Taylor series, which several particles take at once, are cut off at the rounding of 1/8 turn.
    """
    quarters = np.rint(4.0 * share)
    angle = 2.0 * np.pi * (share - 0.25 * quarters)
    square = angle * angle
    cosine, sine = COSINE[-1], SINE[-1]
    for k in range(2, len(SINE) + 1):
        cosine, sine = cosine * square + COSINE[-k], sine * square + SINE[-k]
    sine *= angle
    quarter = int(quarters) & 3
    if quarter & 1:
        cosine, sine = -sine, cosine
    return (-cosine, -sine) if quarter & 2 else (cosine, sine)


@njit(nogil=True, fastmath={"contract"})
def _powers(fractions, top, real, imag):
    """Write exp(2 pi i n s) for n from 0 to `top`."""
    size = len(fractions)
    for p in range(size):
        real[0, p], imag[0, p] = 1.0, 0.0
    if top == 0:
        return
    for p in range(size):
        real[1, p], imag[1, p] = _turned(fractions[p])
    # Particles are the inner loop, which takes several at once.
    for n in range(2, top + 1):
        for p in range(size):
            a, b = real[n - 1, p], imag[n - 1, p]
            c, s = real[1, p], imag[1, p]
            real[n, p] = a * c - b * s
            imag[n, p] = a * s + b * c
