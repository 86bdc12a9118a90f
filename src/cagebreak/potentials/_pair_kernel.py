"""Pair potentials: u(r), -u'(r)/r and u''(r) + 2u'(r)/r of every form, once; and sums over pairs.

The functions of one pair take r^2 and the row of `cagebreak.potentials.pair_table` for its species,
as a tuple (`parameters`). They hold within the cut-off ``p[CUTOFF_SQUARED]`` only: the caller
masks pairs beyond. Literal numbers are of single precision, so that with a table in single
precision all arithmetic is.

Rows of a tabulated potential are longer: the cubic pieces follow the numbers. The tuple therefore
ends with a pointer to the table and the place where the pieces begin.

`form` is one of the integers below. A loop is vectorized if `form` is a constant, not a variable,
and if pairs beyond the cut-off are computed and then dropped, not skipped.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cagebreak._compile import njit
from cagebreak._neighbor_kernel import gather
from cagebreak._simd.vectors import pointer

HARD_LOG, HARMONIC, LENNARD_JONES, LENNARD_JONES_SMOOTH, TABULATED, POWERS = range(6)

# Columns of a row. The first is that of every form.
CUTOFF_SQUARED = 0
# Lennard-Jones, also the smoothed: 4 eps, sigma^6, and the energy at the cut-off.
FOUR_EPSILON, SIGMA_6, SHIFT = 1, 2, 3
# Smoothed: the force is F1 + F2 t + F3 t^2 + F4 t^3 with t = r - INNER, and INNER_U = u at t = 0.
INNER, INNER_U, F1, F2, F3, F4 = 4, 5, 6, 7, 8, 9
# Powers: u = TWELFTH / r^12 - SIXTH / r^6 + ZEROTH + SECOND r^2 + FOURTH r^4.
TWELFTH, SIXTH, ZEROTH, SECOND, FOURTH = 1, 2, 3, 4, 5
# Harmonic and hard spheres: contact distance, and eps / sigma^2 or kT.
SIGMA, STRENGTH = 1, 2
# Hard spheres: cut-off, energy and slope of the logarithm there.
CUTOFF, CUTOFF_U, CUTOFF_SLOPE = 3, 4, 5
# Tabulated: the first distance, 1/h, and the number of the last piece. Piece k has four numbers c:
# u = c_0 + c_1 x + c_2 x^2 + c_3 x^3, where k + x = r/h + OFFSET.
FIRST, PER_LENGTH, OFFSET, LAST_PIECE = 1, 2, 3, 4
N_COLUMNS = 10
# Behind the numbers of the tuple, of every form.
TABLE, PIECES = N_COLUMNS, N_COLUMNS + 1

OPTIONS = {"error_model": "numpy", "fastmath": {"reassoc", "contract"}}


class OwnSizes(NamedTuple):
    """What kernels read of the diameters of particles."""

    diameters: NDArray[np.float64]
    """(N,), in sigma; (0,) if species have diameters."""
    nonadditivity: float
    """eta of `cagebreak.models.model.Sizes`, in 1 / sigma."""


@njit(inline="always")
def parameters(table, a, b):
    """Return the row of the table for species a and b, as a tuple."""
    return (
        table[a, b, 0],
        table[a, b, 1],
        table[a, b, 2],
        table[a, b, 3],
        table[a, b, 4],
        table[a, b, 5],
        table[a, b, 6],
        table[a, b, 7],
        table[a, b, 8],
        table[a, b, 9],
        pointer(table),
        (a * table.shape[1] + b) * table.shape[2] + N_COLUMNS,
    )


@njit(inline="always")
def energy(form, r2, p):
    """Return u(r)."""
    if form == LENNARD_JONES:
        return _lennard_jones_energy(r2, p)
    if form == LENNARD_JONES_SMOOTH:
        return _smooth_energy(r2, p)
    if form == HARMONIC:
        return _harmonic_energy(r2, p)
    if form == TABULATED:
        return _tabulated_energy(r2, p)
    if form == POWERS:
        return _powers_energy(r2, p)
    return _hard_log_energy(r2, p)


@njit(inline="always")
def force_over_distance(form, r2, p):
    """Return -u'(r)/r: times the vector from j to i it is the force on i."""
    if form == LENNARD_JONES:
        return _lennard_jones_force(r2, p)
    if form == LENNARD_JONES_SMOOTH:
        return _smooth_force(r2, p)
    if form == HARMONIC:
        return _harmonic_force(r2, p)
    if form == TABULATED:
        return _tabulated_force(r2, p)
    if form == POWERS:
        return _powers_force(r2, p)
    return _hard_log_force(r2, p)


@njit(inline="always")
def laplacian(form, r2, p):
    """Return u''(r) + 2u'(r)/r: the trace of the second derivatives."""
    if form == LENNARD_JONES:
        return _lennard_jones_laplacian(r2, p)
    if form == LENNARD_JONES_SMOOTH:
        return _smooth_laplacian(r2, p)
    if form == HARMONIC:
        return _harmonic_laplacian(r2, p)
    if form == TABULATED:
        return _tabulated_laplacian(r2, p)
    if form == POWERS:
        return _powers_laplacian(r2, p)
    return _hard_log_laplacian(r2, p)


