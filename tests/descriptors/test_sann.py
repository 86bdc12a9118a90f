import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cagebreak.configuration import Box, Configuration
from cagebreak.neighbors import sann
from naive import cage as naive
from test_neighbors import BOXES, ordered, rows


def assert_equals_twin(configuration):
    table = sann(configuration)
    for i in range(len(configuration)):
        index, vectors = rows(table, i)
        twin_index, twin_vectors = ordered(*naive.sann(configuration, i))
        np.testing.assert_array_equal(index, twin_index)
        np.testing.assert_allclose(vectors, twin_vectors, atol=1e-12)


@pytest.mark.parametrize("box", BOXES)
def test_equals_twin_in_any_box(box):
    positions = np.random.default_rng(1).uniform(-9, 9, (25, 3))
    assert_equals_twin(Configuration(positions, [0] * 25, Box(BOXES[box])))


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(1, 20),
    edges=st.lists(st.floats(0.8, 4), min_size=3, max_size=3),
)
def test_equals_twin_for_random_input(seed, n, edges):
    positions = np.random.default_rng(seed).uniform(-9, 9, (n, 3))
    assert_equals_twin(Configuration(positions, [0] * n, edges))


def test_a_particle_far_from_all_others_is_given_enough_room():
    cluster = np.random.default_rng(2).uniform(0, 1, (20, 3))
    assert_equals_twin(Configuration([*cluster, [10, 10, 10]], [0] * 21, 20.0))


def test_crystals_have_their_first_shell_and_nearest_come_first():
    corners = np.stack(np.meshgrid(*[np.arange(4)] * 3), axis=-1).reshape(-1, 1, 3)
    rng = np.random.default_rng(3)
    for basis, expected in [
        ([[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]], 12),  # fcc
        ([[0, 0, 0], [0.5, 0.5, 0.5]], 14),  # bcc: 8 and 6 more, 15 % further
    ]:
        positions = (corners + np.array(basis)).reshape(-1, 3)
        positions += rng.normal(0, 0.002, positions.shape)
        table = sann(Configuration(positions, [0] * len(positions), 4.0))
        assert (np.diff(table.offsets) == expected).all()
        distances = np.linalg.norm(table.vectors, axis=1)
        for a, b in zip(table.offsets[:-1], table.offsets[1:], strict=True):
            assert (np.diff(distances[a:b]) >= 0).all()
