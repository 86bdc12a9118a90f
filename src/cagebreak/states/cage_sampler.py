"""Constrained Monte Carlo: each particle is confined to its cell and never rearranges."""

from __future__ import annotations

import math
from concurrent.futures import CancelledError
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cagebreak import potentials
from cagebreak._html import card
from cagebreak._progress import shown
from cagebreak.configuration import Configuration, as_configuration
from cagebreak.errors import InputError
from cagebreak.models.model import Model, require_pairs
from cagebreak.neighbors import cell_list
from cagebreak.potentials.bonds import bond_row, bond_table
from cagebreak.potentials.overlaps import separated
from cagebreak.potentials.sizes import diameters_of, sizes_of
from cagebreak.seeding import Seed, natural, seed_sequence
from cagebreak.states import _cage_kernel as kernel
from cagebreak.states import _cage_list_kernel as lists
from cagebreak.states.cage_cells import Cell, cells_of
from cagebreak.states.cage_error import Marks

ACCEPTANCE = 0.3
"""Share of accepted trials that the step is tuned to; chosen."""
FIRST_STEP = 0.08
"""The step before tuning, in sigma; chosen."""

TUNINGS = 20
"""Adjustments of the step while relaxing; chosen."""

_HARD_MARGIN = 5e-7  # relative error of a distance in single precision, added to contacts
_FIRST_REACH = 0.45  # distance from the list center that most particles never exceed, in sigma
_GROWTH = 1.2  # factor by which a reach grows beyond what a trial needs
_LONGEST_REACH = 1.0  # in sigma; a particle that needs more gets a new list center
_LONGEST_STEP = 0.4  # in sigma: from a new list center, no trial leads beyond the longest reach
_MOVES_PER_CALL = 4_000_000  # about a second: Ctrl-C takes effect between calls


