"""Slow, obvious twins of particles with a diameter each."""

from itertools import product

import numpy as np

from naive.descriptors import images, reach, weights


def contact(a, b, nonadditivity):
    return (a + b) / 2 * (1 - nonadditivity * abs(a - b))


def overlap(configuration, nonadditivity=0.0):
    """Return whether any two spheres, or images of one, overlap."""
    diameters = configuration.diameters
    for i in range(len(configuration)):
        index, vectors = images(configuration, i, diameters.max())
        contacts = contact(diameters[i], diameters[index], nonadditivity)
        if (np.linalg.norm(vectors, axis=1) < contacts).any():
            return True
    return False


def soft(x):
    """Return the smoothed energy of two particles at x = r / sigma_ij < 1.25."""
    c = 1.25
    rows = [[1, c**2, c**4], [0, 2 * c, 4 * c**3], [0, 2, 12 * c**2]]
    even = np.linalg.solve(rows, [-(c**-12), 12 * c**-13, -156 * c**-14])
    return x**-12 + even @ [1, x**2, x**4]


def energy(configuration, model):
    """Return the energy of all pairs and their images."""
    diameters, total = configuration.diameters, 0.0
    d = configuration.dimension
    shifts = np.array(list(product((-1, 0, 1), repeat=d)))
    shifts = np.pad(shifts, ((0, 0), (0, 3 - d))) @ configuration.box.matrix
    positions = configuration.wrapped
    for i in range(len(configuration)):
        for j in range(len(configuration)):
            for shift in shifts:
                r = np.linalg.norm(positions[j] + shift - positions[i])
                if r == 0:
                    continue
                x = r / contact(diameters[i], diameters[j], model.sizes.nonadditivity)
                if x < 1.25:
                    total += soft(x) / 2
    return total


def radial_diameter(configuration, i, r, width):
    """Return the sums of the diameters of the neighbors of particle i in each shell."""
    index, vectors = images(configuration, i, reach(r, width))
    return configuration.diameters[index] @ weights(np.linalg.norm(vectors, axis=1), r, width)
