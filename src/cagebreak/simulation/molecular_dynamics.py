"""Molecular dynamics of pair potentials by kernels of this package."""

import math
import sys
from typing import Literal

import numpy as np

from cagebreak.configuration import Box, Configuration, as_configuration
from cagebreak.errors import InputError, SimulationError
from cagebreak.leapfrog.system import SMALLEST, System, check_system
from cagebreak.models import as_model
from cagebreak.models.model import Model
from cagebreak.seeding import Seed, natural, stream
from cagebreak.simulation.thermostat import Thermostat
from cagebreak.simulation.verlet import CHECKED, Floats, Readings, VelocityVerlet

PRECISIONS = {"mixed": np.float32, "double": np.float64}
"""In which forces are summed; positions and velocities are float64 with both."""

BREATH = 25
"""Steps after which a barostat scales the box (chosen); a ramp that is shorter ends with one."""

SLOWNESS = 1000
"""Relaxation time of the volume, in time steps (chosen): that of the barostat of LAMMPS here."""

COMPRESSIBILITY = 0.03
"""Compressibility over that of an ideal gas at the same density (chosen): that of dense liquids.

It sets the pace of the barostat alone.
"""

MOST_GROWTH = 0.01
"""Largest relative change of the volume at once (chosen), far from the pressure."""

_WORK = 10_000_000  # particles times steps of a call: about a second, after which Ctrl-C is heard


