"""Recipes: what `new` writes reads back, and stages depend on what they use alone."""

import pickle
import tomllib
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wrong_edits import written

from cagebreak.errors import RecipeError
from cagebreak.study import Recipe
from cagebreak.study.recipe import descriptors, schema
from cagebreak.study.recipe.preparation import Growth
from cagebreak.study.recipe.protocols import PROTOCOLS
from cagebreak.study.recipe.writing import text, write_new
from cagebreak.study.stages.stages import STAGES, open_store
from fuzz_recipes import fuzz, put_potentials, samples

DESCRIPTORS = {"descriptors-initial", "descriptors-inherent", "descriptors-cage"}
CAGE = {"cage", "descriptors-cage", "descriptors-recommended"}
INHERENT = {"inherent", "descriptors-inherent", "descriptors-recommended"}
ENDS = {"ends", "descriptors-ends"}
NAMED = DESCRIPTORS | CAGE | INHERENT | ENDS | {"equilibrate", "run", "propensity", "shear"}


@pytest.mark.parametrize("small", [False, True])
@pytest.mark.parametrize("model", PROTOCOLS)
def test_new_recipe_reads_back(tmp_path, model, small):
    path = tmp_path / "new.toml"
    write_new(path, model.replace("_", "-"), small)
    put_potentials(tmp_path)
    recipe = Recipe.read(path)
    values = schema.defaults(model, small)
    assert recipe.values == values
    assert recipe.folder == tmp_path / "new"
    assert recipe.model.name == model
    protocol = recipe.preparation.protocol
    assert protocol[-1].ensemble == ("NVT" if "quench" in path.read_text() else "NVE")


@pytest.mark.parametrize(
    ("model", "equilibration", "last", "n_runs"),
    [
        # Alkemade 2022: at least 1e5 tau, 1e5 tau; 2023: ten times 671 and 3075 tau.
        ("hard_spheres", 1e5, 1e5, 50),
        ("harmonic_spheres", 6710, 6710, 50),
        ("kob_andersen", 30750, 30750, 50),
        # Rottler and Ortner 2024.
        ("kob_andersen_smoothed", 50000, 5000, 30),
        ("wahnstrom", 50000, 1000, 30),
        # Quenched over 100,000 tau; then as long as ten tau_alpha (chosen).
        ("fene_polymer", 10000, 1000, 30),
    ],
)
def test_defaults_are_the_papers(model, equilibration, last, n_runs):
    values = schema.defaults(model)
    preparation = values["preparation"]
    steps = preparation.get("steps", [{"time": preparation.get("time")}])
    assert steps[-1]["time"] == equilibration
    assert values["isoconfigurational"]["last"] == pytest.approx(last)
    assert values["isoconfigurational"]["n_runs"] == n_runs


@pytest.mark.parametrize("small", [False, True])
def test_force_is_learned_from_wherever_there_is_one(tmp_path, small):
    put_potentials(tmp_path)
    for model in PROTOCOLS:
        path = tmp_path / f"{model}.toml"
        write_new(path, model.replace("_", "-"), small)
        drawn = {"F", "F + X CS + dr CS", "F + X init + X CS + dr CS"}
        found = drawn & set(Recipe.read(path).learning.selections)
        assert found == (set() if PROTOCOLS[model].is_hard else drawn)


def test_new_recipe_has_the_papers_values_with_their_source(tmp_path):
    path = tmp_path / "hs.toml"
    write_new(path, "hard-spheres")
    recipe = Recipe.read(path)
    assert recipe.preparation == Growth(100, 2000, 1e5)
    assert recipe.isoconfigurational.n_runs == 50
    lines = path.read_text().splitlines()
    keys = [
        line
        for line in lines
        if " = " in line and not line.startswith(("#", '"', "LR", "recommended = {"))
    ]
    assert len(keys) > 20
    commented = [line for before, line in pairwise(lines) if "#" in before + line]
    assert set(keys) <= set(commented)


def test_new_never_overwrites(tmp_path):
    path = tmp_path / "hs.toml"
    path.write_text("mine")
    with pytest.raises(RecipeError, match=r"hs\.toml: exists already"):
        write_new(path, "hard-spheres")
    assert path.read_text() == "mine"


@pytest.mark.parametrize(("model", "name"), [("square-wells", "hs.toml"), ("hard-spheres", "hs")])
def test_new_refuses_unknown_models_and_names(tmp_path, model, name):
    with pytest.raises(RecipeError, match=r"hard-spheres|\.toml"):
        write_new(tmp_path / name, model)
    assert list(tmp_path.iterdir()) == []


