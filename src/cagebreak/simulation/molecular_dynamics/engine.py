"""Molecular dynamics of pair potentials by kernels of this package."""

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cagebreak._simd.candidates import LANES_OF_BITS
from cagebreak._simd.lines import LANES, LINE_BYTES
from cagebreak.configuration import Configuration
from cagebreak.errors import InputError, SimulationError
from cagebreak.models.model import Model
from cagebreak.neighbors import check_apart
from cagebreak.potentials.pair_potentials import check_range, check_species, energies
from cagebreak.seeding import Seed, stream
from cagebreak.simulation.lammps import ENERGY_DRIFT, Readings, Thermostat, check_ramp, steps_of
from cagebreak.simulation.lammps_input import time_step_of
from cagebreak.simulation.molecular_dynamics import _dynamics_kernel as kernel
from cagebreak.simulation.molecular_dynamics import _row_kernel as row_kernel
from cagebreak.simulation.molecular_dynamics import _state as state_of
from cagebreak.simulation.molecular_dynamics._state import (
    DUMMIES,
    Bath,
    Cells,
    Clock,
    Lines,
    Particles,
    Rows,
    State,
)
from cagebreak.simulation.molecular_dynamics.layout import Layout
from cagebreak.simulation.molecular_dynamics.parameters import FORMS, form_of, has_sizes
from cagebreak.simulation.velocities import thermal_velocities

Floats = NDArray[np.float64]

PRECISIONS = {"mixed": np.float32, "double": np.float64}
"""In which forces are summed; positions and velocities are float64 with both."""

SKINS = {"harmonic": 0.4, "lennard_jones": 0.25, "lennard_jones_smooth": 0.25, "tabulated": 0.25}
"""By how much rows of neighbors reach beyond the cut-off, in sigma: the fastest (measured)."""

MANY = 30_000
"""Particles beyond which rows reach farther: of more, one leaves its center sooner (measured)."""

ROOM = 1.2
"""Room for neighbors, over what a homogeneous fluid has; it grows where it lacks."""

PERSISTENCE = math.exp(-1 / 100)
"""Share of the kinetic energy that a step with a thermostat leaves as it is (chosen): it relaxes
within 100 steps, as with LAMMPS here."""

MOST_LINES = 2**31 // LINE_BYTES - 2 * DUMMIES

_CHECKED = 2000  # steps after which the energy is looked at: Ctrl-C is heard between calls
_WORK = 10_000_000  # particles times steps of a call: about a second


