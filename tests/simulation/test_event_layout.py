"""Lists and cells of hard spheres of unequal sizes."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.simulation.event_driven.layout import Layout, kinds_of


@pytest.fixture(scope="module")
def spheres():
    """Positions, radii from 0.05 to 0.5 and kinds of spheres that may overlap."""
    rng = np.random.default_rng(1)
    radii = 0.5 * 10.0 ** -rng.uniform(size=1000)
    kinds = np.minimum(16 * np.argsort(np.argsort(radii)) // len(radii), 15)
    return rng.uniform(0, 4, (len(radii), 3)), radii, kinds


def test_a_list_has_as_many_neighbors_as_it_should_whatever_the_sizes(spheres):
    positions, radii, kinds = spheres
    layout = Layout.of(cb.Box(4.0 * np.eye(3)), radii, kinds)
    reach = layout.reaches[kinds]
    gaps = positions[:, None] - positions
    gaps -= 4 * np.rint(gaps / 4)
    listed = np.linalg.norm(gaps, axis=2) < reach[:, None] + reach
    # The number is that of points at random, of which these are a sample.
    assert listed.sum(axis=1).mean() - 1 == pytest.approx(16, rel=0.1)
    # A sphere may move as far as any other before its list is made anew, and always some way.
    skins = reach - radii
    largest = np.array([radii[kinds == kind].max() for kind in range(16)])
    np.testing.assert_allclose(layout.reaches - largest, skins.min())
    assert skins.min() > 0


def test_a_grid_is_of_spheres_of_similar_size(spheres):
    _, radii, kinds = spheres
    layout = Layout.of(cb.Box(4.0 * np.eye(3)), radii, kinds)
    largest = np.array([radii[kinds == kind].max() for kind in range(16)])
    assert len(layout.grids) == 3
    for grid in range(3):
        members = largest[layout.grid_of == grid]
        assert members.min() > 0.4 * members.max()


def test_a_few_large_spheres_among_small_ones_have_a_kind_of_their_own():
    """Else the lists of the small ones would be those of large ones."""
    diameters = np.full(100, 0.1)
    diameters[:3] = 1.0
    spheres = cb.Configuration(
        np.random.default_rng(1).uniform(0, 9, (100, 3)), np.zeros(100), 9.0, diameters=diameters
    )
    kinds = kinds_of(spheres, cb.polydisperse_hard_spheres())
    np.testing.assert_array_equal(kinds, diameters == 1.0)