toml_values = st.recursive(
    st.booleans() | st.integers(-5, 2000) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
KEYS = [
    (model, work, f"{section}.{key}")
    for model, work in (("hard_spheres", "isoconfigurational"), ("wahnstrom", "shear"))
    for section, entries in schema.defaults(model, work=work).items()
    for key in entries
    if key != "name"
]


@given(which=st.sampled_from(KEYS), value=toml_values)
@settings(max_examples=200, deadline=None)
def test_any_value_reads_or_is_refused(tmp_path_factory, which, value):
    model, work, key = which
    path = written(tmp_path_factory.mktemp("any"), {key: value}, model=model, work=work)
    try:
        recipe = Recipe.read(path)
    except RecipeError as error:
        refusal = str(error)
    else:
        assert tomllib.loads(text(recipe.values)) == tomllib.loads(path.read_text())
        return
    assert refusal.startswith(f"{path}: [")


def test_mutated_recipes_are_studies_or_clear_errors(tmp_path):
    # benchmarks/reliability/fuzz_recipes.py does ten thousand.
    endings = fuzz(samples(), 1, 0, 60, tmp_path / "changed.toml")
    assert min(endings["error"], endings["study"]) > 5


@given(st.floats(allow_nan=False, allow_infinity=False))
@settings(deadline=None)
def test_numbers_are_written_to_the_bit(number):
    values = schema.defaults("hard_spheres")
    values["preparation"]["time"] = number
    assert tomllib.loads(text(values))["preparation"]["time"] == number


@pytest.mark.parametrize(
    ("change", "stages"),
    [
        ({"study.seed": 2}, set(STAGES)),
        ({"model.size_ratio": 0.8}, set(STAGES)),
        ({"preparation.time": 7.0}, set(STAGES)),
        ({"preparation.n_configurations": 9}, set()),
        ({"isoconfigurational.n_runs": 9}, set()),
        ({"isoconfigurational.last": 9.0}, {"run", "propensity", *ENDS}),
        ({"isoconfigurational.wavenumber": 7.25}, {"run", "propensity"}),
        ({"isoconfigurational.d2min_cutoff": 2.0}, {"run", "propensity"}),
        ({"isoconfigurational.d2min_cutoff": None}, {"run", "propensity"}),
        ({"states.force_tolerance": 1e-7}, INHERENT),
        ({"states.cage": {"sweeps": [2, 2]}}, CAGE),
        ({"states.cage": {"sweeps": [1, 1], "chains": 2}}, CAGE),
        ({"states.cage": {"precision": 0.01}}, CAGE),
        ({"descriptors.set": "boattini2021"}, DESCRIPTORS),
        ({"descriptors.states": ["initial", "inherent", "cage"][::-1]}, set()),
        ({"learning.center": "configuration"}, set()),
    ],
)
def test_a_stage_depends_on_what_it_uses_alone(tmp_path, change, stages):
    before = open_store(Recipe.read(written(tmp_path))).identities
    after = open_store(Recipe.read(written(tmp_path, change))).identities
    assert {name for name in NAMED if before[name].hash != after[name].hash} == stages


def test_what_is_simulated_does_not_depend_on_the_states(tmp_path):
    """The hashes of stages before there were states and D2min; studies go on with them."""
    recipe = Recipe.read(written(tmp_path, {"isoconfigurational.d2min_cutoff": None}))
    identities = open_store(recipe).identities
    expected = {
        "equilibrate": "e5bb7a612b643fd8",
        "run": "5d1babb82585a59e",
        "propensity": "5d1babb82585a59e",
    }
    assert {name: identities[name].hash[:16] for name in expected} == expected


def test_labels_are_made_once_and_are_one_s_own_to_change(tmp_path, monkeypatch):
    recipe = Recipe.read(written(tmp_path, {}))
    first = recipe.labels()
    kinds = first.kind.copy()
    first.kind[:] = "changed"
    with monkeypatch.context() as patch:
        patch.setattr(descriptors, "labels", None)
        np.testing.assert_array_equal(recipe.labels().kind, kinds)
    # Units are sent with their recipe, and thousands of labels would be most of it.
    other = pickle.loads(pickle.dumps(recipe))
    assert "_labels" not in vars(other)
    assert other == recipe
    np.testing.assert_array_equal(other.labels().kind, kinds)
