"""Dynamics at constant energy: event-driven, by kernels of this package, or by LAMMPS."""

from typing import Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Configuration
from cagebreak.errors import InputError
from cagebreak.models.model import Model
from cagebreak.seeding import Seed
from cagebreak.simulation import lammps, molecular_dynamics
from cagebreak.simulation.hard_spheres import EventDriven

Engine = Literal["lammps", "cagebreak"]
"""What moves particles that are not hard: LAMMPS, or kernels of this package."""


class Dynamics(Protocol):
    """Dynamics at constant energy: what all engines offer."""

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


def nve(
    configuration: Configuration,
    model: Model,
    seed: Seed | None = None,
    engine: Engine = "lammps",
) -> Dynamics:
    """Return the dynamics of a configuration at constant energy.

    Parameters
    ----------
    configuration
    model
    seed
        Seed of fresh velocities; None keeps those of the configuration.
    engine
        See `Engine`. Hard spheres are always event-driven.

    Raises
    ------
    CagebreakError
        As the constructors of `EventDriven` and of both `MolecularDynamics`.
    InputError
        If there is no such engine.
    """
    if model.is_hard:
        return EventDriven(configuration, model, seed)
    if uses_lammps(model, engine):
        return lammps.MolecularDynamics(configuration, model, seed)
    return molecular_dynamics.MolecularDynamics(configuration, model, seed)


def uses_lammps(model: Model, engine: Engine) -> bool:
    """Return whether LAMMPS moves the particles of a model that are not hard.

    Raises
    ------
    InputError
        If there is no such engine.
    """
    if engine not in get_args(Engine):
        raise InputError(f"engine: expected one of {get_args(Engine)}, got {engine!r}")
    return engine == "lammps"
