"""Sizes in descriptors."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.descriptors.polydisperse import BySize, Diameter, size_classes
from cagebreak.errors import ConfigurationError, InputError

MODEL = cb.soft_spheres(0.3)
RADIAL = cb.Radial(r=(1.0, 1.5), width=0.1, n_species=3)


@pytest.fixture(scope="module")
def liquid():
    return cb.equilibrate(MODEL, 200, 1.0, seed=1)


def test_classes_have_equally_many_particles(liquid):
    edges = size_classes(MODEL)
    counts = np.bincount(np.searchsorted(edges, liquid.diameters))
    assert counts.tolist() == [67, 66, 67]
    with pytest.raises(InputError, match="a diameter for each particle, got kob_andersen"):
        size_classes(cb.kob_andersen())


def test_neighbors_are_counted_by_class(liquid):
    edges = size_classes(MODEL)
    features = BySize(RADIAL, edges).compute(liquid)
    for k, (low, high) in enumerate(zip((0, *edges), (*edges, 9), strict=True)):
        # Of each class alone, with the particle itself for a place.
        members = (liquid.diameters >= low) & (liquid.diameters < high)
        i = int(np.flatnonzero(~members)[0])
        some = np.append(np.flatnonzero(members), i)
        alone = cb.Radial(r=(1.0, 1.5), width=0.1, n_species=1).compute(
            liquid[some].replace(diameters=None)
        )
        np.testing.assert_allclose(
            features.where(species="ABC"[k]).values[i], alone.values[-1], atol=1e-12
        )


def test_sets_of_papers_have_classes_and_the_diameter(liquid):
    features = cb.papers.alkemade2022(MODEL, generations=1).compute(liquid)
    assert np.isfinite(features.values).all()
    own = features.where(kind="diameter", generation=0).values[:, 0]
    np.testing.assert_array_equal(own, liquid.diameters)
    assert set(features.where(kind="radial").labels.species) == {"A", "B", "C"}
    averaged = features.where(kind="diameter", generation=1).values
    assert np.ptp(averaged) < np.ptp(own)


def test_without_diameters_there_are_no_classes(liquid):
    bare = liquid.replace(diameters=None)
    for descriptor in (BySize(RADIAL, (0.9, 1.1)), Diameter()):
        with pytest.raises(ConfigurationError, match="expected one of each particle, got none"):
            descriptor.compute(bare)
    with pytest.raises(InputError, match="edges"):
        BySize(RADIAL, (1.1, 0.9))
