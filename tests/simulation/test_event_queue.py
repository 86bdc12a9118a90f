"""The queue of events, where the next event is far beyond its ring; boxes of reversed vectors."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.simulation.hard_spheres import EventDriven

MODEL = cb.hard_spheres(0.5)


@pytest.fixture(scope="module")
def start():
    return cb.equilibrate(MODEL, 200, 1.0, seed=1)


@pytest.fixture(scope="module")
def expected(start):
    spheres = EventDriven(start, MODEL)
    spheres.run(0.3)
    return spheres


@pytest.mark.parametrize("slower", [2.0**13, 2.0**15])
def test_slow_spheres_go_the_same_way(start, expected, slower):
    spheres = EventDriven(start.replace(velocities=start.velocities / slower), MODEL)
    spheres.run(0.3 * slower)
    assert spheres.collisions == expected.collisions > 1000
    np.testing.assert_allclose(spheres.positions, expected.positions, atol=1e-9)


def test_spheres_at_rest_are_done_at_once(start):
    """Their first event comes after 1e6 tau, 1e10 buckets of the queue from now."""
    resting = EventDriven(start.replace(velocities=np.zeros((200, 3))), MODEL)
    resting.run(1000.0)
    np.testing.assert_array_equal(resting.positions, start.positions)
    assert (resting.time, resting.collisions) == (1000.0, 0)


def test_lattice_vectors_that_point_backwards_span_the_same_box(start, expected):
    box = cb.Box(start.box.matrix * [-1.0, -1.0, 1.0])
    spheres = EventDriven(start.replace(box=box), MODEL)
    spheres.run(0.3)
    assert spheres.collisions == expected.collisions
    np.testing.assert_allclose(spheres.positions, expected.positions, atol=1e-9)
