"""The bonds of chains, one after the other in double precision.

Rows of neighbors include bonded particles. What a bond adds is spring and repulsion less the pair
potential, as in `cagebreak.potentials._bond_kernel`. Where repulsion and pair potential differ by a
constant, that is the force of the spring: no large number is subtracted from a rounded one.
"""

from cagebreak._compile import njit
from cagebreak.leapfrog._state import OPTIONS
from cagebreak.potentials._bond_kernel import (
    EXTENT_SQUARED,
    energy,
    force_over_distance,
    spring_over_distance,
)
from cagebreak.potentials._pair_kernel import parameters

NO_BOND = -1


@njit(inline="always")
def separation(bonds, x, bond):
    """Return both particles of a bond, the vector to the first, in steps, and r^2, in sigma^2."""
    i, j = bonds.places[bonds.first[bond]], bonds.places[bonds.second[bond]]
    # Unwrapped positions of a chain are whole from the start.
    u, v, w = x[i, 0] - x[j, 0], x[i, 1] - x[j, 1], x[i, 2] - x[j, 2]
    r2 = 0.0
    for d in range(3):
        length = u * bonds.matrix[0, d] + v * bonds.matrix[1, d] + w * bonds.matrix[2, d]
        r2 += length * length
    return i, j, u, v, w, r2


@njit(inline="always")
def pair_of(bonds, bond):
    """Return the numbers of the pair potential of bonded particles."""
    one, other = bonds.species[bonds.first[bond]], bonds.species[bonds.second[bond]]
    return parameters(bonds.table, one, other)


@njit(**OPTIONS)
def add_bond_forces(bonds, x, f):
    """Add what bonds add to the forces; return `NO_BOND`, or the first that is too long."""
    for bond in range(len(bonds.first)):
        i, j, u, v, w, r2 = separation(bonds, x, bond)
        if not r2 < bonds.numbers[EXTENT_SQUARED]:
            return bond
        if r2 < bonds.common:
            force = spring_over_distance(r2, bonds.numbers)
        else:
            force = force_over_distance(bonds.form, r2, bonds.numbers, pair_of(bonds, bond))
        f[i, 0] += force * u
        f[i, 1] += force * v
        f[i, 2] += force * w
        f[j, 0] -= force * u
        f[j, 1] -= force * v
        f[j, 2] -= force * w
    return NO_BOND


@njit(**OPTIONS)
def bond_sums(bonds, x):
    """Return the sums over bonds of what they add to u and to -u'(r) r, in eps."""
    total, virial = 0.0, 0.0
    for bond in range(len(bonds.first)):
        r2, pair = separation(bonds, x, bond)[5], pair_of(bonds, bond)
        total += energy(bonds.form, r2, bonds.numbers, pair)
        virial += force_over_distance(bonds.form, r2, bonds.numbers, pair) * r2
    return total, virial
