"""Voronoi cells: crystals, what holds for every packing, and cells cut from half spaces."""

import numpy as np
import pytest
from scipy.spatial import ConvexHull, HalfspaceIntersection
from scipy.spatial.transform import Rotation

import cagebreak as cb
from cagebreak.descriptors.coarse_grained.voronoi import voronoi_cells
from cagebreak.errors import ConfigurationError
from naive import descriptors as naive

SHEARED = np.array([[4.0, 0, 0], [1.1, 3.6, 0], [-0.7, 0.8, 3.8]])
CRYSTALS = {
    # Basis in units of the cubic cell; perimeter, area and volume of a particle's cell: a cube, a
    # truncated octahedron of edge sqrt(2)/4 and a rhombic dodecahedron of edge sqrt(3)/4.
    "simple cubic": ([[0, 0, 0]], 24, 6, 1),
    "bcc": ([[0, 0, 0], [0.5, 0.5, 0.5]], 72 * 2**0.5 / 4, (6 + 12 * 3**0.5) / 8, 1 / 2),
    "fcc": (
        [[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]],
        48 * 3**0.5 / 4,
        8 * 2**0.5 * 3 / 16,
        1 / 4,
    ),
}


def packing(n, matrix, seed=0):
    positions = np.random.default_rng(seed).uniform(size=(n, 3)) @ np.array(matrix)
    return cb.Configuration(positions, np.arange(n) % 2, np.array(matrix))


def cell_of(configuration, i, cutoff):
    """Return perimeter, area and volume of a cell, cut from space by one half space a neighbor.

    The hull of its corners consists of triangles; edges between triangles of one face are none.
    """
    _, vectors = naive.images(configuration, i, cutoff)
    planes = np.column_stack([vectors, -(vectors**2).sum(axis=1) / 2])
    corners = HalfspaceIntersection(planes, np.zeros(3)).intersections
    hull = ConvexHull(corners, qhull_options="Qt")
    sides = {}
    for triangle, plane in zip(hull.simplices, hull.equations, strict=True):
        for a, b in (triangle[[0, 1]], triangle[[1, 2]], triangle[[2, 0]]):
            sides.setdefault((min(a, b), max(a, b)), []).append(plane[:3])
    edges = sum(
        np.linalg.norm(hull.points[a] - hull.points[b])
        for (a, b), (one, other) in sides.items()
        if one @ other < 1 - 1e-9
    )
    return 2 * edges, hull.area, hull.volume


@pytest.mark.parametrize("crystal", CRYSTALS)
@pytest.mark.parametrize("a", [1.0, 1.7])
def test_cells_of_crystals(crystal, a):
    basis, *expected = CRYSTALS[crystal]
    cells = np.stack(np.meshgrid(*[np.arange(3)] * 3, indexing="ij"), axis=-1).reshape(-1, 1, 3)
    positions = a * (cells + np.array(basis)).reshape(-1, 3)
    found = voronoi_cells(cb.Configuration(positions, np.zeros(len(positions), int), 3 * a))
    for sizes, value, power in zip(found, expected, (1, 2, 3), strict=True):
        np.testing.assert_allclose(sizes, value * a**power, rtol=1e-9)


@pytest.mark.parametrize("matrix", [np.eye(3) * 4.0, SHEARED, np.diag([2.0, 3.0, 8.0])])
def test_cells_are_those_cut_from_half_spaces(matrix):
    configuration = packing(60, matrix)
    found = voronoi_cells(configuration)
    for i in range(0, 60, 4):
        expected = cell_of(configuration, i, cutoff=5.0)
        np.testing.assert_allclose([sizes[i] for sizes in found], expected, rtol=1e-6)


@pytest.mark.parametrize("n", [1, 2, 3, 40, 400])
@pytest.mark.parametrize("matrix", [np.eye(3) * 5.0, SHEARED, np.diag([1.0, 3.0, 30.0])])
def test_cells_fill_the_box(n, matrix):
    found = voronoi_cells(packing(n, matrix, seed=n))
    assert (found.volumes > 0).all()
    assert found.volumes.sum() == pytest.approx(np.linalg.det(matrix), rel=1e-9)
    # No body of this volume has less surface than a ball.
    assert (found.areas > (36 * np.pi * found.volumes**2) ** (1 / 3)).all()


@pytest.mark.parametrize("margin", [0.05, 0.6, 5.0])
def test_the_margin_that_is_tried_first_does_not_matter(margin, monkeypatch):
    configuration = packing(60, SHEARED)
    expected = voronoi_cells(configuration)
    monkeypatch.setattr("cagebreak.descriptors.coarse_grained.voronoi.FIRST_MARGIN", margin)
    for sizes, value in zip(voronoi_cells(configuration), expected, strict=True):
        np.testing.assert_allclose(sizes, value, rtol=1e-9)


def test_a_crowd_in_an_empty_box_is_seen_whole():
    crowd = cb.Configuration(packing(30, np.eye(3)).positions, np.zeros(30, int), 100.0)
    assert voronoi_cells(crowd).volumes.sum() == pytest.approx(1e6, rel=1e-9)


@pytest.mark.physics
def test_volume_is_the_share_of_points_that_are_nearest():
    configuration = packing(8, SHEARED)
    points = np.random.default_rng(1).uniform(size=(200_000, 3)) @ SHEARED
    vectors = [configuration.box.minimum_image(points - x) for x in configuration.positions]
    nearest = np.argmin([np.linalg.norm(v, axis=1) for v in vectors], axis=0)
    share = np.bincount(nearest, minlength=8) / len(points)
    found = voronoi_cells(configuration).volumes / configuration.box.volume
    error = np.sqrt(found * (1 - found) / len(points))
    assert (abs(share - found) < 4 * error).all()


def test_moving_turning_and_scaling_the_box():
    configuration = packing(80, SHEARED)
    turn = Rotation.from_euler("xyz", [0.4, -1.1, 2.3]).as_matrix()
    expected = voronoi_cells(configuration)
    moved = configuration.replace(positions=configuration.positions - 7.3)
    turned = cb.Configuration(configuration.positions @ turn, configuration.species, SHEARED @ turn)
    larger = cb.Configuration(2 * configuration.positions, configuration.species, 2 * SHEARED)
    for other, factors in ((moved, (1, 1, 1)), (turned, (1, 1, 1)), (larger, (2, 4, 8))):
        for sizes, value, factor in zip(voronoi_cells(other), expected, factors, strict=True):
            np.testing.assert_allclose(sizes, factor * value, rtol=1e-9)


def test_particles_that_coincide_have_no_cell():
    positions = packing(20, SHEARED).positions.copy()
    positions[7] = positions[3] + SHEARED[1]
    with pytest.raises(ConfigurationError, match="apart, got 3 and 7 at one place"):
        voronoi_cells(cb.Configuration(positions, np.zeros(20, int), SHEARED))
