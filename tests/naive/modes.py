"""Density modes, and what is made of them, by one exponential for each particle and wave vector."""

from itertools import product

import numpy as np


def wave_vectors(matrix, low, high):
    """Return every wave vector (K, 3) with low <= |k| < high, of both signs."""
    top = np.ceil(high * np.linalg.norm(matrix, axis=1) / (2 * np.pi)).astype(int)
    indices = np.array(list(product(*(range(-n, n + 1) for n in top))))
    vectors = 2 * np.pi * indices @ np.linalg.inv(matrix).T
    length = np.linalg.norm(vectors, axis=1)
    return vectors[(length >= low) & (length < high) & indices.any(axis=1)]


def modes(positions, weights, vectors):
    """Return the sum of w exp(i k r) for each wave vector, (K,)."""
    return np.array(
        [
            sum(w * np.exp(1j * r @ k) for w, r in zip(weights, positions, strict=True))
            for k in vectors
        ]
    )
