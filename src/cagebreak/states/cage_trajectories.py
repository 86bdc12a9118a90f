"""The cage state by trajectories of all particles: hybrid Monte Carlo in cells."""

import math
from concurrent.futures import CancelledError
from contextlib import AbstractContextManager
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cagebreak._progress import shown
from cagebreak.configuration import Configuration, as_configuration
from cagebreak.errors import InputError
from cagebreak.models.model import Model
from cagebreak.potentials.sizes import diameters_of
from cagebreak.seeding import Seed, natural, stream
from cagebreak.states._caged_kernel import EVERY, Moments, add_moments
from cagebreak.states.cage_cells import Cell, cells_of
from cagebreak.states.cage_error import Marks
from cagebreak.states.cage_sampler import TUNINGS, CageState, means_and_covariances
from cagebreak.states.lammps_cage import LammpsParticles
from cagebreak.states.pair_cage import PairParticles

Floats = NDArray[np.float64]

ACCEPTANCE = 0.8
"""Mean probability of acceptance that the time step is tuned to; chosen."""

FASTEST = 1.25
"""Largest change of the time step at once, as a factor; chosen: the most that acceptance allows."""


class InCells(Protocol):
    """N particles in cells, that follow Newton's equations and can go back."""

    STEPS: tuple[int, int]
    """Fewest and most time steps of a trajectory. Their number is random, so that no vibration
    comes back to where it was each time."""
    time_step: float
    """In tau."""
    reflections: NDArray[np.int64]
    """Time steps in which a wall reflected each particle, (N,)."""

    def displacements(self) -> Floats:
        """Return the displacements from the start, (N, 3), in sigma."""

    def follow(self, velocities: Floats, n_steps: int, moments: Moments) -> float:
        """Move by time steps from velocities (N, 3); return by how much the energy changed, in eps.

        It is no number if the particles cannot go on. Moments are added to at the last time step
        and every `EVERY` before it.
        """

    def go_back(self) -> None:
        """Return to the positions before the last trajectory."""


