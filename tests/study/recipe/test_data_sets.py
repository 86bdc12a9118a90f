"""Studies of the repository go on: their recipes have the identities their units were made with."""

import shutil
from pathlib import Path

import h5py
import pytest

import cagebreak as cb
from cagebreak.study import Recipe
from cagebreak.study.stages.stages import open_store

DATASETS = Path(__file__).parents[3] / "datasets"
RECIPES = sorted(DATASETS.glob("*/*.toml"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.parent.name)
def test_units_of_data_sets_are_of_their_recipes(path):
    recipe = Recipe.read(path)
    identities = open_store(recipe).identities
    units = [unit for unit in path.with_suffix("").glob("*/*.h5") if "partial" not in unit.name]
    # Of each configuration at least its preparation, and what its runs are reduced to.
    assert len(units) >= 2 * recipe.preparation.n_configurations
    for unit in units:
        with h5py.File(unit) as file:
            assert file.attrs["recipe_hash"] == identities[unit.parent.name].hash


@pytest.mark.parametrize("name", ["wahnstrom-065", "shear-wahnstrom"])
def test_status_finds_the_units_of_a_data_set_done(tmp_path, name):
    shutil.copytree(DATASETS / name, tmp_path / name)
    (path,) = (tmp_path / name).glob("*.toml")
    study = cb.Study(path)
    done = {stage.stage: stage.done for stage in study.status()}
    for folder in path.with_suffix("").iterdir():
        if folder.is_dir() and folder.name != "tables":
            assert done[folder.name] == len(list(folder.glob("*[0-9].h5"))) > 0
