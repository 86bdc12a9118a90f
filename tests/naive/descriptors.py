"""Slow, obvious twins of the neighbor table and the descriptors."""

from itertools import product

import numpy as np
from scipy.special import sph_harm_y

TAIL = 1e-8


def images(configuration, i, cutoff):
    """Return index and vector of each image nearer to particle i than the cut-off."""
    box = configuration.box
    counts = np.ceil(cutoff / box.heights).astype(int) + 1
    found = []
    for shift in product(*[range(-n, n + 1) for n in counts]):
        vectors = configuration.wrapped - configuration.wrapped[i] + np.array(shift) @ box.matrix
        near = np.linalg.norm(vectors, axis=1) < cutoff
        if shift == (0, 0, 0):
            near[i] = False
        found += [(j, vectors[j]) for j in np.flatnonzero(near)]
    index = np.array([j for j, _ in found], dtype=int)
    return index, np.array([v for _, v in found]).reshape(-1, 3)


def weights(distance, r, width):
    w = np.exp(-((distance[:, None] - np.array(r)) ** 2) / (2 * np.array(width) ** 2))
    return np.where(w < TAIL, 0, w)


def reach(r, width):
    return np.max(np.array(r) + np.array(width) * np.sqrt(-2 * np.log(TAIL)))


def radial(configuration, i, r, width, n_species):
    index, vectors = images(configuration, i, reach(r, width))
    w = weights(np.linalg.norm(vectors, axis=1), r, width)
    of = configuration.species[index]
    return np.concatenate([w[of == s].sum(axis=0) for s in range(n_species)])


def angular(configuration, i, orders, r, width):
    _, vectors = images(configuration, i, reach(r, width))
    distance = np.linalg.norm(vectors, axis=1)
    w = weights(distance, r, width)
    theta = np.arctan2(np.hypot(vectors[:, 0], vectors[:, 1]), vectors[:, 2])
    phi = np.arctan2(vectors[:, 1], vectors[:, 0])
    z = w.sum(axis=0)
    q = []
    for order in orders:
        m = np.arange(-order, order + 1)[:, None]
        q_lm = sph_harm_y(order, m, theta, phi) @ w / np.where(z > 0, z, 1)
        q.append(np.sqrt(4 * np.pi / (2 * order + 1) * (abs(q_lm) ** 2).sum(axis=0)))
    return np.concatenate(q)


def averaging_matrix(configuration, r_c):
    """Return the dense matrix that takes a generation to the next."""
    n = len(configuration)
    matrix = np.eye(n)
    for i in range(n):
        index, vectors = images(configuration, i, r_c)
        np.add.at(matrix[i], index, np.exp(-np.linalg.norm(vectors, axis=1) / r_c))
    return matrix / matrix.sum(axis=1, keepdims=True)