class TrajectorySampler:
    r"""Hybrid Monte Carlo at constant N, V, T in which each particle stays in its cell.

    All particles move together: a sweep is a trajectory of molecular dynamics with fresh
    Maxwell-Boltzmann velocities (:cite:`Duane1987`). Walls of cells reflect particles, and the
    trajectory is accepted with probability :math:`\min(1, e^{-\Delta H / kT})`, where H is the
    energy with the kinetic one. Leapfrog steps whose drift is free flight between walls can be
    reversed and keep volumes (:cite:`Afshar2015`), so that the Boltzmann distribution in the cells
    at their ends is unchanged: it is that of `CageSampler`, for any time step. Moments are averages
    over every fifth time step of accepted trajectories, counted from their ends. In place of a
    rejected one, its begin counts as often. Between the ends the distribution is that of the
    leapfrog: the variance along a vibration of angular frequency :math:`\omega` is larger by a
    factor of about :math:`1 + (\omega \Delta t)^2 / 8`.

    Parameters
    ----------
    configuration, seed, cell, include_center_of_mass
        As of `CageSampler`. For a model of LAMMPS the first lattice vector lies along x, the second
        in the plane xy.
    model
        Any but hard spheres, which have no forces.

    Raises
    ------
    InputError
        If the model is of hard spheres.
    CagebreakError
        As `CageSampler`, `cagebreak.simulation.molecular_dynamics.MolecularDynamics` and, for a
        model of LAMMPS, `cagebreak.potentials.lammps.Forces`.

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
        self.start = configuration
        """The configuration at the beginning."""
        if model.is_hard:
            raise InputError(
                f"trajectories: expected a model with forces, got {model.name}; sample it by sweeps"
            )
        kind = PairParticles if model.lammps is None else LammpsParticles
        self._particles: InCells = kind(
            configuration, model, cells_of(configuration, diameters_of(configuration, model), cell)
        )
        self._masses = np.asarray(model.masses)[configuration.species][:, None]
        shares = self._masses[:, 0] / self._masses.sum()
        n = len(configuration)
        self._moments = Moments(
            np.zeros(n) if include_center_of_mass else shares,
            np.zeros(1, np.int64),
            np.zeros((3, n)),
            np.zeros((6, n)),
            np.zeros((n, 3)),
        )
        axes = np.arange(3) < configuration.dimension
        self._thermal = axes * np.sqrt(model.temperature / self._masses)
        self._kt = model.temperature
        self._rng = stream(seed, "cage")
        self._relaxed, self._stopped, self._done = 0, False, 0
        self._discard()

    @property
    def positions(self) -> Floats:
        """Present positions, unwrapped, (N, 3), in sigma, with the motion of the center of mass."""
        return self.start.unwrapped + self._particles.displacements()

    @property
    def step(self) -> float:
        """The time step, in tau."""
        return self._particles.time_step

    @property
    def sweeps(self) -> tuple[int, int]:
        """Number of trajectories that relaxed, and of those that were measured since."""
        return self._relaxed, self._measured

    def relax(self, sweeps: int) -> None:
        """Run trajectories that tune the time step to `ACCEPTANCE`. Earlier measurements are lost.

        Raises
        ------
        InputError
            If `sweeps` is negative or no integer.
        """
        sweeps = natural("sweeps", sweeps)
        with self._shown("cage state, relaxing", sweeps):
            for block in np.diff(np.arange(TUNINGS + 1) * sweeps // TUNINGS):
                if block:
                    rate = self._advance(int(block))
                    # Of few trajectories the rate is noisy: the step grows and shrinks alike.
                    growth = min(max(rate / ACCEPTANCE, 1 / FASTEST), FASTEST)
                    self._particles.time_step *= growth
        self._relaxed += sweeps
        self._discard()

    def run(self, sweeps: int) -> None:
        """Run trajectories with a fixed time step, and measure on the way.

        Raises
        ------
        InputError
            If `sweeps` is negative or no integer.
        """
        sweeps = natural("sweeps", sweeps)
        with self._shown("cage state, measuring", sweeps):
            for part in (sweeps // 2, sweeps - sweeps // 2):
                self._advance(part)
                if part:
                    self._marks.add(int(self._moments.additions[0]), self._moments.first)

    def stop(self) -> None:
        """End the trajectories that another thread runs by `CancelledError`."""
        self._stopped = True

    def state(self) -> CageState:
        """Return the moments of all trajectories measured so far.

        `acceptance` is the share of trajectories that were accepted, the same for all particles.
        `cell_rejection` is the share of time steps in which the cell reflected a particle, and
        `step` the time step in tau.

        Raises
        ------
        InputError
            If no trajectory has been measured.
        """
        if self._measured == 0:
            raise InputError("state: expected sweeps to have been measured; call run first")
        moments, total = self._moments, int(self._moments.additions[0])
        means, covariance = means_and_covariances(moments.first, moments.second, total)
        return CageState(
            start=self.start,
            configuration=self.start.replace(
                positions=self.start.positions + means, velocities=None
            ),
            displacement=np.sqrt((means**2).sum(axis=1)),
            covariance=covariance,
            acceptance=np.full(len(means), self._accepted / self._measured),
            cell_rejection=self._particles.reflections / self._n_steps,
            error=self._marks.error(total, moments.first),
            sweeps=self.sweeps,
            step=self.step,
        )

    def _discard(self) -> None:
        """Discard what has been measured."""
        self._measured = self._accepted = self._n_steps = 0
        self._particles.reflections[:] = 0
        for sums in (self._moments.additions, self._moments.first, self._moments.second):
            sums[:] = 0
        self._marks = Marks()

    def _advance(self, sweeps: int) -> float:
        """Run and measure trajectories; return the mean probability of acceptance."""
        probability = 0.0
        for _ in range(sweeps):
            if self._stopped:
                raise CancelledError
            probability += self._trajectory()
            self._measured += 1
            self._done += 1
        return probability / max(sweeps, 1)

    def _trajectory(self) -> float:
        """Follow a trajectory, accept or reject it, and return the probability of acceptance."""
        velocities = self._thermal * self._rng.standard_normal((len(self.start), 3))
        fewest, most = self._particles.STEPS
        n_steps = int(self._rng.integers(fewest, most, endpoint=True))
        chance = self._rng.random()
        self._n_steps += n_steps
        sums = self._moments.additions, self._moments.first, self._moments.second
        before = [of.copy() for of in sums]
        cost = self._particles.follow(velocities, n_steps, self._moments) / self._kt
        # An energy that is no number is rejected.
        probability = math.exp(-max(cost, 0.0)) if math.isfinite(cost) else 0.0
        if chance < probability:
            self._accepted += 1
        else:
            for of, earlier in zip(sums, before, strict=True):
                of[:] = earlier
            self._particles.go_back()
            self._moments.now[:] = self._particles.displacements()
            for _ in range(math.ceil(n_steps / EVERY)):
                add_moments(self._moments)
        return probability

    def _shown(self, what: str, sweeps: int) -> AbstractContextManager[None]:
        """Return a block that shows how many of its trajectories are done."""
        first = self._done
        return shown(what, lambda: (self._done - first) / max(sweeps, 1))
