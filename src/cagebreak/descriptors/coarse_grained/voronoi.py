"""Perimeter, area and volume of the Voronoi cells of particles in a periodic box."""

from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cagebreak.configuration import Box, Configuration, as_configuration
from cagebreak.errors import ConfigurationError, InputError
from cagebreak.neighbors import check_apart

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

MOST_IMAGES = 20_000
"""Images of the box in the margin around it, at most (chosen)."""

FIRST_MARGIN = 2.5
"""First margin of images around the box, in mean spacings; enough for dense fluids."""

FLATNESS = 1e-9
"""Area of a face over its squared perimeter, up to which cells only meet in an edge (chosen).

Rounding gives such faces 1e-13 where cells of a crystal meet so, as cubes do.
"""


class VoronoiCells(NamedTuple):
    """The sizes of the cells of N particles, (N,) each."""

    perimeters: Floats
    """Sums of the perimeters of the faces, in sigma: twice the total length of the edges. In two
    dimensions the perimeter of the cell."""
    areas: Floats
    """Areas of the surfaces, in sigma^2; in two dimensions that of the cell."""
    volumes: Floats
    """Volumes, in sigma^3; NaN in two dimensions."""


def voronoi_cells(configuration: Configuration, diameters: ArrayLike | None = None) -> VoronoiCells:
    r"""Return the size of every particle's Voronoi cell in the periodic box.

    Faces lie halfway between particles. With diameters the cells are radical: the face of two
    particles is where both have the same power :math:`|x - x_i|^2 - (\sigma_i / 2)^2`, which is the
    plane of the circle in which spheres that overlap meet. A small particle among large ones that
    overlap it may have no cell, and sizes of 0.

    Where more than four cells meet in a point, as in some crystals, the smallest displacement
    creates long thin faces. The perimeter then jumps, while area and volume stay continuous.

    Parameters
    ----------
    configuration
        N particles in a box of any shape.
    diameters : (N,) array
        In sigma; None for plain cells, whatever the species and sizes.

    Raises
    ------
    ConfigurationError
        If two particles coincide, or the box is so much longer than wide that too many images lie
        around it.
    InputError
        If the diameters are not positive numbers, one of each particle.

    Notes
    -----
    Qhull computes the tessellation of the particles and of their images in a margin around the box.
    The margin grows until no image beyond it can change a cell: for plain cells, until every vertex
    is nearer to its particle than half the margin.
    """
    configuration = as_configuration(configuration)
    check_apart(configuration)
    n, d = len(configuration), configuration.dimension
    radii = np.zeros(n)
    if diameters is not None:
        radii = np.asarray(diameters, float) / 2
        if radii.shape != (n,) or not ((radii > 0) & (radii < np.inf)).all():
            raise InputError(
                f"diameters: expected {n} positive numbers, one of each particle, got {diameters!r}"
            )
    margin = FIRST_MARGIN * configuration.spacing
    while True:
        points, numbers = _with_images(configuration.wrapped, configuration.box, margin)
        needed, cells = _cells_of(points[:, :d], radii[numbers] ** 2, n)
        if needed <= margin:
            break
        margin = min(needed, 2 * margin)
    return cells


def _with_images(positions: Floats, box: Box, margin: float) -> tuple[Floats, Integers]:
    """Return the positions in the box and after them all images within the margin, (M, 3).

    Also return the number of the particle of each, (M,).
    """
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
    parts, numbers = [positions], [np.arange(len(positions))]
    for shift in shifts:
        images = fractions + shift
        near = ((images >= -reach) & (images <= 1 + reach)).all(axis=1)
        parts.append(positions[near] + shift @ box.matrix)
        numbers.append(np.flatnonzero(near))
    return np.concatenate(parts), np.concatenate(numbers)


