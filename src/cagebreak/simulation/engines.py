"""What moves particles: event-driven dynamics, kernels of this package, or LAMMPS."""

from typing import Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Configuration, as_configuration
from cagebreak.errors import InputError
from cagebreak.models import as_model
from cagebreak.models.model import Model
from cagebreak.seeding import Seed
from cagebreak.simulation import lammps, molecular_dynamics
from cagebreak.simulation.hard_spheres import EventDriven
from cagebreak.simulation.thermostat import Thermostat
from cagebreak.simulation.verlet import VelocityVerlet

Engine = Literal["cagebreak", "cagebreak-double", "lammps"]
"""What moves particles that are not hard: kernels of this package, which sum forces in single or in
double precision, or LAMMPS."""


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
    engine: Engine | None = None,
) -> Dynamics:
    """Return the dynamics of a configuration at constant energy.

    Parameters
    ----------
    configuration
    model
    seed
        Seed of fresh velocities; None keeps those of the configuration.
    engine
        See `Engine`; default "cagebreak", and "lammps" for particles whose interaction is of lines
        of LAMMPS, which no other engine moves. Hard spheres are always event-driven.

    Raises
    ------
    CagebreakError
        As the constructors of `EventDriven` and of both `MolecularDynamics`.
    InputError
        If there is no such engine, or it does not move such particles.
    """
    configuration = as_configuration(configuration)
    model = as_model(model)
    if model.is_hard:
        return EventDriven(configuration, model, seed)
    return verlet(configuration, model, seed, engine)


def verlet(
    configuration: Configuration,
    model: Model,
    seed: Seed | None = None,
    engine: Engine | None = None,
    *,
    thermostat: Thermostat | None = None,
    noise: Seed | None = None,
) -> VelocityVerlet:
    """Return molecular dynamics of particles that are not hard.

    Parameters
    ----------
    configuration, model, seed, engine
        See `nve`.
    thermostat
        None keeps the energy constant.
    noise
        Seed of the random numbers of the thermostat; that of LAMMPS draws none.

    Raises
    ------
    CagebreakError
        As the constructors of both `MolecularDynamics`.
    InputError
        If there is no such engine, or it does not move such particles.
    """
    configuration = as_configuration(configuration)
    if engine is None:
        engine = "cagebreak" if model.lammps is None else "lammps"
    if engine not in get_args(Engine):
        raise InputError(f"engine: expected one of {get_args(Engine)}, got {engine!r}")
    if model.lammps is not None and engine != "lammps":
        raise InputError(
            f'engine: expected "lammps", whose lines are the interaction, got {engine!r}'
        )
    if engine == "lammps":
        return lammps.MolecularDynamics(configuration, model, seed, thermostat=thermostat)
    return molecular_dynamics.MolecularDynamics(
        configuration,
        model,
        seed,
        thermostat=thermostat,
        noise=noise,
        precision="double" if engine == "cagebreak-double" else "mixed",
    )
