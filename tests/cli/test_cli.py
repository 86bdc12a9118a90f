"""The command line: what a user sees from `new` to `figure`, and errors of one line."""

import re
import subprocess
import sys

import pytest
from click.testing import CliRunner

import cagebreak
from cagebreak.cli import main
from cagebreak.figures import FIGURES
from cagebreak.study import Recipe
from cagebreak.study.analysis.report.page import Report
from cagebreak.study.recipe.protocols import PROTOCOLS
from support.tiny_study import SELECTIONS, write_recipe


def call(*arguments, code=0):
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    return result


@pytest.fixture(autouse=True)
def few_dots(monkeypatch):
    """Leave out most dots of figures, whose number changes nothing here."""
    monkeypatch.setattr("cagebreak.figures.style.DPI", 50)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    selections = {name: SELECTIONS[name] for name in ("LR0", "LR1")}
    recipe = write_recipe(tmp_path_factory.mktemp("cli") / "hs.toml", selections=selections)
    return recipe, call("run", recipe, "--engine", "serial")


def test_version():
    command = [sys.executable, "-m", "cagebreak", "--version"]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    assert found.stdout == f"cagebreak {cagebreak.__version__}\n"


def test_help_lists_every_command():
    output = call("--help").output
    assert all(command in output for command in ("new", "plan", "run", "status", "fit", "figure"))
    assert "..." not in output.partition("Commands:")[2], "a first sentence is longer than its line"


def test_help_of_new_lists_every_model():
    words = set(re.split(r"[\s,.]+", call("new", "--help").output))
    assert {name.replace("_", "-") for name in PROTOCOLS} <= words


def test_new_then_plan(tmp_path):
    recipe = tmp_path / "hs.toml"
    assert f"cagebreak plan {recipe}" in call("new", "hard-spheres", recipe, "--small").output
    assert Recipe.read(recipe).preparation.n_configurations == 10
    tiny = write_recipe(tmp_path / "tiny.toml")
    lines = call("plan", tiny, "--workers", 2).output.splitlines()
    assert lines[0].split() == ["stage", "to", "do", "a", "unit", "core-hours", "disk"]
    assert lines[2].split()[:4] == ["run", "9", "of", "9"]
    assert "on 2 cores" in lines[-1]
    assert not (tmp_path / "tiny").exists()


def test_run_says_whether_it_was_equilibrated_and_what_is_next(finished):
    recipe, result = finished
    assert "tau_alpha of A: " in result.stdout
    assert "equilibrated for " in result.stdout
    assert result.stdout.endswith(f"next: cagebreak fit {recipe}\n")
    assert "0 of 30 units are done" in result.stderr
    assert "30 of 30 units" in result.stderr


def test_status(finished, tmp_path):
    recipe, _ = finished
    output = call("status", recipe).output
    assert "run                   9 of 9" in output
    assert "descriptors-cage      3 of 3" in output
    assert output.endswith(f"next: cagebreak fit {recipe}\n")
    fresh = write_recipe(tmp_path / "hs.toml")
    assert call("status", fresh).output.endswith(f"next: cagebreak run {fresh}\n")


def test_fit_prints_a_table_and_figure_draws_what_it_can(finished):
    recipe, _ = finished
    folder = recipe.with_suffix("")
    header, *rows = call("fit", recipe).stdout.splitlines()
    assert header.split()[:4] == ["species", "time", "features", "r"]
    assert [row.split()[0] for row in rows[:4]] == ["A", "A", "B", "B"]
    assert (folder / "tables" / "scores.csv").exists()
    result = call("figure", recipe)
    drawn = {path.name for path in (folder / "figures").iterdir()}
    assert {f"alkemade2022.mean_propensity.{end}" for end in ("png", "pdf", "csv")} <= drawn
    # Selections of the recipe have no generation 2.
    assert "boattini2021.generations is not drawn" in result.stderr
    assert call("figure", recipe, "boattini2021.generations", code=2).stdout == ""


