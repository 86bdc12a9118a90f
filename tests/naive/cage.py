"""Slow, obvious twins of the solid-angle neighbors and of the constrained Monte Carlo."""

import numpy as np

from naive.descriptors import images


def sann(configuration, i):
    """Return indices of and vectors to the solid-angle neighbors of particle i, nearest first."""
    cutoff = 1.0
    while True:
        index, vectors = images(configuration, i, cutoff)
        distances = np.linalg.norm(vectors, axis=1)
        order = np.argsort(distances)
        r = distances[order]
        for m in range(3, len(r)):
            if r[:m].sum() / (m - 2) <= r[m]:
                return index[order[:m]], vectors[order[:m]]
        cutoff *= 1.3


def philox(counter, key):
    """Philox4x32-10 in Python integers."""
    (c0, c1, c2, c3), (k0, k1), low = counter, key, 2**32 - 1
    for _ in range(10):
        p0, p1 = c0 * 0xD2511F53, c2 * 0xCD9E8D57
        c0, c1, c2, c3 = (p1 >> 32) ^ c1 ^ k0, p1 & low, (p0 >> 32) ^ c3 ^ k1, p0 & low
        k0, k1 = (k0 + 0x9E3779B9) & low, (k1 + 0xBB67AE85) & low
    return c0, c1, c2, c3


def in_voronoi(diameters, i, index, vectors, displacement):
    """Whether a point, seen from particle i, lies in its size-weighted cell among neighbors."""
    own = np.linalg.norm(displacement) / diameters[i]
    others = np.linalg.norm(displacement - vectors, axis=1) / diameters[index]
    return bool((own < others).all())


def sweep(configuration, order, positions, key, number, step, inside, weight):
    """Move all particles once, in place; returns who was accepted and who was kept by the cell.

    `inside(i, displacement)` is the cell, `weight(i, positions)` the Boltzmann factor's exponent
    U / kT of particle i, infinite where spheres overlap.
    """
    accepted, blocked = np.zeros((2, len(order)), bool)
    for turn, i in enumerate(order):
        bits = np.array(philox((turn, number, 0, 0), key), float)
        trial = positions.copy()
        trial[i] += ((bits[:3] + 0.5) / 2**31 - 1) * step
        if not inside(i, trial[i] - configuration.unwrapped[i]):
            blocked[i] = True
            continue
        cost = weight(i, trial) - weight(i, positions)
        if (bits[3] + 0.5) / 2**32 < np.exp(min(-cost, 0)):
            positions[:] = trial
            accepted[i] = True
    return accepted, blocked


def depth(faces, u):
    """How far a point lies within the nearest of all walls; `faces` are those of a cell."""
    square = (u**2).sum()
    return min(f[3] + f[4] * square - f[:3] @ u for f in faces)


def fly(faces, displacement, velocity, duration, n_steps=4000):
    """Free flight in a cell in tiny steps: one that would lead out is reflected instead."""
    u, v, dt = displacement.copy(), velocity.copy(), duration / n_steps
    for _ in range(n_steps):
        if depth(faces, u + dt * v) <= 0:
            shifts = 1e-7 * np.eye(3)
            normal = np.array([depth(faces, u + e) - depth(faces, u - e) for e in shifts])
            normal /= np.linalg.norm(normal)
            v = v - 2 * (v @ normal) * normal
        u += dt * v
    return u, v
