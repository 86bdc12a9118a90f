"""Recipes: what `new` writes reads back, and every mistake has one clear error."""

import tomllib
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cagebreak.errors import RecipeError
from cagebreak.study import Recipe
from cagebreak.study.recipe import schema
from cagebreak.study.recipe.protocols import PROTOCOLS
from cagebreak.study.recipe.recipe import text, write_new
from cagebreak.study.stages.stages import STAGES, open_store
from fuzz_recipes import TABLE, fuzz, samples

DESCRIPTORS = {"descriptors-initial", "descriptors-inherent", "descriptors-cage"}
CAGE = {"cage", "descriptors-cage", "descriptors-recommended"}
INHERENT = {"inherent", "descriptors-inherent", "descriptors-recommended"}


def written(tmp_path, changes=None, small=True, model="hard_spheres", work="isoconfigurational"):
    """Write the default recipe with some values changed: {"section.key": value or None}."""
    values = schema.defaults(model, small, work)
    for key, value in (changes or {}).items():
        section, name = key.split(".")
        if value is None:
            del values[section][name]
        else:
            values[section][name] = value
    path = tmp_path / "hs.toml"
    path.write_text(text(values))
    return path


@pytest.mark.parametrize("small", [False, True])
@pytest.mark.parametrize("model", PROTOCOLS)
def test_new_recipe_reads_back(tmp_path, model, small):
    path = tmp_path / "new.toml"
    write_new(path, model.replace("_", "-"), small)
    (tmp_path / "potential.table").write_text(TABLE)
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
    (tmp_path / "potential.table").write_text(TABLE)
    for model in PROTOCOLS:
        path = tmp_path / f"{model}.toml"
        write_new(path, model.replace("_", "-"), small)
        drawn = {"F", "F + X CS + dr CS", "F + X init + X CS + dr CS"}
        found = drawn & set(Recipe.read(path).learning.selections)
        assert found == (set() if model == "hard_spheres" else drawn)


def test_new_recipe_has_the_papers_values_with_their_source(tmp_path):
    path = tmp_path / "hs.toml"
    write_new(path, "hard-spheres")
    recipe = Recipe.read(path)
    assert recipe.preparation == schema.Growth(100, 2000, 1e5)
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


@pytest.mark.parametrize(("model", "name"), [("soft-spheres", "hs.toml"), ("hard-spheres", "hs")])
def test_new_refuses_unknown_models_and_names(tmp_path, model, name):
    with pytest.raises(RecipeError, match=r"hard-spheres|\.toml"):
        write_new(tmp_path / name, model)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"preparation.n_particle": 3}, r"\[preparation\] n_particle = 3: .*did you mean n_parti"),
        ({"preparation.n_particles": None}, r"\[preparation\] n_particles is missing: expected a"),
        ({"preparation.n_particles": 2000.0}, r"n_particles = 2000.0: expected a whole number"),
        ({"preparation.n_particles": True}, r"n_particles = True: expected a whole number"),
        ({"preparation.n_particles": 10**9}, r"n_particles = 1000000000: expected .* 10000000"),
        (
            {"preparation.n_particles": 10, "model.composition": 0.1},
            r"n_particles = 10: expected at least 3 particles of each species.* \[1, 9\]",
        ),
        ({"preparation.time": -1.0}, r"\[preparation\] time = -1.0: expected"),
        ({"preparation.time": float("nan")}, r"time = nan: expected a number from 0"),
        ({"preparation.time": float("inf")}, r"time = inf: expected a number from 0"),
        ({"study.seed": True}, r"\[study\] seed = True: expected a whole number"),
        ({"study.seed": -1}, r"\[study\] seed = -1: expected a whole number"),
        ({"isoconfigurational.n_runs": 1}, r"n_runs = 1: expected a whole number from 2"),
        ({"isoconfigurational.last": 0.001}, r"last = 0.001: expected more than first = 0.01"),
        ({"isoconfigurational.wavenumber": 0.0}, r"wavenumber = 0.0: expected a number above 0"),
        ({"model.packing_fraction": 0.9}, r"\[model\] packing_fraction: expected .*0.74.* got 0.9"),
        ({"model.packing_fraction": "big"}, r"packing_fraction = 'big': expected a number"),
        ({"model.ratio": 0.9}, r"\[model\] ratio = 0.9: no key .* did you mean size_ratio"),
        ({"descriptors.set": "alkemade"}, r"set = 'alkemade': expected one of alkemade2023"),
        ({"descriptors.states": ["molten"]}, r"states = \['molten'\]: expected a list of initial"),
        (
            {"descriptors.states": ["cage"]},
            r"what \[desc.*'LR0': state: expected one o",
        ),
        ({"states.force_tolerance": 0.0}, r"force_tolerance = 0.0: expected a number above 0"),
        ({"states.cage": {}}, r"\[states\] cage = \{\}: expected either sweeps = .* or precision"),
        ({"states.cage": {"sweeps": [10]}}, r"cage = \{'sweeps': \[10\]\}: expected either"),
        ({"states.cage": {"sweeps": [10, 0]}}, r"'sweeps': \[10, 0\]\}: expected either"),
        ({"states.cage": {"sweeps": 10}}, r"'sweeps': 10\}: expected either"),
        ({"states.cage": {"precision": 0}}, r"'precision': 0\}: expected either"),
        ({"states.cage": {"sweeps": [1, 1], "precision": 0.1}}, r"expected either sweeps"),
        ({"states.cage": {"precision": 0.1, "chains": 2}}, r"expected either sweeps"),
        ({"states.cage": {"sweeps": [1, 1], "chains": 0}}, r"'chains': 0\}: expected either"),
        ({"learning.outer_folds": 11}, r"outer_folds = 11: expected at most n_configurations = 10"),
        ({"learning.inner_folds": 5}, r"inner_folds = 5: expected less than outer_folds = 5"),
        ({"learning.alphas": [1.0, 0.1]}, r"alphas = \[1.0, 0.1\]: expected a list of ascending"),
        ({"learning.alphas": []}, r"alphas = \[\]: expected"),
        ({"learning.species": ["A", "C"]}, r"species = .*: expected among A, B"),
        ({"learning.selections": {}}, r"selections = \{\}: expected named tables"),
        (
            {"learning.selections": {"LR3": {"generations": 3}}},
            r"'LR3': generation: expec",
        ),
        ({"learning.selections": {"x": {"kind": "bent"}}}, r"'x' has kind = 'bent'"),
        (
            {"learning.selections": {"x": {"kind": "force"}}},
            r"'x': kind: exp.*'force'",
        ),
        ({"learning.selections": {"x": []}}, r"'x' is no table"),
        (
            {"learning.selections": {"x": [{"kind": "variance"}, {"states": ["warm"]}]}},
            r"'x' has states = \['warm'\]",
        ),
        (
            {"learning.selections": {"x": {"kind": "variance", "states": ["initial"]}}},
            r"'x': no column has .*each value exists, but not together",
        ),
        ({"learning.selections": {"x": {"generation": 1}}}, r"'x' has generation = 1"),
    ],
)
def test_a_wrong_value_has_one_clear_error(tmp_path, changes, expected):
    path = written(tmp_path, changes)
    with pytest.raises(RecipeError, match=expected) as raised:
        Recipe.read(path)
    message = str(raised.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    assert len(message) < 600


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (lambda s: s.replace("[preparation]", "[preperation]"), "did you mean preparation"),
        (lambda s: s.replace("[study]\nseed = 1", "[study]\n"), r"\[study\] seed is missing"),
        (lambda s: "seed = 1\n" + s, r"\[seed\] is no section"),
        (lambda s: "study = 1\n" + s.replace("[study]\n", ""), r"study = 1: expected a section"),
        (lambda s: s[: s.index("[learning]")], r"the section \[learning\] is missing"),
        (lambda s: s.replace("seed = 1", "seed ="), "expected TOML .*line"),
        (lambda s: s + "\n[study]\n", "expected TOML"),
        (lambda s: "x = " + "[" * 5000, "expected TOML"),
        (lambda s: s.replace("_spheres", "_sphere"), r"name = 'hard_sphere': .* hard_spheres\?"),
        (lambda s: s.replace('"hard_spheres"', "3"), r"\[model\] name = 3: expected one of hard_"),
        (lambda s: s.replace('name = "hard_spheres"', ""), r"\[model\] name is missing"),
        (lambda s: "", r"\[study\] is missing"),
    ],
)
def test_a_broken_file_has_one_clear_error(tmp_path, edit, expected):
    path = written(tmp_path)
    path.write_text(edit(path.read_text()))
    with pytest.raises(RecipeError, match=expected) as raised:
        Recipe.read(path)
    assert str(raised.value).startswith(f"{path}: ")


