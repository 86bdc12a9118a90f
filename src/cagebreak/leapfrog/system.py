"""The particles of a simulation: their arrays, and what kernels do with them."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from cagebreak._simd.candidates import LANES_OF_BITS
from cagebreak._simd.lines import LANES, LINE_BYTES
from cagebreak._simd.pair_groups import MEMBERS
from cagebreak.configuration import Configuration, ball
from cagebreak.errors import ConfigurationError, InputError, SimulationError
from cagebreak.leapfrog import _chain_kernel as chain_kernel
from cagebreak.leapfrog import _leapfrog_kernel as kernel
from cagebreak.leapfrog import _row_kernel as row_kernel
from cagebreak.leapfrog import _state as state_of
from cagebreak.leapfrog._state import (
    DUMMIES,
    Bath,
    Cells,
    Clock,
    Groups,
    Lines,
    Particles,
    Rows,
    State,
)
from cagebreak.leapfrog.layout import Layout
from cagebreak.leapfrog.parameters import FORMS, bonds_of, form_of, has_sizes
from cagebreak.models.model import Model
from cagebreak.neighbors import check_apart
from cagebreak.potentials._bond_kernel import EXTENT_SQUARED
from cagebreak.potentials.bonds import bond_table
from cagebreak.potentials.pair_potentials import check_range, check_species, energies
from cagebreak.potentials.sizes import diameters_of, reach, require_species_sizes

Floats = NDArray[np.float64]

SKINS = {
    "harmonic": 0.4,
    "lennard_jones": 0.25,
    "lennard_jones_even": 0.25,
    "lennard_jones_smooth": 0.25,
    "soft_spheres": 0.35,
    "tabulated": 0.25,
}
"""By how much rows of neighbors reach beyond the cut-off, in sigma: the fastest (measured)."""

SKIN_OF_PLANES = 0.4
"""The same in a plane, where rows that reach farther have fewer more neighbors (measured)."""

MANY = 30_000
"""Particles beyond which rows reach a fifth farther: of more, one leaves its center sooner
(measured)."""

ROOM = 1.2
"""Room for neighbors, over what a homogeneous fluid has; it grows where it lacks."""

MOST_LINES = 2**31 // LINE_BYTES - 2 * DUMMIES

PERSISTENCE = math.exp(-1 / 100)
"""Share of the kinetic energy that a step with a thermostat leaves as it is (chosen): it relaxes
within 100 steps, as with LAMMPS here."""

SMALLEST = 0.96
"""Edge over that at the start down to which cells are wide enough, if the box breathes (chosen)."""


class System:
    """Particles in a box, in steps of it.

    Parameters
    ----------
    start
        Positions, species, velocities and box.
    model
    time_step
        In tau.
    dtype
        In which forces are summed.
    noise : (B, 2) array
        Random numbers of the heat bath for the next B steps, which the owner renews; none without.
    breathes
        Whether the box will be scaled.
    steps
        Number of time steps before.

    Attributes
    ----------
    scale
        Edges of the box over those at the start.
    """

    def __init__(
        self,
        start: Configuration,
        model: Model,
        time_step: float,
        dtype: type,
        noise: Floats,
        breathes: bool,
        steps: int,
    ) -> None:
        self._model, self._time_step, self._dtype = model, time_step, dtype
        self._noise, self.scale, self.n = noise, 1.0, len(start)
        self._near: NDArray[np.int32]
        self._entries: NDArray[np.int32]
        self._groups: Groups | None
        self._sized = has_sizes(model)
        self._farthest, self._radii = reach(start, model), diameters_of(start, model) / 2
        skin = SKINS[model.pair.form] if start.dimension == 3 else SKIN_OF_PLANES
        skin *= 1.2 if self.n > MANY else 1
        self._reaches = model.pair.cutoffs + skin
        if self._sized:
            self._reaches = np.array([[self._farthest + skin]])
        margin = 1 / SMALLEST if breathes else 1.0
        self._layout = Layout.of(start.box, (margin * self._reaches.max(axis=1)).tolist(), self.n)
        self._allot(start)
        self._measure()
        self._place(start)
        self._clock.counts[state_of.STEPS] = steps
        self._settle()
        self._first = self._in_order(self._particles.x)
        # The velocities of the leapfrog are half a step behind.
        self._particles.v[:] -= 0.5 * self._particles.pull * self._particles.f

    @property
    def steps(self) -> int:
        """Number of time steps so far."""
        return int(self._clock.counts[state_of.STEPS])

    def set_bath(self, first: float, change: float) -> None:
        """Set the temperature of the heat bath at step 0, and its change a step, in eps."""
        self._temperature = first, change

    def moved(self, rest: float) -> Floats:
        """Return displacements since the start (N, 3) `rest` time steps after the last, in sigma.

        Without the scaling of the box.
        """
        moved = self._in_order(self._particles.x) - self._first
        moved += self._in_order(rest * (self._full_velocities() + rest / 2 * self._accelerations()))
        return self._layout.lengths(moved) * self.scale

    def velocities(self, rest: float) -> Floats:
        """Return velocities (N, 3) `rest` time steps after the last, in sigma / tau."""
        velocities = self._in_order(self._full_velocities() + rest * self._accelerations())
        return self._layout.lengths(velocities) * self.scale / self._time_step

    def kinetic_energy(self) -> float:
        """Return the kinetic energy of all particles at the last step, in eps."""
        return float(kernel.kinetic_energy(self._particles, self._layout.metric) * self._step**2)

    def pair_sums(self) -> tuple[float, float]:
        """Return the sums over pairs of u and of -u'(r) r at the last step, in eps."""
        starts, out = self._particles.starts, np.zeros_like(self._particles.x)
        rows = self._lines.lines, self._entries, self._bounds
        kernel.compute_energies(starts, *rows, self._exact_form, self._layout.metric, out)
        energy, virial = out[: self.n, :2].sum(axis=0) / 2
        of_bonds, virial_of_bonds = chain_kernel.bond_sums(self._state().bonds, self._particles.x)
        return float(energy + of_bonds), float(virial * self._step**2 + virial_of_bonds)

    def advance(self, target: int) -> None:
        """Go on up to a time step; make room where it lacks.

        Raises
        ------
        SimulationError
            If a position is no number, or far beyond all, or a bond is too long.
        """
        self._run(lambda: kernel.advance(self._state(), self._form, target))

    def _settle(self) -> None:
        """Make rows where they are due, and compute forces. Raises as `advance`.

        Rows depend on no potential: called alone, their kernel is compiled once for all.
        """
        counts = self._clock.counts
        if counts[state_of.DUE] == state_of.ROWS:
            self._run(lambda: kernel.list_neighbors(self._state(), self._groups))
            counts[state_of.DUE] = state_of.FORCES
        self._run(lambda: kernel.compute_forces(self._state(), self._form))
        counts[state_of.DUE] = state_of.NOTHING

    def _sort(self) -> None:
        """Put the centers of rows on the particles, and sort them.

        The kernels take what they need alone, and are compiled once for many kinds of states.
        """
        state = self._state()
        particles, lines = state.particles, state.lines
        row_kernel.place_centers(particles, lines.centers, state.rows.skin, state.metric, 0.0)
        row_kernel.sort(particles, lines, state.cells, state.bonds.places)

    def _run(self, run: Callable[[], int]) -> None:
        """Call a kernel until it is done; make room where it lacks. Raises as `advance`."""
        while (status := run()) != row_kernel.DONE:
            if status == row_kernel.CANDIDATES_FULL:
                self._near = np.repeat(self._near, 2, axis=2)
            elif status == row_kernel.ENTRIES_FULL:
                self._entries = np.repeat(self._entries, 2)
                if self._groups is not None:
                    self._groups = self._groups._replace(entries=np.empty_like(self._entries))
            elif status == row_kernel.BROKEN:
                raise SimulationError(self._broken())
            else:
                raise SimulationError("particles are lost")

    def breathe(self, factor: float) -> None:
        """Scale the edges of the box by a factor, positions as well, velocities inversely."""
        particles = self._particles
        particles.v[:] += 0.5 * particles.pull * particles.f
        particles.v[:] /= factor**2  # steps are longer by the factor, too
        self.scale *= factor
        self._measure()
        self._sort()
        self._clock.counts[state_of.SINCE] = 0
        self._clock.counts[state_of.DUE] = state_of.ROWS
        self._settle()
        particles.v[:] -= 0.5 * particles.pull * particles.f

    @property
    def _step(self) -> float:
        return self._layout.step * self.scale

    def _full_velocities(self) -> Floats:
        """Return the velocities at the last step, in steps a time step, not yet in order."""
        particles = self._particles
        return particles.v + 0.5 * particles.pull * particles.f

    def _accelerations(self) -> Floats:
        """Return the accelerations at the last step, in steps a squared time step."""
        return self._particles.pull * self._particles.f

    def _in_order(self, rows: Floats) -> Floats:
        return rows[self._bonds.places, :3]

    def _state(self) -> State:
        rows = Rows(
            self._entries, self._bounds, self._limits, LANES_OF_BITS, self._skin * (1 - 1e-6)
        )
        kinetic = np.array(self._temperature) / (2 * self._step**2)
        return State(
            self._particles,
            self._lines,
            self._cells._replace(near=self._near),
            rows,
            self._groups,
            self._layout.metric,
            self._bonds._replace(matrix=self._layout.lengths(np.eye(3)) * self.scale),
            Bath(self._noise, kinetic, PERSISTENCE),
            self._clock,
        )

    def _whole(self, start: Configuration) -> Floats:
        """Return positions (N, 3) whose differences along a chain are its bonds.

        Single particles, and the first of each chain, are in the box.
        """
        steps = start.wrapped.copy()
        bonds = bond_table(start, self._model)
        steps[bonds.second] = bonds.vectors
        return steps.reshape(-1, self._model.chain_length, 3).cumsum(axis=1).reshape(-1, 3)

    def _broken(self) -> str:
        bonds, particles = self._state().bonds, self._particles
        bond = chain_kernel.add_bond_forces(bonds, particles.x, particles.f)
        length = math.sqrt(chain_kernel.separation(bonds, particles.x, bond)[5])
        return (
            f"the bond between particles {self._bonds.first[bond]} and "
            f"{self._bonds.second[bond]} is stretched to {length:.4g} sigma, expected less than "
            f"{math.sqrt(bonds.numbers[EXTENT_SQUARED]):g}"
        )

    def _measure(self) -> None:
        """Write what is in steps, for the present box."""
        step = self._step
        self._form = form_of(self._model, step, self._dtype, self._sized)
        self._exact_form = form_of(self._model, step, np.float64, self._sized)
        self._skin = float(self._reaches.max() - self._farthest) / step
        self._limits: NDArray[np.float32] | tuple[float, float] | None = None
        if self._sized:
            radii, cutoff = self._radii[self._particles.numbers] / step, self._model.pair.cutoff
            self._particles.x[: self.n, 3] = radii
            reaches = (cutoff * radii + self._skin / 2) * (1 + 1e-6)
            self._lines.centers[: self.n, 3] = reaches.astype(np.float32).view(np.int32)
        if self._model.sizes is not None:
            # A difference of reaches is the cut-off times half of that of diameters.
            shortening = 2 * self._model.sizes.nonadditivity * step / cutoff
            self._limits = self._skin, shortening
        elif not self._sized:
            self._limits = ((self._reaches / step) ** 2).astype(np.float32).ravel()

    def _allot(self, start: Configuration) -> None:
        """Allocate the arrays."""
        n, layout, n_kinds = self.n, self._layout, len(self._reaches)
        n_copies, whole = int(layout.copies.prod()), -(-n // LANES) * LANES
        if n_copies * whole > MOST_LINES:
            raise ConfigurationError(
                f"configuration: expected at most {MOST_LINES} particles and images within the "
                f"range of the potential, got {n_copies} times {n}"
            )
        kinds = np.zeros_like(start.species) if self._sized else start.species
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
        self._bonds = bonds_of(start, self._model)
        self._lines = Lines(lines, np.zeros((whole, 4), np.int32), layout.shifts)
        sizes = np.array([len(rows) for rows in layout.stencils])
        stencils = np.zeros((n_kinds, sizes.max(), 3), np.int64)
        for kind, rows in enumerate(layout.stencils):
            stencils[kind, : len(rows)] = rows
        n_columns = 4 + self._sized
        around = n / start.box.volume * float(ball(self._reaches.max(), start.dimension))
        self._near = np.zeros((n_kinds, n_columns, 256 + int(ROOM * 4 * around)), np.int32)
        self._entries = np.zeros(int(ROOM * n * (around + 8 * n_kinds)) + 4096, np.int32)
        self._bounds = np.zeros(2 * n * n_kinds, np.int64)
        n_groups = -(-n // MEMBERS) + n_kinds
        self._groups = None
        # With few neighbors, forces of groups are faster.
        if self._model.sizes is not None or start.dimension == 2:
            self._groups = Groups(
                np.empty_like(self._entries),
                np.zeros(2 * n_groups * n_kinds, np.int64),
                np.zeros(n_groups * MEMBERS, np.int32),
                np.zeros(n_kinds + 1, np.int64),
                np.zeros((n, n_kinds), np.int64),
            )
        self._cells = Cells(
            layout.shape,
            layout.depth,
            stencils,
            sizes,
            np.zeros((n_kinds, int(layout.shape.prod()) + 2), np.int64),
            np.zeros(n_copies * whole, np.int64),
            np.zeros((n_columns, n_copies * n + LANES), np.int32),
            self._near,
        )
        self._clock = Clock(np.zeros(state_of.COUNTS, np.int64), np.zeros(1))
        self._temperature = 0.0, 0.0

    def _place(self, start: Configuration) -> None:
        """Write positions and velocities, and sort."""
        particles, layout, n = self._particles, self._layout, self.n
        order = particles.numbers
        species = start.species[order]
        masses = np.asarray(self._model.masses)[species]
        particles.x[:n, :3] = layout.steps(self._whole(start)[order])
        particles.v[:n, :3] = layout.steps(np.asarray(start.velocities)[order]) * self._time_step
        particles.pull[:n, :3] = (self._time_step**2 / masses)[:, None]
        self._sort()
        self._clock.counts[state_of.DUE] = state_of.ROWS


def check_system(configuration: Configuration, model: Model) -> None:
    """Raise an error unless a configuration of a model can be simulated; errors name both."""
    if model.pair.form not in FORMS:
        raise InputError(
            f"model: expected a pair potential among {', '.join(FORMS)}, got {model.name} with "
            f"{model.pair.form}"
        )
    if model.sizes is not None and model.pair.form not in ("lennard_jones_even", "soft_spheres"):
        require_species_sizes(model, model.pair.form)
    check_species(configuration, model)
    check_range(configuration, model)
    check_apart(configuration)
    bond_table(configuration, model)  # raises if the chains are not whole
    if model.pair.tables:
        energies(configuration, model)  # raises if particles are nearer than their table begins
