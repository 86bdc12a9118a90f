"""Maxwell-Boltzmann velocities, with which every run of an isoconfigurational ensemble starts."""

import math

import numpy as np
from numpy.typing import NDArray

from cagebreak.seeding import Seed, stream


def thermal_velocities(
    masses: NDArray[np.float64], temperature: float, seed: Seed, dimension: int = 3
) -> NDArray[np.float64]:
    """Draw Maxwell-Boltzmann velocities (N, 3): no total momentum, kinetic energy d (N - 1) kT / 2.

    Parameters
    ----------
    masses : (N,) array
    temperature
        kT.
    dimension
        d; of two, velocities along z are 0.
    seed
        See `cagebreak.seeding.stream`; the address is "velocities".
    """
    normal = stream(seed, "velocities").standard_normal((len(masses), 3))
    normal[:, dimension:] = 0.0
    velocities = normal * np.sqrt(temperature / masses)[:, None]
    velocities -= (masses @ velocities) / masses.sum()
    twice_kinetic = (masses[:, None] * velocities**2).sum()
    return velocities * math.sqrt(dimension * (len(masses) - 1) * temperature / twice_kinetic)
