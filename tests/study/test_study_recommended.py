"""The recommended set in a study: computed from its own states, learned as it is meant to be."""

import json
import shutil

import h5py
import numpy as np
import pytest

import cagebreak as cb
from cagebreak.descriptors.recommended import DENSER, SAMPLES, Recommended, feature_groups
from cagebreak.errors import InputError, RecipeError
from cagebreak.learning import RidgeCV, Sample, evaluate
from cagebreak.seeding import seed_sequence
from cagebreak.study.analysis.model_file import SavedModel
from cagebreak.study.stages.descriptors import describe, made_once
from cagebreak.study.stages.stages import open_store
from cagebreak.study.stages.states import load_state, make_trial_state
from cagebreak.study.stages.trial import SWEEPS, Trial
from support.earlier_version import without_digest
from support.tiny_study import write_recipe

STATES = ("inherent", "cage", "wide")
SAMPLED = {"set": "recommended", "kind": ["radial", "angular"], "states": ["sampled"]}
SELECTIONS = {
    "LR0": {"generations": 0, "states": ["initial"]},
    "sampled": SAMPLED | {"center": "global", "weights": [1.0]},
    "+ scalars": {"set": "recommended", "states": ["sampled"], "weights": [1.0, 3.0]},
    "recommended": {"set": "recommended"},
    "added": [
        {"set": "recommended", "states": ["wide"]},
        {"set": "recommended", "kind": "coordination"},
    ],
}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    path = tmp_path_factory.mktemp("study") / "hs.toml"
    cage = {"sweeps": (20, 60), "chains": 2, "wide_chains": 1}
    study = cb.Study(
        write_recipe(path, recommended=True, cage=cage, selections=SELECTIONS, species=["A"])
    )
    study.run("serial", progress=False)
    return study


@pytest.fixture(scope="module")
def table(study):
    return study.fit().table


def added(labels):
    return (labels.state == "wide") | (labels.kind == "coordination")


def of(table, name):
    return table[table["features"] == name].reset_index()


def test_features_are_those_of_the_states_of_the_study(study):
    wanted = study.recipe.recommended
    expected = wanted.describe(*(study.state(1, name) for name in STATES))
    found = study.features(1)
    # Columns that a state has too stand there, with the same values.
    names = found.names
    assert len(set(names)) == len(names)
    assert found.n_features < len(study.recipe.labels())
    places = [names.index(name) for name in expected.names]
    np.testing.assert_array_equal(found.values[:, places], expected.values)


def test_the_set_is_that_of_the_chains_of_the_recipe(study):
    wanted = study.recipe.recommended
    assert wanted == Recommended(study.recipe.model, (20, 60), chains=2, wide_chains=1)


def test_plan_describes_the_samples_of_all_chains(study, tmp_path):
    trial = Trial(study.recipe, tmp_path, open_store, study.configuration(0))
    make_trial_state(trial, "cage")
    cage = load_state(trial.study()[1], "cage", 0)
    assert len(cage.samples) == len(study.state(0, "cage").samples) == 2 * DENSER * SAMPLES
    assert load_state(trial.study()[1], "wide", 0).sweeps == (20, 60)
    assert all(measured >= DENSER * SAMPLES for _, measured in SWEEPS.values())


def test_parts_of_the_set_are_selected_by_label(study, table):
    labels = study.recipe.recommended.labels()
    sampled = labels.state == "sampled"
    assert of(table, "recommended")["n_features"][0] == len(labels)
    assert of(table, "+ scalars")["n_features"][0] == sampled.sum()
    assert of(table, "sampled")["n_features"][0] == (sampled & (labels.body != 1)).sum()
    assert of(table, "added")["n_features"][0] == added(labels).sum() == 9 * (10 + 4)
    # Without the word "set" nothing of it is drawn, though it also describes the initial state.
    assert of(table, "LR0")["n_features"][0] == 162 + 192


def test_it_is_learned_with_centering_weights_and_the_level(study, table):
    """What `cagebreak fit` writes, by hand."""
    wanted = study.recipe.recommended
    samples = []
    for c in range(3):
        features = wanted.describe(*(study.state(c, name) for name in STATES))
        propensity = study.propensity(c)
        a = propensity.species == 0
        halves = propensity.halves[:, :, a].swapaxes(1, 2)
        samples.append(Sample(features.values[a], propensity.mean[:, a].T, halves=halves))
    labels = features.labels
    energy = (labels.kind == "energy") & (labels.state == "inherent") & np.isnan(labels.r)
    learning = study.recipe.learning
    expected = evaluate(
        RidgeCV(
            alphas=learning.alphas,
            folds=learning.inner_folds,
            center="configuration",
            weights=(1.0, 3.0, 10.0),
            clip=learning.clip,
            seed=study.recipe.study.seed,
        ),
        samples,
        seed=seed_sequence(study.recipe.study.seed, "fit"),
        feature_groups=feature_groups(labels),
        configuration_mean=int(np.flatnonzero(energy)[0]),
        times=study.propensity(0).times,
        folds=learning.outer_folds,
        n_resamples=learning.bootstrap,
    ).table
    found = of(table, "recommended")
    for name in ("r", "r_configuration", "low", "high", "alpha"):
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-8)


