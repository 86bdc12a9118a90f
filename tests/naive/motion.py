"""Slow twins of the dynamic functions: loops over particles and pairs."""

import numpy as np


def kept_shares(start, displacements, near, far):
    """Share of the neighbors at the start that are still nearer than `far`, (N,)."""
    n, shares = len(start), np.ones(len(start))
    for i in range(n):
        vectors = start.box.minimum_image(start.positions - start.positions[i])
        neighbors = [j for j in range(n) if j != i and np.linalg.norm(vectors[j]) < near]
        now = [vectors[j] + displacements[j] - displacements[i] for j in neighbors]
        if neighbors:
            shares[i] = np.mean([np.linalg.norm(vector) < far for vector in now])
    return shares


def cage_relative(start, displacements, near):
    """Length of each displacement relative to the mean of its neighbors', (N,)."""
    n, lengths = len(start), np.empty(len(start))
    for i in range(n):
        vectors = start.box.minimum_image(start.positions - start.positions[i])
        neighbors = [j for j in range(n) if j != i and np.linalg.norm(vectors[j]) < near]
        mean = np.mean(displacements[neighbors], axis=0) if neighbors else np.zeros(3)
        lengths[i] = np.linalg.norm(displacements[i] - mean)
    return lengths


def van_hove_distinct(start, displacements, edges):
    """The distinct van Hove function over the density, (S, S, R), from every pair."""
    n, species = len(start), start.species
    s = start.n_species
    counts, possible = np.zeros((s, s, len(edges) - 1)), np.zeros((s, s))
    for i in range(n):
        for j in range(n):
            if i == j:
                continue
            vector = start.positions[j] + displacements[j] - start.positions[i]
            length = np.linalg.norm(start.box.minimum_image(vector))
            counts[species[i], species[j]] += np.histogram([length], edges)[0]
            possible[species[i], species[j]] += 1
    volumes = 4 / 3 * np.pi * np.diff(np.asarray(edges) ** 3)
    ideal = possible[:, :, None] * volumes / start.box.volume
    return np.divide(counts, ideal, out=np.zeros_like(counts), where=ideal > 0)
