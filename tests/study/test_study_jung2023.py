"""The coarse-grained set in a study: described in every state, learned by label, correlated."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.descriptors import papers
from cagebreak.errors import RecipeError
from cagebreak.study.analysis.single_file import describe_file
from support.tiny_study import write_recipe

STATES = ["initial", "inherent", "cage"]
SELECTIONS = {state: {"states": [state]} for state in STATES} | {
    "cells": {"kind": ["perimeter", "area", "volume"], "states": ["inherent"]},
    "energies": {"kind": ["energy", "energy variance"], "states": ["initial", "inherent"]},
    "density": {"kind": "density", "states": ["cage"]},
}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    path = tmp_path_factory.mktemp("study") / "hs.toml"
    study = cb.Study(
        write_recipe(path, set="jung2023", generations=0, states=STATES, selections=SELECTIONS)
    )
    study.run("serial", progress=False)
    return study


def test_features_are_those_of_the_states(study):
    found, wanted = study.features(1), papers.jung2023(study.recipe.model)
    sources = [study.configuration(1), study.state(1, "inherent"), study.state(1, "cage")]
    for state, source in zip(STATES, sources, strict=True):
        columns = found.where(state=state, kind=sorted(set(wanted.labels(state).kind)))
        np.testing.assert_array_equal(columns.values, wanted.compute(source).values)


def test_selections_draw_from_it(study):
    table = study.fit(species="A").table
    counts = dict(zip(table.features, table.n_features, strict=True))
    n_cells, n_energies = 3 * (1 + 8 * 3), 1 + 2 * 8 * 3
    # The displacement of a state, its variance and its anisotropy stand beside the set.
    assert counts == {
        "initial": n_cells + n_energies + 24,
        "inherent": n_cells + n_energies + 24 + 1,
        "cage": n_cells + 24 + 3,
        "cells": n_cells,
        "energies": 2 * n_energies,
        "density": 24,
    }
    assert np.isfinite(table["r"]).all()


def test_a_single_length_is_a_selection_too(study):
    table = study.fit(features={"r": 2.0, "kind": "density", "species": "B"}, species="A").table
    assert set(table["n_features"]) == {3}


def test_correlations_are_of_the_particles_own_numbers(study):
    table = study.table("correlations")
    cell = {f"{kind} {state}" for kind in ("perimeter", "area", "volume") for state in STATES}
    of_states = {"displacement inherent", "displacement cage", "variance cage", "anisotropy cage"}
    energy = {"energy initial", "energy inherent"}
    assert set(table["features"].tolist()) == cell | of_states | energy


def test_a_single_file_is_described_alike(study, tmp_path):
    file, eta = tmp_path / "start.h5", {"packing_fraction": 0.45}
    cb.write(file, study.configuration(0))
    found = describe_file(
        file, tmp_path / "features.h5", "hard_spheres", eta, "jung2023", 0, STATES[:2], seed=1
    )
    for state in STATES[:2]:
        np.testing.assert_allclose(
            found.where(state=state).values, study.features(0).where(state=state).values
        )


def test_radial_selections_are_refused(tmp_path):
    radial = {"radial": {"kind": "radial", "states": ["initial"]}}
    with pytest.raises(RecipeError, match=r"kind: expected one of .*'area', .* got 'radial'"):
        cb.Study(write_recipe(tmp_path / "hs.toml", set="jung2023", selections=radial))
