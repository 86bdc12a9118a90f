import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cagebreak.configuration import Box, Configuration
from cagebreak.errors import ConfigurationError, InputError
from cagebreak.neighbors import MOST_IMAGES, cell_list, check_apart, neighbor_table, sann
from naive import descriptors as naive

BOXES = {
    "cube": np.eye(3) * 3.0,
    "slab": np.diag([1.0, 6.0, 2.5]),
    "needle": np.diag([0.21, 0.37, 40.0]),
    "sheared": np.array([[3.0, 0, 0], [1.4, 2.0, 0], [-0.9, 0.5, 2.5]]),
    "strongly sheared": np.array([[2.0, 0, 0], [3.1, 2.2, 0], [-2.7, 1.9, 2.4]]),
    "rotated": np.array([[1.8, 1.1, -0.6], [-1.2, 2.0, 0.4], [0.7, -0.3, 2.2]]),
}


def rows(table, i):
    """Return the neighbors of particle i and the vectors to them, in an order of their own."""
    here = slice(table.offsets[i], table.offsets[i + 1])
    return ordered(table.neighbors[here], table.vectors[here])


def ordered(index, vectors):
    order = np.lexsort((*vectors.round(9).T, index))
    return index[order], vectors[order]


def assert_equals_twin(configuration, cutoff):
    table = neighbor_table(configuration, cutoff)
    assert table.offsets.shape == (len(configuration) + 1,)
    for i in range(len(configuration)):
        index, vectors = rows(table, i)
        twin_index, twin_vectors = ordered(*naive.images(configuration, i, cutoff))
        np.testing.assert_array_equal(index, twin_index)
        np.testing.assert_allclose(vectors, twin_vectors, atol=1e-12)


@pytest.mark.parametrize("cutoff", [0.3, 1.1, 2.6, 5.2])
@pytest.mark.parametrize("box", BOXES)
def test_equals_twin_in_any_box_at_any_cutoff(box, cutoff):
    positions = np.random.default_rng(1).uniform(-9, 9, (15, 3))
    assert_equals_twin(Configuration(positions, [0] * 15, Box(BOXES[box])), cutoff)


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(1, 12),
    cutoff=st.floats(0.05, 4),
    edges=st.lists(st.floats(0.5, 5), min_size=3, max_size=3),
    shear=st.lists(st.floats(-3, 3), min_size=3, max_size=3),
)
def test_equals_twin_for_random_input(seed, n, cutoff, edges, shear):
    matrix = np.diag(edges)
    matrix[1, 0], matrix[2, 0], matrix[2, 1] = shear
    box = Box(matrix)
    # More images than these are refused; see test_absurd_boxes.py.
    assume(np.prod(np.floor(2 * cutoff / box.heights) + 2) <= MOST_IMAGES)
    positions = np.random.default_rng(seed).uniform(-9, 9, (n, 3))
    assert_equals_twin(Configuration(positions, [0] * n, box), cutoff)


def test_particles_on_faces_and_corners_of_the_box():
    corners = np.array(np.meshgrid([0, 1.5, 3, np.nextafter(0, -1)], [0, 3], [0, 1])).reshape(3, -1)
    # Images of one place would coincide.
    corners[2] += 0.05 * np.arange(16)
    for axis in range(3):
        assert_equals_twin(Configuration(np.roll(corners, axis, axis=0).T, [0] * 16, 3.0), 1.4)


@pytest.mark.parametrize("box", BOXES)
def test_coincident_particles_are_named(box):
    matrix = BOXES[box]
    positions = np.random.default_rng(3).random((8, 3)) @ matrix
    positions[6] = positions[2]
    for image in ([0, 0, 0], [1, 0, 0], [-2, 1, 3]):
        moved = positions + np.outer(np.arange(8) == 6, image @ matrix)
        configuration = Configuration(moved, [0] * 8, Box(matrix))
        for function in (lambda c: neighbor_table(c, 0.3), sann, check_apart):
            with pytest.raises(ConfigurationError, match="apart, got 2 and 6 at one place"):
                function(configuration)


def test_particles_at_a_corner_and_its_opposite_coincide():
    length = (4096 / 1.2) ** (1 / 3)
    ends = Configuration([[0.0, 0, 0], [length, length, length], [1.0, 1, 1]], [0] * 3, length)
    with pytest.raises(ConfigurationError, match="apart, got 0 and 1 at one place"):
        check_apart(ends)
    # A millionth of the spacing is the limit.
    spacing = length / 3 ** (1 / 3)
    for gap, refused in ((0.9e-6, True), (1.1e-6, False)):
        near = ends.replace(positions=[[0, 0, 0], [gap * spacing, 0, 0], [1, 1, 1]])
        if refused:
            with pytest.raises(ConfigurationError, match="got 0 and 1"):
                cell_list(near, 2.0)
        else:
            cell_list(near, 2.0)


def test_a_lone_particle_sees_its_own_images():
    table = neighbor_table(Configuration([[0.2, 0.3, 0.4]], [0], 1.0), 1.5)
    assert table.offsets.tolist() == [0, 18]  # 6 at distance 1, 12 at sqrt(2)
    assert not table.neighbors.any()
    assert len(neighbor_table(Configuration([[0.2, 0.3, 0.4]], [0], 1.0), 0.9).neighbors) == 0


def test_vectors_are_opposite_to_the_bit():
    positions = np.random.default_rng(2).uniform(0, 4, (60, 3))
    table = neighbor_table(Configuration(positions, [0] * 60, Box(BOXES["sheared"])), 1.7)
    i = table.pairs[:, 0]
    pairs = {(a, b, *v) for a, b, v in zip(i, table.neighbors, table.vectors.tolist(), strict=True)}
    assert pairs == {(b, a, -x, -y, -z) for a, b, x, y, z in pairs}


@pytest.mark.parametrize("of", [lambda c: neighbor_table(c, 1.7), sann], ids=["cutoff", "sann"])
def test_pairs_distances_and_counts_are_those_of_each_particle(of):
    positions = np.random.default_rng(5).uniform(0, 4, (40, 3))
    configuration = Configuration(positions, [0] * 40, Box(BOXES["sheared"]))
    table = of(configuration)
    rows = [(i, j) for i in range(40) for j in table.neighbors[slice(*table.offsets[i : i + 2])]]
    np.testing.assert_array_equal(table.pairs, rows)
    i, j = table.pairs.T
    np.testing.assert_array_equal(table.counts, np.bincount(i, minlength=40))
    np.testing.assert_array_equal(table.distances, np.linalg.norm(table.vectors, axis=1))
    images = (table.vectors - positions[j] + positions[i]) @ configuration.box.inverse
    np.testing.assert_allclose(images, np.rint(images), atol=1e-9)


def test_a_table_without_neighbors_has_no_pairs():
    table = neighbor_table(Configuration([[0.0, 0, 0], [1, 1, 1]], [0, 0], 4.0), 0.5)
    assert table.pairs.shape == (0, 2)
    assert table.distances.shape == (0,)
    assert table.counts.tolist() == [0, 0]


def test_memory_of_the_cell_list_is_linear_for_a_dilute_box():
    positions = np.random.default_rng(3).uniform(0, 1000, (50, 3))
    assert len(cell_list(Configuration(positions, [0] * 50, 1000.0), 0.5).starts) <= 51


@pytest.mark.parametrize("cutoff", [0, -1.0, np.nan, np.inf])
def test_a_cutoff_that_is_no_length_is_refused(cutoff):
    with pytest.raises(InputError, match="cutoff"):
        neighbor_table(Configuration([[0, 0, 0]], [0], 1.0), cutoff)
