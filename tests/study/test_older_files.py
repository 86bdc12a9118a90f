"""Files that earlier versions wrote still open, and say what they said."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.study.analysis.model_file import SavedModel
from support import paths
from support.tiny_study import write_recipe

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
