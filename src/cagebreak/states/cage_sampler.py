"""Constrained Monte Carlo: particles that move in cells of their own and never rearrange."""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cagebreak import potentials
from cagebreak.configuration import Configuration
from cagebreak.errors import ConfigurationError, InputError
from cagebreak.models.model import Model
from cagebreak.neighbors import cell_list, neighbor_table
from cagebreak.potentials.bonds import bond_row, bond_table
from cagebreak.seeding import Seed, natural, seed_sequence
from cagebreak.states import _cage_kernel as kernel
from cagebreak.states import _cage_list_kernel as lists
from cagebreak.states.cage_cells import Cell, cells_of

ACCEPTANCE = 0.3
"""The share of accepted trials that the step is tuned to; chosen."""
FIRST_STEP = 0.08
"""The step before tuning, in sigma; chosen."""

_HARD_MARGIN = 5e-7  # single precision may err by this share of a distance; no sphere may overlap
_FIRST_REACH = 0.45  # from the list center, in sigma: what most particles never leave
_GROWTH = 1.2  # of a reach that has proved too short
_LONGEST_REACH = 1.0  # in sigma; who goes further is given a new list center
_SLACK = 4  # free slots of a list
_LONGEST_STEP = 0.4  # in sigma: from a new list center, no trial leads beyond the longest reach
_TUNINGS = 20  # of the step, while relaxing
_MOVES_A_CALL = 4_000_000  # about a second: Ctrl-C is heard between calls
_MARKS = 64  # how many earlier sums are kept, for the standard error


@dataclass(frozen=True)
class CageState:
    r"""Where particles are on average while none leaves its cage, and how they move there.

    Attributes are in units of sigma; N particles.
    """

    start: Configuration
    """The configuration that the cells belong to."""
    configuration: Configuration
    """The mean positions, with the images of the start and no velocities."""
    displacement: NDArray[np.float64]
    """Distance of the mean position from the start, (N,)."""
    covariance: NDArray[np.float64]
    """Covariance of each particle's position, (N, 3, 3)."""
    acceptance: NDArray[np.float64]
    """Share of trials that were accepted, (N,)."""
    wall: NDArray[np.float64]
    """Share of trials rejected because they led out of the cell, (N,)."""
    error: NDArray[np.float64]
    """Standard error of the mean position, (N,), from two halves of the run.

    For the error of a typical particle take the root of the mean square: one particle's is itself
    uncertain by about 40 %. Infinite after a single sweep.
    """
    sweeps: tuple[int, int]
    """Sweeps that relaxed, and sweeps that were measured."""
    step: float
    """Largest displacement of a trial along each axis."""
    samples: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 0, 3)))
    """Positions during the measurement, (K, N, 3), unwrapped; none unless asked for."""

    @property
    def variance(self) -> NDArray[np.float64]:
        """Mean squared distance from the mean position, (N,): the trace of `covariance`."""
        return np.trace(self.covariance, axis1=1, axis2=2)