# 4 eps ((sigma/r)^12 - (sigma/r)^6) - shift


@njit(**OPTIONS)
def _lennard_jones_energy(r2, p):
    s6 = p[SIGMA_6] / (r2 * r2 * r2)
    attraction = p[FOUR_EPSILON] * s6
    return attraction * s6 - attraction - p[SHIFT]


@njit(**OPTIONS)
def _lennard_jones_force(r2, p):
    inverse = np.float32(1) / r2
    s6 = p[SIGMA_6] * inverse * inverse * inverse
    return np.float32(6) * p[FOUR_EPSILON] * s6 * (s6 + s6 - np.float32(1)) * inverse


@njit(**OPTIONS)
def _lennard_jones_laplacian(r2, p):
    inverse = np.float32(1) / r2
    s6 = p[SIGMA_6] * inverse * inverse * inverse
    return p[FOUR_EPSILON] * s6 * (np.float32(132) * s6 - np.float32(30)) * inverse


# Lennard-Jones up to INNER; beyond, a force that goes to zero with its slope, and its integral


@njit(**OPTIONS)
def _smooth_energy(r2, p):
    t = np.sqrt(r2) - p[INNER]
    half, third, quarter = p[F2] / np.float32(2), p[F3] / np.float32(3), p[F4] / np.float32(4)
    outer = p[INNER_U] - t * (p[F1] + t * (half + t * (third + t * quarter)))
    return outer if t > np.float32(0) else _lennard_jones_energy(r2, p)


@njit(**OPTIONS)
def _smooth_force(r2, p):
    r = np.sqrt(r2)
    t = r - p[INNER]
    outer = (p[F1] + t * (p[F2] + t * (p[F3] + t * p[F4]))) / r
    return outer if t > np.float32(0) else _lennard_jones_force(r2, p)


@njit(**OPTIONS)
def _smooth_laplacian(r2, p):
    r = np.sqrt(r2)
    t = r - p[INNER]
    force = p[F1] + t * (p[F2] + t * (p[F3] + t * p[F4]))
    slope = p[F2] + t * (np.float32(2) * p[F3] + t * np.float32(3) * p[F4])
    outer = -slope - np.float32(2) * force / r
    return outer if t > np.float32(0) else _lennard_jones_laplacian(r2, p)


# Powers of r: repulsion, attraction, and an even polynomial that smooths them at the cut-off


@njit(**OPTIONS)
def _powers_energy(r2, p):
    inverse = np.float32(1) / (r2 * r2 * r2)
    even = p[ZEROTH] + r2 * (p[SECOND] + r2 * p[FOURTH])
    return inverse * (inverse * p[TWELFTH] - p[SIXTH]) + even


@njit(**OPTIONS)
def _powers_force(r2, p):
    inverse = np.float32(1) / r2
    r6 = inverse * inverse * inverse
    steep = r6 * (np.float32(12) * r6 * p[TWELFTH] - np.float32(6) * p[SIXTH])
    return steep * inverse - np.float32(2) * p[SECOND] - np.float32(4) * p[FOURTH] * r2


@njit(**OPTIONS)
def _powers_laplacian(r2, p):
    inverse = np.float32(1) / r2
    r6 = inverse * inverse * inverse
    steep = r6 * (np.float32(132) * r6 * p[TWELFTH] - np.float32(30) * p[SIXTH])
    return steep * inverse + np.float32(6) * p[SECOND] + np.float32(20) * p[FOURTH] * r2


# eps (1 - r/sigma)^2


@njit(**OPTIONS)
def _harmonic_energy(r2, p):
    overlap = p[SIGMA] - np.sqrt(r2)
    return p[STRENGTH] * overlap * overlap


@njit(**OPTIONS)
def _harmonic_force(r2, p):
    r = np.sqrt(r2)
    return np.float32(2) * p[STRENGTH] * (p[SIGMA] - r) / r


@njit(**OPTIONS)
def _harmonic_laplacian(r2, p):
    r = np.sqrt(r2)
    return np.float32(2) * p[STRENGTH] * (r - np.float32(2) * (p[SIGMA] - r)) / r


# Cubic pieces of equal length h, from r = 0 or a little below on


@njit(inline="always")
def _piece(r, p):
    """Return where the piece at r begins in the table, and x."""
    t = r * p[PER_LENGTH] + p[OFFSET]
    # Pairs beyond the cut-off are masked, but need a place in the table.
    k = min(np.floor(t), p[LAST_PIECE])
    return p[PIECES] + 4 * np.int64(k), t - k


@njit(inline="always")
def _slope(q, c, x):
    """Return du/dx of the piece that begins at c."""
    return q[c + 1] + x * (np.float32(2) * q[c + 2] + x * np.float32(3) * q[c + 3])