class MolecularDynamics(VelocityVerlet):
    """Particles that follow Newton's equations, by velocity Verlet.

    Parameters
    ----------
    configuration
        The start, in a box of any shape.
    model
        Any but hard spheres.
    seed
        Draws fresh Maxwell-Boltzmann velocities, with zero total momentum and a kinetic energy of
        exactly d (N - 1) kT / 2 in d dimensions. None goes on with ``configuration.velocities``.
    time_step
        In tau; by default that of `cagebreak.leapfrog.time_step.time_step_of`.
    thermostat
        Stochastic velocity rescaling (:cite:`Bussi2007`); with a pressure, stochastic rescaling of
        the cell (:cite:`Bernetti2020`), all edges equally. None keeps the energy constant.
    noise
        Seed of the random numbers of both, of the address "thermostat"; by default `seed`.
    precision
        "mixed" sums forces in single precision, "double" in double. Positions, velocities,
        energies and pressures are of double precision.

    Raises
    ------
    ConfigurationError
        If there are fewer than two particles, particles coincide or are nearer than their table
        begins, the box is far too small for the range of the potential or longer than 10,000 sigma,
        a species is not the model's, bonds are not what `cagebreak.potentials.bonds.bond_table`
        expects, or particles with a thermostat are all at rest or move together.
    InputError
        If the model is of hard spheres, neither seed nor velocities are given, or an argument is
        out of range.

    Notes
    -----
    The same seed gives the same bits on the same machine, wherever the run stops in between: see
    `cagebreak.simulation.verlet.VelocityVerlet`.

    A pair counts once for each periodic image within the cut-off; bonded particles feel their bond
    instead, in double precision.
    """

    def __init__(
        self,
        configuration: Configuration,
        model: Model,
        seed: Seed | None = None,
        *,
        time_step: float | None = None,
        thermostat: Thermostat | None = None,
        noise: Seed | None = None,
        precision: Literal["mixed", "double"] = "mixed",
    ) -> None:
        configuration = as_configuration(configuration)
        model = as_model(model)
        check_system(configuration, model)
        if precision not in tuple(PRECISIONS):  # also what cannot be a key, such as a list
            raise InputError(f"precision: expected one of {tuple(PRECISIONS)}, got {precision!r}")
        if not isinstance(noise, np.random.SeedSequence | None):
            noise = natural("noise", noise)
        noise = seed if noise is None else noise
        if thermostat is not None and noise is None:
            raise InputError("noise: expected a seed of the thermostat's random numbers, got None")
        super().__init__(configuration, model, seed, time_step, thermostat)
        self._dtype = PRECISIONS[precision]
        self._random = stream(0 if noise is None else noise, "thermostat")
        self._noise = np.zeros((0 if thermostat is None else CHECKED, 2))
        self._breathed, self._breath = 0, sys.maxsize  # steps
        if thermostat is not None and thermostat.pressure is not None:
            self._breath = min(BREATH, thermostat.steps(self._time_step))
        self._settle(self._start, steps=0)
        self._energy = self._total_energy()

    @property
    def steps(self) -> int:
        """Number of time steps since the start."""
        return self._system.steps

    @property
    def positions(self) -> Floats:
        """Unwrapped positions now, (N, 3), in sigma."""
        system = self._system
        return system.scale * self._start.unwrapped + system.moved(self._rest)

    @property
    def velocities(self) -> Floats:
        """Velocities now, (N, 3), in sigma / tau."""
        return self._system.velocities(self._rest)

    @property
    def box(self) -> Box:
        """The box now."""
        return self._start.box.with_matrix(self._system.scale * self._start.box.matrix)

    @property
    def readings(self) -> Readings:
        """Temperature, energy, pressure and density at the last step."""
        n, volume, d = self._system.n, self._volume, self._start.dimension
        energy, virial = self._system.pair_sums()
        kinetic = self._system.kinetic_energy()
        pressure = (2 * kinetic + virial) / (d * volume)
        return Readings(2 * kinetic / (d * (n - 1)), energy / n, pressure, n / volume)

    @property
    def _rest(self) -> float:
        """Time since the last step, in time steps."""
        return self._time / self._time_step - self.steps

    @property
    def _volume(self) -> float:
        return self._system.scale**self._start.dimension * self._start.box.volume

    def _advance(self, target: int) -> None:
        a_call = max(_WORK // self._system.n, 1)
        while self.steps < target:
            self._refresh_bath(self.steps)
            end = min(target, self.steps + a_call, self._breathed + self._breath)
            try:
                self._system.advance(end)
            except SimulationError as error:
                raise self._failure(str(error)) from None
            if end == self._breathed + self._breath:
                self._breathe()

    def _settle(self, configuration: Configuration, steps: int) -> None:
        """Begin with the particles where they are, whose box the rows then fit."""
        self._start = configuration
        self._system = System(
            configuration,
            self._model,
            self._time_step,
            self._dtype,
            self._noise,
            self._breathes,
            steps,
        )
        if self._thermostat is not None:
            change = self._thermostat.end - self._thermostat.start
            change /= self._thermostat.steps(self._time_step)
            self._system.set_bath(self._thermostat.start, change)

    def _breathe(self) -> None:
        r"""Scale the box as a stochastic barostat does (:cite:`Bernetti2020`).

        .. math::
            d \ln V = -\frac{\beta}{\tau_p} \left( P_0 - P - \frac{kT}{V} \right) dt
                      + \sqrt{\frac{2 kT \beta}{V \tau_p}} dW

        The term kT / V is the pressure of the center of mass, which is at rest here.
        """
        thermostat, system = self._thermostat, self._system
        assert thermostat is not None
        assert thermostat.pressure is not None
        volume, readings = self._volume, self.readings
        temperature = thermostat.temperature(self.steps, self._time_step)
        rate = self._breath / SLOWNESS * COMPRESSIBILITY / (readings.density * temperature)
        excess = readings.pressure + temperature / volume - thermostat.pressure
        width = math.sqrt(2 * temperature * rate / volume)
        growth = rate * excess + width * self._random.standard_normal()
        # A liquid far from its pressure goes there by small steps.
        growth = min(max(growth, -MOST_GROWTH), MOST_GROWTH)
        system.breathe(math.exp(growth / self._start.dimension))
        self._breathed = self.steps
        if not SMALLEST < system.scale < 1 / SMALLEST:
            positions = system.scale * self._start.unwrapped + system.moved(0.0)
            start = self._start.replace(
                positions=positions,
                images=None,
                velocities=system.velocities(0.0),
                box=self.box,
            )
            self._settle(start, self.steps)

    def _refresh_bath(self, step: int) -> None:
        """Draw the random numbers of the next steps; those of a step follow from the seed alone."""
        if self._thermostat is None or step % CHECKED:
            return
        others = self._start.dimension * (self._system.n - 1) - 1
        self._noise[:, 0] = self._random.standard_normal(CHECKED)
        self._noise[:, 1] = self._random.chisquare(others, CHECKED)

    def _total_energy(self) -> float:
        return self._system.pair_sums()[0] + self._system.kinetic_energy()
