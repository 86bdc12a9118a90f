"""Steps of FIRE with forces of LAMMPS, and the first time step.

A step is that of `_fire_kernel`, written with arrays: here nearly all time is spent on forces.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from cagebreak.seeding import stream
from cagebreak.states._fire_kernel import (
    CONVERGED,
    DOWNHILL,
    DT,
    EXHAUSTED,
    ITERATIONS,
    LARGEST_FORCE,
    MIXING,
    SMALLEST_LARGEST_FORCE,
    FireParameters,
)

Floats = NDArray[np.float64]
ForcesAt = Callable[[Floats], tuple[float, Floats]]
"""Energy and forces at positions, (N, 3)."""

PROBES = 4
"""Random displacements from which curvatures are estimated (chosen)."""

_PROBE = 1e-4  # of each coordinate, in sigma


def descend(
    forces_at: ForcesAt, start: Floats, progress: Floats, fire: FireParameters
) -> tuple[Floats, int]:
    """Take steps of FIRE from `start` (N, 3); return the best positions and the status.

    `progress` changes in place; its entries and the statuses are those of `_fire_kernel`.
    """
    x, velocities, best = start.copy(), np.zeros_like(start), start
    while True:
        forces = forces_at(x)[1]
        progress[LARGEST_FORCE] = np.sqrt((forces**2).sum(axis=1).max())
        if progress[LARGEST_FORCE] < progress[SMALLEST_LARGEST_FORCE]:
            progress[SMALLEST_LARGEST_FORCE] = progress[LARGEST_FORCE]
            best = x.copy()
        if progress[LARGEST_FORCE] <= fire.force_tolerance:
            return best, CONVERGED
        if progress[ITERATIONS] >= fire.max_iterations:
            return best, EXHAUSTED
        progress[ITERATIONS] += 1
        velocities = _turned(velocities, forces, progress, fire)
        velocities += progress[DT] * forces
        steps = progress[DT] * np.sqrt((velocities**2).sum(axis=1))
        velocities *= np.minimum(1, fire.longest_step / np.maximum(steps, 1e-300))[:, None]
        x += progress[DT] * velocities


def _turned(velocities: Floats, forces: Floats, progress: Floats, fire: FireParameters) -> Floats:
    """Adapt time step and mixing to the power F . v; return velocities turned to the forces."""
    if (forces * velocities).sum() > 0:
        along = progress[MIXING] * np.sqrt((velocities**2).sum() / (forces**2).sum())
        turned: Floats = (1 - progress[MIXING]) * velocities + along * forces
        progress[DOWNHILL] += 1
        if progress[DOWNHILL] > fire.delay:
            progress[DT] = min(progress[DT] * fire.growth, fire.largest_dt)
            progress[MIXING] *= fire.mixing_decay
        return turned
    if velocities.any():
        progress[DT] *= fire.cut
    progress[MIXING], progress[DOWNHILL] = fire.first_mixing, 0
    return np.zeros_like(velocities)


def median_curvature(forces_at: ForcesAt, positions: Floats) -> float:
    r"""Return about the median Laplacian of the energy around a particle, in eps / sigma^2.

    With random signs z, the mean of :math:`z_i \cdot (H z)_i` is the trace of the block of particle
    i in the Hessian H. H z is a difference of forces.
    """
    signs = stream(0, "probes").integers(0, 2, (PROBES, *positions.shape)) * 2 - 1
    traces = [
        (z * (forces_at(positions - _PROBE * z)[1] - forces_at(positions + _PROBE * z)[1])).sum(
            axis=1
        )
        / (2 * _PROBE)
        for z in signs
    ]
    return float(np.median(np.mean(traces, axis=0)))
