"""Units of LAMMPS: what one unit of this package is, for a model."""

import math
from typing import NamedTuple

from cagebreak.models.lammps import UNITS
from cagebreak.models.model import Model


class Scales(NamedTuple):
    """One unit of this package, in those of LAMMPS; energies and masses have the same."""

    style: str
    """The system of units."""
    length: float
    """sigma"""
    time: float
    """tau"""
    temperature: float
    """eps / kB"""
    pressure: float
    """eps / sigma^3"""

    @property
    def velocity(self) -> float:
        """Return sigma / tau."""
        return self.length / self.time


def scales_of(model: Model) -> Scales:
    """Return the units of a model; pair potentials of this package have those of `units lj`."""
    if model.lammps is None:
        return Scales("lj", 1.0, 1.0, 1.0, 1.0)
    style, sigma = UNITS[model.lammps.units], model.lammps.length
    return Scales(
        model.lammps.units,
        length=sigma,
        time=sigma * math.sqrt(style.kinetic),
        temperature=1 / style.boltzmann,
        pressure=style.pressure / sigma**3,
    )
