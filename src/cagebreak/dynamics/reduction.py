"""What is kept of a run for the usual dynamic functions: its sums over particles."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cagebreak.configuration import Configuration, as_configuration
from cagebreak.dynamics._shapes import require_displacements_of
from cagebreak.dynamics.four_point import phases, powers
from cagebreak.dynamics.relaxation import is_near
from cagebreak.errors import InputError
from cagebreak.models.arguments import real
from cagebreak.structure.wave_vectors import modes_at, shells, wave_vectors

Floats = NDArray[np.float64]


class Reduction(NamedTuple):
    """Sums over the particles of a run, at T times and for P groups of particles.

    The groups are the species, and all particles together.
    """

    second: Floats
    """Mean squared displacement, (T, P), in sigma^2."""
    fourth: Floats
    """Mean fourth power of the displacement, (T, P), in sigma^4."""
    f_s: Floats
    """Self-intermediate scattering function, (T, P)."""
    f: Floats
    """Intermediate scattering function of the particles of a group, (T, P), not normalized."""
    overlap: Floats
    """Share of the particles that are near their start, (T, P)."""
    s_4: Floats
    """Four-point structure factor of the particles near their start in B shells, (T, P, B)."""


class Reducer:
    r"""Reduces runs from one start.

    Parameters
    ----------
    start
        N particles.
    k
        Wave number of the scattering functions, in 1 / sigma. That of a single particle is averaged
        over the axes, that of all over the wave vectors of a shell of the width
        :math:`2 \pi / L`, with the longest lattice vector L.
    length
        Of the overlap, in sigma.
    q_max
        Largest wave number of the four-point structure factor, in 1 / sigma.
    width
        Width of its shells; default 2 pi / L.

    Raises
    ------
    InputError
        If a number is not positive, or no wave vector of the box is near k.
    """

    def __init__(
        self,
        start: Configuration,
        k: float,
        length: float,
        q_max: float,
        width: float | None = None,
    ) -> None:
        self._start = start = as_configuration(start, "start")
        for name, value in (("k", k), ("length", length), ("q_max", q_max)):
            if not 0 < real(value) < np.inf:
                raise InputError(f"{name}: expected a positive number, got {value!r}")
        self._k, self._length = float(k), float(length)
        half = np.pi / start.box.longest
        self._ring = wave_vectors(start.box, [max(k - half, 0.0), k + half])
        if not len(self._ring):
            raise InputError(f"k: expected one near a wave vector of the box, got {k:g}")
        self.shells = shells(start.box, q_max, width)
        """The wave vectors of the four-point structure factor."""
        species = np.arange(start.n_species)[:, None] == start.species
        members = np.concatenate([species, np.ones((1, len(start)), dtype=bool)])
        self._members = members.astype(np.float64)
        self.numbers = self._members.sum(axis=1)
        """Number of particles of each group, (P,)."""
        self._means = self._members / np.maximum(self.numbers, 1)[:, None]
        self._waves = phases(start, self.shells)
        self._modes = self._modes_at(start.positions)

    @property
    def dimension(self) -> int:
        """3 or 2."""
        return self._start.dimension

    @property
    def static(self) -> Floats:
        """The structure factor of each group near k, (P,)."""
        return self._f(self._modes)

    def __call__(self, displacements: ArrayLike) -> Reduction:
        """Return the sums over the particles after displacements (T, N, 3), in sigma."""
        displacements = require_displacements_of(displacements, self._start)
        squares = (displacements**2).sum(axis=-1)
        near = is_near(displacements, self._length).astype(np.float64)
        waves = np.cos(self._k * displacements[..., : self._start.dimension]).mean(axis=-1)
        positions = self._start.positions
        f = [self._f(self._modes_at(positions + moved)) for moved in displacements]
        of_waves = powers(near[:, None] * self._members, self._waves)
        s_4 = self.shells.mean(of_waves) / np.maximum(self.numbers, 1)[:, None]
        means = self._means.T
        return Reduction(
            squares @ means, squares**2 @ means, waves @ means, np.array(f), near @ means, s_4
        )

    def _modes_at(self, positions: Floats) -> NDArray[np.complex128]:
        of_species = np.array(
            [modes_at(positions, self._ring, each) for each in self._members[:-1]]
        )
        return np.concatenate([of_species, of_species.sum(axis=0, keepdims=True)])

    def _f(self, modes: NDArray[np.complex128]) -> Floats:
        """Return the correlation of modes (P, K) with those of the start, (P,)."""
        products = (modes * self._modes.conj()).real.mean(axis=1)
        return products / np.maximum(self.numbers, 1)
