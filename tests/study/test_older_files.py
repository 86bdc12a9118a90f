"""Files that earlier versions wrote still open, and say what they said."""

import h5py
import numpy as np
import pytest

import cagebreak as cb
import paths
from cagebreak.study.analysis.model_file import SavedModel
from tiny_study import write_recipe

DATA = paths.ROOT / "tests" / "study" / "data"
DATA_SETS = sorted((paths.ROOT / "datasets").glob("*/*.toml"))


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


def test_a_saved_model_predicts_what_it_did(tmp_path):
    """Its selection has the kind `wall`, which is `cell_rejection` now."""
    saved = SavedModel.load(DATA / "model-0.1.h5")
    unit = write_recipe(tmp_path / "hs.toml", n_particles=100)
    study = cb.Study(unit)
    study.run("serial", progress=False)
    predicted = saved.predict(study.configuration(0), 1)
    np.testing.assert_allclose(predicted, np.load(DATA / "model-0.1.npy"), rtol=1e-6)


def test_units_with_former_names_give_the_same_states_and_features(tmp_path):
    study = cb.Study(write_recipe(tmp_path / "hs.toml", recommended=True, n_configurations=3))
    study.run("serial", progress=False)
    state, features = study.state(0, "cage"), study.features(0)
    with h5py.File(study.store.folder / "cage" / "0000.h5", "r+") as file:
        file.move("cell_rejection", "wall")
    with h5py.File(study.store.folder / "descriptors-recommended" / "0000.h5", "r+") as file:
        labels = file["labels"][()]
        labels["kind"][labels["kind"] == b"cell_rejection"] = b"wall"
        file["labels"][...] = labels
    np.testing.assert_array_equal(study.state(0, "cage").cell_rejection, state.cell_rejection)
    assert (study.features(0).labels == features.labels).all()
