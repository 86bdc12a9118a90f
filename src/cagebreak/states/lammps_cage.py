"""Particles in cells whose forces LAMMPS computes."""

import math

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Configuration
from cagebreak.models.model import Model
from cagebreak.potentials.lammps import Forces
from cagebreak.states._billiard_kernel import fly
from cagebreak.states._cage_kernel import Cells
from cagebreak.states._caged_kernel import EVERY, Moments, add_moments

Floats = NDArray[np.float64]


class LammpsParticles:
    """Particles of lines of LAMMPS, as `cagebreak.states.cage_trajectories.InCells`."""

    STEPS = (10, 20)
    """Chosen: all forces cost much more than with a kernel."""

    def __init__(self, configuration: Configuration, model: Model, cells: Cells) -> None:
        assert model.lammps is not None
        self._start, self._cells = configuration, cells
        self._forces_at = Forces(configuration, model)
        self._masses = np.asarray(model.masses)[configuration.species][:, None]
        self.time_step = model.lammps.time_step
        self.reflections = np.zeros(len(configuration), np.int64)
        u = np.zeros_like(configuration.positions)
        self._now = self._before = u, *self._forces_at(configuration.positions)

    def displacements(self) -> Floats:
        """Return the displacements from the start, (N, 3), in sigma."""
        return self._now[0].copy()

    def follow(self, velocities: Floats, n_steps: int, moments: Moments) -> float:
        """Move by time steps, and measure; return by how much the energy changed."""
        dt, masses = self.time_step, self._masses
        self._before = self._now
        u, energy, forces = self._now[0].copy(), *self._now[1:]
        velocities = velocities.copy()
        before = energy + 0.5 * float((masses * velocities**2).sum())
        for left in reversed(range(n_steps)):
            velocities += 0.5 * dt * forces / masses
            if not fly(u, velocities, dt, self._cells, self.reflections):
                return math.nan
            if left % EVERY == 0:
                moments.now[:] = u
                add_moments(moments)
            energy, forces = self._forces_at(self._start.positions + u)
            velocities += 0.5 * dt * forces / masses
        self._now = u, energy, forces
        return energy + 0.5 * float((masses * velocities**2).sum()) - before

    def go_back(self) -> None:
        """Return to the positions before the last trajectory."""
        self._now = self._before