@njit(**OPTIONS)
def _tabulated_energy(r2, p):
    c, x = _piece(np.sqrt(r2), p)
    q = p[TABLE]
    return q[c] + x * (q[c + 1] + x * (q[c + 2] + x * q[c + 3]))


@njit(**OPTIONS)
def _tabulated_force(r2, p):
    r = np.sqrt(r2)
    c, x = _piece(r, p)
    return -p[PER_LENGTH] * _slope(p[TABLE], c, x) / r


@njit(**OPTIONS)
def _tabulated_laplacian(r2, p):
    r = np.sqrt(r2)
    c, x = _piece(r, p)
    q = p[TABLE]
    curvature = np.float32(2) * q[c + 2] + np.float32(6) * x * q[c + 3]
    return p[PER_LENGTH] * (p[PER_LENGTH] * curvature + np.float32(2) * _slope(q, c, x) / r)


# -kT ln(r - sigma), less its tangent at the cut-off; not a number where spheres overlap


@njit(**OPTIONS)
def _hard_log_energy(r2, p):
    r = np.sqrt(r2)
    tangent = p[CUTOFF_U] + (r - p[CUTOFF]) * p[CUTOFF_SLOPE]
    return -p[STRENGTH] * np.log(r - p[SIGMA]) - tangent


@njit(**OPTIONS)
def _hard_log_force(r2, p):
    r = np.sqrt(r2)
    return (p[STRENGTH] / (r - p[SIGMA]) + p[CUTOFF_SLOPE]) / r


@njit(**OPTIONS)
def _hard_log_laplacian(r2, p):
    r = np.sqrt(r2)
    gap = r - p[SIGMA]
    pull = p[STRENGTH] / gap + p[CUTOFF_SLOPE]
    return p[STRENGTH] / (gap * gap) - np.float32(2) * pull / r


@njit(inline="always")
def contact_of(a, b, nonadditivity):
    """Return the contact distance of particles of two diameters."""
    return 0.5 * (a + b) * (1 - nonadditivity * abs(a - b))


@njit(inline="always")
def contact_squared(i, j, sizes):
    """Return the squared unit of distance of a pair: 1 unless particles have their own sizes."""
    if not len(sizes.diameters):
        return 1.0
    contact = contact_of(sizes.diameters[i], sizes.diameters[j], sizes.nonadditivity)
    return contact * contact


@njit(**OPTIONS)
def sums(cells, form, table, dimension, sizes, energies, forces, laplacians):
    """Write each particle's half of the energies of its pairs, its force and its Laplacian.

    Returns the first two particles that overlap, or that coincide if the form has no hard core;
    -1, -1 if there are none.
    """
    index, near = np.empty(cells.capacity, np.int64), np.empty((4, cells.capacity))
    for i in range(len(cells.x)):
        n = gather(cells, i, index, near)
        u, fx, fy, fz, trace = 0.0, 0.0, 0.0, 0.0, 0.0
        for k in range(n):
            p = parameters(table, cells.species[i], cells.species[index[k]])
            unit = contact_squared(cells.order[i], cells.order[index[k]], sizes)
            r2 = near[3, k] / unit
            if r2 >= p[CUTOFF_SQUARED]:
                continue
            contact = p[SIGMA] if form in (HARD_LOG, TABULATED) else 0.0
            if np.sqrt(r2) <= contact:
                return cells.order[i], cells.order[index[k]]
            f = force_over_distance(form, r2, p) / unit
            # The vectors lead from i to its neighbors.
            fx -= f * near[0, k]
            fy -= f * near[1, k]
            fz -= f * near[2, k]
            u += energy(form, r2, p)
            # The Laplacian of three dimensions has u'/r once more than that of two.
            trace += laplacian(form, r2, p) / unit + (3 - dimension) * f
        own = cells.order[i]
        energies[own] = u / 2
        forces[own, 0], forces[own, 1], forces[own, 2] = fx, fy, fz
        laplacians[own] = trace
    return np.int64(-1), np.int64(-1)


@njit(**OPTIONS)
def virial(cells, form, table, sizes, result):
    """Add the sum over pairs of u'(r) r_a r_b / r to `result` (3, 3); returns as `sums` does."""
    index, near = np.empty(cells.capacity, np.int64), np.empty((4, cells.capacity))
    for i in range(len(cells.x)):
        n = gather(cells, i, index, near)
        for k in range(n):
            p = parameters(table, cells.species[i], cells.species[index[k]])
            unit = contact_squared(cells.order[i], cells.order[index[k]], sizes)
            r2 = near[3, k] / unit
            if r2 >= p[CUTOFF_SQUARED]:
                continue
            contact = p[SIGMA] if form in (HARD_LOG, TABULATED) else 0.0
            if np.sqrt(r2) <= contact:
                return cells.order[i], cells.order[index[k]]
            # Every pair is visited twice.
            slope = force_over_distance(form, r2, p) / (-2 * unit)
            for a in range(3):
                for b in range(3):
                    result[a, b] += slope * near[a, k] * near[b, k]
    return np.int64(-1), np.int64(-1)
