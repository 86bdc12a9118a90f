"""Voronoi cells: the part of space nearer to a particle than to any other, and how large it is."""

from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import Voronoi

from cagebreak.configuration import Box, Configuration
from cagebreak.errors import ConfigurationError

Floats = NDArray[np.float64]

FIRST_MARGIN = 2.5
"""Where the search for neighbors begins, in mean spacings; dense fluids need no more."""


class VoronoiCells(NamedTuple):
    """The size of the cell of every particle, (N,) each."""

    perimeters: Floats
    """Sum of the perimeters of its faces, in sigma: twice the length of its edges."""
    areas: Floats
    """Area of its surface, in sigma^2."""
    volumes: Floats
    """In sigma^3."""


def voronoi_cells(configuration: Configuration) -> VoronoiCells:
    """Return the size of every particle's Voronoi cell in the periodic box.

    The cell is the plain one, whose faces stand halfway between particles whatever their species.
    Where more than four cells meet in a point, as in some crystals, the least displacement makes
    faces between them that are long and thin, and the perimeter jumps; area and volume do not.

    Parameters
    ----------
    configuration
        N particles in a box of any shape.

    Raises
    ------
    ConfigurationError
        If two particles coincide.

    Notes
    -----
    The tessellation is that of Qhull. It is given the images of particles in a margin around the
    box, and a wider one until no corner of a cell is farther from its particle than half the
    margin: then no image beyond can have a part of it.
    """
    n, box = len(configuration), configuration.box
    margin = FIRST_MARGIN * (box.volume / n) ** (1 / 3)
    while True:
        points = _with_images(configuration.wrapped, box, margin)
        radius, cells = _cells_of(points, n)
        if 2 * radius <= margin:
            break
        margin = min(2 * radius, 2 * margin)
    empty = np.flatnonzero(cells.volumes == 0)
    if len(empty):
        raise ConfigurationError(
            f"configuration.positions: expected particles apart, got particle {empty[0]} where "
            "another one is; it has no Voronoi cell"
        )
    return cells


def _with_images(positions: Floats, box: Box, margin: float) -> Floats:
    """Return the positions in the box, (N, 3), and after them all images within the margin."""
    reach = margin / box.heights
    counts = np.ceil(reach).astype(np.int64)
    axes = [np.arange(-count, count + 1) for count in counts]
    shifts = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    shifts = shifts[(shifts != 0).any(axis=1)]
    fractions = positions @ box.inverse
    parts = [positions]
    for shift in shifts:
        moved = fractions + shift
        near = ((moved >= -reach) & (moved <= 1 + reach)).all(axis=1)
        parts.append(positions[near] + shift @ box.matrix)
    return np.concatenate(parts)


def _cells_of(points: Floats, n: int) -> tuple[float, VoronoiCells]:
    """Return the sizes of the cells of the first n points, and how far their corners reach."""
    found = Voronoi(points)
    mine = np.flatnonzero((found.ridge_points < n).any(axis=1))
    faces = [found.ridge_vertices[face] for face in mine]
    pairs = found.ridge_points[mine]
    sizes = np.array([len(face) for face in faces])
    corners = np.fromiter(chain.from_iterable(faces), np.int64, sizes.sum())
    if (corners < 0).any():
        # A cell is open to infinity.
        return np.inf, VoronoiCells(np.ones(n), np.ones(n), np.ones(n))
    starts = np.cumsum(sizes) - sizes
    # The corners of a face stand in their order around it; after the last comes the first.
    following = np.arange(1, len(corners) + 1)
    following[starts + sizes - 1] = starts
    ends = points[pairs]
    middles = ends.mean(axis=1)
    spokes = found.vertices[corners] - np.repeat(middles, sizes, axis=0)
    edges = np.linalg.norm(spokes[following] - spokes, axis=1)
    perimeters = np.add.reduceat(edges, starts)
    twice = np.add.reduceat(np.cross(spokes, spokes[following]), starts)
    areas = np.linalg.norm(twice, axis=1) / 2
    distances = np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1)
    pyramids = areas * distances / 6
    sums = np.zeros((3, n))
    for side in pairs.T:
        of_mine = side < n
        for total, part in zip(sums, (perimeters, areas, pyramids), strict=True):
            np.add.at(total, side[of_mine], part[of_mine])
    # A face is equally far from both of its particles.
    radii = np.linalg.norm(found.vertices[corners] - np.repeat(ends[:, 0], sizes, axis=0), axis=1)
    return float(radii.max()), VoronoiCells(*sums)
