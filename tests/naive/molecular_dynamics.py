"""Slow, obvious twin of molecular dynamics: velocity Verlet over all pairs and images."""

import numpy as np

from naive.potentials import sums


def run(start, model, time_step, n_steps):
    """Return unwrapped positions and velocities (N, 3) after some steps."""
    masses = np.asarray(model.masses)[start.species][:, None]
    x, v = start.positions.copy(), start.velocities.copy()
    force = sums(start, model.pair, model.bonds)[1]
    for _ in range(n_steps):
        v += time_step / 2 * force / masses
        x += time_step * v
        force = sums(start.replace(positions=x), model.pair, model.bonds)[1]
        v += time_step / 2 * force / masses
    return x, v
