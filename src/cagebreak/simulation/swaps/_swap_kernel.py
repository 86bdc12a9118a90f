"""Kernels of swaps: the diameters of two particles are exchanged, or kept, by Metropolis' rule."""

import numpy as np

from cagebreak._compile import njit
from cagebreak.potentials._pair_kernel import CUTOFF_SQUARED, contact_of, energy, parameters


@njit(inline="always")
def _energy_with(i, other, size, offsets, neighbors, squares, diameters, eta, form, p):
    """Return the energy of particle i with a diameter, but for its pairs with one other particle.

    These do not change when the two exchange diameters.
    """
    total = 0.0
    for k in range(offsets[i], offsets[i + 1]):
        j = neighbors[k]
        if j == other:
            continue
        contact = contact_of(size, size if j == i else diameters[j], eta)
        r2 = squares[k] / (contact * contact)
        if r2 < p[CUTOFF_SQUARED]:
            # A pair with an image of itself is in its row twice.
            total += energy(form, r2, p) * (0.5 if j == i else 1.0)
    return total


@njit(nogil=True)
def swap(pairs, chances, offsets, neighbors, squares, diameters, eta, form, table, beta):
    """Attempt to exchange the diameters of each pair of particles; return how many were.

    `squares` are the squared distances of the neighbors, (M,); `diameters` change in place. A
    swap is accepted if its chance, uniform in (0, 1), is below exp(-beta dU).
    """
    p = parameters(table, 0, 0)
    accepted = 0
    for k in range(len(pairs)):
        i, j = pairs[k, 0], pairs[k, 1]
        a, b = diameters[i], diameters[j]
        if i == j or a == b:
            continue
        change = 0.0
        for one, other, before, after in ((i, j, a, b), (j, i, b, a)):
            change += _energy_with(
                one, other, after, offsets, neighbors, squares, diameters, eta, form, p
            )
            change -= _energy_with(
                one, other, before, offsets, neighbors, squares, diameters, eta, form, p
            )
        if change <= 0 or chances[k] < np.exp(-beta * change):
            diameters[i], diameters[j] = b, a
            accepted += 1
    return accepted


@njit(inline="always")
def _fits(i, other, size, offsets, neighbors, squares, diameters, eta):
    """Return whether sphere i with a diameter overlaps no sphere but for one other.

    The distance of contact with that one does not change when the two exchange diameters.
    """
    for k in range(offsets[i], offsets[i + 1]):
        j = neighbors[k]
        if j == other:
            continue
        contact = contact_of(size, size if j == i else diameters[j], eta)
        if squares[k] < contact * contact:
            return False
    return True


@njit(nogil=True)
def swap_hard(pairs, offsets, neighbors, squares, diameters, eta):
    """Attempt to exchange the diameters of each pair of hard spheres; return how many were.

    A swap is accepted if no spheres overlap after it.
    """
    accepted = 0
    for k in range(len(pairs)):
        i, j = pairs[k, 0], pairs[k, 1]
        a, b = diameters[i], diameters[j]
        if i == j or a == b:
            continue
        # The sphere that grows is the one that may not fit.
        one, other = (i, j) if a < b else (j, i)
        small, large = min(a, b), max(a, b)
        if _fits(one, other, large, offsets, neighbors, squares, diameters, eta) and _fits(
            other, one, small, offsets, neighbors, squares, diameters, eta
        ):
            diameters[i], diameters[j] = b, a
            accepted += 1
    return accepted
