"""Random trial moves: the counter-based generator Philox4x32-10.

:cite:`Salmon2011`.
The four numbers of a trial are a function of the key, the particle and the
sweep alone. They do not depend on the order of the work.
"""

import numpy as np

from cagebreak._compile import njit

_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_MULTIPLIER_0, _MULTIPLIER_1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_WEYL_0, _WEYL_1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_ROUNDS = 10


@njit(inline="always")
def philox(c0, c1, c2, c3, k0, k1):
    """Return four random 32-bit numbers for a counter of four and a key of two, as uint64."""
    for _ in range(_ROUNDS):
        p0 = c0 * _MULTIPLIER_0
        p1 = c2 * _MULTIPLIER_1
        c0, c1, c2, c3 = (p1 >> _HALF) ^ c1 ^ k0, p1 & _LOW, (p0 >> _HALF) ^ c3 ^ k1, p0 & _LOW
        k0 = (k0 + _WEYL_0) & _LOW
        k1 = (k1 + _WEYL_1) & _LOW
    return c0, c1, c2, c3


@njit(inline="always")
def _signed(bits):
    """Return 32 random bits as one of the 2^32 evenly spaced numbers between -1 and 1."""
    return (np.float64(np.int64(bits)) + 0.5) * 2.0**-31 - 1.0


@njit
def draw_trials(key, sweep, first, last, steps, moves, chances):
    """Write the trial moves and chances of particles `first` to `last` in one sweep.

    A move (3, ...) is uniform in the parallelepiped spanned by plus and minus the rows of `steps`,
    rounded to integers. Opposite moves have exactly the same probability. A chance is uniform in
    (0, 1).
    """
    k0, k1 = key[0], key[1]
    low, high = np.uint64(sweep) & _LOW, np.uint64(sweep) >> _HALF
    for k in range(last - first):
        a, b, c, d = philox(np.uint64(first + k), low, high, np.uint64(0), k0, k1)
        x, y, z = _signed(a), _signed(b), _signed(c)
        moves[0, k] = np.int32(np.rint(x * steps[0, 0] + y * steps[1, 0] + z * steps[2, 0]))
        moves[1, k] = np.int32(np.rint(x * steps[0, 1] + y * steps[1, 1] + z * steps[2, 1]))
        moves[2, k] = np.int32(np.rint(x * steps[0, 2] + y * steps[1, 2] + z * steps[2, 2]))
        chances[k] = np.float32((np.float64(np.int64(d)) + 0.5) * 2.0**-32)