@dataclass(frozen=True, eq=False, repr=False)
class CageState:
    r"""Mean positions of N caged particles, and the moments of their motion in the cages.

    Lengths are in units of sigma.
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
    cell_rejection: NDArray[np.float64]
    """Share of trials that were rejected because they led out of the cell, (N,)."""
    error: NDArray[np.float64]
    """Standard error of the mean position, (N,), from two halves of the run.

    The error of a single particle is itself uncertain by about 40 %. The root mean square over
    particles is the error of a typical one. Infinite after a single sweep.
    """
    sweeps: tuple[int, int]
    """Sweeps or trajectories of all chains that relaxed, and that were measured."""
    step: float
    """Largest displacement of a trial along each axis, or the time step of trajectories; NaN if
    there are chains of both kinds."""
    samples: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 0, 3)))
    """Unwrapped positions during the measurement, (K, N, 3); K = 0 by default."""

    def __repr__(self) -> str:
        facts = ", ".join(f"{name} {value}" for name, value in self._facts().items())
        return f"CageState({len(self.configuration)} particles: {facts})"

    def _repr_html_(self) -> str:
        return card(f"Cage state of {len(self.configuration)} particles", self._facts())

    def _facts(self) -> dict[str, str]:
        error = math.sqrt((self.error**2).mean())
        displacement = math.sqrt((self.displacement**2).mean())
        return {
            "sweeps": f"{self.sweeps[0]} + {self.sweeps[1]}",
            "acceptance": f"{self.acceptance.mean():.3g}",
            "displacement": f"{displacement:.3g} (rms)",
            "error": f"{error:.2g} (rms)",
            "samples": str(len(self.samples)),
        }

    @property
    def variance(self) -> NDArray[np.float64]:
        """Mean squared distance from the mean position, (N,): the trace of `covariance`."""
        return np.trace(self.covariance, axis1=1, axis2=2)


class CageSampler:
    r"""Metropolis Monte Carlo at constant N, V, T in which each particle stays in its cell.

    A sweep tries to move every particle once, in a fixed order. The trial displacement is uniform
    in a cube of edge 2 `step`. A trial that leads out of the particle's cell is rejected. All
    others are accepted with probability :math:`\min(1, e^{-\Delta U / kT})`, which is 0 where hard
    spheres would overlap. Sequential sweeps leave the Boltzmann distribution unchanged.

    Parameters
    ----------
    configuration
        N particles in a box of any shape; the cells surround their present positions.
    model
        Gives the pair potential, sigma_i and the temperature.
    seed
        The address of the stream is "cage".
    cell
        "voronoi": the points R with ``|R - r_i| / sigma_i < |R - r_j| / sigma_j`` for all
        solid-angle neighbors j of i (`cagebreak.neighbors.sann`). A number: the sphere of this
        radius, in sigma. :cite:`Alkemade2023`, section III.
    include_center_of_mass
        Whether moments include the motion of the center of mass. By default displacements are
        relative to it; chosen. In Monte Carlo the center of mass diffuses until the cells stop it,
        after some 1e5 sweeps. Dynamics conserves it, and its motion says nothing about a cage.

    Raises
    ------
    ConfigurationError
        If a species is not the model's, hard spheres overlap, or bonds are not what
        `cagebreak.potentials.bonds.bond_table` expects.
    InputError
        If `cell` is neither "voronoi" nor a positive radius, or `seed` is out of range.

    Notes
    -----
    The same seed gives the same bits on the same machine, however the sweeps are divided among
    calls.
    """

    def __init__(
        self, configuration: Configuration, model: Model, seed: Seed, cell: Cell = "voronoi",
        include_center_of_mass: bool = False,
    ) -> None:  # fmt: skip
        configuration = as_configuration(configuration)
        require_pairs(model, "`CageSampler`; `cage_state` uses hybrid Monte Carlo")
        potentials.check_species(configuration, model)
        potentials.check_range(configuration, model)
        if model.is_hard:
            configuration = separated(configuration, model)
        self.start = configuration
        """The configuration at the beginning."""
        self._step = FIRST_STEP
        self._model = model
        # Particles that are near in space are near in memory.
        self._order = cell_list(configuration, 1.5).order
        self._sorted = configuration[self._order].replace(
            positions=configuration.unwrapped[self._order], velocities=None, images=None
        )
        species, n = self._sorted.species, len(configuration)
        self._cells = cells_of(self._sorted, diameters_of(self._sorted, model), cell)
        contacts = np.array(model.pair.sigma) * (1 + _HARD_MARGIN)
        self._cutoffs = contacts if model.is_hard else model.pair.cutoffs
        self._sizes = sizes_of(self._sorted, model)
        largest = 1.0 if model.sizes is None else self._sizes.diameters.max()
        self._furthest = largest * self._cutoffs.max()
        self._repeats = self._copies_of_the_box()
        self._sites = self._integer_sites()
        self._inverse = np.asarray(np.linalg.inv(self._sites.lattice), np.float64)
        self._interaction = kernel.Interaction(
            species,
            potentials.pair_table(model.pair).astype(np.float32),
            1 / model.temperature,
            self._bonded_sites(),
            bond_row(model),
        )
        masses = np.asarray(model.masses)[species]
        self._moments = kernel.Moments(
            accepted=np.zeros(n, np.int64),
            rejected=np.zeros(n, np.int64),
            weights=np.zeros(n) if include_center_of_mass else masses / masses.sum(),
            center_of_mass=np.zeros(3),
            sums=np.zeros((9, n)),
        )
        self._scratch = kernel.Scratch(
            np.empty((3, kernel.CHUNK), np.int32),
            np.empty(kernel.CHUNK, np.float32),
            np.empty(2 * kernel.LANES, np.float32),
        )
        self._sweep = kernel.sweep_of(
            potentials.FORMS[model.pair.form], model.bonds is not None, model.sizes is not None
        )
        self._key = seed_sequence(seed, "cage").generate_state(2).astype(np.uint64)
        self._progress = kernel.Progress(np.zeros(2, np.int64), np.zeros(1))
        self._marks = Marks()
        self._relaxed = self._measured = 0
        self._stopped = False
        self._list()

    @property
    def positions(self) -> NDArray[np.float64]:
        """Present positions, unwrapped, (N, 3), in sigma, with the motion of the center of mass."""
        displacements = self._from_centers() + self._sites.centers.T
        return self.start.unwrapped + self._in_order(displacements)

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
        """Number of sweeps that relaxed, and of sweeps that were measured since."""
        return self._relaxed, self._measured

    def relax(self, sweeps: int) -> None:
        """Run sweeps that tune the step to `ACCEPTANCE`. Earlier measurements are discarded.

        Raises
        ------
        InputError
            If `sweeps` is negative or no integer.
        """
        sweeps = natural("sweeps", sweeps)
        blocks = np.diff(np.arange(TUNINGS + 1) * sweeps // TUNINGS)
        with self._shown("cage state, relaxing", sweeps):
            self._relax(blocks)
        self._relaxed += sweeps
        if self._measured:
            means = self._moments.sums[:3].T / self._measured
            self._center(means + self._moments.center_of_mass @ self._sites.lattice)
        self._discard()

    def _relax(self, blocks: NDArray[np.int64]) -> None:
        """Run blocks of sweeps, and tune the step after each."""
        for k, block in enumerate(blocks):
            if k == TUNINGS // 2:
                self._discard()
            before = self._moments.accepted.sum()
            self._advance(int(block))
            if block:
                accepted = self._moments.accepted.sum() - before
                rate = accepted / (block * len(self.start))
                step = self.step * float(np.clip(rate / ACCEPTANCE, 0.5, 2))
                self.step = min(step, _LONGEST_STEP)

    def run(self, sweeps: int) -> None:
        """Run sweeps with a fixed step, and measure after each.

        Raises
        ------
        InputError
            If `sweeps` is negative or no integer.
        """
        sweeps = natural("sweeps", sweeps)
        # At least two parts, so that the standard error can compare halves.
        with self._shown("cage state, measuring", sweeps):
            for part in (sweeps // 2, sweeps - sweeps // 2):
                self._advance(part)

    def stop(self) -> None:
        """End the sweeps that another thread runs, within about a second, by `CancelledError`."""
        self._stopped = True

    def state(self) -> CageState:
        """Return the moments of all sweeps measured so far.

        Raises
        ------
        InputError
            If no sweep has been measured.
        """
        total = self._measured
        if total == 0:
            raise InputError("state: expected sweeps to have been measured; call run first")
        moments = self._moments
        means, covariance = means_and_covariances(moments.sums[:3], moments.sums[3:], total)
        trials = total * np.ones(len(self.start))
        mean = self._in_order(means)
        return CageState(
            start=self.start,
            configuration=self.start.replace(
                positions=self.start.positions + mean, velocities=None
            ),
            displacement=np.sqrt((mean**2).sum(axis=1)),
            covariance=self._in_order(covariance),
            acceptance=self._in_order(moments.accepted / trials),
            cell_rejection=self._in_order(moments.rejected / trials),
            error=self._in_order(self._marks.error(total, moments.sums[:3])),
            sweeps=self.sweeps,
            step=self.step,
        )

    def _shown(self, what: str, sweeps: int) -> AbstractContextManager[None]:
        """Return a block that shows how many of its sweeps are done."""
        clock = self._progress.clock
        first = clock[kernel.SWEEP]
        return shown(what, lambda: float(clock[kernel.SWEEP] - first) / max(sweeps, 1))

    def _advance(self, sweeps: int) -> None:
        """Run and measure sweeps, and lengthen reaches where trials need it."""
        per_call = max(_MOVES_PER_CALL // len(self.start), 1)
        clock = self._progress.clock
        while sweeps > 0:
            if self._stopped:
                raise CancelledError
            block = min(sweeps, per_call)
            until = clock[kernel.SWEEP] + block
            while self._run_kernel(until) == kernel.OUTGROWN:
                self._reach_further(clock[kernel.TURN])
            sweeps -= block
            self._measured += block
            self._marks.add(self._measured, self._moments.sums[:3])

    def _run_kernel(self, until: int) -> int:
        axes = np.diag(np.arange(3) < self.start.dimension)
        stream = kernel.RandomStream(self._key, self.step * axes @ self._inverse)
        return self._sweep(
            until, self._progress, stream, self._sites, self._cells, self._lists,
            self._interaction, self._moments, self._scratch,
        )  # fmt: skip

    def _reach_further(self, i: int) -> None:
        """Lengthen the reach of particle i to what its trial needs."""
        reach = _GROWTH * self._progress.reach[0]
        centers, reaches = self._sites.centers, self._sites.reaches
        if reach > _LONGEST_REACH:
            displacements = centers.T.copy()
            displacements[i] += self._from_centers()[i]
            self._center(displacements)
            return
        status = lists.extend(
            self._places[i], reach, self._cell_list, reaches, self._rules, self._lists
        )
        if status == lists.FULL:
            reaches[i] = reach
            self._list()

    def _center(self, displacements: NDArray[np.float64]) -> None:
        """Move the list centers to these displacements (N, 3) from the start."""
        sites = self._sites
        shifts = np.rint((displacements - sites.centers.T) @ self._inverse).astype(np.int32)
        sites.homes[:] += shifts.T
        sites.centers[:] += (shifts @ sites.lattice).T
        distances = np.sqrt((self._from_centers() ** 2).sum(axis=1))
        sites.reaches[:] = np.maximum(_FIRST_REACH, _GROWTH * distances)
        self._list()

    def _from_centers(self) -> NDArray[np.float64]:
        """Return the vectors from the list centers to the particles, (N, 3)."""
        coordinates = self._sites.coordinates[: len(self.start), :3].T
        return (coordinates - self._sites.homes).T @ self._sites.lattice

    def _copies_of_the_box(self) -> NDArray[np.int64]:
        """Return the number of copies of the box along each lattice vector, powers of 2, (3,).

        In the repeated box, the distance of a listed pair never exceeds half of a height.
        """
        widest = self._furthest + 4 * _LONGEST_REACH
        ratios = 2 * widest / self._sorted.box.heights
        return 2 ** np.ceil(np.log2(np.maximum(ratios, 1))).astype(int)

    def _integer_sites(self) -> kernel.Sites:
        """Return the initial positions in integer units, with list centers at the particles."""
        n, repeats = len(self._sorted), self._repeats
        lattice = self._sorted.box.matrix * repeats[:, None] / 2**32
        shifts = np.stack(np.meshgrid(*[np.arange(m) for m in repeats], indexing="ij"), -1)
        shifts = shifts.reshape(-1, 3) * (2**32 // repeats)
        first = np.rint(self._sorted.positions @ np.linalg.inv(lattice)).astype(np.int64)
        all_copies = (first + shifts[:, None]).reshape(-1, 3)
        coordinates = np.zeros((len(all_copies), kernel.COLUMNS), np.int32)
        coordinates[:, :3] = all_copies.astype(np.uint32).view(np.int32)
        homes = coordinates[:n, :3].T.copy()
        return kernel.Sites(coordinates, lattice, homes, np.zeros((3, n)), np.full(n, _FIRST_REACH))

    def _bonded_sites(self) -> NDArray[np.int32]:
        """Return the sites that each particle is bonded to, (N, 2), -1 for none."""
        n, coordinates = len(self.start), self._sites.coordinates[:, :3].T
        partners = np.full((n, 2), -1, np.int32)
        bonds, places = bond_table(self.start, self._model), np.argsort(self._order)
        first, second = places[bonds.first], places[bonds.second]
        copies = np.arange(np.prod(self._repeats)) * n
        for slot, (ends, others) in enumerate([(first, second), (second, first)]):
            # A bond goes to the nearest image.
            images = others + copies[:, None]
            vectors = (coordinates[:, images] - coordinates[:, None, ends]).T @ self._sites.lattice
            nearest = (vectors**2).sum(axis=-1).argmin(axis=1)
            partners[ends, slot] = images[nearest, np.arange(len(ends))]
        return partners

    def _list(self) -> None:
        """Make the neighbor lists for the present list centers and reaches."""
        centers = self._sorted.positions + self._sites.centers.T
        reaches, n_species = self._sites.reaches, len(self._cutoffs)
        # Wide enough for the longest reaches, so that `extend` finds its pairs here.
        furthest = self._furthest + 2 * _LONGEST_REACH
        self._cell_list = cell_list(self._sorted.replace(positions=centers), furthest)
        self._places = np.argsort(self._cell_list.order)
        # An overlap needs no species, so hard spheres have one list; an energy has one a species.
        hard = self._model.is_hard
        groups = np.zeros(n_species, np.int64) if hard else np.arange(n_species)
        self._rules = lists.ListRules(
            self._cutoffs, self._sizes, groups, centers,
            self._sorted.box.inverse, self._repeats,
        )  # fmt: skip
        self._lists = lists.NeighborLists(
            *lists.make_lists(self._cell_list, reaches, self._rules, hard)
        )

    def _discard(self) -> None:
        """Discard what has been measured."""
        self._moments.accepted[:] = 0
        self._moments.rejected[:] = 0
        self._moments.sums[:] = 0
        self._marks.clear()
        self._measured = 0

    def _in_order(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return rows of sorted particles in the order of the configuration."""
        result = np.empty_like(rows)
        result[self._order] = rows
        return result


def means_and_covariances(
    first: NDArray[np.float64], second: NDArray[np.float64], total: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return means (N, 3) and covariances (N, 3, 3) of sums over `total` displacements.

    `first` (3, N) are the sums of x, y and z; `second` (6, N) of xx, yy, zz, xy, xz and yz.
    """
    means = first.T / total
    squares = second.T[:, [[0, 3, 4], [3, 1, 5], [4, 5, 2]]] / total
    return means, squares - means[:, :, None] * means[:, None, :]
