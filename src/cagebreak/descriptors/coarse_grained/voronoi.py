"""Perimeter, area and volume of the Voronoi cells of particles in a periodic box."""

from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Box, Configuration, as_configuration
from cagebreak.errors import ConfigurationError
from cagebreak.neighbors import check_apart

Floats = NDArray[np.float64]

MOST_IMAGES = 20_000
"""Images of the box in the margin around it, at most (chosen)."""

FIRST_MARGIN = 2.5
"""First margin of images around the box, in mean spacings; enough for dense fluids."""


class VoronoiCells(NamedTuple):
    """The sizes of the cells of N particles, (N,) each."""

    perimeters: Floats
    """Sums of the perimeters of the faces, in sigma: twice the total length of the edges. In two
    dimensions the perimeter of the cell."""
    areas: Floats
    """Areas of the surfaces, in sigma^2; in two dimensions that of the cell."""
    volumes: Floats
    """Volumes, in sigma^3; NaN in two dimensions."""


def voronoi_cells(configuration: Configuration) -> VoronoiCells:
    """Return the size of every particle's Voronoi cell in the periodic box.

    Faces lie halfway between particles of any species: cells are not weighted by size. Where more
    than four cells meet in a point, as in some crystals, the smallest displacement creates long
    thin faces. The perimeter then jumps, while area and volume stay continuous.

    Parameters
    ----------
    configuration
        N particles in a box of any shape.

    Raises
    ------
    ConfigurationError
        If two particles coincide, or the box is so much longer than wide that too many images lie
        around it.

    Notes
    -----
    Qhull computes the tessellation of the particles and of their images in a margin around the box.
    The margin grows until every vertex of a cell is nearer to its particle than half the margin.
    Images beyond such a margin cannot change a cell.
    """
    configuration = as_configuration(configuration)
    check_apart(configuration)
    n, box = len(configuration), configuration.box
    margin, d = FIRST_MARGIN * configuration.spacing, configuration.dimension
    while True:
        points = _with_images(configuration.wrapped, box, margin)
        radius, cells = (_cells_of if d == 3 else _polygons_of)(points, n)
        if 2 * radius <= margin:
            break
        margin = min(2 * radius, 2 * margin)
    return cells


def _with_images(positions: Floats, box: Box, margin: float) -> Floats:
    """Return the positions in the box, (N, 3), and after them all images within the margin."""
    reach = margin / box.heights
    reach[box.dimension :] = 0.0
    if (2 * np.ceil(reach) + 1).prod() > MOST_IMAGES:
        raise ConfigurationError(
            f"configuration.box: expected a box about as wide as long, got heights of "
            f"{box.heights.tolist()}, and images within {margin:.3g} around it"
        )
    counts = np.ceil(reach).astype(np.int64)
    axes = [np.arange(-count, count + 1) for count in counts]
    shifts = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    shifts = shifts[(shifts != 0).any(axis=1)]
    fractions = positions @ box.inverse
    parts = [positions]
    for shift in shifts:
        images = fractions + shift
        near = ((images >= -reach) & (images <= 1 + reach)).all(axis=1)
        parts.append(positions[near] + shift @ box.matrix)
    return np.concatenate(parts)


def _cells_of(points: Floats, n: int) -> tuple[float, VoronoiCells]:
    """Return the largest distance of a vertex from its point, and the sizes of n cells."""
    # scipy takes a tenth of a second to import: only who computes cells pays for it.
    from scipy.spatial import Voronoi

    tessellation = Voronoi(points)
    ridges = np.flatnonzero((tessellation.ridge_points < n).any(axis=1))
    faces = [tessellation.ridge_vertices[ridge] for ridge in ridges]
    pairs = tessellation.ridge_points[ridges]
    sizes = np.array([len(face) for face in faces])
    vertices = np.fromiter(chain.from_iterable(faces), np.int64, sizes.sum())
    if (vertices < 0).any():
        # A cell is unbounded.
        return np.inf, VoronoiCells(np.ones(n), np.ones(n), np.ones(n))
    starts = np.cumsum(sizes) - sizes
    # The vertices of a face are in cyclic order: the first follows the last.
    following = np.arange(1, len(vertices) + 1)
    following[starts + sizes - 1] = starts
    ends = points[pairs]
    middles = ends.mean(axis=1)
    spokes = tessellation.vertices[vertices] - np.repeat(middles, sizes, axis=0)
    edges = np.linalg.norm(spokes[following] - spokes, axis=1)
    perimeters = np.add.reduceat(edges, starts)
    double_areas = np.add.reduceat(np.cross(spokes, spokes[following]), starts)
    areas = np.linalg.norm(double_areas, axis=1) / 2
    distances = np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1)
    pyramids = areas * distances / 6
    sums = np.zeros((3, n))
    for side in pairs.T:
        inside = side < n
        for total, part in zip(sums, (perimeters, areas, pyramids), strict=True):
            np.add.at(total, side[inside], part[inside])
    # A vertex is equally far from both particles of its face.
    first_ends = np.repeat(ends[:, 0], sizes, axis=0)
    radii = np.linalg.norm(tessellation.vertices[vertices] - first_ends, axis=1)
    return float(radii.max()), VoronoiCells(*sums)


def _polygons_of(points: Floats, n: int) -> tuple[float, VoronoiCells]:
    """Return the largest distance of a corner from its point, and the sizes of n cells."""
    from scipy.spatial import Voronoi

    tessellation = Voronoi(points[:, :2])
    ridges = np.flatnonzero((tessellation.ridge_points < n).any(axis=1))
    corners = np.array(tessellation.ridge_vertices)[ridges]
    if (corners < 0).any():
        # A cell is unbounded.
        return np.inf, VoronoiCells(np.ones(n), np.ones(n), np.ones(n))
    pairs = tessellation.ridge_points[ridges]
    edges = tessellation.vertices[corners]
    ends = points[pairs, :2]
    lengths = np.linalg.norm(edges[:, 1] - edges[:, 0], axis=1)
    triangles = lengths * np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1) / 4
    sums = np.zeros((2, n))
    for side in pairs.T:
        inside = side < n
        for total, part in zip(sums, (lengths, triangles), strict=True):
            np.add.at(total, side[inside], part[inside])
    radii = np.linalg.norm(edges - ends[:, :1], axis=2)
    perimeters, areas = sums
    return float(radii.max()), VoronoiCells(perimeters, areas, np.full(n, np.nan))