def test_fit_shows_the_metrics_that_are_asked_for(finished):
    recipe, _ = finished
    lines = call("fit", recipe, "--metrics", "spearman", "--metrics", "width").stdout.splitlines()
    first = next(i for i, line in enumerate(lines) if "spearman" in line)
    assert lines[first].split() == ["species", "time", "features", "spearman", "width"]
    scores, metrics = ([line.split()[:3] for line in part] for part in (lines, lines[first:]))
    assert metrics[:5] == scores[:5]  # the same species, times and selections
    assert re.search(r" -?0\.\d+ \(-?0\.\d+ to -?0\.\d+\)", lines[first + 1])
    assert (recipe.with_suffix("") / "tables" / "metrics.csv").exists()
    said = call("fit", recipe, "--metrics", "tau", code=2).stderr
    assert "metrics: expected some of spearman" in said


def test_every_figure_is_drawn_from_the_papers_selections(tmp_path):
    from cagebreak.study.recipe import schema

    selections = schema.defaults("hard_spheres")["learning"]["selections"]
    # The joined ones have two thousand columns: some hundred draw the same curves.
    for name, parts in selections.items():
        if isinstance(parts, tuple):
            selections[name] = [part | {"generations": 0} for part in parts]
    selections["recommended"] |= {"body": 1, "weights": [3.0]}
    recipe = write_recipe(
        tmp_path / "hs.toml",
        generations=2,
        alphas=[10.0],
        recommended=True,
        selections=selections,
    )
    call("run", recipe, "--engine", "serial")
    result = call("figure", recipe)
    # Published curves are those of another glass former.
    assert "not drawn" not in result.stderr
    curves = tmp_path / "curves.csv"
    curves.write_text("temperature,averaging,time,method,pearson\n0.44,pooled,1.0,GNN,0.5\n")
    call("figure", recipe, "alkemade2023.published", "--published", curves)
    folder = tmp_path / "hs" / "figures"
    expected = {
        name
        for name, spec in FIGURES.items()
        if spec.section != "shear" and not spec.keep and not spec.on_request
    }
    assert {path.stem for path in folder.glob("*.png")} == expected
    assert {path.stem for path in folder.glob("*.pdf")} == expected
    assert (folder / "alkemade2023.cage_displacement.structure.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("run", "{folder}/no.toml"), "no.toml: no such file"),
        (("new", "square-wells", "{folder}/x.toml"), "expected one of hard-spheres"),
        (("new", "hard-spheres", "{folder}/no/x.toml"), "No such file"),
        (("run", "{recipe}", "--engine", "dusk"), "expected one of pool"),
        (("fit", "{recipe}"), "run the study first"),
        (("figure", "{recipe}", "fig1"), "expected one of map, alkemade2022"),
        (("run", "{broken}"), "[study] seed = -1"),
    ],
)
def test_errors_are_one_line_and_exit_with_2(tmp_path, arguments, expected):
    recipe = write_recipe(tmp_path / "hs.toml")
    broken = write_recipe(tmp_path / "broken.toml", seed=-1)
    filled = [a.format(folder=tmp_path, recipe=recipe, broken=broken) for a in arguments]
    result = call(*filled, code=2)
    assert result.stdout == ""
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    assert expected in result.stderr


def test_a_run_on_a_busy_folder_stops(finished):
    recipe, _ = finished
    study = cagebreak.Study(recipe)
    with study.store.locked():
        assert "another run is at work" in call("run", recipe, code=2).stderr


def test_report_is_one_file(finished, tmp_path, monkeypatch):
    recipe, _ = finished
    written = recipe.with_suffix("") / "report.html"
    assert call("report", recipe).stdout.startswith(f"wrote {written}, ")
    assert "tau_alpha of A: " in written.read_text(encoding="utf-8")
    # Two pages of a study are the same: tests/study/analysis/test_report_page.py.
    monkeypatch.setattr(Report, "page", lambda _: "a page")
    assert call("report", recipe, "-o", tmp_path / "a.html").exit_code == 0
    assert (tmp_path / "a.html").read_text(encoding="utf-8") == "a page"
    fresh = write_recipe(tmp_path / "hs.toml")
    assert "nothing is done yet" in call("report", fresh, code=2).stderr


@pytest.mark.parametrize("further", [("--target", "d2min"), ("--metrics", "spearman")])
def test_a_saved_fit_is_of_the_propensity_alone(finished, tmp_path, further):
    recipe, _ = finished
    result = call("fit", recipe, "--save", tmp_path / "m.h5", *further, code=2)
    assert "--save: saves a fit to the propensity, without --target and --metrics" in result.stderr
    assert not (tmp_path / "m.h5").exists()
