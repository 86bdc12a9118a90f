"""The examples run, at a tiny size, and write what they say."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.recipe.writing import write_new

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.mark.parametrize("script", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_example_runs(script, tmp_path):
    done = subprocess.run(
        [sys.executable, script],
        cwd=tmp_path,
        env={**os.environ, "CAGEBREAK_SMOKE": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    # Of so little data most times are noise, and the largest penalties are chosen.
    lines = [line for line in done.stderr.splitlines() if "AlphaWarning" not in line]
    assert "warning" not in "\n".join(lines).lower(), done.stderr
    promised = [word for word in script.read_text().split('"""')[1].split() if "run/" in word]
    for name in promised:
        assert (tmp_path / name.strip(".,;()")).exists()


def test_the_recipe_of_make_run_is_a_real_study_and_that_of_the_command(tmp_path):
    recipe = Recipe.read(EXAMPLES / "demo.toml")
    assert recipe.preparation.n_configurations >= 8
    assert recipe.preparation.n_particles >= 1000
    assert recipe.isoconfigurational.n_runs >= 16
    write_new(tmp_path / "new.toml", "hard-spheres", small=True)
    # It comes without the JSON schema, which the first line of a new recipe names.
    _, _, new = (tmp_path / "new.toml").read_text().partition("\n")
    assert new == (EXAMPLES / "demo.toml").read_text()