class CageSampler:
    r"""Metropolis Monte Carlo at constant N, V, T in which each particle stays in its cell.

    In a sweep every particle in turn, in a fixed order, is moved by a vector uniform in a cube of
    edge 2 `step`. The move is accepted with probability
    :math:`\min(1, e^{-\Delta U / kT})`, and rejected if it leads out of the particle's cell;
    hard spheres reject overlaps. Sequential sweeps keep the Boltzmann distribution.

    Parameters
    ----------
    configuration
        N particles in a box of any shape; cells lie around where they are now.
    model
        Gives the pair potential, sigma_i and the temperature.
    seed
        The address of the stream is "cage".
    cell
        "voronoi": the points R with |R - r_i| / sigma_i < |R - r_j| / sigma_j for all solid-angle
        neighbors j of i (`cagebreak.neighbors.sann`). A number: the sphere of this radius, in
        sigma. Alkemade 2023, section III.
    drift
        Whether moments include the motion of the center of mass. It diffuses until the cells stop
        it, after some 1e5 sweeps, and tells nothing of a particle's cage; dynamics conserves it.
        By default displacements are measured from where it has drifted to; chosen.

    Raises
    ------
    ConfigurationError
        If a species is not the model's, hard spheres overlap, or bonds are not what
        `cagebreak.potentials.bonds.bond_table` expects.
    InputError
        If the cell or the seed is none.

    Notes
    -----
    The same seed gives the same bits on the same machine, however the sweeps are divided among
    calls.
    """

    def __init__(
        self, configuration: Configuration, model: Model, seed: Seed, cell: Cell = "voronoi",
        drift: bool = False,
    ) -> None:  # fmt: skip
        self._hard = model.name == "hard_spheres"
        potentials.check_species(configuration, model)
        if self._hard:
            _check_overlaps(configuration, model)
        self.start = configuration
        """Where the particles began."""
        self._step = FIRST_STEP
        self._model = model
        self._key = seed_sequence(seed, "cage").generate_state(2).astype(np.uint64)
        # Particles that are near in space are near in memory.
        self._order = cell_list(configuration, 1.5).order
        self._sorted = Configuration(
            configuration.unwrapped[self._order], configuration.species[self._order],
            configuration.box,
        )  # fmt: skip
        diameters = np.asarray(model.diameters)[self._sorted.species]
        self._cells = cells_of(self._sorted, diameters, cell)
        contacts = np.array(model.pair.sigma) * (1 + _HARD_MARGIN)
        self._cutoffs = contacts if self._hard else model.pair.cutoffs
        self._kernel = kernel.sweeps_of(potentials.FORMS[model.pair.form], model.bonds is not None)
        self._table = potentials.pair_table(model.pair).astype(np.float32)

        n, box = len(configuration), configuration.box
        # A listed pair, wherever its members go, is nearer than half of the repeated box.
        widest = self._cutoffs.max() + 4 * _LONGEST_REACH
        self._repeats = 2 ** np.ceil(np.log2(np.maximum(2 * widest / box.heights, 1))).astype(int)
        self._lattice = box.matrix * self._repeats[:, None] / 2**32
        self._inverse = np.linalg.inv(self._lattice)
        shifts = np.stack(np.meshgrid(*[np.arange(m) for m in self._repeats], indexing="ij"), -1)
        shifts = shifts.reshape(-1, 3) * (2**32 // self._repeats)
        home = np.rint(self._sorted.positions @ self._inverse).astype(np.int64)
        sites = (home + shifts[:, None]).reshape(-1, 3)
        self._lines = np.zeros((len(sites), kernel.COLUMNS), np.int32)
        self._lines[:, :3] = sites.astype(np.uint32).view(np.int32)
        self._sites = self._lines[:, :3].T
        self._homes = self._sites[:, :n].copy()
        self._partners = self._bonded_sites()
        self._centers = np.zeros((3, n))
        self._reaches = np.full(n, _FIRST_REACH)
        self._needed = np.zeros(1)
        self._clock = np.zeros(2, np.int64)
        self._moves = np.empty((3, kernel.CHUNK), np.int32)
        self._chances = np.empty(kernel.CHUNK, np.float32)
        self._distances = np.empty(2 * kernel.LANES, np.float32)
        self._accepted, self._blocked = np.zeros((2, n), np.int64)
        self._sums = np.zeros((9, n))
        masses = np.asarray(model.masses)[self._sorted.species]
        self._weights = np.zeros(n) if drift else masses / masses.sum()
        self._drift = np.zeros(3)
        self._marks: list[tuple[int, NDArray[np.float64]]] = []
        self._relaxed = self._measured = 0
        self._list()

    @property
    def positions(self) -> NDArray[np.float64]:
        """Positions now, drift included, (N, 3), unwrapped from the start's, in sigma."""
        return self.start.unwrapped + self._in_order(self._from_centers() + self._centers.T)

    @property
    def step(self) -> float:
        """Largest displacement of a trial along each axis, in sigma."""
        return self._step

    @step.setter
    def step(self, step: float) -> None:
        if not 0 < step <= _LONGEST_STEP:
            raise InputError(f"step: expected a length in (0, {_LONGEST_STEP}], got {step!r}")
        self._step = float(step)

    @property
    def sweeps(self) -> tuple[int, int]:
        """How many sweeps have relaxed, and how many have been measured since."""
        return self._relaxed, self._measured

    def relax(self, sweeps: int) -> None:
        """Go on, and tune the step to `ACCEPTANCE`. What was measured before is forgotten.

        Raises
        ------
        InputError
            If the number of sweeps is negative or not whole.
        """
        sweeps = natural("sweeps", sweeps)
        blocks = np.diff(np.arange(_TUNINGS + 1) * sweeps // _TUNINGS)
        for k, block in enumerate(blocks):
            if k == _TUNINGS // 2:
                self._forget()
            before = self._accepted.sum()
            self._advance(int(block))
            if block:
                rate = (self._accepted.sum() - before) / (block * len(self.start))
                step = self.step * float(np.clip(rate / ACCEPTANCE, 0.5, 2))
                self.step = min(step, _LONGEST_STEP)
        self._relaxed += sweeps
        if self._measured:
            self._center(self._sums[:3].T / self._measured + self._drift @ self._lattice)
        self._forget()

    def run(self, sweeps: int) -> None:
        """Go on with the step as it is, and measure after every sweep.

        Raises
        ------
        InputError
            If the number of sweeps is negative or not whole.
        """
        sweeps = natural("sweeps", sweeps)
        # In two parts at least, so that halves can be compared.
        for part in (sweeps // 2, sweeps - sweeps // 2):
            self._advance(part)

    def state(self) -> CageState:
        """Return the moments of what has been measured.

        Raises
        ------
        InputError
            If nothing has.
        """
        total = self._measured
        if total == 0:
            raise InputError("state: expected sweeps to have been measured; call run first")
        means = self._sums[:3].T / total
        squares = self._sums[3:].T[:, [[0, 3, 4], [3, 1, 5], [4, 5, 2]]] / total
        covariance = squares - means[:, :, None] * means[:, None, :]
        trials = total * np.ones(len(self.start))
        mean = self._in_order(means)
        return CageState(
            start=self.start,
            configuration=self.start.replace(
                positions=self.start.positions + mean, velocities=None
            ),
            displacement=np.sqrt((mean**2).sum(axis=1)),
            covariance=self._in_order(covariance),
            acceptance=self._in_order(self._accepted / trials),
            wall=self._in_order(self._blocked / trials),
            error=self._in_order(self._error()),
            sweeps=self.sweeps,
            step=self.step,
        )

    def _error(self) -> NDArray[np.float64]:
        """Return the standard error of the mean positions, from two halves of the run."""
        inside = [mark for mark in self._marks if mark[0] < self._measured]
        if not inside:
            return np.full(len(self.start), math.inf)
        total = self._measured
        first, sums = min(inside, key=lambda mark: abs(2 * mark[0] - total))
        second = total - first
        apart = sums / first - (self._sums[:3] - sums) / second
        return np.sqrt((apart**2).sum(axis=0) * first * second) / total

    def _advance(self, sweeps: int) -> None:
        """Go on for a number of sweeps, whatever reaches that takes."""
        at_a_call = max(_MOVES_A_CALL // len(self.start), 1)
        while sweeps > 0:
            now = min(sweeps, at_a_call)
            until = self._clock[kernel.SWEEP] + now
            while self._sweep(until) == kernel.OUTGROWN:
                self._reach_further(self._clock[kernel.TURN])
            sweeps -= now
            self._measured += now
            self._marks.append((self._measured, self._sums[:3].copy()))
            if len(self._marks) > _MARKS:
                del self._marks[::2]

    def _sweep(self, until: int) -> int:
        cells = self._cells
        return self._kernel(
            until, self._clock, self._key, self.step * self._inverse, self._lines,
            self._lattice, self._homes, self._centers, self._reaches, self._needed, cells.inner,
            cells.outer, cells.starts, cells.walls, self._rows, self._entries, self._limits,
            self._partners, bond_row(self._model), self._sorted.species, self._table,
            1 / self._model.temperature, self._weights, self._drift, self._moves, self._chances,
            self._distances, self._accepted, self._blocked, self._sums,
        )  # fmt: skip

    def _reach_further(self, i: int) -> None:
        """Lengthen the reach of particle i to what its trial needs."""
        reach = _GROWTH * self._needed[0]
        if reach > _LONGEST_REACH:
            displacements = self._centers.T.copy()
            displacements[i] += self._from_centers()[i]
            self._center(displacements)
            return
        place = self._places[i]
        if lists.extend(place, reach, self._around, self._reaches, *self._space) == lists.FULL:
            self._reaches[i] = reach
            self._list()

    def _center(self, displacements: NDArray[np.float64]) -> None:
        """Let the lists see particles from these displacements (N, 3) from the start."""
        shifts = np.rint((displacements - self._centers.T) @ self._inverse).astype(np.int32)
        self._homes += shifts.T
        self._centers += (shifts @ self._lattice).T
        away = np.sqrt((self._from_centers() ** 2).sum(axis=1))
        self._reaches = np.maximum(_FIRST_REACH, _GROWTH * away)
        self._list()

    def _from_centers(self) -> NDArray[np.float64]:
        """Return the vectors from the list centers to the particles, (N, 3)."""
        return (self._sites[:, : len(self.start)] - self._homes).T @ self._lattice

    def _bonded_sites(self) -> NDArray[np.int32]:
        """Return the sites that each particle is bonded to, (N, 2), -1 for none."""
        n = len(self.start)
        partners = np.full((n, 2), -1, np.int32)
        bonds, place = bond_table(self.start, self._model), np.argsort(self._order)
        copies = np.arange(np.prod(self._repeats)) * n
        for slot, (ends, others) in enumerate(
            [(bonds.first, bonds.second), (bonds.second, bonds.first)]
        ):
            ends, others = place[ends], place[others]
            # Of the images of the other one, the nearest.
            images = others + copies[:, None]
            apart = (self._sites[:, images] - self._sites[:, None, ends]).T @ self._lattice
            nearest = (apart**2).sum(axis=-1).argmin(axis=1)
            partners[ends, slot] = images[nearest, np.arange(len(ends))]
        return partners

    def _list(self) -> None:
        """List who may meet whom, as far as reaches allow now."""
        positions = self._sorted.positions + self._centers.T
        # As far as any reach may ever grow.
        furthest = self._cutoffs.max() + 2 * _LONGEST_REACH
        self._around = cell_list(self._sorted.replace(positions=positions), furthest)
        self._places = np.argsort(self._around.order)
        n, n_species = len(positions), len(self._cutoffs)
        # Hard spheres look at all neighbors at once, other pairs at one species after the other.
        groups = np.zeros(n_species, np.int64) if self._hard else np.arange(n_species)
        counts = np.empty((n, groups[-1] + 1), np.int64)
        lists.count_listed(self._around, self._reaches, self._cutoffs, groups, counts)
        rooms = -(-(counts * 4 // 3 + _SLACK) // kernel.LANES) * kernel.LANES
        self._rows = np.zeros((*counts.shape, 2), np.int64)
        self._rows[..., lists.FIRST] = (np.cumsum(rooms) - rooms.ravel()).reshape(counts.shape)
        self._entries = np.zeros(rooms.sum(), np.int32)
        self._limits = np.empty(rooms.sum(), np.float32)
        self._space = (
            self._cutoffs, groups, positions, self._sorted.box.inverse, self._repeats, self._rows,
            self._entries, self._limits,
        )  # fmt: skip
        lists.fill_lists(self._around, self._reaches, *self._space, self._hard)

    def _forget(self) -> None:
        self._accepted[:] = 0
        self._blocked[:] = 0
        self._sums[:] = 0
        self._marks.clear()
        self._measured = 0

    def _in_order(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        result = np.empty_like(rows)
        result[self._order] = rows
        return result


def _check_overlaps(configuration: Configuration, model: Model) -> None:
    """Raise if two spheres overlap by more than a single-precision file may leave."""
    sigma, species = np.array(model.pair.sigma), configuration.species
    table = neighbor_table(configuration, sigma.max())
    i = np.repeat(np.arange(len(configuration)), np.diff(table.offsets))
    contact = sigma[species[i], species[table.neighbors]]
    ratio = np.sqrt((table.vectors**2).sum(axis=1)) / contact
    if len(ratio) and ratio.min() < 1 - potentials.OVERLAP_TOLERANCE:
        k = ratio.argmin()
        first, second = sorted((int(i[k]), int(table.neighbors[k])))
        raise ConfigurationError(
            f"configuration: spheres {first} and {second} overlap, at {ratio[k]:.6f} of their "
            "contact distance; expected none closer than 1 (wrong box, units or species?)"
        )
