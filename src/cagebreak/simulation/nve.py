"""Dynamics at constant energy, by the engine of the model: event-driven or LAMMPS."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Configuration
from cagebreak.models.model import Model
from cagebreak.seeding import Seed
from cagebreak.simulation.hard_spheres import EventDriven
from cagebreak.simulation.lammps import MolecularDynamics


class Dynamics(Protocol):
    """Dynamics at constant energy: what both engines offer."""

    @property
    def time(self) -> float:
        """Time since the start, in tau."""

    @property
    def positions(self) -> NDArray[np.float64]:
        """Unwrapped positions now, (N, 3), in sigma."""

    @property
    def configuration(self) -> Configuration:
        """The configuration now: unwrapped positions, and velocities."""

    def run(self, duration: float) -> None:
        """Go on for `duration` tau."""


def nve(configuration: Configuration, model: Model, seed: Seed | None = None) -> Dynamics:
    """Return the dynamics of a configuration at constant energy.

    Parameters
    ----------
    configuration
    model
    seed
        Seed of fresh velocities; None keeps those of the configuration.

    Raises
    ------
    CagebreakError
        As the constructors of `EventDriven` and `MolecularDynamics`.
    """
    if model.is_hard:
        return EventDriven(configuration, model, seed)
    return MolecularDynamics(configuration, model, seed)
