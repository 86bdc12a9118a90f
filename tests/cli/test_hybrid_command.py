"""`cagebreak hybrid`, and what `plan` says of short runs."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner

import cagebreak as cb
from cagebreak.cli import hybrid_commands, main
from cagebreak.study.analysis import hybrid
from cagebreak.study.analysis.hybrid import Costs, Pilot, pilot
from cagebreak.study.analysis.hybrid.scan import BUDGETS
from cagebreak.study.recipe.end_descriptor import EndDescriptor
from support.tiny_study import write_recipe

SECTION = '\n[hybrid]\nn_runs = 2\nshare = 0.2\nquantities = ["displacement"]\nlengths = [1.0]\n'


def call(*arguments, code=0):
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    chosen = {"LR0": {"generations": 0, "states": ["initial"]}}
    path = tmp_path_factory.mktemp("hybrid") / "hs.toml"
    write_recipe(path, generations=0, states=["initial"], selections=chosen)
    path.write_text(path.read_text() + SECTION)
    cb.Study(path).run("serial", progress=False)
    return path


def test_the_command_prints_every_set_of_inputs_and_writes_the_table(recipe):
    output = call("hybrid", recipe, "--species", "B", "--time", "5")
    inputs = [line.split()[1] for line in output.splitlines()[1:5]]
    assert inputs == ["structure", "runs", "both", "ensemble"]
    assert (recipe.with_suffix("") / "tables" / "hybrid.csv").exists()


def test_the_command_says_why_r_is_not_known(recipe):
    *rows, last = call("hybrid", recipe, "--time", "1").splitlines()
    assert any(" nan " in row for row in rows)
    assert "(nan: the runs of some configuration are too few to tell this from noise)" in last
    *rows, last = call("hybrid", recipe, "--time", "0.1").splitlines()
    assert ("nan" in last) == any(" nan " in row for row in rows)


def test_a_model_is_saved_and_predicts_with_intervals(recipe, tmp_path):
    saved, start = tmp_path / "hybrid.h5", tmp_path / "start.xyz"
    cb.write(start, cb.Study(recipe).configuration(0))
    chosen = ("--species", "B", "--time", "5", "--until", "0.2236")
    output = call("hybrid", recipe, *chosen, "--save", saved)
    said, wrote = output.splitlines()
    assert said.startswith(
        "intervals: of what is measured as the mean of 3 runs, they contain 90 %"
    )
    assert said.endswith("; the inputs, 2 short runs to 0.224 tau, are other runs")
    assert wrote == f"wrote {saved}, of species B; next: cagebreak predict"
    predicted = tmp_path / "predicted.xyz"
    assert f"prediction_low, prediction_high: {said}" in call(
        "predict", saved, start, "-o", predicted
    )
    header, *_ = predicted.read_text().splitlines()[1:]
    for name in ("prediction", "prediction_low", "prediction_high", "outside"):
        assert f":{name}:R:1" in header


def test_a_place_that_cannot_be_written_to_is_named_before_the_fit(recipe, tmp_path, monkeypatch):
    monkeypatch.setattr(cb.study.Study, "require_finished", None)  # It is not needed to see this.
    assert "nowhere" in call("hybrid", recipe, "--save", tmp_path / "nowhere" / "h.h5", code=2)


@pytest.mark.parametrize("command", [("hybrid", "--save"), ("fit", "--save"), ("export", "-o"),
                                     ("report", "-o"), ("pool", "--at", "1.0", "-o")])  # fmt: skip
def test_a_recipe_is_not_replaced_by_what_is_made_of_it(recipe, command):
    name, *options = command
    before = recipe.read_bytes()
    assert "expected another file to write" in call(name, recipe, *options, recipe, code=2)
    assert recipe.read_bytes() == before


def test_plan_says_what_a_prediction_costs(recipe):
    output = call("plan", recipe)
    assert "[hybrid] predicts a further configuration for" in output
    assert "2 runs to 1 tau" in output


def test_plan_says_what_reaches_an_accuracy(recipe):
    output = call("plan", recipe, "--accuracy", "0.2", "--species", "B")
    (start,) = (i for i, line in enumerate(output.splitlines()) if line.startswith("r of 0.2"))
    rows = {line.split()[0]: line for line in output.splitlines()[start + 2 : start + 6]}
    assert set(rows) == {"structure", "runs", "both", "ensemble"}
    assert (recipe.with_suffix("") / "figures" / "cost.png").exists()


def test_core_hours_and_their_share_of_the_ensemble_are_one_cost(monkeypatch, tmp_path, capsys):
    """Folds choose runs and until, so that their medians need not have the mean cost."""
    rows = np.zeros(3, BUDGETS)
    rows["inputs"], rows["share"] = ("runs", "both", "ensemble"), (0.5, 0.5, 1.0)
    rows["n_runs"], rows["until"] = (1, 4, 10), 100.0
    rows["core_seconds"], rows["r_configuration"] = (36.0, 90.0, 360.0), 0.9
    costs = Costs(10.0, 0.36)
    monkeypatch.setattr(hybrid, "costs_of", lambda *_: costs)
    monkeypatch.setattr(hybrid, "pilot", lambda *_: Pilot(rows, costs))
    study = SimpleNamespace(recipe=None, store=SimpleNamespace(folder=tmp_path))
    hybrid_commands.print_accuracy(study, None, 0.5, None, "A")
    output = capsys.readouterr().out
    cells = [line.split() for line in output.splitlines()[2:5]]
    assert [(line[0], line[3], line[-1]) for line in cells] == [
        ("runs", "0.01", "0.1"), ("both", "0.025", "0.25"), ("ensemble", "0.1", "1"),
    ]  # fmt: skip
    assert "folds choose runs and until, of which these are the medians" in output


def test_plan_says_that_few_runs_tell_no_accuracy(recipe):
    output = call("plan", recipe, "--accuracy", "0.2", "--time", "1")
    assert "not known: few runs, no signal" in output
    assert "nan" not in output


def test_a_time_without_an_accuracy_is_refused(recipe):
    assert "--time: expected beside --accuracy, got 5 alone" in call(
        "plan", recipe, "--time", "5", code=2
    )


def test_an_accuracy_that_is_no_correlation_is_refused(recipe, monkeypatch):
    monkeypatch.setattr(cb.Study, "plan", None)  # It is not needed to see this.
    assert "accuracy: expected a number between 0 and 1" in call(
        "plan", recipe, "--accuracy", "1.5", code=2
    )


@pytest.fixture(scope="module")
def with_ends(tmp_path_factory):
    chosen = {"LR0": {"generations": 0, "states": ["initial"]}}
    path = tmp_path_factory.mktemp("ends") / "hs.toml"
    write_recipe(path, generations=0, states=["initial"], selections=chosen,
                 n_configurations=4, outer_folds=4, time=5.0)  # fmt: skip
    path.write_text(path.read_text() + SECTION + 'ends = "positions"\n')
    few = cb.Generations((cb.Radial(r=(1.0, 1.5), width=(0.1, 0.1), n_species=2),), n_max=0)
    with pytest.MonkeyPatch.context() as patch:
        # Those of the paper take seconds to learn from.
        patch.setattr(EndDescriptor, "_of_positions", property(lambda self: few))
        cb.Study(path).run("serial", progress=False)
        yield path


def test_the_command_prints_the_ends_of_a_recipe_that_asks_for_them(with_ends):
    arguments = ("hybrid", with_ends, "--species", "B", "--time", "5")
    for more, expected in (((), ["ends"]), (("--no-ends",), [])):
        lines = call(*arguments, *more).splitlines()[1:-1]
        inputs = [line.split()[1] for line in lines]
        assert inputs == ["structure", "runs", "both", *expected, "ensemble"]


def test_plan_counts_the_ends(with_ends, monkeypatch):
    monkeypatch.setitem(pilot.__globals__, "LENGTHS", (1.0,))
    monkeypatch.setitem(pilot.__globals__, "NUMBERS", (1,))
    output = call("plan", with_ends, "--accuracy", "0.1", "--species", "B")
    assert re.search(r"2 runs to 1 tau \S+ s, their ends \S+ s; its ensemble", output)
    assert {"ends", "descriptors-ends"} <= {line.split()[0] for line in output.splitlines()}
    (start,) = (i for i, line in enumerate(output.splitlines()) if line.startswith("r of 0.1"))
    rows = [line.split()[0] for line in output.splitlines()[start + 2 : start + 7]]
    assert set(rows) == {"structure", "runs", "both", "ends", "ensemble"}
