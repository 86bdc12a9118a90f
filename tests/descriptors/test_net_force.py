import numpy as np
import pytest

from cagebreak import models
from cagebreak.configuration import Configuration
from cagebreak.descriptors.base import Descriptor
from cagebreak.descriptors.force import NetForce
from cagebreak.errors import InputError
from cagebreak.states.inherent import inherent_state
from naive import potentials as naive

MODEL = models.harmonic_spheres()


@pytest.fixture
def configuration():
    rng = np.random.default_rng(1)
    return Configuration(rng.uniform(0, 4, (50, 3)), rng.integers(0, 2, 50), 4.0)


def test_it_is_the_length_of_the_force(configuration):
    features = NetForce(MODEL).compute(configuration)
    _, forces = naive.sums(configuration, MODEL.pair)
    np.testing.assert_allclose(features.values[:, 0], np.linalg.norm(forces, axis=1), rtol=1e-10)
    assert isinstance(NetForce(MODEL), Descriptor)
    assert features.labels.kind.tolist() == ["force"]
    assert features.labels.body.tolist() == [2]


def test_it_vanishes_in_an_inherent_state(configuration):
    state = inherent_state(configuration, MODEL, force_tolerance=1e-7)
    assert NetForce(MODEL).compute(state.configuration).values.max() < 1.001e-7


def test_hard_spheres_feel_none():
    with pytest.raises(InputError, match=r"model.*hard_spheres"):
        NetForce(models.hard_spheres())
