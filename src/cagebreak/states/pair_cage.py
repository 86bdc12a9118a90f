"""Particles of a pair potential in cells, moved by the kernels of molecular dynamics."""

import math

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Configuration
from cagebreak.errors import SimulationError
from cagebreak.leapfrog import _state as state_of
from cagebreak.leapfrog.system import System, check_system
from cagebreak.leapfrog.time_step import time_step_of
from cagebreak.models.model import Model
from cagebreak.states._cage_kernel import Cells
from cagebreak.states._caged_kernel import Moments, Walls, follow

Floats = NDArray[np.float64]


class PairParticles(System):
    """Particles of a pair potential, as `cagebreak.states.cage_trajectories.InCells`.

    Forces are summed in single precision, energies in double. What single precision changes in a
    trajectory is seen by its energy, and so by its acceptance.
    """

    STEPS = (50, 100)
    """Of several lengths that with the smallest error of mean positions for its time (measured)."""

    def __init__(self, configuration: Configuration, model: Model, cells: Cells) -> None:
        check_system(configuration, model)
        at_rest = configuration.replace(velocities=np.zeros_like(configuration.positions))
        super().__init__(
            at_rest, model, time_step_of(model), np.float32, np.zeros((0, 2)), False, steps=0
        )
        self._masses = np.asarray(model.masses)[configuration.species][:, None]
        self.reflections = np.zeros(self.n, np.int64)
        self._walls = Walls(
            cells,
            self._first,
            self._layout.lengths(np.eye(3)),
            self._layout.steps(np.eye(3)),
            self.reflections,
        )
        self._before = self._first
        self._energy = self._energy_before = self.pair_sums()[0]

    @property
    def time_step(self) -> float:
        """In tau."""
        return self._time_step

    @time_step.setter
    def time_step(self, time_step: float) -> None:
        self._time_step = time_step
        numbers = self._particles.numbers
        self._particles.pull[: self.n, :3] = time_step**2 / self._masses[numbers]

    def displacements(self) -> Floats:
        """Return the displacements from the start, (N, 3), in sigma."""
        return self._layout.lengths(self._in_order(self._particles.x) - self._first)

    def follow(self, velocities: Floats, n_steps: int, moments: Moments) -> float:
        """Move by time steps, and measure; return by how much the energy changed."""
        particles, n = self._particles, self.n
        self._before, self._energy_before = self._in_order(particles.x), self._energy
        kinetic = 0.5 * float((self._masses * velocities**2).sum())
        # The velocities of the leapfrog are half a step behind.
        fresh = self._layout.steps(velocities) * self._time_step
        half = 0.5 * particles.pull[:n, :3] * particles.f[:n, :3]
        particles.v[:n, :3] = fresh[particles.numbers] - half
        target = self.steps + n_steps
        try:
            self._run(lambda: follow(self._state(), self._form, target, self._walls, moments))
        except SimulationError:
            return math.nan
        self._energy = self.pair_sums()[0]
        return self._energy + self.kinetic_energy() - self._energy_before - kinetic

    def go_back(self) -> None:
        """Return to the positions before the last trajectory."""
        particles = self._particles
        particles.x[: self.n, :3] = self._before[particles.numbers]
        particles.v[:], particles.f[:] = 0, 0
        self._energy = self._energy_before
        self._sort()
        self._clock.counts[state_of.SINCE] = 0
        self._clock.counts[state_of.DUE] = state_of.ROWS
        self._settle()