class MolecularDynamics:
    r"""Particles that follow Newton's equations, by velocity Verlet.

    Parameters
    ----------
    configuration
        The start, in a box of any shape.
    model
        Any of a pair potential alone: neither hard spheres nor chains.
    seed
        Draws fresh Maxwell-Boltzmann velocities, with zero total momentum and a kinetic energy of
        exactly 3 (N - 1) kT / 2. None goes on with ``configuration.velocities``.
    time_step
        In tau; by default that of `cagebreak.simulation.lammps_input.time_step_of`.
    thermostat
        Stochastic velocity rescaling (:cite:`Bussi2007`). None keeps the energy constant.
    noise
        Seed of the thermostat's random numbers, of the address "thermostat"; by default `seed`.
    precision
        "mixed" sums forces in single precision, "double" in double. Positions, velocities,
        energies and pressures are of double precision.

    Attributes
    ----------
    time : float
        Time since the start, in tau.
    steps : int
        Time steps since the start.

    Raises
    ------
    ConfigurationError
        If particles coincide or are nearer than their table begins, the box is far too small for
        the range of the potential, or a species is not the model's.
    InputError
        If the model is of hard spheres or of chains, neither seed nor velocities are given, or an
        argument is out of range.

    Notes
    -----
    The same seed gives the same bits on the same machine, wherever the run stops in between: stops
    lie between two steps, and what is read there follows from the nearest step, its velocities and
    accelerations (a Taylor series to second order; the error is of third order in half a time
    step).

    A pair counts once for each periodic image within the cut-off.
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
        _check(configuration, model)
        if time_step is None:
            time_step = time_step_of(model)
        if not 0 < time_step < math.inf:
            raise InputError(f"time_step: expected a positive number in tau, got {time_step!r}")
        if precision not in PRECISIONS:
            raise InputError(f"precision: expected one of {tuple(PRECISIONS)}, got {precision!r}")
        velocities = configuration.velocities
        masses = np.asarray(model.masses)[configuration.species]
        if seed is not None:
            velocities = thermal_velocities(masses, model.temperature, seed)
        elif velocities is None:
            raise InputError("seed: expected a seed, or a configuration with velocities; got None")
        self._start, self._model = configuration, model
        self._near: NDArray[np.int32]
        self._entries: NDArray[np.int32]
        self._time_step, self._masses = time_step, masses
        self._time, self._thermostat = 0.0, thermostat
        if thermostat is not None and thermostat.pressure is not None:
            raise InputError("thermostat: expected none with a pressure, which LAMMPS alone keeps")
        noise = seed if noise is None else noise
        if thermostat is not None and noise is None:
            raise InputError("noise: expected a seed of the thermostat's random numbers, got None")
        self._random = stream(0 if noise is None else noise, "thermostat")
        self._lay_out(PRECISIONS[precision])
        self._place(velocities)
        self._advance(0)
        self._first = self._particles.x[:, :3].copy()[self._back]
        # The velocities of the leapfrog are half a step behind.
        self._particles.v[:] -= 0.5 * self._particles.pull * self._particles.f
        self._energy = self._total_energy()

    @property
    def time(self) -> float:
        """Time since the start, in tau."""
        return self._time

    @property
    def steps(self) -> int:
        """Number of time steps since the start."""
        return int(self._clock.counts[state_of.STEPS])

    @property
    def positions(self) -> Floats:
        """Unwrapped positions now, (N, 3), in sigma."""
        moved = self._in_order(self._particles.x) - self._first
        rest = self._time / self._time_step - self.steps
        moved += rest * (self._full_velocities() + rest / 2 * self._accelerations())
        return self._start.unwrapped + self._layout.lengths(moved)

    @property
    def velocities(self) -> Floats:
        """Velocities now, (N, 3), in sigma / tau."""
        rest = self._time / self._time_step - self.steps
        velocities = self._full_velocities() + rest * self._accelerations()
        return self._layout.lengths(velocities) / self._time_step

    @property
    def configuration(self) -> Configuration:
        """The configuration now: unwrapped positions, and velocities."""
        return self._start.replace(
            positions=self.positions, velocities=self.velocities, images=None
        )

    @property
    def temperature(self) -> float:
        """Kinetic temperature 2 K / 3 (N - 1) at the last step, in eps."""
        return self.readings.temperature

    @property
    def energy(self) -> float:
        """Potential energy a particle at the last step, in eps."""
        return self.readings.energy

    @property
    def pressure(self) -> float:
        r"""Pressure at the last step, in eps / sigma^3.

        .. math:: P = \left( 2 K + \sum_{pairs} -u'(r) r \right) / 3 V
        """
        return self.readings.pressure

    @property
    def readings(self) -> Readings:
        """Temperature, energy, pressure and density at the last step."""
        n, volume = len(self._start), self._start.box.volume
        energy, virial = self._pair_sums()
        kinetic = self._kinetic_energy()
        pressure = (2 * kinetic + virial) / (3 * volume)
        return Readings(2 * kinetic / (3 * (n - 1)), energy / n, pressure, n / volume)

    def run(self, duration: float) -> None:
        """Go on for `duration` tau.

        Raises
        ------
        InputError
            If the duration is negative or not finite, or ends after the thermostat's ramp.
        SimulationError
            If energy is not conserved, or positions are no numbers.
        """
        if not (math.isfinite(duration) and duration >= 0):
            raise InputError(f"duration: expected a finite time >= 0, got {duration!r}")
        target = round((self._time + duration) / self._time_step)
        check_ramp(self._thermostat, self._time, duration, self._time_step)
        self._time += duration
        a_call = max(min(_CHECKED, _WORK // len(self._start)), 1)
        while self.steps < target:
            before = self.steps
            block = before // _CHECKED + 1
            self._refresh_bath(before)
            self._advance(min(target, before + a_call, block * _CHECKED))
            if self.steps == target or before // _CHECKED < self.steps // _CHECKED:
                self._check_energy()

    def _advance(self, target: int) -> None:
        """Go on up to a time step; make room where it lacks."""
        while (status := kernel.advance(self._state(), self._form, target)) != row_kernel.DONE:
            if status == row_kernel.CANDIDATES_FULL:
                self._near = np.repeat(self._near, 2, axis=2)
            elif status == row_kernel.ENTRIES_FULL:
                self._entries = np.repeat(self._entries, 2)
            else:
                raise SimulationError(self._failure("particles are lost"))

    def _check_energy(self) -> None:
        energy = self._total_energy()
        at_once, a_tau = ENERGY_DRIFT
        time = self.steps * self._time_step
        allowed = self._model.temperature * (at_once + a_tau * time)
        gained = (energy - self._energy) / len(self._start)
        if not math.isfinite(energy) or (self._thermostat is None and abs(gained) > allowed):
            raise SimulationError(
                self._failure(
                    f"energy is not conserved: {gained:.3g} eps a particle gained in {time:.6g} "
                    f"tau, expected at most {allowed:.3g}"
                )
            )

    def _refresh_bath(self, step: int) -> None:
        """Draw the random numbers of the next steps; the numbers of a step follow from the seed."""
        if self._thermostat is None or step % _CHECKED:
            return
        others = 3 * (len(self._start) - 1) - 1
        self._bath.noise[:, 0] = self._random.standard_normal(_CHECKED)
        self._bath.noise[:, 1] = self._random.chisquare(others, _CHECKED)

    def _failure(self, problem: str) -> str:
        nearer = " or are nearer than their table begins" if self._model.pair.tables else ""
        return (
            f"{self._model.name}: {problem}; the time step of {self._time_step} tau is too long, "
            f"or particles overlap at the start{nearer}"
        )

    def _total_energy(self) -> float:
        return self._pair_sums()[0] + self._kinetic_energy()

    def _kinetic_energy(self) -> float:
        return float(kernel.kinetic_energy(self._state()) * self._layout.step**2)

    def _pair_sums(self) -> tuple[float, float]:
        """Return the sums over pairs of u and of -u'(r) r."""
        out = np.zeros_like(self._particles.x)
        kernel.compute_energies(self._state(), self._exact_form, out)
        energy, virial = out[: len(self._start), :2].sum(axis=0) / 2
        return float(energy), float(virial * self._layout.step**2)

    def _full_velocities(self) -> Floats:
        """Return the velocities at the last step, (N, 3), in steps a time step."""
        particles = self._particles
        return self._in_order(particles.v + 0.5 * particles.pull * particles.f)

    def _accelerations(self) -> Floats:
        """Return the accelerations at the last step, (N, 3), in steps a squared time step."""
        return self._in_order(self._particles.pull * self._particles.f)

    def _in_order(self, rows: Floats) -> Floats:
        return rows[self._back, :3]

    @property
    def _back(self) -> NDArray[np.int64]:
        return np.argsort(self._particles.numbers)

    def _state(self) -> State:
        rows = Rows(
            self._entries, self._bounds, self._limits, LANES_OF_BITS, self._skin * (1 - 1e-6)
        )
        cells = self._cells._replace(near=self._near)
        metric = self._layout.metric
        return State(self._particles, self._lines, cells, rows, metric, self._bath, self._clock)

    def _lay_out(self, dtype: type) -> None:
        """Choose rows, cells and the room for them."""
        model, box, n = self._model, self._start.box, len(self._start)
        sized = has_sizes(model)
        skin = SKINS[model.pair.form] * (1.2 if n > MANY else 1.0)
        reaches = model.pair.cutoffs + skin
        if sized:
            reaches = reaches.max(keepdims=True)
        layout = self._layout = Layout.of(box, reaches.max(axis=1).tolist(), n)
        n_kinds, n_copies, step = len(reaches), int(layout.copies.prod()), layout.step
        whole = -(-n // LANES) * LANES
        if n_copies * whole > MOST_LINES:
            raise InputError(
                f"configuration: expected at most {MOST_LINES} particles and images within the "
                f"range of the potential, got {n_copies} times {n}"
            )
        self._form = form_of(model, step, dtype)
        self._exact_form = form_of(model, step, np.float64)
        self._skin = skin / step
        self._limits = None if sized else ((reaches / step) ** 2).astype(np.float32).ravel()
        species = self._start.species
        kinds = np.zeros_like(species) if sized else species
        order = np.argsort(kinds, kind="stable")
        x, v, f, pull = (np.zeros((whole, 4)) for _ in range(4))
        self._particles = Particles(
            x,
            v,
            f,
            pull,
            order,
            np.zeros((3, whole, 4)),
            np.zeros_like(order),
            np.searchsorted(kinds[order], np.arange(n_kinds + 1)),
        )
        lines = np.zeros((n_copies * whole + DUMMIES, 4), np.int32)
        corners = np.indices((4, 4, 4)).reshape(3, -1).T
        lines[-DUMMIES:, :3] = (corners << 30).astype(np.uint32).view(np.int32)
        self._lines = Lines(lines, np.zeros((whole, 4), np.int32), layout.shifts)
        sizes = np.array([len(rows) for rows in layout.stencils])
        stencils = np.zeros((n_kinds, sizes.max(), 3), np.int64)
        for kind, rows in enumerate(layout.stencils):
            stencils[kind, : len(rows)] = rows
        n_columns = 4 + sized
        columns = np.zeros((n_columns, n_copies * n + LANES), np.int32)
        density = n / box.volume
        around = density * 4 / 3 * np.pi * reaches.max() ** 3
        self._near = np.zeros((n_kinds, n_columns, 256 + int(ROOM * 4 * around)), np.int32)
        self._entries = np.zeros(int(ROOM * n * (around + 8 * n_kinds)) + 4096, np.int32)
        self._bounds = np.zeros(2 * n * n_kinds, np.int64)
        self._cells = Cells(
            layout.shape,
            layout.depth,
            stencils,
            sizes,
            np.zeros((n_kinds, int(layout.shape.prod()) + 2), np.int64),
            np.zeros(n_copies * whole, np.int64),
            columns,
            self._near,
        )
        thermostat = self._thermostat
        kinetic = np.zeros(2)
        if thermostat is not None:
            steps = steps_of(thermostat, self._time_step)
            kinetic[:] = thermostat.start, (thermostat.end - thermostat.start) / steps
        noise = np.zeros((0 if thermostat is None else _CHECKED, 2))
        self._bath = Bath(noise, kinetic / (2 * step**2), PERSISTENCE)
        self._clock = Clock(np.zeros(state_of.COUNTS, np.int64), np.zeros(1))

    def _place(self, velocities: Floats) -> None:
        """Write positions and velocities, and sort."""
        particles, layout, start = self._particles, self._layout, self._start
        order, n = particles.numbers, len(start)
        particles.x[:n, :3] = layout.steps(start.wrapped[order])
        particles.v[:n, :3] = layout.steps(velocities[order]) * self._time_step
        particles.pull[:n, :3] = (self._time_step**2 / self._masses[order])[:, None]
        if self._limits is None:
            radii = np.asarray(self._model.diameters)[start.species[order]] / 2 / layout.step
            particles.x[:n, 3] = radii
            self._lines.centers[:n, 3] = np.ceil((radii + self._skin / 2) * (1 + 1e-6))
        row_kernel.place_centers(self._state(), 0.0)
        row_kernel.sort(self._state())
        self._clock.counts[state_of.DUE] = state_of.ROWS


def _check(configuration: Configuration, model: Model) -> None:
    if model.pair.form not in FORMS or model.bonds is not None:
        raise InputError(
            f"model: expected a pair potential among {', '.join(FORMS)} without bonds, got "
            f"{model.name}"
        )
    check_species(configuration, model)
    check_range(configuration, model)
    check_apart(configuration)
    energies(configuration, model)
