"""Hard spheres the obvious way: all pairs, all near images, one event at a time."""

from itertools import product

import numpy as np

IMAGES = np.array(list(product((-1, 0, 1), repeat=3)))


def contact_times(positions, velocities, radii, edges):
    """Time to contact of every pair, (N, N), over all near images; infinite if they do not meet."""
    n = len(positions)
    result = np.full((n, n), np.inf)
    for i in range(n):
        for j in range(i):
            d = positions[i] - positions[j]
            d = d - edges * np.rint(d / edges) + IMAGES * edges
            v = velocities[i] - velocities[j]
            b, v2 = d @ v, v @ v
            gap = (d**2).sum(axis=1) - (radii[i] + radii[j]) ** 2
            discriminant = b**2 - v2 * gap
            meets = (b < 0) & (discriminant > 0)
            if meets.any():
                root = np.sqrt(discriminant[meets])
                result[i, j] = max(((-b[meets] - root) / v2).min(), 0)
    return result


def run(positions, velocities, radii, masses, edges, duration):
    """Return positions (unwrapped), velocities, collisions and the virial after `duration`."""
    positions, velocities = positions.copy(), velocities.copy()
    time, collisions, virial = 0.0, 0, 0.0
    while True:
        times = contact_times(positions, velocities, radii, edges)
        i, j = np.unravel_index(times.argmin(), times.shape)
        step = min(times[i, j], duration - time)
        positions += velocities * step
        time += step
        if step < times[i, j]:
            return positions, velocities, collisions, virial
        d = positions[i] - positions[j]
        d -= edges * np.rint(d / edges)
        normal = d / np.linalg.norm(d)
        reduced = masses[i] * masses[j] / (masses[i] + masses[j])
        momentum = 2 * reduced * (velocities[i] - velocities[j]) @ normal * normal
        velocities[i] -= momentum / masses[i]
        velocities[j] += momentum / masses[j]
        collisions += 1
        virial -= momentum @ d
