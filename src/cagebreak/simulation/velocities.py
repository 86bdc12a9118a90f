"""Maxwell-Boltzmann velocities, with which every run of an isoconfigurational ensemble starts."""

import math

import numpy as np
from numpy.typing import NDArray

from cagebreak.seeding import Seed, stream


def thermal_velocities(
    masses: NDArray[np.float64], temperature: float, seed: Seed
) -> NDArray[np.float64]:
    """Draw Maxwell-Boltzmann velocities (N, 3): no total momentum, kinetic energy 3 (N - 1) kT / 2.

    Parameters
    ----------
    masses : (N,) array
    temperature
        kT.
    seed
        See `cagebreak.seeding.stream`; the address is "velocities".
    """
    normal = stream(seed, "velocities").standard_normal((len(masses), 3))
    velocities = normal * np.sqrt(temperature / masses)[:, None]
    velocities -= (masses @ velocities) / masses.sum()
    twice_kinetic = (masses[:, None] * velocities**2).sum()
    return velocities * math.sqrt(3 * (len(masses) - 1) * temperature / twice_kinetic)
