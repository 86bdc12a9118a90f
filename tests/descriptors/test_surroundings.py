import numpy as np
import pytest

import cagebreak as cb
from cagebreak.descriptors.base import Features, make_labels
from cagebreak.descriptors.coarse_grained.surroundings import CUTOFF, with_surroundings
from cagebreak.errors import ConfigurationError, InputError
from naive import descriptors as naive


@pytest.fixture
def configuration():
    random = np.random.default_rng(0)
    box = cb.Box(np.array([[3.0, 0, 0], [0.7, 4.0, 0], [-0.4, 0.3, 3.5]]))
    return cb.Configuration(random.uniform(0, 4, (30, 3)), random.integers(0, 2, 30), box)


def scalars(n):
    labels = np.concatenate(
        [make_labels(kind, 1, "cage", [{}]) for kind in ("energy", "cell_rejection")]
    )
    return Features(np.random.default_rng(1).normal(size=(n, 2)), labels.view(np.recarray))


def test_averages_are_those_of_a_plain_sum(configuration):
    given, lengths = scalars(30), (0.3, 1.0)
    found = with_surroundings(given, configuration, 2, lengths)
    np.testing.assert_array_equal(found.values[:, :2], given.values)
    for i in range(30):
        index, vectors = naive.images(configuration, i, CUTOFF * 1.0)
        distances = np.linalg.norm(vectors, axis=1)
        for length in lengths:
            for s, species in enumerate("AB"):
                chosen = configuration.species[index] == s
                weight = np.exp(-distances[chosen] / length)
                expected = weight @ given.values[index[chosen]] / weight.sum()
                columns = found.where(r=length, species=species)
                assert list(columns.labels.kind) == ["energy", "cell_rejection"]
                np.testing.assert_allclose(columns.values[i], expected, rtol=1e-12)


def test_without_a_neighbor_the_average_is_zero():
    alone = cb.Configuration(np.array([[0.0, 0, 0], [5.0, 0, 0]]), np.array([0, 1]), 10.0)
    found = with_surroundings(scalars(2), alone, 2, (1.0,))
    assert (found.values[:, 2:] == 0).all()


def test_arguments_are_checked(configuration):
    for lengths in ((), (0.0,), (np.inf,)):
        with pytest.raises(InputError, match="lengths"):
            with_surroundings(scalars(30), configuration, 2, lengths)
    with pytest.raises(InputError, match="features"):
        with_surroundings(scalars(29), configuration, 2)
    with pytest.raises(ConfigurationError, match="species"):
        with_surroundings(scalars(30), configuration, 1)
