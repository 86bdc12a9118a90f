"""The cage state of particles whose forces LAMMPS computes, by hybrid Monte Carlo in cells."""

import math
from concurrent.futures import CancelledError
from contextlib import AbstractContextManager

import numpy as np
from numpy.typing import NDArray

from cagebreak._progress import shown
from cagebreak.configuration import Configuration, as_configuration
from cagebreak.errors import InputError
from cagebreak.models.model import Model
from cagebreak.potentials.lammps import Forces
from cagebreak.seeding import Seed, natural, stream
from cagebreak.states._billiard_kernel import fly
from cagebreak.states.cage_cells import Cell, cells_of
from cagebreak.states.cage_error import Marks
from cagebreak.states.cage_sampler import TUNINGS, CageState

Floats = NDArray[np.float64]

ACCEPTANCE = 0.8
"""Mean probability of acceptance that the time step is tuned to; chosen."""

STEPS = (10, 20)
"""Fewest and most time steps of a trajectory; chosen. Their number is random, so that no vibration
comes back to where it was each time."""


class LammpsCageSampler:
    r"""Hybrid Monte Carlo at constant N, V, T in which each particle stays in its cell.

    A single particle's energy difference costs LAMMPS as much as all forces. So all particles move
    together: a sweep is a trajectory of molecular dynamics with fresh Maxwell-Boltzmann velocities
    (:cite:`Duane1987`). Walls of cells reflect particles, and the trajectory is accepted with
    probability :math:`\min(1, e^{-\Delta H / kT})`, where H is the energy with the kinetic one.
    Leapfrog steps whose drift is free flight between walls can be reversed and keep volumes
    (:cite:`Afshar2015`), so that the Boltzmann distribution in the cells is unchanged: it is that
    of `CageSampler`, for any time step.

    Parameters
    ----------
    configuration, seed, cell, include_center_of_mass
        As of `CageSampler`; the first lattice vector lies along x, the second in the plane xy.
    model
        A model of `cagebreak.models.lammps`.

    Raises
    ------
    CagebreakError
        As `CageSampler` and `cagebreak.potentials.lammps.Forces`.

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
        self._forces_at = Forces(configuration, model)
        diameters = np.asarray(model.diameters)[configuration.species]
        self._cells = cells_of(configuration, diameters, cell)
        self._masses = np.asarray(model.masses)[configuration.species][:, None]
        shares = self._masses[:, 0] / self._masses.sum()
        self._weights = np.zeros_like(shares) if include_center_of_mass else shares
        self._kt = model.temperature
        self._rng = stream(seed, "cage")
        assert model.lammps is not None
        self._step = model.lammps.time_step
        self._u = np.zeros_like(configuration.positions)
        self._energy, self._forces = self._forces_at(configuration.positions)
        self._relaxed, self._stopped, self._done = 0, False, 0
        self._discard()

    @property
    def positions(self) -> Floats:
        """Present positions, unwrapped, (N, 3), in sigma, with the motion of the center of mass."""
        return self.start.unwrapped + self._u

    @property
    def step(self) -> float:
        """The time step, in tau."""
        return self._step

    @property
    def sweeps(self) -> tuple[int, int]:
        """Number of sweeps that relaxed, and of sweeps that were measured since."""
        return self._relaxed, self._measured

    def relax(self, sweeps: int) -> None:
        """Run sweeps that tune the time step to `ACCEPTANCE`. Earlier measurements are discarded.

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
                    self._step *= max(rate / ACCEPTANCE, 0.5)
        self._relaxed += sweeps
        self._discard()

    def run(self, sweeps: int) -> None:
        """Run sweeps with a fixed time step, and measure after each.

        Raises
        ------
        InputError
            If `sweeps` is negative or no integer.
        """
        sweeps = natural("sweeps", sweeps)
        with self._shown("cage state, measuring", sweeps):
            for part in (sweeps // 2, sweeps - sweeps // 2):
                self._advance(part)
                self._marks.add(self._measured, self._sums)

    def stop(self) -> None:
        """End the sweeps that another thread runs by `CancelledError`."""
        self._stopped = True

    def state(self) -> CageState:
        """Return the moments of all sweeps measured so far.

        `acceptance` is the share of trajectories that were accepted, the same for all particles.
        `cell_rejection` is the share of time steps in which the cell reflected a particle, and
        `step` the time step in tau.

        Raises
        ------
        InputError
            If no sweep has been measured.
        """
        total = self._measured
        if total == 0:
            raise InputError("state: expected sweeps to have been measured; call run first")
        means = self._sums.T / total
        covariance = self._squares / total - means[:, :, None] * means[:, None, :]
        return CageState(
            start=self.start,
            configuration=self.start.replace(
                positions=self.start.positions + means, velocities=None
            ),
            displacement=np.sqrt((means**2).sum(axis=1)),
            covariance=covariance,
            acceptance=np.full(len(means), self._accepted / total),
            cell_rejection=self._reflections / self._n_steps,
            error=self._marks.error(total, self._sums),
            sweeps=self.sweeps,
            step=self._step,
        )

    def _discard(self) -> None:
        """Discard what has been measured."""
        n = len(self._u)
        self._measured = self._accepted = self._n_steps = 0
        self._reflections = np.zeros(n, np.int64)
        self._sums, self._squares = np.zeros((3, n)), np.zeros((n, 3, 3))
        self._marks = Marks()

    def _advance(self, sweeps: int) -> float:
        """Run and measure sweeps; return the mean probability of acceptance."""
        probability = 0.0
        for _ in range(sweeps):
            if self._stopped:
                raise CancelledError
            probability += self._trajectory()
            u = self._u - self._weights @ self._u
            self._sums += u.T
            self._squares += u[:, :, None] * u[:, None, :]
            self._measured += 1
            self._done += 1
        return probability / max(sweeps, 1)

    def _trajectory(self) -> float:
        """Follow a trajectory, accept or reject it, and return the probability of acceptance."""
        dt, masses = self._step, self._masses
        velocities = self._rng.standard_normal(self._u.shape) * np.sqrt(self._kt / masses)
        n_steps = int(self._rng.integers(STEPS[0], STEPS[1], endpoint=True))
        chance = self._rng.random()
        u, energy, forces = self._u.copy(), self._energy, self._forces
        before = energy + 0.5 * float((masses * velocities**2).sum())
        self._n_steps += n_steps
        for _ in range(n_steps):
            velocities += 0.5 * dt * forces / masses
            if not fly(u, velocities, dt, self._cells, self._reflections):
                return 0.0
            energy, forces = self._forces_at(self.start.positions + u)
            velocities += 0.5 * dt * forces / masses
        after = energy + 0.5 * float((masses * velocities**2).sum())
        # An energy that is no number is rejected.
        cost = (after - before) / self._kt
        probability = math.exp(-max(cost, 0.0)) if math.isfinite(cost) else 0.0
        if chance < probability:
            self._u, self._energy, self._forces = u, energy, forces
            self._accepted += 1
        return probability

    def _shown(self, what: str, sweeps: int) -> AbstractContextManager[None]:
        """Return a block that shows how many of its sweeps are done."""
        first = self._done
        return shown(what, lambda: (self._done - first) / max(sweeps, 1))