def _cells_of(points: Floats, weights: Floats, n: int) -> tuple[float, VoronoiCells]:
    """Return the margin that the first n points need, and the sizes of their cells."""
    vertices, pairs = _vertices(points, weights, n)
    if not len(vertices):
        return np.inf, VoronoiCells(np.ones(n), np.ones(n), np.ones(n))
    d = points.shape[1]
    starts = np.flatnonzero(np.append(True, (pairs[1:] != pairs[:-1]).any(axis=1)))
    ends = pairs[starts]
    vectors = points[ends[:, 1]] - points[ends[:, 0]]
    distances = np.linalg.norm(vectors, axis=1)
    faces: tuple[Floats, ...]
    if d == 3:
        faces = _polygons(vertices, starts, vectors / distances[:, None])
    else:
        faces = (np.linalg.norm(vertices[starts + 1] - vertices[starts], axis=1),)
    sums, margin = np.zeros((d, n)), 0.0
    for side in (0, 1):
        of, other = ends[:, side], ends[:, 1 - side]
        # Negative where a face lies behind its particle, whose cell does not contain it.
        heights = (distances + (weights[of] - weights[other]) / distances) / 2
        near = of < n
        for total, part in zip(sums, (*faces, faces[-1] * heights / d), strict=True):
            total += np.bincount(of[near], part[near], minlength=n)
        near = pairs[:, side] < n
        of = pairs[near, side]
        squares = ((vertices[near] - points[of]) ** 2).sum(axis=1)
        # A point farther from the vertex than this has more power there.
        farthest = np.sqrt(squares + weights.max() - weights[of])
        margin = max(margin, float((np.sqrt(squares) + farthest).max(initial=0.0)))
    return margin, VoronoiCells(*sums, *np.full((3 - d, n), np.nan))


def _vertices(points: Floats, weights: Floats, n: int) -> tuple[Floats, Integers]:
    """Return the vertices of the faces of the first n cells, and of each the two points.

    Rows are sorted by the points. There are none if a cell is unbounded.

    Notes
    -----
    On a paraboloid, lowered by their weights, the points have a convex hull. A facet that faces
    down is a simplex of points whose cells meet in a vertex, which the slope of the facet gives
    (:cite:`Aurenhammer1987`).
    """
    # scipy takes a tenth of a second to import: only who computes cells pays for it.
    from scipy.spatial import ConvexHull

    d, center = points.shape[1], points.mean(axis=0)
    points = points - center  # squares of large numbers would lose digits
    hull = ConvexHull(np.column_stack([points, (points**2).sum(axis=1) - weights]))
    down = hull.equations[:, d] < 0
    if (hull.simplices[~down] < n).any():
        return np.empty((0, d)), np.empty((0, 2), np.int64)
    simplices, planes = np.sort(hull.simplices[down], axis=1), hull.equations[down]
    vertices = center - planes[:, :d] / (2 * planes[:, d, None])
    edges = list(combinations(range(d + 1), 2))
    pairs = simplices[:, edges].reshape(-1, 2).astype(np.int64)
    vertices = np.repeat(vertices, len(edges), axis=0)
    inside = pairs[:, 0] < n
    pairs, vertices = pairs[inside], vertices[inside]
    order = np.lexsort((pairs[:, 1], pairs[:, 0]))
    return vertices[order], pairs[order]


def _polygons(vertices: Floats, starts: Integers, normals: Floats) -> tuple[Floats, Floats]:
    """Return perimeters and areas of convex polygons, whose vertices are in no order."""
    sizes = np.diff(starts, append=len(vertices))
    middles = np.add.reduceat(vertices, starts) / sizes[:, None]
    spokes = vertices - np.repeat(middles, sizes, axis=0)
    # Two directions in the plane of each polygon.
    first = np.cross(normals, np.eye(3)[np.abs(normals).argmin(axis=1)])
    first /= np.linalg.norm(first, axis=1)[:, None]
    second = np.cross(normals, first)
    along = [(spokes * np.repeat(axis, sizes, axis=0)).sum(axis=1) for axis in (first, second)]
    polygon = np.repeat(np.arange(len(starts)), sizes)
    spokes = spokes[np.lexsort((np.arctan2(along[1], along[0]), polygon))]
    # The first vertex follows the last.
    following = np.arange(1, len(vertices) + 1)
    following[starts + sizes - 1] = starts
    edges = np.linalg.norm(spokes[following] - spokes, axis=1)
    perimeters = np.add.reduceat(edges, starts)
    double_areas = np.add.reduceat(np.cross(spokes, spokes[following]), starts)
    areas = np.linalg.norm(double_areas, axis=1) / 2
    return np.where(areas > FLATNESS * perimeters**2, perimeters, 0.0), areas
