"""The cells that particles stay in while their cage state is sampled."""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Configuration
from cagebreak.errors import InputError
from cagebreak.neighbors import sann

Cell = Literal["voronoi"] | float
"""What a cell is: size-weighted Voronoi, or a sphere of this radius."""


class Cells(NamedTuple):
    """The cell of each of N particles, around where it starts.

    A displacement shorter than `inner` stays inside, one of at least `outer` leads out; between
    them it stays inside if it is on this side of every wall.
    """

    inner: NDArray[np.float64]
    """Squared radius of the largest ball around the start inside the cell, (N,)."""
    outer: NDArray[np.float64]
    """Squared radius of a ball that the cell lies within, (N,); infinite if none is known."""
    starts: NDArray[np.int64]
    """The walls of particle i are ``starts[i]`` to ``starts[i + 1]``, (N + 1,)."""
    walls: NDArray[np.float64]
    """2 r_ij, r_ij^2 and 1 - (sigma_j / sigma_i)^2 of a neighbor j, (M, 5).

    Displacement u is on this side if 2 r_ij . u < r_ij^2 + (1 - (sigma_j / sigma_i)^2) u^2.
    """


def cells_of(configuration: Configuration, diameters: NDArray[np.float64], cell: Cell) -> Cells:
    """Return the cells around the particles of a configuration.

    Parameters
    ----------
    configuration
        N particles in a box of any shape.
    diameters : (N,) array
        sigma_i of each particle.
    cell
        "voronoi", or the radius of a sphere in units of sigma.

    Raises
    ------
    InputError
        If the cell is neither.
    """
    n = len(configuration)
    if isinstance(cell, str):
        if cell != "voronoi":
            raise InputError(f'cell: expected "voronoi" or a radius, got {cell!r}')
        return _voronoi(configuration, diameters)
    if not (np.isfinite(cell) and cell > 0):
        raise InputError(f'cell: expected "voronoi" or a positive radius, got {cell!r}')
    square = np.full(n, float(cell) ** 2)
    return Cells(square, square, np.zeros(n + 1, np.int64), np.empty((0, 5)))


def _voronoi(configuration: Configuration, diameters: NDArray[np.float64]) -> Cells:
    table = sann(configuration)
    i = np.repeat(np.arange(len(configuration)), np.diff(table.offsets))
    ratio = diameters[table.neighbors] / diameters[i]
    squares = (table.vectors**2).sum(axis=1)
    # Of a wall the point between the two particles is the nearest.
    nearest = squares / (1 + ratio) ** 2
    return Cells(
        np.minimum.reduceat(nearest, table.offsets[:-1]),
        np.full(len(configuration), np.inf),
        table.offsets,
        np.column_stack([2 * table.vectors, squares, 1 - ratio**2]),
    )
