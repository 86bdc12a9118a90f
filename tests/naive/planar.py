"""Slow, obvious twins in two dimensions."""

from itertools import product

import numpy as np


def images(configuration, i, cutoff):
    """Return index and vector, (M, 2), of each image nearer to particle i than the cut-off."""
    lattice = configuration.box.matrix[:2, :2]
    positions = configuration.wrapped[:, :2]
    n = int(np.ceil(cutoff / configuration.box.heights[:2].min())) + 1
    index, vectors = [], []
    for a, b in product(range(-n, n + 1), repeat=2):
        for j in range(len(positions)):
            vector = positions[j] - positions[i] + a * lattice[0] + b * lattice[1]
            if np.linalg.norm(vector) < cutoff and (j != i or a or b):
                index.append(j)
                vectors.append(vector)
    return np.array(index, dtype=int), np.array(vectors).reshape(-1, 2)


def radial(configuration, i, r, width, n_species):
    index, vectors = images(configuration, i, max(r) + 7 * max(width))
    weights = _weights(vectors, r, width)
    of = configuration.species[index]
    return np.concatenate([weights[of == s].sum(axis=0) for s in range(n_species)])


def angular(configuration, i, orders, r, width):
    _, vectors = images(configuration, i, max(r) + 7 * max(width))
    weights = _weights(vectors, r, width)
    phi = np.arctan2(vectors[:, 1], vectors[:, 0])
    total = np.where(weights.sum(axis=0) > 0, weights.sum(axis=0), 1)
    return np.concatenate([np.abs(np.exp(1j * l * phi) @ weights / total) for l in orders])


def _weights(vectors, r, width):
    distance = np.linalg.norm(vectors, axis=1)[:, None]
    weights = np.exp(-((distance - np.array(r)) ** 2) / (2 * np.array(width) ** 2))
    return np.where(weights < 1e-8, 0, weights)


def sann(configuration, i):
    """Return the distances of the solid-angle neighbors, ascending."""
    reach = 3 * np.sqrt(configuration.box.volume / len(configuration))
    distances = np.sort(np.linalg.norm(images(configuration, i, reach)[1], axis=1))
    for m in range(3, len(distances)):
        # A neighbor at r fills an angle of 2 arccos(r / R) of a circle of radius R.
        if 2 * np.arccos(distances[:m] / distances[m]).sum() >= 2 * np.pi:
            return distances[:m]
    raise AssertionError("too short a reach")


def cell(configuration, i):
    """Return perimeter and area of the Voronoi cell: a large square, cut by every bisector."""
    reach = 5 * np.sqrt(configuration.box.volume / len(configuration))
    corners = reach * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    for vector in images(configuration, i, reach)[1]:
        corners = _clipped(corners, vector)
    edges = np.roll(corners, -1, axis=0) - corners
    x, y = corners.T
    area = (x * np.roll(y, -1) - y * np.roll(x, -1)).sum() / 2
    return np.linalg.norm(edges, axis=1).sum(), area


def _clipped(corners, vector):
    """Return the part of a convex polygon nearer to the origin than to a point."""
    beyond = corners @ vector - vector @ vector / 2
    kept = []
    for k in range(len(corners)):
        after = (k + 1) % len(corners)
        if beyond[k] <= 0:
            kept.append(corners[k])
        if beyond[k] * beyond[after] < 0:
            share = beyond[k] / (beyond[k] - beyond[after])
            kept.append(corners[k] + share * (corners[after] - corners[k]))
    return np.array(kept)


def d2min(reference, displacements, i, cutoff):
    index, vectors = images(reference, i, cutoff)
    later = displacements[index, :2] - displacements[i, :2]
    fit = np.linalg.lstsq(vectors, later, rcond=None)[0]
    return ((later - vectors @ fit) ** 2).sum()


def energy(configuration, model, u):
    """Return the energy of all pairs; u(r, a, b) is that of one within its cut-off."""
    total, cutoffs = 0.0, model.pair.cutoffs
    for i in range(len(configuration)):
        index, vectors = images(configuration, i, cutoffs.max())
        for j, vector in zip(index, vectors, strict=True):
            a, b = configuration.species[i], configuration.species[j]
            r = np.linalg.norm(vector)
            if r < cutoffs[a, b]:
                total += u(r, a, b) / 2
    return total
