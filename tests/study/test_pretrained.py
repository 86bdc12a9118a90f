"""Pretrained models: what is loaded, how far off a state point is, and what they predict."""

import contextlib
import copy
import json
import runpy
import shutil
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import cagebreak as cb
from cagebreak.cli import main
from cagebreak.errors import ConfigurationError, ConfigurationWarning, InputError
from cagebreak.study import pretrained as module
from cagebreak.study.analysis.model_file import SavedModel
from cagebreak.study.recipe.recipe import Recipe
from support.paths import ROOT
from support.tiny_study import write_recipe

SCRIPT = str(ROOT / "datasets/pretrained.py")


def study_of(model):
    """Return the data set with the recipe of a model."""
    for path in (ROOT / "datasets").glob("*/*.toml"):
        study = cb.Study(path)
        if study.recipe.values == model.saved.recipe.values:
            return study
    raise LookupError(f"{model}: no recipe in datasets/ is that of the model")


@pytest.fixture
def quick(tmp_path, monkeypatch):
    """Let the models be one of few sweeps, beside a second of another temperature."""
    saved = cb.pretrained("kob-andersen-0.5").saved
    values = json.loads(json.dumps(saved.recipe.values))
    values["states"]["cage"] = {"sweeps": [20, 3]}  # a sample is described after each of three
    scores = (module.FOLDER / "kob-andersen-0.5.csv").read_bytes()
    for temperature in (0.5, 0.44):
        values["model"]["temperature"] = temperature
        recipe = Recipe.of_values(saved.recipe.path, copy.deepcopy(values))
        replace(saved, recipe=recipe).save(tmp_path / f"kob-andersen-{temperature}.h5")
        (tmp_path / f"kob-andersen-{temperature}.csv").write_bytes(scores)
    monkeypatch.setattr(module, "FOLDER", tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def liquid():
    """A liquid of the density that the models know, of fewer particles than their example."""
    snapshot, _ = cb.datasets.load()
    model = cb.kob_andersen(0.5, number_density=len(snapshot) / snapshot.box.volume)
    return cb.equilibrate(model, 150, 2.0, seed=1)


@pytest.mark.parametrize("name", module.names())
def test_a_model_is_that_of_its_study_with_its_scores(name):
    model = cb.pretrained(name)
    study = study_of(model)
    assert model.saved.selection == "recommended"
    n = len(study.propensity(0).times)
    assert np.isin(model.times, study.propensity(0).times).all()
    assert n / 3 < len(model.times) <= 16
    assert model.times[-1] == study.propensity(0).times[-1]
    assert set(model.training_range) == set(study.recipe.learning.species)
    assert {f.n_configurations for f in model.training_range.values()} == {study.n_configurations}
    assert len(model.saved.densities) == study.n_configurations
    scores = pd.read_csv(ROOT / "results" / study.recipe.path.parent.name / "scores.csv")
    scores = scores[scores.features == "recommended"]
    for column, of_study in {"r": "r_configuration", "low": "low_configuration"}.items():
        for species in model.training_range:
            found = model.scores[model.scores.species == species]
            ours = scores[scores.species == species]
            at = [np.abs(ours.time - time).argmin() for time in model.times]
            np.testing.assert_allclose(found[column], ours[of_study].to_numpy()[at], rtol=1e-5)
            np.testing.assert_allclose(found.time, model.times, rtol=1e-5)


def test_the_list_states_the_best_score_of_each():
    listed = cb.pretrained()
    assert list(listed.table.name) == module.names()
    of_ka = listed.table.set_index("name").loc["kob-andersen-0.5"]
    assert tuple(of_ka)[:-1] == (
        *("kob-andersen", "T = 0.5", "0.01 to 300"),
        *(0.819, 0.79, 0.845, 2.77),
    )
    size = (module.FOLDER / "kob-andersen-0.5.h5").stat().st_size
    assert pytest.approx(size / 1e6, abs=0.006) == of_ka.MB
    assert "kob-andersen-0.5 kob-andersen " in " ".join(repr(listed).split())
    assert "..." not in repr(listed)
    assert "<td>kob-andersen-0.5</td>" in listed._repr_html_()
    assert repr(cb.pretrained("kob-andersen-0.5")) == (
        "PretrainedModel(kob-andersen-0.5: 12 times, 0.01 to 300 tau, "
        "r = 0.819 (0.790-0.845) at 2.77 tau)"
    )


def test_the_nearest_state_point_is_loaded_and_said(quick):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert cb.pretrained("kob-andersen", temperature=0.44).state_point == {"temperature": 0.44}
        assert cb.pretrained("kob-andersen-0.5", temperature=0.5).name == "kob-andersen-0.5"
    with pytest.warns(ConfigurationWarning, match=r"0\.5; 0\.48 is 4 % below, .* more slowly"):
        assert cb.pretrained("kob-andersen", temperature=0.48).name == "kob-andersen-0.5"
    with pytest.warns(ConfigurationWarning, match=r"0\.44; 0\.45 is 2\.3 % above, .* faster"):
        assert cb.pretrained("kob-andersen", temperature=0.45).name == "kob-andersen-0.44"
    for arguments, expected in {
        (): "temperature: expected one, near 0.44, 0.5, got none",
        (("temperature", 1.0),): "temperature: expected at most 25 % from 0.44, 0.5, where",
        (("temperature", float("nan")),): "temperature: expected a positive number, got nan",
        (("temperature", "0.5"),): "temperature: expected a positive number, got '0.5'",
        (("packing_fraction", 0.5),): "packing_fraction: expected none, as kob-andersen is named",
    }.items():
        with pytest.raises(InputError, match=expected):
            cb.pretrained("kob-andersen", **dict(arguments))
    with pytest.raises(
        InputError, match=r"expected one of kob-andersen, kob-andersen-0\.44, .*'k'"
    ):
        cb.pretrained("k")
    with pytest.raises(InputError, match="expected a glass former beside temperature, got none"):
        cb.pretrained(temperature=0.5)


def test_the_command_line_predicts_by_name_to_the_bit(quick, liquid, tmp_path, monkeypatch):
    model = cb.pretrained("kob-andersen-0.5")
    expected = model.predict(liquid)
    np.testing.assert_array_equal(expected, model.saved.predict(liquid, 1))
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    cb.write("c.xyz", liquid)

    def call(name):
        return CliRunner().invoke(main, ["predict", name, "c.xyz", "-o", "p.h5.dump"])

    done = call("kob-andersen-0.5")
    assert done.exit_code == 0, done.output
    lines = (work / "p.h5.dump").read_text().splitlines()[9:]
    columns, n = np.loadtxt(lines).T, len(expected)
    np.testing.assert_array_equal(columns[-3 * n - 1 : -2 * n - 1], expected)
    # A file of this name is the user's own; a folder is none.
    (work / "kob-andersen-0.5").mkdir()
    assert call("kob-andersen-0.5").exit_code == 0
    (work / "kob-andersen-0.5").rmdir()
    (work / "kob-andersen-0.5").write_text("")
    assert "kob-andersen-0.5: expected a saved model" in call("kob-andersen-0.5").stderr
    wrong = call("kob-andersen-0.6")
    assert wrong.exit_code == 2
    assert wrong.stderr.count("\n") == 1
    assert "or one of kob-andersen-0.44, kob-andersen-0.5, got 'kob-andersen-0.6'" in wrong.stderr


def test_another_density_is_said(quick, liquid):
    model = cb.pretrained("kob-andersen-0.5")

    def remarks(factor):
        scaled = cb.Configuration(
            liquid.positions * factor, liquid.species, liquid.box.matrix * factor
        )
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            model.predict(scaled)
        return [str(remark.message) for remark in said if "number density" in str(remark.message)]

    assert remarks(1.0) == remarks(1.001) == []
    (text,) = remarks(1.005)
    assert text == (
        "its number density is 1.185, 1.5 % below that of the training configurations, 1.203"
    )


def test_another_density_is_said_first_without_advice_that_predict_cannot_follow(quick, liquid):
    thin = cb.Configuration(liquid.positions * 1.1, liquid.species, liquid.box.matrix * 1.1)
    saved = cb.pretrained("kob-andersen-0.5").saved
    assert saved.apply(thin, 1).remarks[0] == (
        "its number density is 0.9038, 25 % below that of the training configurations, 1.203"
    )
    with pytest.warns(ConfigurationWarning) as said, contextlib.suppress(ConfigurationError):
        saved.predict(thin, 1)
    assert not any("--parameter" in str(each.message) for each in said)


def test_a_configuration_that_is_held_out_is_predicted():
    snapshot, propensity = cb.datasets.load()
    model = cb.pretrained("kob-andersen", temperature=0.5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        predicted = model.predict(snapshot, cage_states=1)
    of_a = snapshot.species == 0
    t = list(propensity.times).index(model.times[6])
    r = np.corrcoef(predicted[6][of_a], propensity.mean[t][of_a])[0, 1]
    assert r == pytest.approx(0.763, abs=0.03)  # the Monte Carlo of cages differs with rounding
    text = " ".join((ROOT / "docs/pretrained.md").read_text(encoding="utf-8").split())
    assert f"A particles at {model.times[6]:.1f} tau with r = {0.763:.2f}," in text


def test_fewer_times_are_predicted_alike(quick, liquid):
    thinned = runpy.run_path(SCRIPT)["thinned"]
    whole = cb.pretrained("kob-andersen-0.5").saved
    expected = whole.predict(liquid, seed=1)
    for most, kept in {12: slice(None), 11: slice(1, None, 2), 1: slice(-1, None)}.items():
        few = thinned(whole, most)
        np.testing.assert_array_equal(few.times, whole.times[kept])
        # The last bit of a product of matrices depends on their shapes.
        np.testing.assert_allclose(few.predict(liquid, 1), expected[kept], rtol=1e-13)


@pytest.mark.filterwarnings("ignore::cagebreak.learning.AlphaWarning")
def test_the_files_predict_to_the_bit_what_the_study_does(tmp_path):
    script = runpy.run_path(SCRIPT)
    selections = {"recommended": {"generations": 0, "states": ["initial"]}}
    study = cb.Study(write_recipe(tmp_path / "hs.toml", selections=selections, states=["initial"]))
    study.run("serial", progress=False)
    study.fit()
    study.save_model(tmp_path / "model.h5", "recommended")
    path = script["write_model"](study, study.store.folder / "tables/scores.csv", tmp_path)
    assert path.stem == "hard-spheres-0.45"
    found, expected = (
        SavedModel.load(each).predict(study.configuration(1), seed=1)
        for each in (path, tmp_path / "model.h5")
    )
    np.testing.assert_array_equal(found, expected)
    with pytest.raises(ValueError, match="expected the scores of recommended at the times"):
        script["write_model"](study, ROOT / "results/kob-andersen-050/scores.csv", tmp_path)


def test_r_of_the_mean_over_predictions_is_tabulated(tmp_path):
    script = runpy.run_path(str(ROOT / "datasets/cage_states.py"))
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(2, 50))
    predicted = [truth + rng.normal(scale=[[3.0], [0.5]], size=truth.shape) for _ in range(3)]
    rows = script["rows"]("ka", 1, predicted, truth, np.array([0.1, 2.0]), seconds=5.0)
    single = [np.corrcoef(each[1], truth[1])[0, 1] for each in predicted]
    assert rows[0] == ("ka", 1, 2.0, 1, np.mean(single), min(single), max(single), 5.0)
    together = np.corrcoef(np.mean(predicted, axis=0)[1], truth[1])[0, 1]
    assert rows[2][3:] == (3, together, together, together, 15.0)
    path = tmp_path / "cage_states.csv"
    for found in (rows, [(*rows[0][:4], 0.5, *rows[0][5:])], [("aa", *rows[0][1:])]):
        script["write"](path, found)
    table = pd.read_csv(path)
    assert table.dataset.tolist() == ["aa", "ka"]
    assert table.r[1] == 0.5


@pytest.mark.slow
def test_a_model_is_what_the_data_set_gives(tmp_path):
    """On another machine the Monte Carlo of cages differs with rounding, and so does the fit."""
    write_model = runpy.run_path(SCRIPT)["write_model"]
    shutil.copytree(ROOT / "datasets/kob-andersen-050", tmp_path / "study")
    study = cb.Study(tmp_path / "study" / "ka050.toml")
    study.run(progress=False)
    path = write_model(study, ROOT / "results/kob-andersen-050/scores.csv", tmp_path)
    snapshot, _ = cb.datasets.load()
    found = SavedModel.load(path).predict(snapshot, 1, cage_states=1)
    expected = cb.pretrained("kob-andersen-0.5").predict(snapshot, cage_states=1)
    for one, other in zip(found[4:], expected[4:], strict=True):
        assert np.corrcoef(one, other)[0, 1] > 0.95