def test_a_missing_file_says_how_to_write_one(tmp_path):
    with pytest.raises(RecipeError, match="cagebreak new hard-spheres"):
        Recipe.read(tmp_path / "no.toml")
    with pytest.raises(RecipeError, match=r"end in \.toml"):
        Recipe.read(tmp_path / "no.txt")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(RecipeError, match=r"bytes\.toml: expected TOML"):
        Recipe.read(tmp_path / "bytes.toml")


NVE = {"ensemble": "NVE", "time": 1.0}


@pytest.mark.parametrize(
    "steps",
    [
        [],
        [3.0],
        [{"ensemble": "NVE"}],
        [NVE | {"time": -1.0}],
        [NVE | {"temperature": 1.0}],
        [NVE | {"thermostat": "Langevin"}],
        [{"ensemble": "NVT", "time": 1.0, "temperature": [1.0, 2.0, 3.0]}],
        [{"ensemble": "NVT", "time": 1.0, "temperature": "hot"}],
    ],
)
def test_absurd_steps_are_refused(tmp_path, steps):
    values = schema.defaults("kob_andersen")
    values["preparation"]["steps"] = steps
    path = tmp_path / "ka.toml"
    path.write_text(text(values))
    with pytest.raises(RecipeError, match=r"\[preparation\] steps = .*: expected a list of tables"):
        Recipe.read(path)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"preparation.n_particles": 30010}, "n_particles = 30010: expected a multiple of chain_l"),
        ({"model.chain_length": 20.0}, "chain_length = 20.0: expected a whole number"),
        (
            {"model.chain_length": 1},
            r"\[model\] chain_length: expected a whole number of at least 2",
        ),
    ],
)
def test_chains_that_cannot_be_are_refused(tmp_path, change, expected):
    values = schema.defaults("fene_polymer")
    assert values["preparation"]["steps"][1]["time"] == 1e5
    ((key, value),) = change.items()
    section, name = key.split(".")
    values[section][name] = value
    path = tmp_path / "fene.toml"
    path.write_text(text(values))
    with pytest.raises(RecipeError, match=expected):
        Recipe.read(path)


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
        ({"isoconfigurational.last": 9.0}, {"run", "propensity"}),
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
    assert {name for name in before if before[name].hash != after[name].hash} == stages


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
