"""Neighbors, cells and structure in two dimensions."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.configuration import Box, Configuration
from cagebreak.descriptors.coarse_grained.voronoi import voronoi_cells
from cagebreak.errors import ConfigurationError
from cagebreak.neighbors import neighbor_table, sann
from cagebreak.structure import shells, structure_factor
from naive import planar as naive
from support.some_particles import BOXES, scattered


@pytest.mark.parametrize("cutoff", [0.8, 2.5, 7.0])
@pytest.mark.parametrize("box", BOXES)
def test_neighbors_are_those_in_the_plane(box, cutoff):
    flat = scattered(box)
    table = neighbor_table(flat, cutoff)
    for i in range(0, len(flat), 7):
        here = slice(table.offsets[i], table.offsets[i + 1])
        _, vectors = naive.images(flat, i, cutoff)
        assert not table.vectors[here, 2].any()
        np.testing.assert_allclose(
            np.sort(np.hypot(*table.vectors[here, :2].T)),
            np.sort(np.linalg.norm(vectors, axis=1)),
            atol=1e-12,
        )


@pytest.mark.parametrize("box", BOXES)
def test_solid_angle_neighbors_fill_a_circle(box):
    flat = scattered(box)
    table = sann(flat)
    for i in range(len(flat)):
        here = slice(table.offsets[i], table.offsets[i + 1])
        np.testing.assert_allclose(table.distances[here], naive.sann(flat, i), atol=1e-12)


def test_a_triangular_lattice_has_six_neighbors():
    columns, rows = np.meshgrid(np.arange(6), np.arange(6))
    lattice = np.array([[1.0, 0.0], [0.5, np.sqrt(0.75)]])
    points = np.column_stack([columns.ravel(), rows.ravel()]) @ lattice
    noise = np.random.default_rng(1).normal(scale=0.02, size=points.shape)
    crystal = Configuration(points + noise, [0] * 36, Box(6 * lattice))
    assert (sann(crystal).counts == 6).all()
    six = cb.Angular(l=(6,), r=(1.0,), width=0.1).compute(crystal.replace(positions=points)).values
    np.testing.assert_allclose(six, 1.0, atol=1e-12)


@pytest.mark.parametrize("box", BOXES)
def test_voronoi_cells_equal_cut_squares_and_fill_the_box(box):
    flat = scattered(box)
    cells = voronoi_cells(flat)
    assert cells.areas.sum() == pytest.approx(flat.box.volume, rel=1e-12)
    for i in range(0, len(flat), 5):
        perimeter, area = naive.cell(flat, i)
        assert cells.perimeters[i] == pytest.approx(perimeter, rel=1e-9)
        assert cells.areas[i] == pytest.approx(area, rel=1e-9)


def test_g_of_an_ideal_gas_is_one():
    points = np.random.default_rng(1).random((2000, 2)) * 40
    gas = Configuration(points, [0] * 2000, (40.0, 40.0))
    g = cb.radial_distribution(gas, 5.0, 10).total[0]
    # The number of pairs in a bin has a Poisson distribution.
    pairs = 2000**2 / 2 / 1600 * np.pi * np.diff(np.linspace(0, 5, 11) ** 2)
    assert (np.abs(g - 1) < 4 / np.sqrt(pairs)).all()


def test_wave_vectors_lie_in_the_plane_and_modes_are_sums():
    flat = scattered("rectangle")
    vectors = shells(flat.box, 8.0)
    assert not vectors.vectors[:, 2].any()
    # As many as the area of a circle has in reciprocal space.
    expected = np.pi * vectors.edges[-1] ** 2 * flat.box.volume / (2 * np.pi) ** 2
    assert vectors.counts.sum() == pytest.approx(expected, rel=0.1)
    factor = structure_factor(flat, 8.0)
    modes = np.exp(1j * flat.positions @ vectors.vectors.T).sum(axis=0)
    np.testing.assert_allclose(factor.total, vectors.mean(np.abs(modes) ** 2) / 40, rtol=1e-9)


def test_coincident_particles_are_refused():
    flat = scattered()
    with pytest.raises(ConfigurationError, match="at one place"):
        neighbor_table(
            flat.replace(
                positions=np.where(np.arange(40)[:, None] == 3, flat.positions[7], flat.positions)
            ),
            1.0,
        )
