"""Particles are predicted by the fit that did not see their configuration, as in the scores."""

import re

import numpy as np
import pytest
from sklearn.dummy import DummyRegressor

import cagebreak as cb
from cagebreak.errors import InputError
from cagebreak.learning.scores import pair_moments, pooled_pearson
from cagebreak.study.analysis import predictions
from cagebreak.study.recipe import selections
from support.paths import ROOT
from support.tiny_study import SEGMENTS, write_recipe


def test_predictions_are_those_that_the_scores_are_of(study):
    scores = study.fit()
    for name in ("LR1", "cage"):
        of_all = {species: [] for species in "AB"}
        for c in range(3):
            predicted = study.predictions(c, name)
            propensity = study.propensity(c)
            assert predicted.shape == propensity.mean.shape
            for species, moments in of_all.items():
                rows = propensity.species == "AB".index(species)
                moments.append(pair_moments(predicted[:, rows].T, propensity.mean[:, rows].T))
        for species, moments in of_all.items():
            np.testing.assert_array_equal(moments, scores.moments[species, name])
            table = scores.rows[
                (scores.rows["species"] == species) & (scores.rows["features"] == name)
            ]
            np.testing.assert_array_equal(pooled_pearson(np.array(moments)), table["r"])


def test_what_is_kept_of_the_fit_is_what_a_fit_of_the_fold_predicts(study, monkeypatch):
    study.fit()
    with monkeypatch.context() as patch:
        patch.setattr("cagebreak.learning.model_selection.outer_fold.Fold.without", None)
        kept = study.predictions(0, "LR1")
        some = study.predictions(0, "LR1", times=study.propensity(0).times[[2, 0]])
    np.testing.assert_array_equal(some, kept[[2, 0]])
    monkeypatch.setattr(predictions, "_kept", lambda *_: None)
    np.testing.assert_array_equal(study.predictions(0, "LR1"), kept)


def test_a_fit_with_metrics_keeps_what_it_predicts_of_all_configurations(study, monkeypatch):
    fitted = predictions._fitted_again
    one = {"LR1": study.recipe.learning.selections["LR1"]}
    again = fitted(study.recipe, study.store, range(3), one, None, "displacement", ["B"])
    study.fit(metrics="spearman")
    with monkeypatch.context() as patch:
        patch.setattr("cagebreak.learning.model_selection.outer_fold.Fold.without", None)
        of_species = predictions.all_held_out(study.recipe, study.store, "LR1", "B")
        both = [study.predictions(c, "LR1") for c in range(3)]
    for c in range(3):
        np.testing.assert_array_equal(of_species[c], again[c])
        of_b = study.propensity(c).species == 1
        np.testing.assert_array_equal(both[c][:, of_b], again[c][:, of_b])
        assert np.isnan(of_species[c][:, ~of_b]).all()
        assert np.isfinite(both[c]).all()


def test_the_map_is_of_a_configuration_that_the_fit_did_not_see(study):
    rows = study.rows("map")
    configuration, propensity = study.configuration(0), study.propensity(0)
    assert set(rows["configuration"]) == {0}
    np.testing.assert_array_equal(rows["particle"], np.arange(len(configuration)))
    np.testing.assert_array_equal(np.array([*rows["species"]]) == "B", configuration.species == 1)
    positions = np.array([rows["x"], rows["y"], rows["z"]]).T
    np.testing.assert_array_equal(positions, configuration.wrapped)
    (time,) = set(rows["time"])
    (t,) = np.flatnonzero(propensity.times == time)
    np.testing.assert_array_equal(rows["propensity"], propensity.mean[t])
    (name,) = set(rows["features"])
    predicted = predictions.held_out(study.recipe, study.store, 0, name)[t]
    np.testing.assert_allclose(rows["predicted"], predicted, rtol=1e-9)
    # It is read from its file.
    again = cb.Study(study.recipe.path).rows("map")
    np.testing.assert_array_equal(again, rows)


def test_the_figure_is_of_the_table(study, tmp_path):
    figure = study.figure("map", tmp_path / "map")
    assert [axes.get_title() for axes in figure.axes[:3:2]] == ["measured", "predicted − measured"]
    assert (tmp_path / "map.csv").read_text().startswith("configuration,particle,species,x,y,z,")
    assert {path.suffix for path in tmp_path.iterdir()} == {".png", ".pdf", ".csv", ".json"}


def test_species_that_are_not_learned_have_no_prediction(study, tmp_path):
    path = write_recipe(tmp_path / "hs.toml", species=("B",), **SEGMENTS)
    recipe = cb.Study(path).recipe
    predicted = predictions.held_out(recipe, study.store, 1, "LR0", [5.0])
    assert predicted.shape == (1, 120)
    np.testing.assert_array_equal(np.isnan(predicted[0]), study.configuration(1).species == 0)
    both = predictions.held_out(study.recipe, study.store, 1, "LR0", [5.0])
    np.testing.assert_array_equal(both[~np.isnan(predicted)], predicted[~np.isnan(predicted)])


def test_an_unknown_selection_is_named(study):
    with pytest.raises(InputError, match="selection: expected one of LR0, LR1, cage, got 'LR2'"):
        study.predictions(0, "LR2")
    with pytest.raises(InputError, match="target: expected one of displacement, d2min"):
        study.predictions(0, "LR1", target="speed")


