"""Kernels of D2min: the best affine fit to each particle's neighbors, and its residuals."""

import numpy as np

from cagebreak._compile import njit

SINGULAR = 1e-10
"""Neighbors span no volume if det V is less than this share of (tr V / 3)^3."""


@njit(nogil=True)
def invert(offsets, vectors, dimension, inverses):
    """Write the inverse of V = sum d d^T over each particle's neighbors; pseudo-inverse if flat.

    In two dimensions V is given an entry along z, where nothing is, that does not matter.
    """
    v = np.empty((3, 3))
    for i in range(len(offsets) - 1):
        v[:] = 0.0
        for k in range(offsets[i], offsets[i + 1]):
            for a in range(3):
                for b in range(3):
                    v[a, b] += vectors[k, a] * vectors[k, b]
        if dimension == 2:
            v[2, 2] = (v[0, 0] + v[1, 1]) / 2
        c00 = v[1, 1] * v[2, 2] - v[1, 2] * v[1, 2]
        c01 = v[0, 2] * v[1, 2] - v[0, 1] * v[2, 2]
        c02 = v[0, 1] * v[1, 2] - v[0, 2] * v[1, 1]
        determinant = v[0, 0] * c00 + v[0, 1] * c01 + v[0, 2] * c02
        size = (v[0, 0] + v[1, 1] + v[2, 2]) / 3
        if size == 0.0:
            inverses[i] = 0.0
        elif determinant < SINGULAR * size**3:
            pseudo_inverse = np.linalg.pinv(v, SINGULAR)
            for a in range(3):
                for b in range(3):
                    inverses[i, a, b] = pseudo_inverse[a, b]
        else:
            inverses[i, 0, 0] = c00
            inverses[i, 0, 1] = inverses[i, 1, 0] = c01
            inverses[i, 0, 2] = inverses[i, 2, 0] = c02
            inverses[i, 1, 1] = v[0, 0] * v[2, 2] - v[0, 2] * v[0, 2]
            inverses[i, 1, 2] = inverses[i, 2, 1] = v[0, 1] * v[0, 2] - v[0, 0] * v[1, 2]
            inverses[i, 2, 2] = v[0, 0] * v[1, 1] - v[0, 1] * v[0, 1]
            for a in range(3):
                for b in range(3):
                    inverses[i, a, b] /= determinant


@njit(nogil=True)
def residuals(offsets, neighbors, vectors, inverses, displacements, result):
    """Write the sum over neighbors of the squared residuals of the best affine fit.

    With u the displacement of the neighbor at d relative to the particle, the fit is u = d A,
    A = V^-1 sum d^T u.
    """
    w, fit = np.empty((3, 3)), np.empty((3, 3))
    for i in range(len(offsets) - 1):
        w[:] = 0.0
        for k in range(offsets[i], offsets[i + 1]):
            j = neighbors[k]
            for b in range(3):
                u = displacements[j, b] - displacements[i, b]
                for a in range(3):
                    w[a, b] += vectors[k, a] * u
        for a in range(3):
            for b in range(3):
                fit[a, b] = (
                    inverses[i, a, 0] * w[0, b]
                    + inverses[i, a, 1] * w[1, b]
                    + inverses[i, a, 2] * w[2, b]
                )
        total = 0.0
        for k in range(offsets[i], offsets[i + 1]):
            j = neighbors[k]
            for b in range(3):
                left = displacements[j, b] - displacements[i, b]
                for a in range(3):
                    left -= vectors[k, a] * fit[a, b]
                total += left * left
        result[i] = total
