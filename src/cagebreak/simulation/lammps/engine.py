"""Molecular dynamics by LAMMPS, in this process."""

import weakref

import numpy as np

from cagebreak.configuration import Box, Configuration, as_configuration
from cagebreak.errors import InputError, SimulationError
from cagebreak.models.model import Model
from cagebreak.neighbors import check_apart
from cagebreak.potentials.bonds import bond_table
from cagebreak.potentials.lammps import check_box, first_run, lines, scales_of, set_up
from cagebreak.potentials.lammps.instance import Instance
from cagebreak.potentials.pair_potentials import check_range, check_species
from cagebreak.potentials.sizes import require_species_sizes
from cagebreak.seeding import Seed
from cagebreak.simulation.thermostat import Thermostat
from cagebreak.simulation.verlet import Floats, Readings, VelocityVerlet

DAMPING = (100, 1000)
"""Relaxation times of the Nose-Hoover thermostat and barostat, in time steps (chosen)."""


class MolecularDynamics(VelocityVerlet):
    """Particles that follow Newton's equations, by velocity Verlet.

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
        In tau; by default that of `cagebreak.leapfrog.time_step.time_step_of`.
    thermostat
        That of Nose and Hoover; with a pressure also their barostat, all edges equally. None keeps
        the energy constant.

    Raises
    ------
    MissingDependencyError
        If the wheels are not installed.
    ConfigurationError
        If there are fewer than two particles, particles coincide, the box is far too small for the
        range of the potential, a species is not the model's, bonds are not what
        `cagebreak.potentials.bonds.bond_table` expects, particles with a thermostat are all at rest
        or move together, or the lattice vectors are not along x and in xy.
    InputError
        If the model is of hard spheres, neither seed nor velocities are given, or the time step is
        not positive.
    SimulationError
        If LAMMPS refuses; the end of its log is in the message.

    Notes
    -----
    The same seed gives the same bits on the same machine, in any process, wherever the run stops in
    between: see `cagebreak.simulation.verlet.VelocityVerlet`.
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
        configuration = as_configuration(configuration)
        _check(configuration, model)
        super().__init__(configuration, model, seed, time_step, thermostat)
        self._scales = scales_of(model)
        self._instance = Instance.idle_or_new()
        set_up(self._instance, self._start, model, self._time_step)
        if model.bonds is not None:
            self._instance.do(lines.chains(len(configuration), model.chain_length))
        self._instance.do(self._integrator())
        if configuration.dimension == 2:
            self._instance.do("fix plane all enforce2d")
        first_run(self._instance, model)
        weakref.finalize(self, self._instance.give_back)
        self._first = self._unwrapped()
        self._energy = self._total_energy()

    @property
    def steps(self) -> int:
        """Number of time steps since the start."""
        return int(self._instance.lammps.extract_global("ntimestep"))

    @property
    def positions(self) -> Floats:
        """Unwrapped positions now, (N, 3), in sigma."""
        flown = self._rest * (self._velocities() + self._rest / 2 * self._accelerations())
        if self._breathes:
            return self._unwrapped() + flown
        return self._start.unwrapped + (self._unwrapped() - self._first) + flown

    @property
    def velocities(self) -> Floats:
        """Velocities now, (N, 3), in sigma / tau."""
        return self._velocities() + self._rest * self._accelerations()

    @property
    def box(self) -> Box:
        """The box now."""
        if not self._breathes:
            return self._start.box
        low, high, xy, yz, xz, _, _ = self._instance.lammps.extract_box()
        a, b, c = np.subtract(high, low)
        matrix = np.array([[a, 0, 0], [xy, b, 0], [xz, yz, c]])
        return self._start.box.with_matrix(matrix / self._scales.length)

    @property
    def readings(self) -> Readings:
        """Temperature, energy, pressure and density at the last step."""
        n, read, scales = len(self._start), self._instance.thermo, self._scales
        return Readings(
            read("temp") / scales.temperature,
            read("pe") / n,
            read("press") / scales.pressure,
            n / read("vol") * scales.length**3,
        )

    @property
    def _rest(self) -> float:
        """Time since the last step, in tau."""
        return self._time - self.steps * self._time_step

    def _advance(self, target: int) -> None:
        ramp = ""
        if self._thermostat is not None:
            ramp = f" start 0 stop {self._thermostat.steps(self._time_step)}"
        self._instance.do(f"run {target - self.steps} pre no post no{ramp}")

    def _integrator(self) -> str:
        thermostat = self._thermostat
        if thermostat is None:
            return "fix integrator all nve"
        of_heat, of_box = (n * self._time_step * self._scales.time for n in DAMPING)
        unit = self._scales.temperature
        ends = f"temp {thermostat.start * unit!r} {thermostat.end * unit!r} {of_heat!r}"
        if thermostat.pressure is None:
            return f"fix integrator all nvt {ends}"
        pressure = thermostat.pressure * self._scales.pressure
        return f"fix integrator all npt {ends} iso {pressure!r} {pressure!r} {of_box!r}"

    def _total_energy(self) -> float:
        return self._instance.thermo("etotal")

    def _failure(self, problem: str) -> SimulationError:
        return SimulationError(f"{super()._failure(problem)}{self._instance.log_tail()}")

    def _unwrapped(self) -> Floats:
        images = np.array(self._instance.lammps.gather_atoms("image", 0, 3)).reshape(-1, 3)
        return self._instance.gather("x") / self._scales.length + images @ self.box.matrix

    def _velocities(self) -> Floats:
        return self._instance.gather("v") / self._scales.velocity

    def _accelerations(self) -> Floats:
        return self._instance.gather("f") * self._scales.length / self._masses[:, None]


def _check(configuration: Configuration, model: Model) -> None:
    if model.pair.form not in lines.SKINS:
        expected = ", ".join(lines.SKINS)
        raise InputError(
            f"model: expected a pair potential among {expected}, got {model.name} with "
            f"{model.pair.form}"
        )
    require_species_sizes(model, "LAMMPS")
    check_species(configuration, model)
    check_range(configuration, model)
    check_apart(configuration)
    bond_table(configuration, model)  # raises if the chains are not whole
    check_box(configuration)
