"""What CONTRIBUTING.md tells to do, done in a copy of the package."""

import csv
import os
import re
import shutil
import subprocess
import sys

import pytest

from support.paths import ROOT

BLOCK = re.compile(r'^```(python|diff) title="([^"]+)"\n(.*?)^```$', re.MULTILINE | re.DOTALL)
COPIED = (
    *("src/cagebreak", "tests", "benchmarks/reliability", "pyproject.toml", "README.md"),
    ".mypy_cache",
)
DOCUMENT = (ROOT / "CONTRIBUTING.md").read_text()
ADDED = [path for language, path, _ in BLOCK.findall(DOCUMENT) if language == "python"]


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """Return a copy of the repository in which every recipe was followed."""
    root = tmp_path_factory.mktemp("copy")
    for name in COPIED:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            # With the times of change, so that compiled kernels and the cache of mypy stay valid.
            shutil.copytree(ROOT / name, root / name)
        elif (ROOT / name).exists():
            shutil.copy2(ROOT / name, root / name)
    for language, path, text in BLOCK.findall(DOCUMENT):
        if language == "python":
            assert not (root / path).exists(), f"{path} exists already"
            (root / path).write_text(text)
        else:
            (root / path).write_text(patched((root / path).read_text(), text, path))
    run(root, "ruff", "check", "--fix", "--exit-zero", "src", "tests")
    return root


def patched(source, diff, path):
    """Return a file with the lines that start with + put beside those that stand there already."""
    for hunk in diff.split("@@\n"):
        lines = hunk.splitlines(keepends=True)
        before = "".join(line[1:] for line in lines if line[0] == " ")
        assert source.count(f"\n{before}") == 1, f"{path}: expected once:\n{before}"
        after = "".join(line[1:] for line in lines)
        source = source.replace(f"\n{before}", f"\n{after}")
    return source


def python(root, *arguments, folder=None):
    """Run Python with the package of the copy; return what it prints."""
    paths = os.pathsep.join(map(str, (root / "src", root / "tests")))
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder or root,
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def run(root, *command):
    """Run a module in the copy; return what it prints."""
    return python(root, "-m", *command)


def script(root, folder, code):
    """Run a script on the copy, in a folder of its own; return what it prints."""
    (folder / "script.py").write_text(code)
    return python(root, "script.py", folder=folder)


CONTRACTS = {
    "tests/descriptors/test_every_descriptor.py": "coordination",
    "tests/models/test_models.py": "weeks_chandler_andersen",
    "tests/learning/test_every_learner.py": "least and not partial",
    "tests/files": "csv",
    "tests/figures": "smith2027",
}
"""The contracts that members are added to, and the members, as `pytest -k` selects them."""


@pytest.fixture(scope="module")
def passed(copy):
    """Return a function: how many tests of a contract its new member passes.

    All contracts are run at once: imports take longer than the tests.
    """
    options = ("-p", "no:cacheprovider", "-p", "no:xdist", "--override-ini", "addopts=")
    members = " or ".join(f"({member})" for member in CONTRACTS.values())
    output = run(copy, "pytest", *options, *CONTRACTS, "-k", members, "-rp")

    def count(path):
        name = CONTRACTS[path].partition(" ")[0]
        return len(re.findall(rf"^PASSED {re.escape(path)}\S*\[.*{name}", output, re.MULTILINE))

    return count


@pytest.fixture(scope="module")
def study(copy, tmp_path_factory):
    """Return the folder of a tiny study: planned, run on the new engine, and drawn."""
    folder = tmp_path_factory.mktemp("study")
    code = """
from pathlib import Path

import cagebreak as cb
from support.tiny_study import write_recipe

recipe = write_recipe(
    Path("tiny.toml"), n_configurations=3, n_runs=2, time=5.0, states=["initial"],
    selections={"LR0": {"generations": 0}}, recommended=False,
)
study = cb.Study(recipe)
plan = {stage.stage: stage for stage in study.plan().stages}
print(plan["structure"].total, plan["structure"].seconds, plan["structure"].n_bytes)
study.run("threads", workers=2, progress=False)
study.figure("smith2027.relative_error", "drawn")
"""
    (folder / "plan.txt").write_text(script(copy, folder, code))
    return folder


def test_every_kind_of_addition_has_a_recipe_that_is_followed():
    headings = re.findall(r"^### (An? .*)$", DOCUMENT, re.MULTILINE)
    assert headings == [
        *("A descriptor", "A model", "A learner", "A file format", "A figure"),
        *("A stage of a study", "An engine"),
    ]
    for part in DOCUMENT.split("\n### A")[1:]:
        assert BLOCK.search(part)


