"""Slow, obvious twin of the atomic cluster expansion, with complex spherical harmonics."""

from functools import cache
from itertools import permutations

import numpy as np
from numpy.polynomial import Polynomial
from scipy.optimize import brentq
from scipy.special import eval_legendre, sph_harm_y

from cagebreak.descriptors.ace.couplings import wigner_3j
from naive.descriptors import images

SPECIES = "ABCDEFG"


def radial(r, n, r_cut, r0=None, envelope=1):
    """R_n as Rottler and Ortner 2024 print it, eq. 3; `a` found by search."""
    unit = r_cut if r0 is None else r0

    def y(s, a):
        return (1 + s**3) / (1 + s**3 + a * s**4)

    a = steepest((1.0 if r0 is None else r0) / unit)
    y_cut = y(r_cut / unit, a)
    x = 1 - (y(r / unit, a) - y_cut) / (y(0, a) - y_cut) * (1 - r**4 / r_cut**4)
    return (x - 1) ** envelope * np.sqrt(2 * n - 1) * eval_legendre(n - 1, 2 * x - 1)


@cache
def steepest(s):
    """Return the a for which |y'| is largest at s: y'' = 0, from the quotient of polynomials."""

    def numerator(a):
        p, q = Polynomial([1, 0, 0, 1]), Polynomial([1, 0, 0, 1, a])
        first = p.deriv() * q - p * q.deriv()
        return (first.deriv() * q - 2 * first * q.deriv())(s)

    return brentq(numerator, 1e-2, 1e4, xtol=1e-13, rtol=1e-14)


def harmonics(vectors, l):
    """sqrt(4 pi) Y_lm, (M, 2 l + 1)."""
    theta = np.arctan2(np.hypot(vectors[:, 0], vectors[:, 1]), vectors[:, 2])
    phi = np.arctan2(vectors[:, 1], vectors[:, 0])
    m = np.arange(-l, l + 1)
    return np.sqrt(4 * np.pi) * sph_harm_y(l, m, theta[:, None], phi[:, None])


@cache
def invariant(l):
    """Return what couples harmonics of these degrees, by the formulas of the paper."""
    if len(l) == 1:
        return np.ones(1)
    sizes = [2 * one + 1 for one in l]
    coupling = np.zeros(sizes)
    for place in np.ndindex(*sizes):
        m = [k - one for k, one in zip(place, l, strict=True)]
        if len(l) == 2:
            coupling[place] = (-1) ** m[0] * (m[0] == -m[1])
        else:
            coupling[place] = wigner_3j(*l, *m)
    return coupling


def features(configuration, i, labels, r_cut, distinct, r0=None, envelope=1):
    """Return features as sums over all tuples of neighbors, or over distinct ones only."""
    index, vectors = images(configuration, i, r_cut)
    r, species = np.linalg.norm(vectors, axis=1), configuration.species[index]

    @cache
    def function(z, n, l):
        values = radial(r, n, r_cut, r0, envelope) * (species == SPECIES.index(z))
        return values[:, None] * harmonics(vectors, l)

    found = []
    for label in labels:
        n, l = (tuple(map(int, text.split(","))) for text in (label.ns, label.ls))
        slots = [function(*slot) for slot in zip(label.species, n, l, strict=True)]
        if distinct:
            tuples = list(permutations(range(len(index)), len(slots)))
            chosen = np.array(tuples).reshape(-1, len(slots))
        else:
            slots = [slot.sum(axis=0, keepdims=True) for slot in slots]
            chosen = np.zeros((1, len(slots)), int)
        factors = [slot[column] for slot, column in zip(slots, chosen.T, strict=True)]
        letters = "abc"[: len(slots)]
        sums = ",".join([letters, *("t" + letter for letter in letters)]) + "->"
        found.append(np.einsum(sums, invariant(l), *factors).real)
    return np.array(found)
