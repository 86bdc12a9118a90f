"""Bonds: the contribution of one, and sums over bonds.

Sums over pairs include bonded ones. The contribution of a bond is therefore spring and repulsion
*less* the pair potential. The functions of one bond take r^2, the row of
`cagebreak.potentials.bonds.bond_row` and that of the pair's species (`_pair_kernel.parameters`).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cagebreak._compile import njit
from cagebreak.potentials import _pair_kernel as pair
from cagebreak.potentials._pair_kernel import CUTOFF_SQUARED, OPTIONS, parameters


class BondTable(NamedTuple):
    """The bonds of a configuration."""

    first: NDArray[np.int64]
    """(B,)"""
    second: NDArray[np.int64]
    """(B,), the next in the chain."""
    vectors: NDArray[np.float64]
    """(B, 3), from the first to the nearest image of the second, in sigma."""


# Columns of a row: k, R_0^2, and of the repulsion its end squared, 4 eps and sigma^6.
STIFFNESS, EXTENT_SQUARED, CORE_SQUARED, FOUR_EPSILON, SIGMA_6 = range(5)


@njit(**OPTIONS)
def energy(form, r2, b, p):
    """Return the contribution of a bond to u(r); NaN if it is longer than R_0."""
    u = -0.5 * b[STIFFNESS] * b[EXTENT_SQUARED] * np.log(1 - r2 / b[EXTENT_SQUARED])
    if r2 < b[CORE_SQUARED]:
        s6 = b[SIGMA_6] / (r2 * r2 * r2)
        u += b[FOUR_EPSILON] * (s6 * (s6 - 1) + 0.25)
    if r2 < p[CUTOFF_SQUARED]:
        u -= pair.energy(form, r2, p)
    return u


@njit(**OPTIONS)
def spring_over_distance(r2, b):
    """Return the contribution of the spring alone to -u'(r)/r."""
    return -b[STIFFNESS] / (1 - r2 / b[EXTENT_SQUARED])


@njit(**OPTIONS)
def force_over_distance(form, r2, b, p):
    """Return the contribution of a bond to -u'(r)/r."""
    f = spring_over_distance(r2, b)
    if r2 < b[CORE_SQUARED]:
        s6 = b[SIGMA_6] / (r2 * r2 * r2)
        f += 6 * b[FOUR_EPSILON] * s6 * (2 * s6 - 1) / r2
    if r2 < p[CUTOFF_SQUARED]:
        f -= pair.force_over_distance(form, r2, p)
    return f


@njit(**OPTIONS)
def laplacian(form, r2, b, p):
    """Return the contribution of a bond to u''(r) + 2u'(r)/r."""
    rest = 1 - r2 / b[EXTENT_SQUARED]
    trace = b[STIFFNESS] * (2 + rest) / (rest * rest)
    if r2 < b[CORE_SQUARED]:
        s6 = b[SIGMA_6] / (r2 * r2 * r2)
        trace += b[FOUR_EPSILON] * s6 * (132 * s6 - 30) / r2
    if r2 < p[CUTOFF_SQUARED]:
        trace -= pair.laplacian(form, r2, p)
    return trace


@njit(**OPTIONS)
def add_sums(bonds, species, form, table, b, energies, forces, laplacians):
    """Add the bonds to each particle's half of the energy, its force and its Laplacian."""
    for k in range(len(bonds.first)):
        i, j = bonds.first[k], bonds.second[k]
        x, y, z = bonds.vectors[k]
        p = parameters(table, species[i], species[j])
        r2 = x * x + y * y + z * z
        half = energy(form, r2, b, p) / 2
        f = force_over_distance(form, r2, b, p)
        trace = laplacian(form, r2, b, p)
        energies[i] += half
        energies[j] += half
        laplacians[i] += trace
        laplacians[j] += trace
        for a, part in enumerate((x, y, z)):
            forces[i, a] -= f * part
            forces[j, a] += f * part


@njit(**OPTIONS)
def add_virial(bonds, species, form, table, b, result):
    """Add the sum over bonds of u'(r) r_a r_b / r to `result` (3, 3)."""
    for k in range(len(bonds.first)):
        vector = bonds.vectors[k]
        p = parameters(table, species[bonds.first[k]], species[bonds.second[k]])
        r2 = vector[0] ** 2 + vector[1] ** 2 + vector[2] ** 2
        slope = -force_over_distance(form, r2, b, p)
        for a in range(3):
            for c in range(3):
                result[a, c] += slope * vector[a] * vector[c]
