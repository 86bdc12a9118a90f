"""Gaussian weights of the soft shells, fast enough for inner loops."""

from math import factorial

import numpy as np

from cagebreak._compile import njit

# Weights below exp(-TAIL) = 1e-8 are set to zero.
TAIL = np.log(1e8)

C2, C3, C4, C5, C6 = (1 / factorial(k) for k in range(2, 7))
C7, C8, C9, C10, C11 = (1 / factorial(k) for k in range(7, 12))


@njit(fastmath={"contract"})
def weight(exponent):
    """Return exp(-exponent), or 0 if that is less than exp(-TAIL).

    The Taylor series at 1/64 of the argument is squared six times. Its relative error is below
    1e-13. A compiler can vectorize this arithmetic, unlike the exp of the C library.
    """
    t = exponent * (-1 / 64)
    series = C8 + t * (C9 + t * (C10 + t * C11))
    series = C4 + t * (C5 + t * (C6 + t * (C7 + t * series)))
    value = 1 + t * (1 + t * (C2 + t * (C3 + t * series)))
    value *= value
    value *= value
    value *= value
    value *= value
    value *= value
    value *= value
    return value if exponent < TAIL else 0.0
