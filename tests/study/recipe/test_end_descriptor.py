"""What is described at the ends of short runs, of every kind of model."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.descriptors.base import column_names
from cagebreak.simulation import preparation
from cagebreak.study.recipe.end_descriptor import DESCRIBED, LAST, EndDescriptor

MODELS = {
    "hard spheres": cb.hard_spheres(0.4),
    "Kob-Andersen": cb.kob_andersen(),
    "in a plane": cb.kob_andersen_2d(),
    "of many sizes": cb.soft_spheres(),
}


@pytest.mark.parametrize("described", DESCRIBED)
@pytest.mark.parametrize("name", MODELS)
def test_labels_are_those_of_the_columns(name, described):
    model = MODELS[name]
    start = preparation.begin(model, 100, [], seed=1).configuration
    descriptor = EndDescriptor(model, described)
    features = descriptor.compute(start)
    assert column_names(features.labels) == column_names(descriptor.labels())
    assert np.isfinite(features.values).all()
    assert features.labels.generation.max() == LAST
    assert set(features.labels.state) == {"inherent" if described == "inherent" else "initial"}
