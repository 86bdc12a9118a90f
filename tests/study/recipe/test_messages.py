"""Every mistake in a recipe has one clear error."""

import pytest
from wrong_edits import CHAINS, FILES, NVE, STEPS, VALUES, written

from cagebreak.errors import RecipeError
from cagebreak.study import Recipe
from cagebreak.study.recipe import schema
from cagebreak.study.recipe.writing import text


@pytest.mark.parametrize(("changes", "expected"), VALUES)
def test_a_wrong_value_has_one_clear_error(tmp_path, changes, expected):
    path = written(tmp_path, changes)
    with pytest.raises(RecipeError, match=expected) as raised:
        Recipe.read(path)
    message = str(raised.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    assert len(message) < 600


@pytest.mark.parametrize(("edit", "expected"), FILES)
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


@pytest.mark.parametrize("steps", STEPS)
def test_absurd_steps_are_refused(tmp_path, steps):
    values = schema.defaults("kob_andersen")
    values["preparation"]["steps"] = steps
    path = tmp_path / "ka.toml"
    path.write_text(text(values))
    with pytest.raises(RecipeError, match=r"\[preparation\] steps = .*: expected a list of tables"):
        Recipe.read(path)


@pytest.mark.parametrize(("change", "expected"), CHAINS)
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


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([{"ensemble": "NVT"}], "in a step, time is missing: expected a number from 0 to 1e12"),
        ([NVE | {"time": -1}], "in a step, time = -1: expected a number from 0 to 1e12"),
        ([NVE | {"ensemble": "NPV"}], "ensemble = 'NPV': expected one of NVE, NVT, NPT; did you"),
        ([NVE | {"pressur": 1.0}], "pressur = 1.0: no key of this table; did you mean pressure"),
        ([NVE | {"x": 1}], "x = 1: no key .* keys are ensemble, time, temperature, pressure"),
        ([NVE, 3], "; 3 is no table"),
    ],
)
def test_a_wrong_step_is_told_from_the_others(tmp_path, steps, expected):
    values = schema.defaults("kob_andersen")
    values["preparation"]["steps"] = steps
    path = tmp_path / "ka.toml"
    path.write_text(text(values))
    with pytest.raises(RecipeError, match=expected):
        Recipe.read(path)


KEYS = [
    (model, work, section, key)
    for model, work in (("hard_spheres", "isoconfigurational"), ("kob_andersen", "shear"))
    for section, entries in schema.defaults(model, work=work).items()
    for key in entries
    if key != "name"
]


@pytest.mark.parametrize(("model", "work", "section", "key"), KEYS)
def test_a_wrong_edit_of_any_key_is_named_with_what_was_expected(
    tmp_path, model, work, section, key
):
    """Its value, its absence, its spelling: file, section, key, value, expectation, suggestion."""
    path = tmp_path / "edited.toml"
    values = schema.defaults(model, work=work)

    def refusal(recipe):
        path.write_text(recipe)
        with pytest.raises(RecipeError) as raised:
            Recipe.read(path)
        return str(raised.value)

    whole = text(values)
    expected = schema.keys_of(section, model, work)[key].check.expected
    misspelt = whole.replace(f"\n{key} =", f"\n{key}e =").replace(f".{key}]", f".{key}e]")
    message = refusal(misspelt)
    assert message.startswith(f"{path}: [{section}] {key}e = ")
    assert message.endswith(f"did you mean {key}?")
    values[section][key] = "x"
    message = refusal(text(values))
    assert message.startswith(f"{path}: [{section}] {key} = 'x': expected {expected}")
    del values[section][key]
    if key not in ("d2min_cutoff", "engine", "keep"):
        assert refusal(text(values)) == f"{path}: [{section}] {key} is missing: expected {expected}"