def test_the_folders_of_the_tree_are_those_that_are_there():
    tree = DOCUMENT.split("```\nsrc/cagebreak/\n")[1].split("```")[0]
    named = re.findall(r"^  (\w+)/ ", tree, re.MULTILINE)
    folders = (path for path in (ROOT / "src" / "cagebreak").iterdir() if path.is_dir())
    assert set(named) == {path.name for path in folders} - {"__pycache__"}
    assert all((ROOT / name).is_dir() for name in re.findall(r"^(\w+)/ ", tree, re.MULTILINE))


def test_no_recipe_names_more_than_its_file_its_list_and_its_contract():
    """One new file, one file that lists it, and a line in its contract; a model has two lists."""
    for part in DOCUMENT.split("\n### A")[1:]:
        paths = [path for _, path, _ in BLOCK.findall(part)]
        lists = [path for path in paths[1:] if path.startswith("src/")]
        assert len(lists) <= (2 if part.startswith(" model") else 1)


def test_the_additions_pass_the_checks_of_style_types_and_imports(copy):
    run(copy, "ruff", "check")
    run(copy, "ruff", "format", "--check")
    run(copy, "mypy", *(path for path in ADDED if path.startswith("src/")))
    python(copy, "-c", "import importlinter.cli as cli; cli.lint_imports_command()")


def test_the_descriptor_passes_its_contract(passed):
    assert passed("tests/descriptors/test_every_descriptor.py") >= 10


def test_the_descriptor_counts_neighbors(copy, tmp_path):
    code = """
import cagebreak as cb
from cagebreak.descriptors import Coordination
pair = cb.Configuration([[1, 1, 1], [1.5, 1, 1], [5, 5, 5]], [0, 0, 0], 9.0)
features = cb.Generations([Coordination(1.0)], n_max=1).compute(pair)
print(*features.where(kind="coordination", generation=0).values[:, 0])
"""
    assert script(copy, tmp_path, code).split() == ["0.5625", "0.5625", "0.0"]


def test_the_model_passes_its_contract_and_has_a_recipe(copy, passed, tmp_path):
    assert passed("tests/models/test_models.py") >= 2
    run(copy, "cagebreak", "new", "weeks-chandler-andersen", str(tmp_path / "w.toml"), "--small")
    code = """
import cagebreak as cb
from cagebreak.models import weeks_chandler_andersen
from cagebreak.study.recipe.recipe import Recipe
model = Recipe.read("w.toml").model
assert model == weeks_chandler_andersen(temperature=1.0)
pair = cb.Configuration([[0, 0, 0], [1, 0, 0]], [0, 0], 9.0)
print(cb.potentials.energy(pair, model))
"""
    assert float(script(copy, tmp_path, code)) == pytest.approx(1.0)
    assert "sigma_B / sigma_A (chosen)" in (tmp_path / "w.toml").read_text()


def test_the_learner_passes_its_contract(passed):
    assert passed("tests/learning/test_every_learner.py") >= 8


def test_the_format_passes_its_contract_and_comes_back(copy, passed, tmp_path):
    assert passed("tests/files") >= 3
    code = """
import numpy as np
import cagebreak as cb
start = cb.Configuration([[0.1, 0.2, 0.3], [3, 4, 5]], [1, 0], np.diag([4.0, 5.0, 6.0]))
cb.write("c.csv", start)
end = cb.read("c.csv")
assert (end.positions == start.positions).all() and (end.species == start.species).all()
print(*end.box.lengths)
"""
    assert script(copy, tmp_path, code).split() == ["4.0", "5.0", "6.0"]


def test_the_figure_passes_its_contract_and_is_drawn(passed, study):
    assert passed("tests/figures") >= 1
    assert {path.suffix for path in study.glob("drawn.*")} >= {".png", ".pdf", ".csv"}
    with (study / "drawn.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 5 * 2


def test_the_stage_is_planned_done_and_kept(copy, study):
    total, seconds, n_bytes = map(float, (study / "plan.txt").read_text().split())
    files = sorted((study / "tiny" / "structure").iterdir())
    assert [path.name for path in files] == ["0000.h5", "0001.h5", "0002.h5"]
    assert total == len(files)
    assert seconds > 0
    assert n_bytes == pytest.approx(files[0].stat().st_size, rel=0.35)


def test_the_engine_did_every_unit(study):
    assert len(list((study / "tiny" / "run").rglob("*.h5"))) == 3 * 2
