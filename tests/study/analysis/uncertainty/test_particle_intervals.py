"""The predictive intervals of a study, and of what its saved models predict."""

import warnings
from dataclasses import replace

import h5py
import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import ConfigurationWarning, FileFormatError
from cagebreak.learning import AlphaWarning, PredictiveIntervals, conformal
from cagebreak.study.analysis.model_file import SavedModel
from cagebreak.study.analysis.predictions import all_held_out
from cagebreak.study.analysis.uncertainty.prediction import Prediction
from cagebreak.study.recipe.recipe import Recipe
from support.tiny_study import write_recipe

SELECTIONS = {"LR0": {"generations": 0, "states": ["initial"]}}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    path = tmp_path_factory.mktemp("intervals") / "tiny.toml"
    study = cb.Study(write_recipe(path, states=["initial"], selections=SELECTIONS))
    study.run("serial", progress=False)
    return study


@pytest.fixture(scope="module")
def path(study):
    path = study.store.folder / "model.h5"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AlphaWarning)
        study.save_model(path, "LR0")
    return path


def test_residuals_are_those_of_the_fits_that_have_not_seen_a_configuration(study, path):
    saved = SavedModel.load(path)
    for number, letter in enumerate("AB"):
        predicted = all_held_out(study.recipe, study.store, "LR0", letter)
        rows = [study.configuration(c).species == number for c in range(3)]
        expected = PredictiveIntervals.fit(
            [p[:, r].T for p, r in zip(predicted, rows, strict=True)],
            [study.propensity(c).mean[:, r].T for c, r in enumerate(rows)],
        )
        found = saved.intervals[letter]
        for name in ("level", "predictions", "half_widths", "coverage"):
            np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


def test_an_interval_is_about_the_prediction_and_not_below_zero(study, path):
    saved, start = SavedModel.load(path), study.configuration(2)
    found = saved.predict_intervals(start, 1)
    for number, letter in enumerate("AB"):
        rows = start.species == number
        values = found.values[:, rows]
        half = saved.intervals[letter].of(values.T).T
        np.testing.assert_array_equal(found.high[:, rows], values + half)
        np.testing.assert_array_equal(found.low[:, rows], np.maximum(values - half, 0))


def test_what_intervals_are_is_said_with_the_number_of_runs(study, path):
    saved = SavedModel.load(path)
    lowest, highest = (
        [100 * getattr(saved.intervals[letter].coverage, name)() for letter in "AB"]
        for name in ("min", "max")
    )
    assert saved.statement == (
        "intervals: of what is measured as the mean of 3 runs, they contain 90 %; over all times "
        f"and each of 3 training configurations left out, {lowest[0]:.0f} to {highest[0]:.0f} % of "
        f"A and {lowest[1]:.0f} to {highest[1]:.0f} % of B"
    )


@pytest.mark.filterwarnings("ignore::cagebreak.learning.AlphaWarning")
def test_two_groups_of_configurations_give_intervals_whose_coverage_is_not_known(
    study, monkeypatch
):
    monkeypatch.setattr(Recipe, "groups", property(lambda _: [0, 1, 1]))
    saved = SavedModel.of_study(study.recipe, study.store, "LR0")
    assert saved.statement.endswith("90 %; 2 training configurations are too few to test it")
    assert np.isfinite(saved.predict_intervals(study.configuration(0), 1).high).all()


@pytest.mark.filterwarnings("ignore::cagebreak.learning.AlphaWarning")
@pytest.mark.parametrize("too_few", ["groups", "particles"])
def test_one_group_or_few_particles_give_no_interval_and_this_is_said(
    study, tmp_path, monkeypatch, too_few
):
    if too_few == "groups":
        monkeypatch.setattr(Recipe, "groups", property(lambda _: [0, 0, 0]))
    else:
        monkeypatch.setattr(conformal, "fewest", lambda _: 1000)
    saved = SavedModel.of_study(study.recipe, study.store, "LR0")
    assert saved.intervals == {"A": None, "B": None}
    saved.save(tmp_path / "model.h5")
    saved = SavedModel.load(tmp_path / "model.h5")
    with pytest.warns(ConfigurationWarning, match="none, .* or has fewer than two configurations"):
        found = saved.predict_intervals(study.configuration(0), 1)
    assert np.isnan(found.low).all()
    assert np.isnan(found.high).all()
    assert np.isfinite(found.values).all()


@pytest.mark.parametrize("break_", ["shape", "order", "knots"])
def test_a_file_whose_intervals_do_not_fit_is_refused(study, path, tmp_path, break_):
    saved = SavedModel.load(path)
    of_a = saved.intervals["A"]
    changed = {
        "shape": replace(of_a, coverage=of_a.coverage[:, 1:]),
        "order": replace(of_a, predictions=-np.arange(5.0 * 2).reshape(5, 2),
                         half_widths=np.ones((5, 2))),
        "knots": replace(of_a, half_widths=np.ones((5, of_a.half_widths.shape[1] + 1))),
    }[break_]  # fmt: skip
    fits = {0: replace(saved.fits[0], intervals=changed)}
    replace(saved, fits=fits).save(tmp_path / "model.h5")
    with pytest.raises(FileFormatError, match=r"model\.h5: .* \(.*(intervals|increasing)"):
        SavedModel.load(tmp_path / "model.h5")


def test_a_file_without_intervals_predicts_what_it_did(study, path, tmp_path):
    saved, start = SavedModel.load(path), study.configuration(0)
    fits = {number: replace(fit, intervals=None) for number, fit in saved.fits.items()}
    replace(saved, fits=fits).save(tmp_path / "old.h5")
    with h5py.File(tmp_path / "old.h5") as file:
        assert not [name for name in file["A"] if name.startswith("interval_")]
    old = SavedModel.load(tmp_path / "old.h5")
    np.testing.assert_array_equal(old.predict(start, 1), saved.predict(start, 1))


def test_columns_are_named_by_time():
    values = np.arange(4.0).reshape(2, 2)
    several = Prediction(np.array([1.0, 5.0]), values, values - 1, values + 1, values[0], ())
    assert list(several.columns()) == [
        "prediction_1", "prediction_2", "prediction_low_1", "prediction_low_2",
        "prediction_high_1", "prediction_high_2", "outside",
    ]  # fmt: skip
    np.testing.assert_array_equal(several.columns()["prediction_low_2"], values[1] - 1)
    assert several.column_times() == {"prediction_1": 1.0, "prediction_2": 5.0}
    single = Prediction(np.array([5.0]), values[:1], values[:1], values[:1], values[0], ())
    assert list(single.columns()) == ["prediction", "prediction_low", "prediction_high", "outside"]
    assert single.column_times() == {"prediction": 5.0}
