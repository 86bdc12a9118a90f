"""Sizes in descriptors."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cagebreak as cb
from cagebreak.descriptors.coarse_grained.surroundings import with_surroundings
from cagebreak.descriptors.polydisperse import BySize, Diameter, RadialDiameter, size_classes
from cagebreak.descriptors.polydisperse.by_size import classified, n_classes_of
from cagebreak.descriptors.recommended import recommended
from cagebreak.errors import ConfigurationError, InputError
from naive import polydisperse as naive

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


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 30))
def test_diameters_summed_in_shells_equal_their_twin(seed, n):
    rng = np.random.default_rng(seed)
    some = cb.Configuration(
        rng.random((n, 3)) * 3, [0] * n, 3.0, diameters=rng.uniform(0.7, 1.6, n)
    )
    r, width = (0.9, 1.3, 2.0), (0.05, 0.1, 0.2)
    values = RadialDiameter(r, width).compute(some).values
    for i in range(n):
        expected = naive.radial_diameter(some, i, np.array(r), np.array(width))
        np.testing.assert_allclose(values[i], expected, rtol=1e-10, atol=1e-10)


def test_of_two_sizes_descriptors_are_those_of_the_binary_mixture(liquid):
    mixture = liquid.replace(species=np.arange(200) % 2, diameters=None)
    own = liquid.replace(diameters=np.where(np.arange(200) % 2, 1.4, 1.0))
    binary = cb.Radial(r=(1.0, 1.5), width=0.1, n_species=2)
    of_species = binary.compute(mixture)
    by_size = BySize(binary, (1.2,)).compute(own)
    np.testing.assert_array_equal(by_size.values, of_species.values)
    assert by_size.names == of_species.names
    weighted = RadialDiameter(binary.r, binary.width).compute(own).values
    a, b = (of_species.where(species=s).values for s in "AB")
    np.testing.assert_allclose(weighted, a + 1.4 * b, rtol=1e-12, atol=1e-12)


def test_the_recommended_set_has_classes_of_size(liquid):
    quick = recommended(MODEL, "quick")
    features = quick.compute(liquid, seed=1)
    assert list(map(str, features.labels)) == list(map(str, quick.labels()))
    for kind in ("radial", "energy", "laplacian", "displacement"):
        assert set("ABC") <= set(features.where(kind=kind).labels.species)
    minimum = cb.inherent_state(liquid, MODEL, force_tolerance=1e-3).configuration
    energies = cb.potentials.energies(minimum, MODEL)[:, None]
    own = features.where(kind="energy").where(species="")
    np.testing.assert_allclose(own.values, energies, rtol=1e-9)
    by_hand = with_surroundings(own, classified(minimum, MODEL), n_classes_of(MODEL))
    np.testing.assert_allclose(features.where(kind="energy").values, by_hand.values, rtol=1e-9)


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
    for descriptor in (BySize(RADIAL, (0.9, 1.1)), RadialDiameter((1.0,), (0.1,)), Diameter()):
        with pytest.raises(ConfigurationError, match="expected one of each particle, got none"):
            descriptor.compute(bare)
    with pytest.raises(InputError, match="edges"):
        BySize(RADIAL, (1.1, 0.9))
