"""Slow, obvious twins of energies that are no sum over pairs within a cut-off."""

import itertools

import numpy as np
from scipy.special import erfc

COULOMB = 14.399645
"""e^2 / (4 pi eps_0), in eV Angstrom, as LAMMPS has it."""


def pairs(positions, edge, cutoff):
    """Return i, j and the distance of all pairs in a cube and its images, each in both orders."""
    reach = int(np.ceil(cutoff / edge)) + 1
    shifts = np.array(list(itertools.product(range(-reach, reach + 1), repeat=3))) * edge
    apart = positions[None, :, None] - positions[:, None, None] + shifts
    distances = np.sqrt((apart**2).sum(axis=-1))
    i, j, k = np.nonzero((distances > 0) & (distances < cutoff))
    return i, j, distances[i, j, k]


def embedded(positions, species, edge, cutoff, density, embedding, pair):
    """Return the energy of each atom: the embedding of its density, and half of its pairs.

    `density` and `pair` are functions of species, species and distance.
    """
    i, j, r = pairs(positions, edge, cutoff)
    rho, energies = np.zeros((2, len(positions)))
    np.add.at(rho, i, density(species[i], species[j], r))
    np.add.at(energies, i, pair(species[i], species[j], r) / 2)
    return energies + embedding(rho)


def charged(positions, charges, edge, alpha=0.5, largest=7):
    """Return the energy of charges in a periodic cube by the sum of Ewald, in eV and Angstrom."""
    i, j, r = pairs(positions, edge, 12.0)
    real = (charges[i] * charges[j] * erfc(alpha * r) / r).sum() / 2
    n = np.array(list(itertools.product(range(-largest, largest + 1), repeat=3)))
    k = 2 * np.pi / edge * n[n.any(axis=1)]
    squares = (k**2).sum(axis=1)
    waves = np.abs(np.exp(1j * positions @ k.T).T @ charges) ** 2
    reciprocal = 2 * np.pi / edge**3 * (np.exp(-squares / (4 * alpha**2)) / squares * waves).sum()
    itself = alpha / np.sqrt(np.pi) * (charges**2).sum()
    return COULOMB * (real + reciprocal - itself)
