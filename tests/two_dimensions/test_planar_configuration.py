"""Boxes and configurations of two dimensions."""

import numpy as np
import pytest

from cagebreak.configuration import Box, Configuration, ball
from cagebreak.errors import ConfigurationError, InputError
from support.some_particles import BOXES, scattered


@pytest.mark.parametrize("box", BOXES)
def test_a_box_of_two_vectors_has_two_dimensions(box):
    flat = Box(BOXES[box])
    assert flat.dimension == 2
    assert flat.volume == pytest.approx(np.linalg.det(BOXES[box]), rel=1e-14)
    np.testing.assert_array_equal(flat.lattice, BOXES[box])
    assert flat.matrix[2, 2] == flat.longest
    assert flat == Box(flat.matrix, dimension=2)
    assert flat != Box(flat.matrix)
    assert flat.with_matrix(2 * flat.matrix) == Box(2 * BOXES[box])


def test_two_edges_are_a_box_of_two_dimensions():
    assert Configuration([[1.0, 2.0]], [0], (4.0, 3.0)).box == Box(np.diag([4.0, 3.0]))
    assert Box.square(4.0).volume == pytest.approx(16.0)


@pytest.mark.parametrize(
    ("matrix", "dimension"),
    [(np.eye(3), 1), (np.eye(2), 3), (np.eye(4), 0), ([[1, 0, 0], [0, 1, 0], [0.1, 0, 1]], 2)],
)
def test_other_matrices_are_refused(matrix, dimension):
    with pytest.raises(InputError, match="box"):
        Box(np.asarray(matrix, float), dimension)


def test_positions_have_two_components_or_no_z():
    flat = Configuration([[1.0, 2.0], [3.0, 1.0]], [0, 1], (4.0, 4.0), velocities=np.ones((2, 2)))
    assert flat.positions.shape == flat.velocities.shape == (2, 3)
    assert flat.dimension == 2
    assert flat == flat.replace(positions=[[1.0, 2.0, 0.0], [3.0, 1.0, 0.0]])
    assert flat.spacing == pytest.approx(np.sqrt(8))
    assert "4 x 4" in repr(flat)


@pytest.mark.parametrize("name", ["positions", "velocities", "images"])
def test_a_z_is_refused(name):
    flat = scattered(n=5)
    values = np.zeros((5, 3))
    values[3, 2] = 1
    with pytest.raises(ConfigurationError, match=rf"{name}: expected z = 0 .* particle 3"):
        flat.replace(**{name: values})


def test_two_components_in_a_box_of_three_dimensions_are_refused():
    with pytest.raises(ConfigurationError, match="two edges"):
        Configuration([[1.0, 2.0]], [0], 4.0)


@pytest.mark.parametrize("box", BOXES)
def test_minimum_image_is_the_shortest_in_the_plane(box):
    flat = Box(BOXES[box])
    vectors = np.random.default_rng(1).uniform(-20, 20, (50, 3)) * [1, 1, 0]
    shifts = np.array([[a, b, 0] for a in range(-9, 10) for b in range(-9, 10)]) @ flat.matrix
    shortest = np.linalg.norm(vectors[:, None] + shifts, axis=2).min(axis=1)
    nearest = flat.minimum_image(vectors)
    np.testing.assert_allclose(np.linalg.norm(nearest, axis=1), shortest, atol=1e-12)
    assert not nearest[:, 2].any()
    assert not flat.wrap(vectors)[:, 2].any()


def test_a_ball_is_a_disc():
    assert ball(2.0, 2) == pytest.approx(4 * np.pi)
    assert ball(2.0, 3) == pytest.approx(32 / 3 * np.pi)
