"""Recipes that claim, nest or never end: one error that names the file, in little time."""

import os
import time

import pytest

from cagebreak.cli.reading import assignment
from cagebreak.errors import InputError, RecipeError
from cagebreak.study.recipe import schema
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.recipe.writing import text

GOOD = text(schema.defaults("kob_andersen", small=True, work="isoconfigurational"))
TEXTS = {
    "particles": GOOD.replace("n_particles = 1000 ", "n_particles = 1000000000000 "),
    "configurations": GOOD.replace("n_configurations = 10 ", "n_configurations = 1000000000000 "),
    "digits": GOOD.replace("n_runs = 16 ", f"n_runs = {'9' * 5000} "),
    "nested": "a = " + "[" * 30_000,
    "tables": "a = " + "{ a = " * 5000 + "1" + "}" * 5000,
    "dots": ".".join(["a"] * 30_000) + " = 1",
    "inline": "a = { " + ".".join(["a"] * 30_000) + " = 1 }",
    "word": "a" * 60_000,
    "long": "a = 1\n" * 100_000,
}


@pytest.mark.parametrize("name", TEXTS)
def test_recipes_that_claim_or_nest_are_refused(tmp_path, name):
    assert TEXTS[name] != GOOD
    path = tmp_path / "r.toml"
    path.write_text(TEXTS[name])
    start = time.process_time()
    with pytest.raises(RecipeError, match=r"r\.toml: "):
        Recipe.read(path)
    assert time.process_time() - start < 1


def test_what_is_no_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "fifo.toml")
    (tmp_path / "zero.toml").symlink_to("/dev/zero")
    for name in ("fifo.toml", "zero.toml"):
        with pytest.raises(RecipeError, match=rf"{name}: .*expected a file"):
            Recipe.read(tmp_path / name)


@pytest.mark.parametrize("value", ["[" * 10_000, "9" * 5000, "{ a = " * 3000])
def test_parameters_that_nest_are_refused(value):
    with pytest.raises(InputError, match="parameter: expected") as raised:
        assignment("parameter", f"x={value}")
    assert len(str(raised.value)) < 300
