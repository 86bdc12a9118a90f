"""The predicted propensity in a pipeline of OVITO is that of the command line."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import FileFormatError, InputError
from cagebreak.study import pretrained
from cagebreak.study.analysis.model_file import SavedModel
from support.tiny_study import write_recipe

# OVITO needs libraries of the system as well.
pytest.importorskip(
    "ovito", reason="ovito cannot be imported: pip install ovito", exc_type=ImportError
)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    study = cb.Study(write_recipe(tmp_path_factory.mktemp("modifier") / "tiny.toml"))
    study.run("serial", progress=False)
    return study


@pytest.fixture(scope="module")
def path(study):
    study.save_model(study.store.folder / "model.h5", "cage")
    return study.store.folder / "model.h5"


def computed(path, modifier):
    from ovito.io import import_file

    pipeline = import_file(path)
    pipeline.modifiers.append(modifier)
    return pipeline.compute()


@pytest.mark.parametrize("given", ["path", "model"])
def test_a_pipeline_predicts_to_the_bit(study, path, given):
    from ovito.pipeline import Pipeline, StaticSource

    start, model = study.configuration(0), SavedModel.load(path)
    order = np.random.default_rng(0).permutation(len(start))  # as LAMMPS writes particles
    shuffled = cb.Configuration(start.positions[order], start.species[order], start.box)
    source = shuffled.to_ovito()
    source.particles_.create_property("Particle Identifier", data=order + 1)
    pipeline = Pipeline(source=StaticSource(data=source))
    pipeline.modifiers.append(cb.PropensityModifier(path if given == "path" else model, seed=3))
    data = pipeline.compute()
    expected = model.apply(cb.check(start, study.recipe.model).configuration, seed=3)
    for i, time in enumerate(model.times):
        found = data.particles[f"prediction_{i + 1}"][...]
        np.testing.assert_array_equal(found, expected.values[i, order])
        assert data.attributes[f"prediction_{i + 1}.time"] == time
        found = data.particles[f"prediction_high_{i + 1}"][...]
        np.testing.assert_array_equal(found, expected.high[i, order])
    np.testing.assert_array_equal(data.particles["outside"][...], expected.outside[order])


def test_names_of_types_are_given_in_order(study, path, tmp_path):
    start = study.configuration(0)
    cb.write(tmp_path / "one.xyz", start)
    rows = (tmp_path / "one.xyz").read_text().splitlines()
    rows[2:] = [row.replace("A ", "Large ").replace("B ", "Small ") for row in rows[2:]]
    (tmp_path / "words.xyz").write_text("\n".join(rows) + "\n")
    # By default with the seed of `cagebreak predict`.
    expected = SavedModel.load(path).predict(start, seed=1)
    data = computed(tmp_path / "words.xyz", cb.PropensityModifier(path, species=("Large", "Small")))
    # OVITO rounds the last digit of numbers in text.
    np.testing.assert_allclose(data.particles["prediction_1"][...], expected[0], rtol=1e-6)
    with pytest.raises(Exception, match="species: expected the order of the names Large, Small"):
        computed(tmp_path / "words.xyz", cb.PropensityModifier(path))


def test_a_file_that_is_no_model_is_named(study, tmp_path):
    cb.write(tmp_path / "one.xyz", study.configuration(0))
    cb.write(tmp_path / "no_model.h5", study.configuration(0))
    with pytest.raises((FileFormatError, RuntimeError), match="expected a saved model"):
        computed(tmp_path / "one.xyz", cb.PropensityModifier(tmp_path / "no_model.h5"))


@pytest.mark.parametrize("given", ["name", "model"])
def test_a_pretrained_model_is_taken(study, path, monkeypatch, given):
    from ovito.pipeline import Pipeline, StaticSource

    monkeypatch.setattr(pretrained, "FOLDER", path.parent)
    saved, start = SavedModel.load(path), study.configuration(0)
    known = "model" if given == "name" else pretrained.PretrainedModel("a", saved, np.empty(0))
    pipeline = Pipeline(source=StaticSource(data=start.to_ovito()))
    pipeline.modifiers.append(cb.PropensityModifier(known))
    found = pipeline.compute().particles["prediction_1"][...]
    np.testing.assert_array_equal(found, saved.predict(start, seed=1)[0])
    with pytest.raises((InputError, RuntimeError), match="or one of model, got 'other'"):
        cb.PropensityModifier("other")(0, start.to_ovito())
