"""The JSON schema of a recipe, by which editors complete and check keys."""

import json
import tomllib
from pathlib import Path

import pytest
from jsonschema import Draft7Validator
from wrong_edits import STEPS, VALUES, written

from cagebreak.study.recipe import schema
from cagebreak.study.recipe.protocols import PROTOCOLS
from cagebreak.study.recipe.writing import json_schema, text, write_new

DATASETS = sorted((Path(__file__).parents[3] / "datasets").glob("*/*.toml"))


def schema_of(values):
    return json_schema(values["model"]["name"], schema.work_of(values))


def faults(values):
    """Return the places at which a schema refuses values."""
    validator = Draft7Validator(schema_of(values))
    return ["/".join(map(str, error.absolute_path)) for error in validator.iter_errors(values)]


@pytest.mark.parametrize("shear", [False, True])
@pytest.mark.parametrize("small", [False, True])
@pytest.mark.parametrize("model", PROTOCOLS)
def test_a_new_recipe_names_the_schema_beside_it_and_obeys_it(tmp_path, model, small, shear):
    if shear and not PROTOCOLS[model].shear:
        pytest.skip("not sheared")
    path = tmp_path / "a study.toml"
    write_new(path, model.replace("_", "-"), small, shear)
    assert path.read_text().splitlines()[0] == "#:schema ./a%20study.schema.json"
    beside = json.loads((tmp_path / "a study.schema.json").read_text())
    Draft7Validator.check_schema(beside)
    values = tomllib.loads(path.read_text())
    assert list(Draft7Validator(beside).iter_errors(values)) == []
    assert beside == json.loads(json.dumps(schema_of(values)))


def test_the_schema_says_what_each_key_means_and_its_default():
    keys = json_schema("hard_spheres", "isoconfigurational")["properties"]["isoconfigurational"]
    assert keys["required"] == ["n_runs", "first", "last", "n_times", "wavenumber"]
    assert keys["properties"]["last"] == {
        "type": "number",
        "exclusiveMinimum": 0,
        "maximum": 1e12,
        "description": "last time, tau (Alkemade 2022: 1e5, ten times tau_alpha)",
        "default": 1e5,
    }
    kob_andersen = json_schema("kob_andersen", "isoconfigurational")["properties"]
    assert kob_andersen["isoconfigurational"]["properties"]["last"]["default"] == 30750
    assert kob_andersen["model"]["properties"]["temperature"]["default"] == 0.44
    assert kob_andersen["model"]["properties"]["composition"]["default"] == 0.8
    assert "shear" not in json_schema("hard_spheres", "isoconfigurational")["properties"]


@pytest.mark.parametrize("path", DATASETS, ids=lambda path: path.parent.name)
def test_recipes_of_data_sets_obey_their_schema(path):
    values = tomllib.loads(path.read_text())
    assert faults(values) == []


def test_a_recipe_of_files_and_one_of_both_kinds_obey_their_schema():
    values = schema.defaults("kob_andersen", work="imported")
    values["preparation"]["imported"] = "0" * 64
    assert faults(tomllib.loads(text(values))) == []
    values = schema.defaults("kob_andersen") | schema.defaults("kob_andersen", work="shear")
    assert faults(tomllib.loads(text(values))) == []


BEYOND_A_SCHEMA = [
    # JSON has no nan, and 2000.0 is a whole number.
    {"preparation.time": float("nan")},
    {"preparation.n_particles": 2000.0},
    # The model refuses it.
    {"model.packing_fraction": 0.9},
    # Each value may be right; together they are wrong.
    {"preparation.n_particles": 10, "model.composition": 0.1},
    {"isoconfigurational.last": 0.001},
    {"isoconfigurational.keep": {"bond_breaking": [1.8, 1.4]}},
    {"isoconfigurational.keep": {"vectors": [2.0, 1.0]}},
    {"descriptors.states": ["cage"]},
    {"states.cage": {"sweeps": [1, 1], "precision": 0.1}},
    {"states.cage": {"precision": 0.1, "chains": 2}},
    {"states.cage": {"trajectories": [9, 9]}},
    {"learning.outer_folds": 11},
    {"learning.inner_folds": 5},
    {"learning.alphas": [1.0, 0.1]},
    {"learning.species": ["A", "C"]},
    {"learning.selections": {"LR3": {"generations": 3}}},
    {"learning.selections": {"x": {"kind": "force"}}},
    {"learning.selections": {"x": {"kind": "variance", "states": ["initial"]}}},
]


@pytest.mark.parametrize("changes", [changes for changes, _ in VALUES], ids=repr)
def test_the_schema_refuses_what_is_wrong_by_itself(tmp_path, changes):
    values = tomllib.loads(written(tmp_path, changes).read_text())
    sections = {fault.split("/")[0] for fault in faults(values)}
    beyond = repr(changes) in map(repr, BEYOND_A_SCHEMA)
    assert sections == (set() if beyond else {next(iter(changes)).split(".")[0]})


@pytest.mark.parametrize("steps", STEPS, ids=repr)
def test_the_schema_refuses_steps_that_are_wrong_by_themselves(steps):
    values = schema.defaults("kob_andersen")
    values["preparation"]["steps"] = steps
    places = faults(tomllib.loads(text(values)))
    # That constant energy has no temperature, and how many there may be, a schema does not say.
    beyond = bool(steps) and isinstance(steps[0], dict) and "temperature" in steps[0]
    beyond = beyond and steps[0]["temperature"] != "hot"
    assert bool(places) != beyond


def test_the_schema_refuses_missing_and_unknown_sections():
    values = json.loads(json.dumps(schema.defaults("hard_spheres")))
    assert faults(values) == []
    assert faults({name: values[name] for name in values if name != "learning"})
    assert faults(values | {"preparatio": values["preparation"]}) == [""]
    assert faults(values | {"study": 1}) == ["study"]
    sheared = json.loads(json.dumps(schema.defaults("wahnstrom", work="shear")))
    assert faults(sheared | {"states": values["states"]})
