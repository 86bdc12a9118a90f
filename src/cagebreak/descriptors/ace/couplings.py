r"""Couplings of spherical harmonics to rotational invariants: Wigner 3j symbols.

Harmonics here are real and normalized so that :math:`S_{00} = 1`: :math:`\sqrt{4\pi}` times the
orthonormal ones. Their order is m = 0, cos(phi), sin(phi), cos(2 phi), ...
"""

from fractions import Fraction
from functools import cache
from math import copysign, factorial, sqrt

import numpy as np
from numpy.typing import NDArray


def wigner_3j(l1: int, l2: int, l3: int, m1: int, m2: int, m3: int) -> float:
    """Return a Wigner 3j symbol, by Racah's formula in exact integers."""
    if m1 + m2 + m3 != 0 or not abs(l1 - l2) <= l3 <= l1 + l2:
        return 0.0
    if abs(m1) > l1 or abs(m2) > l2 or abs(m3) > l3:
        return 0.0
    square = Fraction(
        factorial(l1 + l2 - l3) * factorial(l1 - l2 + l3) * factorial(l2 + l3 - l1),
        factorial(l1 + l2 + l3 + 1),
    )
    for l, m in ((l1, m1), (l2, m2), (l3, m3)):
        square *= factorial(l + m) * factorial(l - m)
    total = Fraction(0)
    for t in range(max(0, l2 - l3 - m1, l1 - l3 + m2), min(l1 + l2 - l3, l1 - m1, l2 + m2) + 1):
        total += Fraction(
            (-1) ** t,
            factorial(t)
            * factorial(l3 - l2 + t + m1)
            * factorial(l3 - l1 + t - m2)
            * factorial(l1 + l2 - l3 - t)
            * factorial(l1 - t - m1)
            * factorial(l2 - t + m2),
        )
    return float((-1) ** (l1 - l2 - m3) * copysign(sqrt(square * total**2), total))


@cache
def real_coupling(l1: int, l2: int, l3: int) -> NDArray[np.float64]:
    """Return the Wigner 3j symbols in the basis of real harmonics.

    The contraction with three vectors of harmonics is their only combination that is invariant
    under rotations. It is invariant under reflections too, if l1 + l2 + l3 is even.

    Returns
    -------
    (2 l1 + 1, 2 l2 + 1, 2 l3 + 1) array
        Read-only and cached.
    """
    complex_form = np.zeros((2 * l1 + 1, 2 * l2 + 1, 2 * l3 + 1))
    for m1 in range(-l1, l1 + 1):
        for m2 in range(max(-l2, -l3 - m1), min(l2, l3 - m1) + 1):
            place = (l1 + m1, l2 + m2, l3 - m1 - m2)
            complex_form[place] = wigner_3j(l1, l2, l3, m1, m2, -m1 - m2)
    coupling = np.einsum(
        "abc,ai,bj,ck->ijk", complex_form, _to_complex(l1), _to_complex(l2), _to_complex(l3)
    ).real
    coupling[np.abs(coupling) < 1e-14] = 0.0
    coupling.flags.writeable = False
    return coupling


def product_coefficient(l1: int, l2: int, l3: int) -> float:
    r"""Return c for harmonics of one direction, :math:`\sum C S_{l_1} S_{l_2} = c S_{l_3}`.

    C are the couplings of `real_coupling`.
    """
    return sqrt((2 * l1 + 1) * (2 * l2 + 1) / (2 * l3 + 1)) * wigner_3j(l1, l2, l3, 0, 0, 0)


def _to_complex(l: int) -> NDArray[np.complex128]:
    """Return the matrix from real to complex harmonics, m = -l to l."""
    matrix = np.zeros((2 * l + 1, 2 * l + 1), complex)
    matrix[l, 0] = 1.0
    for m in range(1, l + 1):
        cosine, sine = 2 * m - 1, 2 * m
        # The real harmonics of the kernel have no Condon-Shortley phase.
        matrix[l + m, cosine], matrix[l + m, sine] = (-1) ** m / sqrt(2), (-1) ** m * 1j / sqrt(2)
        matrix[l - m, cosine], matrix[l - m, sine] = 1 / sqrt(2), -1j / sqrt(2)
    return matrix
