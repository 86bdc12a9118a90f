"""Motion relative to the neighbors at the start: bond breaking, and cage-relative displacement."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cagebreak.configuration import Configuration, as_configuration
from cagebreak.dynamics import _neighbor_motion_kernel as kernel
from cagebreak.dynamics._shapes import require_displacements_of
from cagebreak.errors import InputError
from cagebreak.models.arguments import real
from cagebreak.neighbors import neighbor_table

Floats = NDArray[np.float64]


class BondBreaking:
    r"""The bond-breaking function of any number of runs from one start.

    .. math:: C_B^i(t) = \frac{n_i(t \,|\, 0)}{n_i(0)}

    with the neighbors of particle i at the start, nearer than `near`, and those of them that are
    still nearer than `far` (:cite:`Yamamoto1998`). The second length is larger, so that vibrations
    break no bond. It is 1 for a particle without neighbors.

    Parameters
    ----------
    start
        N particles in a box of any shape.
    near, far
        In sigma; default 1.4, just beyond the first shell of neighbors, and 1.8, as in the code of
        :cite:`Jung2023`.

    Raises
    ------
    InputError
        Unless 0 < near <= far.
    """

    def __init__(self, start: Configuration, near: float = 1.4, far: float = 1.8) -> None:
        start = as_configuration(start, "start")
        if not 0 < real(near) <= real(far) < np.inf:
            raise InputError(f"near, far: expected 0 < near <= far, got {near!r} and {far!r}")
        self._start, self._far = start, float(far)
        self._table = neighbor_table(start, near)

    def __call__(self, displacements: ArrayLike) -> Floats:
        """Return the share of neighbors kept, (T, N), after displacements (T, N, 3) in sigma."""
        displacements = np.ascontiguousarray(require_displacements_of(displacements, self._start))
        offsets, neighbors, vectors = self._table
        result = np.empty(displacements.shape[:2])
        for moved, of_time in zip(displacements, result, strict=True):
            kernel.kept_shares(offsets, neighbors, vectors, moved, self._far, of_time)
        return result


class CageRelative:
    r"""Cage-relative displacements of any number of runs from one start.

    .. math:: \left| \Delta r_i - \frac{1}{n_i} \sum_{j=1}^{n_i} \Delta r_j \right|

    with the neighbors j at the start (:cite:`Mazoyer2009`). Motion that neighbors share, such as
    the long waves of large systems, is taken out. A particle without neighbors keeps its own.

    Parameters
    ----------
    start
        N particles in a box of any shape.
    near
        Neighbors are nearer than this, in sigma; default 1.4, just beyond the first shell.

    Raises
    ------
    InputError
        If the length is not positive.
    """

    def __init__(self, start: Configuration, near: float = 1.4) -> None:
        self._start = as_configuration(start, "start")
        if not 0 < real(near) < np.inf:
            raise InputError(f"near: expected a positive length in sigma, got {near!r}")
        self._table = neighbor_table(self._start, near)

    def __call__(self, displacements: ArrayLike) -> Floats:
        """Return the lengths (T, N), in sigma, after displacements (T, N, 3) in sigma."""
        displacements = np.ascontiguousarray(require_displacements_of(displacements, self._start))
        result = np.empty(displacements.shape[:2])
        for moved, of_time in zip(displacements, result, strict=True):
            kernel.relative_lengths(self._table.offsets, self._table.neighbors, moved, of_time)
        return result
