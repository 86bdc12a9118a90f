"""Radical Voronoi cells: what holds for every packing, cells cut from half spaces, and shares."""

import numpy as np
import pytest
from scipy.spatial import ConvexHull, HalfspaceIntersection

import cagebreak as cb
from cagebreak.descriptors import CoarseGrained
from cagebreak.descriptors.coarse_grained.voronoi import voronoi_cells
from cagebreak.errors import InputError
from naive import descriptors, planar

MATRICES = {
    "cube": np.eye(3) * 4.0,
    "sheared": np.array([[4.0, 0, 0], [1.1, 3.6, 0], [-0.7, 0.8, 3.8]]),
    "long": np.diag([2.0, 3.0, 8.0]),
    "square": np.eye(2) * 6.0,
    "sheared plane": np.array([[6.0, 0], [1.5, 5.0]]),
}


@pytest.fixture(params=MATRICES)
def packing(request):
    """Return 60 particles, not too near each other, and their diameters."""
    matrix, random = MATRICES[request.param], np.random.default_rng(1)
    d = len(matrix)
    positions = np.zeros((60, 3))
    positions[:, :d] = random.uniform(size=(60, d)) @ matrix
    loose = cb.Configuration(positions, np.zeros(60, int), cb.Box(matrix))
    model = (cb.kob_andersen if d == 3 else cb.kob_andersen_2d)(1.0, composition=1.0)
    apart = cb.inherent_state(loose, model, force_tolerance=10.0).configuration
    return apart, random.uniform(0.4, 1.2, 60) * apart.spacing


def volumes_of(cells):
    return cells.areas if np.isnan(cells.volumes).all() else cells.volumes


def power(configuration, diameters, points):
    """Return the power of points with each particle, (N, P): that of the nearest image is least."""
    box = configuration.box
    squares = [(box.minimum_image(points - x) ** 2).sum(axis=1) for x in configuration.positions]
    return np.array(squares) - (diameters[:, None] / 2) ** 2


def test_cells_fill_the_box(packing):
    configuration, diameters = packing
    volumes = volumes_of(voronoi_cells(configuration, diameters))
    assert volumes.sum() == pytest.approx(configuration.box.volume, rel=1e-12)
    plain = volumes_of(voronoi_cells(configuration))
    assert np.corrcoef(volumes - plain, diameters)[0, 1] > 0.7


def test_equal_sizes_have_plain_cells(packing):
    configuration, _ = packing
    plain = voronoi_cells(configuration)
    for diameter in (0.1, 3.0):
        equal = voronoi_cells(configuration, np.full(60, diameter))
        np.testing.assert_allclose(equal, plain, rtol=1e-9)


def test_only_differences_of_squares_count(packing):
    configuration, diameters = packing
    grown = np.sqrt(diameters**2 + 2.0)
    np.testing.assert_allclose(
        voronoi_cells(configuration, grown), voronoi_cells(configuration, diameters), rtol=1e-9
    )


def test_cells_are_those_cut_from_half_spaces(packing):
    configuration, diameters = packing
    found = voronoi_cells(configuration, diameters)
    d, images = configuration.dimension, (planar if configuration.dimension == 2 else descriptors)
    for i in range(0, 60, 6):
        index, vectors = images.images(configuration, i, 5 * configuration.spacing)
        weights = (diameters[i] ** 2 - diameters[index] ** 2) / 4
        planes = np.column_stack([vectors, -((vectors**2).sum(axis=1) + weights) / 2])
        hull = ConvexHull(HalfspaceIntersection(planes, np.zeros(d)).intersections)
        # The "area" of a polygon is its perimeter.
        expected = (hull.area, hull.volume)
        sizes = (found.areas, found.volumes) if d == 3 else (found.perimeters, found.areas)
        np.testing.assert_allclose([size[i] for size in sizes], expected, rtol=1e-9)


def test_volume_is_the_share_of_points_of_least_power(packing):
    configuration, diameters = packing
    d = configuration.dimension
    random = np.random.default_rng(2).uniform(size=(40_000, d))
    points = np.zeros((40_000, 3))
    points[:, :d] = random @ configuration.box.matrix[:d, :d]
    least = power(configuration, diameters, points).argmin(axis=0)
    share = np.bincount(least, minlength=60) / len(points)
    found = volumes_of(voronoi_cells(configuration, diameters)) / configuration.box.volume
    error = np.sqrt(found * (1 - found) / len(points))
    assert (abs(share - found) < 5 * error).all()


def test_volumes_are_those_of_ovito():
    pytest.importorskip("ovito")
    from ovito.modifiers import VoronoiAnalysisModifier

    liquid = cb.equilibrate(cb.soft_spheres(0.2), 200, 0.5, seed=1)
    data = liquid.to_ovito()
    data.apply(VoronoiAnalysisModifier(use_radii=True))
    expected = data.particles["Atomic Volume"][...]
    found = voronoi_cells(liquid, liquid.diameters).volumes
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize("margin", [0.05, 0.6, 5.0])
def test_the_margin_that_is_tried_first_does_not_matter(packing, margin, monkeypatch):
    configuration, diameters = packing
    expected = voronoi_cells(configuration, diameters)
    monkeypatch.setattr("cagebreak.descriptors.coarse_grained.voronoi.FIRST_MARGIN", margin)
    np.testing.assert_allclose(voronoi_cells(configuration, diameters), expected, rtol=1e-9)


def test_a_particle_inside_a_large_one_may_have_no_cell():
    positions = [[2.0, 2, 2], [2.3, 2, 2], [0.5, 0.5, 0.5]]
    three = cb.Configuration(positions, [0, 0, 0], 4.0)
    cells = voronoi_cells(three, [3.0, 0.1, 1.0])
    assert (cells.perimeters[1], cells.areas[1], cells.volumes[1]) == (0, 0, 0)
    assert cells.volumes.sum() == pytest.approx(64, rel=1e-12)


@pytest.mark.parametrize("wrong", [np.ones(59), np.zeros(60), np.full(60, np.nan), 1.0])
def test_diameters_are_positive_and_one_each(wrong):
    configuration = cb.equilibrate(cb.soft_spheres(), 60, 0.0, seed=1)
    with pytest.raises(InputError, match="diameters: expected 60 positive numbers"):
        voronoi_cells(configuration, wrong)


@pytest.mark.parametrize("model", [cb.soft_spheres(), cb.soft_discs()], ids=["3D", "2D"])
def test_models_of_sizes_have_radical_cells(model):
    liquid = cb.equilibrate(model, 100, 0.5, seed=1)
    kinds = ("perimeter", "area", "volume")[: model.dimension]
    found = CoarseGrained(model).compute(liquid).where(kind=list(kinds), r=np.nan).values
    cells = voronoi_cells(liquid, liquid.diameters)
    np.testing.assert_array_equal(found, np.column_stack(cells[: model.dimension]))
