"""Stored descriptors are those of the recipe, column by column, or are refused."""

import re

import pytest

from cagebreak.errors import StoreError
from cagebreak.study import Recipe
from cagebreak.study.stages.descriptors import load_features


def test_stored_columns_are_those_of_the_recipe(study):
    features = load_features(study.recipe, study.store, study.recipe.sources, 0)
    assert len(features.labels) == len(study.recipe.labels())


@pytest.mark.parametrize("other", ["fewer", "of other neighbors"])
def test_columns_of_another_version_are_refused(study, monkeypatch, other):
    labels = study.recipe.labels()
    if other == "fewer":
        labels = labels[:-1]
    else:
        labels.r[0] += 0.1
    monkeypatch.setattr(Recipe, "labels", lambda recipe: labels)
    stage = f"descriptors-{labels.source[0] if other != 'fewer' else study.recipe.sources[-1]}"
    message = f"another version of cagebreak.*move the folder {re.escape(stage)} away"
    with pytest.raises(StoreError, match=message):
        load_features(study.recipe, study.store, study.recipe.sources, 0)
