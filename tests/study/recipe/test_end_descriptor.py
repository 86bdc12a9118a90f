"""What is described at the ends of short runs, of every kind of model."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.study.recipe.end_descriptor import DESCRIBED, LAST, EndDescriptor

MODELS = {
    "hard spheres": (cb.hard_spheres(0.4), {}),
    "Kob-Andersen": (cb.kob_andersen(), {}),
    "in a plane": (cb.models.kob_andersen_2d(), {}),
    "of many sizes": (cb.soft_spheres(), {}),
}


def random_points(model, n=100):
    """Return particles that have been pushed apart."""
    from cagebreak.simulation import preparation

    return preparation.finished(preparation.begin(model, n, [], seed=1))


@pytest.mark.parametrize("described", DESCRIBED)
@pytest.mark.parametrize("name", MODELS)
def test_labels_are_those_of_the_columns(name, described):
    model, _ = MODELS[name]
    configuration = cb.equilibrate(model, 100, 0.0, seed=1)
    descriptor = EndDescriptor(model, described)
    features = descriptor.compute(configuration)
    assert features.labels.tolist() == descriptor.labels().tolist()
    assert np.isfinite(features.values).all()
    assert features.labels.generation.max() == LAST
    state = "inherent" if described == "inherent" else "initial"
    assert set(features.labels.state) == {state}