def test_a_prediction_is_averaged_over_cage_states_in_wide_cells_as_well(study, tmp_path):
    study.save_model(tmp_path / "model.h5", "added")
    saved = SavedModel.load(tmp_path / "model.h5")
    start, recipe = study.configuration(0), study.recipe
    seeds = (1, seed_sequence(1, "cage state", 1))
    parts = [describe(recipe, ("recommended",), made_once(recipe, start, seed)) for seed in seeds]
    values = np.mean([part.values[:, added(part.labels)] for part in parts], axis=0)
    a = start.species == 0
    expected = saved.fits[0].ridge.predict(values[a]).T
    found = saved.predict(start, 1, cage_states=2)[:, a]
    # The mean of a configuration is learned apart.
    for each in (found, expected):
        each -= each.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_a_study_without_it_refuses_to_select_it(tmp_path):
    with pytest.raises(RecipeError, match="expected the recommended one among the descriptors"):
        cb.Study(write_recipe(tmp_path / "hs.toml", selections=SELECTIONS))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"states": ["initial", "cage"]}, "false without the states inherent and cage"),
        ({"cage": {"precision": 0.1}}, r"false with a precision in \[states\.cage\]"),
        ({"selections": {"a": SAMPLED | {"center": "none"}}}, "center = 'none'"),
        ({"selections": {"a": SAMPLED | {"weights": [3.0, 1.0]}}}, "weights = "),
        (
            {"selections": {"a": [SAMPLED, SAMPLED | {"center": "global"}]}},
            "expected the same in all tables that are joined",
        ),
    ],
)
def test_a_recipe_that_cannot_have_it_is_refused(tmp_path, changes, message):
    changes = {"selections": {"LR0": {"states": ["initial"]}}} | changes
    with pytest.raises(RecipeError, match=message):
        cb.Study(write_recipe(tmp_path / "hs.toml", recommended=True, **changes))


def test_a_learner_of_ones_own_may_learn_from_it(study):
    from sklearn.linear_model import Ridge as Other

    table = study.fit(Other(), {"set": "recommended", "body": 1}, species="A").table
    assert np.isfinite(table["r"]).all()
    with pytest.raises(InputError, match="kind: expected one of"):
        study.fit(features={"set": "recommended", "kind": "volume"})


def test_a_study_of_before_cell_rejection_was_called_wall_still_opens(study, tmp_path):
    """Its cage units, its labels, its recipe and its saved models have the old name."""
    cell = {"set": "recommended", "kind": ["acceptance", "cell_rejection"]}
    cage = {"sweeps": (20, 60), "chains": 2, "wide_chains": 1}
    path = write_recipe(
        tmp_path / "hs.toml", recommended=True, cage=cage, selections={"cell": cell}, species=["A"]
    )
    shutil.copytree(study.store.folder, tmp_path / "hs")
    new = cb.Study(path)
    new.save_model(tmp_path / "model.h5", "cell")
    configuration = new.configuration(0)
    predicted = SavedModel.load(tmp_path / "model.h5").predict(configuration, seed=1)

    path.write_text(path.read_text().replace('"cell_rejection"', '"wall"'))
    assert '"wall"' in path.read_text()
    without_digest(*(tmp_path / "hs").rglob("*.h5"), tmp_path / "model.h5")
    for unit in (tmp_path / "hs" / "cage").rglob("*.h5"):
        with h5py.File(unit, "r+") as file:
            file.move("cell_rejection", "wall")
    for unit in (tmp_path / "hs" / "descriptors-recommended").rglob("*.h5"):
        with h5py.File(unit, "r+") as file:
            labels = file["labels"][()]
            assert (labels["kind"] == b"cell_rejection").any()
            labels["kind"][labels["kind"] == b"cell_rejection"] = b"wall"
            file["labels"][...] = labels
    with h5py.File(tmp_path / "model.h5", "r+") as file:
        recipe = file.attrs["recipe"]
        file.attrs["recipe"] = recipe.replace('"cell_rejection"', '"wall"')
        assert json.loads(file.attrs["recipe"]) != json.loads(recipe)

    old = cb.Study(path)
    np.testing.assert_array_equal(
        old.state(0, "cage").cell_rejection, study.state(0, "cage").cell_rejection
    )
    np.testing.assert_array_equal(old.features(0).labels.kind, study.features(0).labels.kind)
    assert old.recipe.learning.selections == new.recipe.learning.selections
    again = SavedModel.load(tmp_path / "model.h5").predict(configuration, seed=1)
    np.testing.assert_array_equal(again, predicted)