def test_the_selection_shown_is_the_recommended_one_or_the_largest(study, tmp_path):
    assert predictions.selection_shown(study.recipe) == "LR1"
    chosen = {
        "LR1": {"generations": 1, "states": ["initial"]},
        "ours": {"set": "recommended"},
        "all": [{"generations": 1, "states": ["initial"]}, {"set": "recommended"}],
    }
    path = write_recipe(tmp_path / "hs.toml", recommended=True, selections=chosen)
    recipe = cb.Study(path).recipe
    columns = {n: len(selections.columns(recipe.labels(), s)) for n, s in chosen.items()}
    assert max(columns, key=columns.get) == "all"
    assert predictions.selection_shown(recipe) == "ours"


def test_the_time_shown_is_that_of_the_largest_relative_spread():
    rng = np.random.default_rng(0)
    runs = np.ones((4, 3, 40))
    runs[:, 1, :30] *= rng.exponential(size=30)
    runs[:, 2, :30] *= 5 + rng.exponential(size=30)
    runs[:, 0, 30:] *= 9 * rng.exponential(size=10)  # of the rarer species
    species = np.repeat([0, 1], [30, 10])
    propensity = cb.Propensity.from_runs([1.0, 2.0, 3.0], species, runs)
    assert predictions.time_shown(propensity) == 2.0


def test_the_code_of_the_page_on_pictures_works(study, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs/pictures.md").read_text(encoding="utf-8").replace("LR2", "LR1")
    map_code, view_code = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    opened = 'study = cb.Study("ka050.toml")\n'
    assert opened in map_code
    exec(map_code.replace(opened, ""), {"cb": cb, "study": study})
    exec(view_code, {"cb": cb, "study": study})
    assert (tmp_path / "view.html").stat().st_size > 10_000


def test_times_are_predicted_in_the_order_in_which_they_are_asked_for(study):
    every = study.predictions(1, "LR0")
    times = study.propensity(1).times
    found = study.predictions(1, "LR0", times=[times[3], 1.01 * times[0], times[3]])
    np.testing.assert_allclose(found, every[[3, 0, 3]], rtol=1e-9)
    for wrong in (5.0, [], [np.inf], ["5"], [[1.0]]):
        with pytest.raises(InputError, match="times: expected numbers above 0"):
            study.predictions(1, "LR0", times=wrong)


def test_the_table_of_fields_is_of_what_is_predicted_of_every_configuration(study):
    rows = study.rows("fields")
    name = predictions.selection_shown(study.recipe)
    for species in "AB":
        number = "AB".index(species)
        measured, predicted = [], []
        for c in range(3):
            propensity = study.propensity(c)
            of_species = propensity.species == number
            measured.append(propensity.mean[:, of_species])
            predicted.append(study.predictions(c, name)[:, of_species])
        of_one = rows[rows["species"] == species]
        for field, values in (("measured", measured), ("predicted", predicted)):
            every = np.concatenate(values, axis=1)
            found = of_one[of_one["field"] == field]
            np.testing.assert_allclose(found["mean"], every.mean(axis=1), rtol=1e-9)
            np.testing.assert_allclose(found["p95"], np.percentile(every, 95, axis=1), rtol=1e-9)
        scale = np.concatenate(measured, axis=1).mean(axis=1) ** 2
        of_predicted = of_one[of_one["field"] == "predicted"]["variance"]
        expected = np.concatenate(predicted, axis=1).var(axis=1) / scale
        np.testing.assert_allclose(of_predicted, expected, rtol=1e-6, atol=1e-12)


def test_fields_of_other_features_targets_and_times(study):
    times = study.propensity(0).times
    lr0 = study.recipe.learning.selections["LR0"]
    table = study.fields("B", "d2min", lr0, times=times[[2, 0]])
    assert sorted(set(table.time)) == times[[0, 2]].tolist()
    predicted = table[table.field == "predicted"].set_index("time")["mean"]
    for time in times[[0, 2]]:
        values = [
            study.predictions(c, "LR0", [time], "d2min")[0][study.configuration(c).species == 1]
            for c in range(3)
        ]
        assert predicted[time] == pytest.approx(np.concatenate(values).mean(), rel=1e-6)
    with pytest.raises(InputError, match="features: expected one selection, got a, b"):
        study.fields(features={"a": lr0, "b": lr0})


def test_fields_of_a_learner_are_those_of_its_held_out_predictions(study):
    time = study.propensity(0).times[3]
    table = study.fields("A", learner=DummyRegressor(), times=[time])
    values = [study.propensity(c).mean[3][study.configuration(c).species == 0] for c in range(3)]
    # Each configuration is a fold of its own: it gets the mean of the two others.
    means = [np.concatenate(values[:c] + values[c + 1 :]).mean() for c in range(3)]
    predicted = np.repeat(means, [len(each) for each in values])
    found = table[table.field == "predicted"].iloc[0]
    assert found["mean"] == pytest.approx(predicted.mean(), rel=1e-6)
    scale = np.concatenate(values).mean() ** 2
    assert found["variance"] == pytest.approx(predicted.var() / scale, rel=1e-3)
