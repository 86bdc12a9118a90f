"""Learners side by side on a study."""

import csv
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest
from click.testing import CliRunner

import cagebreak as cb
from cagebreak._frames import to_rows
from cagebreak.cli import main
from cagebreak.errors import InputError, MissingDependencyError
from cagebreak.learning import FitRecord, LinearSVR, Softness, Traits
from cagebreak.learning.model_selection.compare import MOMENTS, with_differences
from cagebreak.study.analysis import compare
from support.tiny_study import write_recipe

needs_torch = pytest.mark.skipif(find_spec("torch") is None, reason="torch is not installed")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    selections = {"LR0": {"generations": 0, "states": ["initial"]}}
    path = tmp_path_factory.mktemp("compare") / "hs.toml"
    recipe = write_recipe(path, selections=selections, states=["initial"])
    study = cb.Study(recipe)
    study.run("serial", progress=False)
    return study


def test_the_command_compares_and_draws(study):
    arguments = ["compare", str(study.recipe.path), "--learners", "ridge", "softness"]
    result = CliRunner().invoke(main, [*arguments, "--species", "A", "--time", "5"])
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[0].split()[:4] == ["species", "time", "learner", "r"]
    assert "beyond ridge" in lines[0]
    assert "+0.000 (+0.000 to +0.000)" in lines[1]
    assert [line.split()[2] for line in lines[1:3]] == ["ridge", "softness"]
    folder = study.store.folder
    assert (folder / "figures" / "comparison.png").exists()
    with (folder / "tables" / "comparison.csv").open(newline="") as file:
        table = {row["learner"]: row for row in csv.DictReader(file)}
    own = {"generations": 0, "kind": ["radial", "angular"], "states": ["initial"]}
    alone = study.fit(Softness(), own, species="A").table
    assert float(table["softness"]["r"]) == pytest.approx(alone["r"].iloc[-1])
    assert all(int(row["parameters"]) > 300 for row in table.values())
    assert all(float(row["training_seconds"]) > 0 for row in table.values())
    assert all(float(row["memory"]) > 5e7 for row in table.values())


def test_differences_are_paired_and_follow_from_what_is_kept_of_each_configuration(study):
    table = study.compare(["softness", "ridge"], species="A", times=[0.1, 5.0])
    first, second = (
        table.query("learner == @name").reset_index() for name in ("softness", "ridge")
    )
    np.testing.assert_allclose(second.difference, second.r - first.r, atol=1e-12)
    assert (second.difference_low <= second.difference).all()
    assert (second.difference <= second.difference_high).all()
    by_configuration = second.r_configuration - first.r_configuration
    np.testing.assert_allclose(second.difference_configuration, by_configuration, atol=1e-12)
    assert (first.difference_high == 0).all()
    path = study.store.folder / "tables" / "comparison_configurations.csv"
    with path.open(newline="") as file:
        moments = np.array([tuple(row) for row in list(csv.reader(file))[1:]], MOMENTS)
    of_each = moments[(moments["learner"] == "ridge") & (moments["time"] == second.time[1])]
    assert of_each["r"].mean() == pytest.approx(second.r_configuration[1])
    again = with_differences(to_rows(table), moments, seed=1, n_resamples=9)
    assert list(again.dtype.names) == list(table)
    assert (again["difference"] == table.difference).all()
    # In another order, others are first.
    turned = study.compare(["ridge", "softness"], species="A", times=[0.1, 5.0])
    np.testing.assert_allclose(turned.difference[2:], -second.difference, atol=1e-12)
    np.testing.assert_allclose(turned.difference_low[2:], -second.difference_high, atol=1e-12)


@needs_torch
def test_trainings_are_kept_and_go_on(study):
    graph = cb.Ensemble(cb.GraphNetwork(cutoff=1.5, layers=1, epochs=1), members=2)
    folder = study.store.folder / "trainings"
    before = set(folder.glob("*"))
    first, again = (study.fit(graph, {"generations": 0}, species="B") for _ in range(2))
    assert (again.table["r"] == first.table["r"]).all()
    kept = set(folder.iterdir())
    assert len(kept - before) % 2 == 0 < len(kept - before)
    # One that is gone is done again, the same.
    (kept - before).pop().unlink()
    assert (study.fit(graph, {"generations": 0}, species="B").table["r"] == first.table["r"]).all()
    assert set(folder.iterdir()) == kept


