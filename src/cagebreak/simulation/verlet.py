"""Newton's equations by velocity Verlet: what all engines of molecular dynamics share."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Box, Configuration
from cagebreak.errors import ConfigurationError, InputError, SimulationError
from cagebreak.leapfrog.time_step import time_step_of
from cagebreak.models.arguments import real
from cagebreak.models.model import Model
from cagebreak.seeding import Seed
from cagebreak.simulation.thermostat import Thermostat
from cagebreak.simulation.velocities import thermal_velocities

Floats = NDArray[np.float64]

ENERGY_DRIFT = (0.05, 1e-4)
"""Largest change of energy at constant energy, in kT a particle: at once, and a tau (chosen).

Kob-Andersen's potential, whose force jumps at the cut-off, drifts by 5e-6 a tau at a step of 0.005.
"""

CHECKED = 2000
"""Time steps after which the energy is looked at (chosen)."""

LARGEST_DRIFT = 1e-3
"""Largest share of the kinetic energy that is that of the center of mass, with a thermostat
(chosen)."""


class Readings(NamedTuple):
    """Thermodynamic quantities at one time."""

    temperature: float
    """Kinetic temperature 2 K / d (N - 1), in eps."""
    energy: float
    """Potential energy a particle, in eps."""
    pressure: float
    """In eps / sigma^d."""
    density: float
    """Number density, in 1 / sigma^d."""


def means_of(readings: Sequence[Readings]) -> dict[str, float]:
    """Return the mean of each quantity by its name."""
    means: list[float] = np.mean(readings, axis=0).tolist()
    return dict(zip(Readings._fields, means, strict=True))


class VelocityVerlet(ABC):
    """Particles that follow Newton's equations, by velocity Verlet.

    Stops lie between two time steps. What is read there follows from the nearest step, its
    velocities and accelerations (a Taylor series to second order; the error is of third order in
    half a time step).

    Parameters
    ----------
    configuration
        The start.
    model
    seed
        Draws fresh Maxwell-Boltzmann velocities, with zero total momentum and a kinetic energy of
        exactly d (N - 1) kT / 2 in d dimensions. None goes on with ``configuration.velocities``.
    time_step
        In tau; by default that of `cagebreak.leapfrog.time_step.time_step_of`.
    thermostat
        None keeps the energy constant.

    Raises
    ------
    ConfigurationError
        If there are fewer than two particles, or particles with a thermostat are all at rest or
        move together: it scales velocities.
    InputError
        If the time step is not positive, the thermostat is no `Thermostat`, or neither seed nor
        velocities are given.
    """

    def __init__(
        self,
        configuration: Configuration,
        model: Model,
        seed: Seed | None,
        time_step: float | None,
        thermostat: Thermostat | None,
    ) -> None:
        if len(configuration) < 2:
            raise ConfigurationError("configuration: expected at least two particles, got one")
        if not isinstance(thermostat, Thermostat | None):
            raise InputError(
                "thermostat: expected None or a Thermostat(start, end, duration), got "
                f"{thermostat!r}"
            )
        if time_step is None:
            time_step = time_step_of(model)
        if not 0 < real(time_step) < math.inf:
            raise InputError(f"time_step: expected a positive number in tau, got {time_step!r}")
        self._masses = np.asarray(model.masses)[configuration.species]
        velocities = configuration.velocities
        if seed is not None:
            velocities = thermal_velocities(
                self._masses, model.temperature, seed, configuration.dimension
            )
        elif velocities is None:
            raise InputError("seed: expected a seed, or a configuration with velocities; got None")
        if thermostat is not None:
            _check_motion(self._masses, np.asarray(velocities))
        self._start = configuration.replace(velocities=velocities)
        self._model, self._time_step, self._thermostat = model, time_step, thermostat
        self._time = 0.0
        self._energy: float  # in all, at the start

    @property
    def time(self) -> float:
        """Time since the start, in tau."""
        return self._time

    @property
    @abstractmethod
    def steps(self) -> int:
        """Number of time steps since the start."""

    @property
    @abstractmethod
    def positions(self) -> Floats:
        """Unwrapped positions now, (N, 3), in sigma."""

    @property
    @abstractmethod
    def velocities(self) -> Floats:
        """Velocities now, (N, 3), in sigma / tau."""

    @property
    @abstractmethod
    def box(self) -> Box:
        """The box now."""

    @property
    @abstractmethod
    def readings(self) -> Readings:
        """Temperature, energy, pressure and density at the last step."""

    @property
    def configuration(self) -> Configuration:
        """The configuration now: unwrapped positions, and velocities."""
        return self._start.replace(
            positions=self.positions, velocities=self.velocities, images=None, box=self.box
        )

    @property
    def temperature(self) -> float:
        """Kinetic temperature 2 K / d (N - 1) at the last step, in eps."""
        return self.readings.temperature

    @property
    def energy(self) -> float:
        """Potential energy a particle at the last step, in eps."""
        return self.readings.energy

    @property
    def pressure(self) -> float:
        r"""Pressure at the last step, in eps / sigma^d.

        .. math:: P = \left( 2 K + \sum_{pairs} -u'(r) r \right) / d V
        """
        return self.readings.pressure

    def run(self, duration: float) -> None:
        """Go on for `duration` tau; after Ctrl-C the time is that of the last step.

        Raises
        ------
        InputError
            If the duration is negative or not finite, or ends after the thermostat's ramp.
        SimulationError
            If energy is not conserved, particles are lost, positions are no numbers, or a bond is
            not shorter than its limit.
        """
        if not 0 <= real(duration) < math.inf:
            raise InputError(f"duration: expected a finite time >= 0, got {duration!r}")
        target = round((self._time + duration) / self._time_step)
        ramp = self._thermostat
        if ramp is not None and target > ramp.steps(self._time_step):
            raise InputError(
                f"duration: expected at most the {ramp.duration!r} tau of the thermostat in all, "
                f"got {duration!r} after {self._time:.6g}"
            )
        end = self._time + duration
        try:
            while self.steps < target:
                self._advance(min(target, (self.steps // CHECKED + 1) * CHECKED))
                self._check_energy()
        except BaseException:  # also Ctrl-C, after which one may go on
            self._time = self.steps * self._time_step
            raise
        self._time = end

    @property
    def _rest(self) -> float:
        """Time since the last step, in tau."""
        return self._time - self.steps * self._time_step

    @property
    def _breathes(self) -> bool:
        return self._thermostat is not None and self._thermostat.pressure is not None

    @abstractmethod
    def _advance(self, target: int) -> None:
        """Go on up to a time step."""

    @abstractmethod
    def _total_energy(self) -> float:
        """Return the energy of all particles at the last step, in eps."""

    def _check_energy(self) -> None:
        energy = self._total_energy()
        at_once, a_tau = ENERGY_DRIFT
        time = self.steps * self._time_step
        allowed = self._model.temperature * (at_once + a_tau * time)
        gained = (energy - self._energy) / len(self._start)
        if not math.isfinite(energy) or (self._thermostat is None and abs(gained) > allowed):
            raise self._failure(
                f"energy is not conserved: {gained:.3g} eps a particle gained in {time:.6g} tau, "
                f"expected at most {allowed:.3g}"
            )

    def _failure(self, problem: str) -> SimulationError:
        nearer = " or are nearer than their table begins" if self._model.pair.tables else ""
        return SimulationError(
            f"{self._model.name}: {problem}; the time step of {self._time_step} tau is too long, "
            f"or particles overlap at the start{nearer}"
        )


def _check_motion(masses: Floats, velocities: Floats) -> None:
    """Check that velocities are thermal: a thermostat would count a common motion as heat."""
    kinetic = 0.5 * float(masses @ (velocities**2).sum(axis=1))
    of_center = 0.5 * float(((masses @ velocities) ** 2).sum() / masses.sum())
    if not of_center < LARGEST_DRIFT * kinetic:
        raise ConfigurationError(
            "configuration.velocities: expected particles that move, with no total momentum, for a "
            f"thermostat; got a kinetic energy of {kinetic:.4g}, of which {of_center:.4g} is that "
            "of the center of mass; subtract its velocity, or give a seed of new velocities"
        )
