"""Studies at several state points, learned together: statistics, scores and models."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

import cagebreak as cb
from cagebreak.cli import main
from cagebreak.errors import ConfigurationWarning, InputError, StoreError
from cagebreak.learning import PooledRidgeCV
from cagebreak.study.analysis import learn
from cagebreak.study.analysis.model_file import SavedModel
from cagebreak.study.pooled.clocks import Clock, mean_at, mean_displacement
from support.tiny_study import write_recipe

FRACTIONS = (0.40, 0.43, 0.46)
FEATURES = {"generations": 1, "states": ["initial"]}
FEATURES_OF_LABELS = {"generation": [0, 1], "state": "initial"}


@pytest.fixture(scope="module")
def studies(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pooled")
    made = []
    for fraction in FRACTIONS:
        path = write_recipe(folder / f"hs{100 * fraction:.0f}.toml", packing_fraction=fraction)
        made.append(cb.Study(path))
        made[-1].run("serial", progress=False)
    return made


@pytest.fixture(scope="module")
def pooled(studies):
    return cb.pooled(studies[::-1], FEATURES, clock="displacement")


def test_state_points_are_ordered_by_the_parameter_that_differs(pooled):
    assert pooled.points.parameter == "packing_fraction"
    assert tuple(pooled.points.studies) == FRACTIONS
    assert repr(pooled) == "Pooled(hard_spheres, packing_fraction = 0.4, 0.43, 0.46)"


def test_a_mark_of_displacement_is_the_mean_displacement_at_its_time(pooled):
    clock = pooled.points.clock
    for study, times in zip(pooled.points.studies.values(), clock.times.values(), strict=True):
        measured, mean = mean_displacement(study, "A")
        found = np.exp(np.interp(np.log(times), np.log(measured), np.log(mean)))
        np.testing.assert_allclose(found, clock.marks, rtol=1e-9)
    denser, thinner = (pooled.points.times[value] for value in (0.46, 0.40))
    assert (denser[-3:] > thinner[-3:]).all()


def test_targets_are_propensities_at_the_marks_over_their_deviation(pooled, studies):
    point = pooled.points.points("A")["0.43"]
    times = pooled.points.times[0.43]
    within = []
    for c, part in enumerate(point.collection.parts):
        propensity = studies[1].propensity(c)
        of_species = propensity.mean[:, propensity.species == 0]
        at_marks = [
            np.interp(np.log(times), np.log(propensity.times), values) for values in of_species.T
        ]
        scaled = np.array(at_marks) / point.scale
        np.testing.assert_allclose(part.y_mean, scaled.mean(axis=0))
        np.testing.assert_allclose(np.diag(part.yy), scaled.var(axis=0) * len(scaled))
        within.append(scaled - scaled.mean(axis=0))
    np.testing.assert_allclose(np.concatenate(within).std(axis=0), 1.0)
    np.testing.assert_allclose(point.mean, mean_at(studies[1], "A", times))


def test_scores_have_the_parameter_and_a_row_for_each_fit(pooled):
    table = pooled.scores(seed=1, species="B")
    assert set(table["value"]) == set(FRACTIONS)
    assert set(table["species"]) == {"B"}
    assert len(table) == 3 * 5 * len(pooled.points.clock.marks)
    assert np.isfinite(table["r"]).all()


def test_the_model_of_a_study_predicts_its_differences_with_its_means(pooled, studies, tmp_path):
    """Without deviations and penalties to choose, it is one ridge regression with other units."""
    learner = PooledRidgeCV(degree=0, alphas=[100.0])
    model = pooled.at(0.43, learner)
    model.save(tmp_path / "model.h5")
    loaded = SavedModel.load(tmp_path / "model.h5")
    start = studies[1].configuration(0)
    predicted = loaded.predict(start, seed=1)
    np.testing.assert_array_equal(predicted, model.predict(start, seed=1))
    np.testing.assert_allclose(loaded.times, pooled.points.times[0.43])
    of_a = start.species == 0
    means = mean_at(studies[1], "A", loaded.times)
    np.testing.assert_allclose(predicted[:, of_a].mean(axis=1), means, rtol=1e-9)
    fit = PooledRidgeCV(degree=0, alphas=[100.0]).fit(
        [point.collection for point in pooled.points.points("A").values()], FRACTIONS
    )
    features = studies[1].features(0).where(**FEATURES_OF_LABELS).values[of_a]
    z = pooled.points.points("A")["0.43"].collection.standardizer.in_units(features)
    scale = pooled.points.points("A")["0.43"].scale
    expected = means + scale * ((z - z.mean(axis=0)) @ fit.coefficients(0.43).T)
    np.testing.assert_allclose(predicted[:, of_a].T, expected, rtol=1e-3)


def test_a_state_point_between_the_studies_needs_no_warning(pooled, studies):
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConfigurationWarning)
        model = pooled.at(0.445)
    assert model.recipe.model.packing_fraction == pytest.approx(0.445)
    low, high = (pooled.points.times[value][-1] for value in (0.43, 0.46))
    assert low < model.times[-1] < high


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.5, "8.7 % above the state points"), (0.36, "10 % below the state points")],
)
def test_a_state_point_outside_of_the_studies_is_said_with_how_far(pooled, value, text):
    with pytest.warns(ConfigurationWarning, match=text):
        pooled.at(value)


@pytest.mark.parametrize("value", [-0.4, 0.0, 0.99, np.nan, np.inf])
def test_what_is_no_state_point_is_refused(pooled, value):
    with pytest.raises(InputError, match=r"^packing_fraction: expected"):
        pooled.at(value)


def test_studies_that_differ_in_no_parameter_or_in_several_are_refused(studies, tmp_path):
    with pytest.raises(InputError, match=r"^studies: expected at least two"):
        cb.pooled(studies[:1], FEATURES)
    with pytest.raises(InputError, match=r"differ in one parameter.* got none"):
        cb.pooled([studies[0], studies[0]], FEATURES)
    other = write_recipe(tmp_path / "other.toml", packing_fraction=0.42, size_ratio=0.8)
    with pytest.raises(InputError, match=r"differ in one parameter.* got packing_fraction, size"):
        cb.pooled([studies[0], cb.Study(other)], FEATURES)


def test_studies_of_other_descriptors_are_refused(studies, tmp_path):
    other = write_recipe(tmp_path / "other.toml", packing_fraction=0.42, generations=2)
    with pytest.raises(InputError, match=r"expected descriptors.generations = 1 as of"):
        cb.pooled([studies[0], cb.Study(other)], FEATURES)


def test_a_study_that_is_not_done_is_refused(studies, tmp_path):
    other = write_recipe(tmp_path / "other.toml", packing_fraction=0.42)
    with pytest.raises(StoreError, match="not done yet"):
        cb.pooled([studies[0], cb.Study(other)], FEATURES)


def test_a_selection_is_taken_from_the_recipe_by_name(studies):
    assert cb.pooled(studies, "LR0", clock="displacement").points.features["generations"] == 0
    with pytest.raises(InputError, match=r"^features: expected one of LR0"):
        cb.pooled(studies, "LR7", clock="displacement")


@pytest.mark.parametrize("marks", [[100.0], [0.3, 0.2], [], [np.nan], "early"])
def test_marks_outside_of_the_runs_are_refused(studies, marks):
    with pytest.raises(InputError, match=r"^marks: expected ascending numbers from"):
        cb.pooled(studies, FEATURES, clock="displacement", marks=marks)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"species": []}, "species: expected at least one, got none"),
        ({"species": "AB"}, "species: expected one of A, B"),
        ({"features": []}, "features: expected a dict such as"),
        ({"studies": "hs.toml"}, "studies: expected a list of studies, got 'hs.toml'"),
        ({"studies": ["hs40.toml", "hs43.toml"]}, "studies: expected a list of studies, got"),
    ],
)
def test_arguments_that_cannot_be_are_named(studies, arguments, message):
    with pytest.raises(InputError, match=f"^{message}"):
        cb.pooled(**({"studies": studies, "features": FEATURES} | arguments))


def test_a_state_point_with_the_structures_of_another_is_refused(studies, monkeypatch):
    """Scores of a state point that is left out would be those of its own configurations."""
    source = learn.source

    def copied(recipe, store, features, species):
        own = source(recipe, store, features, species)
        first = source(studies[0].recipe, studies[0].store, features, species)
        samples = [
            replace(own.samples[c], features=first.samples[c].features)
            for c in range(len(own.samples))
        ]
        return replace(own, samples=samples)

    monkeypatch.setattr(learn, "source", copied)
    pooled = cb.pooled(studies, FEATURES)
    with pytest.raises(InputError, match=r"packing_fraction = 0.4, configuration 0: expected"):
        pooled.scores(seed=1)


def test_studies_with_other_tables_of_the_potential_are_refused(studies, monkeypatch):
    """Files of one name in two folders may hold different potentials."""
    for number, study in enumerate(studies):
        recipe = replace(study.recipe, potential=f"table {number}")
        monkeypatch.setattr(study, "recipe", recipe)
    with pytest.raises(InputError, match=r"one parameter.* got packing_fraction, file"):
        cb.pooled(studies, FEATURES)


def test_tau_alpha_that_no_run_reaches_is_said(pooled):
    class Slow:
        recipe = pooled.points.first.recipe
        store = pooled.points.first.store
        n_configurations = pooled.points.first.n_configurations

        @staticmethod
        def relaxation():
            return {"A": np.nan}

    with pytest.raises(InputError, match=r"^clock: expected runs of slow beyond tau_alpha of A"):
        Clock({"slow": Slow()}, "tau_alpha", "A")


def test_marks_of_tau_alpha_are_shares_of_it(studies):
    clock = Clock({"one": studies[0], "two": studies[1]}, "tau_alpha", "A", [0.1, 0.5])
    for name, study in (("one", studies[0]), ("two", studies[1])):
        tau_alpha = study.relaxation()["A"]
        np.testing.assert_allclose(clock.times[name], [0.1 * tau_alpha, 0.5 * tau_alpha])


def test_the_command_writes_a_model_that_predict_reads(studies, tmp_path):
    recipes = [str(study.recipe.path) for study in studies]
    output = tmp_path / "model.h5"
    arguments = ["pool", *recipes, "--at", "0.42", "-o", str(output), "--selection", "LR0"]
    result = CliRunner().invoke(main, [*arguments, "--clock", "displacement"])
    assert result.exit_code == 0, result.output
    assert "at packing_fraction = 0.42 of studies at 0.4, 0.43, 0.46" in result.output
    assert SavedModel.load(output).recipe.values["model"]["packing_fraction"] == 0.42