def test_what_is_not_installed_is_said_before_any_work(study, monkeypatch):
    monkeypatch.setattr(compare, "find_spec", lambda package: None)
    with pytest.raises(MissingDependencyError, match=r"'graph ensemble' needs torch, .*networks"):
        study.compare(["ridge", "graph ensemble"])


def test_a_training_that_goes_on_costs_what_was_spent_before(study):
    class GoneOn(LinearSVR):
        def learner_traits(self):
            return Traits()

        def fit_record(self):
            return FitRecord(n_parameters=1, alpha=np.nan, earlier_seconds=1000.0)

    costs = study.fit(GoneOn(), {"generations": 0}, species="A").costs
    n_folds = study.recipe.learning.outer_folds
    (spent,) = [cost.training_seconds for cost in costs.values()]
    assert 1000 * n_folds < spent < 1000 * n_folds + 100


@needs_torch
def test_a_graph_network_learns_from_whole_configurations(study):
    together = cb.GraphNetwork(cutoff=1.5, layers=1, epochs=1, share_species=True)
    table = study.compare({"graph": together}, features={"generations": 0}, times=[0.1, 5.0])
    assert table.species.tolist() == ["A", "A", "B", "B"]
    assert np.isfinite(table.r).all()
    assert table.time.tolist()[1] == 5.0


def test_a_script_needs_no_main_guard(study, tmp_path):
    script = tmp_path / "mine.py"
    script.write_text(
        "import sys, cagebreak as cb\n"
        "from cagebreak.learning import RidgeCV, LinearSVR\n"
        "class Mine(RidgeCV): pass\n"
        "study = cb.Study(sys.argv[1])\n"
        "few = {'generations': 0, 'kind': 'radial'}\n"
        "wanted = {'ridge': None, 'mine': (LinearSVR(), few)}\n"
        "table = study.compare(wanted, species='A', times=[5.0], workers=2)\n"
        "print(*table.learner, *table.n_features)\n"
        "study.compare({'own': Mine()})\n"
    )
    done = subprocess.run(
        [sys.executable, script, study.recipe.path], capture_output=True, text=True
    )
    few = {"generations": 0, "kind": "radial"}
    n_own = study.fit(features=few, species="A").table["n_features"][0]
    ridge, mine, n_ridge, n_mine = done.stdout.split()
    assert (ridge, mine, int(n_mine)) == ("ridge", "mine", n_own)
    assert int(n_ridge) != n_own
    assert "learners: expected classes that can be imported, got 'own'" in done.stderr


def test_what_is_not_known_is_named(study):
    with pytest.raises(InputError, match=r"learners: expected some of ridge, network, .* 'oracle'"):
        study.compare(["oracle"])
    with pytest.raises(InputError, match="learners: expected at least one"):
        study.compare([])
    with pytest.raises(InputError, match="learners: expected names of at most 32 letters, got 'xx"):
        study.compare({"x" * 33: None})


def test_a_learner_has_its_own_features_or_those_of_all_or_the_usual_ones():
    own, usual = {"generations": 0}, compare.known()["ridge"][1]
    given = {"ridge": (None, own), "other": None}
    assert [wanted for _, wanted in compare.chosen(given, None).values()] == [own, usual]
    # No wish at all is every column, not the usual ones.
    assert [wanted for _, wanted in compare.chosen(given, {}).values()] == [own, {}]


def test_every_row_of_the_papers_tables_has_a_name():
    names = compare.known()
    assert {f"network {row}" for row in range(1, 6)} < set(names)
    assert {f"graph {row}" for row in range(1, 7)} < set(names)
    assert names["graph 2"][1]["generations"] == 2
    assert names["graph 1"][1]["generations"] == 0
