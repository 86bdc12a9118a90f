"""Files that earlier versions wrote still open, and say what they said."""

import shutil

import h5py
import numpy as np
import pytest

import cagebreak as cb
from cagebreak.study.analysis.model_file import SavedModel
from support import paths
from support.earlier_version import without_digest
from support.tiny_study import write_recipe

DATA = paths.ROOT / "tests" / "study" / "data"
DATA_SETS_FOLDER = paths.ROOT / "datasets"
DATA_SETS = sorted(DATA_SETS_FOLDER.glob("*/*.toml"))


@pytest.mark.parametrize("recipe", DATA_SETS, ids=lambda recipe: recipe.parent.name)
def test_data_sets_open_and_are_found_done(recipe):
    study = cb.Study(recipe)
    status = {stage.stage: stage for stage in study.status()}
    made = ("equilibrate", "propensity", "shear")
    assert all(status[name].done == status[name].total for name in made if name in status)
    assert all(stage.changed == stage.damaged == stage.outdated == 0 for stage in status.values())
    if "shear" in status:
        assert study.shear(0).curve["dissipated"].max() > 0
    else:
        assert study.propensity(0).mean.min() >= 0


def test_a_saved_model_predicts_what_it_did():
    """Its selection has the kind `wall`, which is `cell_rejection` now."""
    saved = SavedModel.load(DATA / "model-0.1.h5")
    start = cb.read(DATA / "model-0.1-start.h5")
    predicted = saved.predict(start, 1, cage_states=1)
    np.testing.assert_allclose(predicted, np.load(DATA / "model-0.1.npy"), rtol=1e-6)


def test_former_names_are_no_difference_to_verify(tmp_path):
    study = cb.Study(write_recipe(tmp_path / "hs.toml", recommended=True))
    study.run("serial", progress=False)
    without_digest(*study.store.folder.rglob("*.h5"))
    for unit in (study.store.folder / "cage").glob("*.h5"):
        with h5py.File(unit, "r+") as file:
            file.move("cell_rejection", "wall")
    for unit in (study.store.folder / "descriptors-recommended").glob("*.h5"):
        with h5py.File(unit, "r+") as file:
            labels = file["labels"][()]
            labels["kind"][labels["kind"] == b"cell_rejection"] = b"wall"
            file["labels"][...] = labels
    n_units = sum(stage.total for stage in study.status())
    verified = study.verify(n_units, seed=1)
    assert verified.sound
    assert verified.without_digest == n_units


def test_truth_values_of_a_table_are_read_back(tmp_path):
    """`avalanche` of the windows of a shear."""
    study = cb.Study(shutil.copy(DATA_SETS_FOLDER / "shear-wahnstrom" / "wahnstrom.toml", tmp_path))
    shutil.copytree(DATA_SETS_FOLDER / "shear-wahnstrom" / "wahnstrom", tmp_path / "wahnstrom")
    made, read = study.table("windows"), study.table("windows")
    assert 0 < made.avalanche.sum() < len(made)
    assert read.equals(made)
