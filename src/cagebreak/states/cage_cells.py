"""Cells that confine particles in the cage Monte Carlo: size-weighted Voronoi cells or spheres."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Configuration
from cagebreak.errors import InputError
from cagebreak.neighbors import sann
from cagebreak.states._cage_kernel import Cells

Cell = Literal["voronoi"] | float
"""The shape of the cells: size-weighted Voronoi, or spheres of this radius in sigma."""


def cells_of(configuration: Configuration, diameters: NDArray[np.float64], cell: Cell) -> Cells:
    """Return the cells around the particles of a configuration.

    Parameters
    ----------
    configuration
        N particles in a box of any shape.
    diameters : (N,) array
        sigma_i of each particle.
    cell
        "voronoi", or the radius of spheres in units of sigma.

    Raises
    ------
    InputError
        If `cell` is neither.
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
    i, j = table.pairs.T
    ratio = diameters[j] / diameters[i]
    squares = (table.vectors**2).sum(axis=1)
    # The nearest point of a face lies on the line between the two particles.
    nearest = squares / (1 + ratio) ** 2
    return Cells(
        np.minimum.reduceat(nearest, table.offsets[:-1]),
        np.full(len(configuration), np.inf),
        table.offsets,
        np.column_stack([2 * table.vectors, squares, 1 - ratio**2]),
    )
