"""The cost of a study before it runs: what a trial times, and how it is extrapolated.

Units are timed with a clock that the test sets, so that costs are known exactly.
"""

import io
import itertools
import sys
import tempfile
import time
from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace

import pytest

import cagebreak as cb
from cagebreak.simulation import preparation
from cagebreak.simulation.hard_spheres import EventDriven
from cagebreak.states import CageSampler
from cagebreak.study.recipe import schema
from cagebreak.study.recipe.end_descriptor import EndDescriptor
from cagebreak.study.recipe.writing import text
from cagebreak.study.run import plan
from cagebreak.study.run.progress import show_step
from cagebreak.study.stages import ends, propensity, shear, stages, states, trial
from cagebreak.study.store import Store
from support.tiny_study import STEPS, write_recipe


class Clock:
    """CPU seconds that pass only where a test says so."""

    def __init__(self):
        self.now = 0.0

    def charge(self, monkeypatch, where, name, cost):
        """Let each call of a function take `cost(*arguments)` seconds."""
        work = getattr(where, name)

        def charged(*arguments, **options):
            self.now += cost(*arguments, **options)
            return work(*arguments, **options)

        monkeypatch.setattr(where, name, charged)


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    fake = SimpleNamespace(process_time=lambda: clock.now)
    monkeypatch.setattr(trial, "time", fake)
    return clock


def measured(study, *names, configuration=None):
    return plan._measured(study.recipe, names, configuration, lambda what: None)


def test_a_preparation_costs_its_start_its_segments_and_its_dynamics(tmp_path, monkeypatch, clock):
    steps = [
        {"ensemble": "NVT", "time": 700.0, "temperature": [1.0, 0.5]},
        {"ensemble": "NVE", "time": 9000.0},
    ]
    path = write_recipe(tmp_path / "hs.toml")
    study = cb.Study(path)
    model = cb.kob_andersen()
    thermal = SimpleNamespace(
        n_particles=500, engine="cagebreak", protocol=tuple(preparation.Step(**s) for s in steps)
    )
    recipe = replace(study.recipe, model=model, sections={"preparation": thermal})
    lengths = []

    def advance(prepared, model, steps, segment, engine, seed):
        lengths.append(segment.end - segment.start)
        clock.now += 0.25 + 0.5 * lengths[-1]
        return prepared

    clock.charge(monkeypatch, preparation, "begin", lambda *_, **__: 5.0)
    monkeypatch.setattr(preparation, "advance", advance)
    short = object.__new__(trial.Trial)
    short.recipe, short.rehearsal = recipe, False
    n_segments = 10 + 18
    assert short.preparation_seconds == pytest.approx(5 + 0.25 * n_segments + 0.5 * 9700)
    assert max(lengths) < 30


@pytest.mark.parametrize("first", [0.001, 0.01, 90.0])
def test_a_run_costs_its_time_and_what_comes_with_it(tmp_path, monkeypatch, clock, first):
    study = cb.Study(write_recipe(tmp_path / "hs.toml", first=first, last=300.0))
    clock.charge(monkeypatch, EventDriven, "__init__", lambda *_, **__: 2.0)
    clock.charge(monkeypatch, EventDriven, "run", lambda self, duration: 0.5 * duration)
    assert measured(study, "run")["run"] == pytest.approx(2 + 0.5 * 300)


SUMS = "descriptors-ends"


def test_ends_cost_their_runs_a_description_of_each_and_a_file(tmp_path, monkeypatch, clock):
    path = write_recipe(
        tmp_path / "hs.toml", n_configurations=4, outer_folds=4, last=300.0, n_runs=4
    )
    section = 'n_runs = 1\nshare = [0.02, 0.1]\nquantities = ["displacement"]\nlengths = [1.0]'
    path.write_text(f'{path.read_text()}\n[hybrid]\n{section}\nends = "positions"\n')
    study = cb.Study(path)
    times = ends.times_of(study.recipe)[ends.ends_of(study.recipe)]
    clock.charge(monkeypatch, EventDriven, "__init__", lambda *_, **__: 2.0)
    clock.charge(monkeypatch, EventDriven, "run", lambda self, duration: 0.5 * duration)
    clock.charge(monkeypatch, EndDescriptor, "compute", lambda *_: 7.0)
    clock.charge(monkeypatch, Store, "save", lambda self, unit, _: 50 * (unit.stage == SUMS))
    costs = measured(study, "ends", SUMS)
    assert costs["ends"] == pytest.approx(2 + 0.5 * times[-1])
    assert costs[SUMS] == pytest.approx((1 + 4 * len(times)) * 7 + 50)


@pytest.mark.parametrize("n_runs", [3, 4, 50])
def test_a_propensity_costs_every_run_and_a_fixed_part(tmp_path, monkeypatch, clock, n_runs):
    study = cb.Study(write_recipe(tmp_path / "hs.toml", n_runs=n_runs))
    clock.charge(monkeypatch, Store, "load", lambda *_, **__: 1.0)
    clock.charge(monkeypatch, propensity, "half_sums", lambda *_: 10.0)
    per_run, once = (4, 1) if study.recipe.isoconfigurational.d2min_cutoff else (3, 1)
    fixed = once + 10 * (per_run - 2)
    assert measured(study, "propensity")["propensity"] == fixed + per_run * n_runs


@pytest.mark.parametrize(
    "cage",
    [
        {"sweeps": (20, 40), "wide_chains": 2},
        {"sweeps": (3000, 30000), "chains": 2},
    ],
)
def test_a_cage_costs_its_sweeps_in_each_chain(tmp_path, monkeypatch, clock, cage):
    study = cb.Study(write_recipe(tmp_path / "hs.toml", cage=cage))
    clock.charge(monkeypatch, CageSampler, "__init__", lambda *_, **__: 3.0)
    clock.charge(monkeypatch, CageSampler, "_advance", lambda self, sweeps: 0.01 * sweeps)
    n_chains = cage.get("chains", 1) + cage.get("wide_chains", 0)
    wanted = n_chains * (3 + 0.01 * sum(cage["sweeps"]))
    assert measured(study, "cage")["cage"] == pytest.approx(wanted)


def test_a_cage_of_a_precision_is_sampled_to_its_end(tmp_path, monkeypatch, clock):
    path = write_recipe(tmp_path / "hs.toml", cage={"precision": 0.5})
    clock.charge(monkeypatch, CageSampler, "_advance", lambda self, sweeps: sweeps)
    assert measured(cb.Study(path), "cage")["cage"] >= 1000


def test_an_inherent_state_costs_the_mean_of_several_starts(tmp_path, monkeypatch, clock):
    study = cb.Study(write_recipe(tmp_path / "hs.toml"))
    clock.charge(monkeypatch, EventDriven, "run", lambda self, duration: duration)
    costs = iter([0.0, 0.1, 0.2, 0.6])
    clock.charge(monkeypatch, states, "inherent_state", lambda *_, **__: next(costs, 0.3))
    assert 0.1 < measured(study, "inherent")["inherent"] < 0.6
    assert next(costs, None) is None


def test_descriptors_are_timed_with_their_files(tmp_path, monkeypatch, clock):
    study = cb.Study(write_recipe(tmp_path / "hs.toml"))
    clock.charge(monkeypatch, Store, "load", lambda *_, **__: 1.0)
    clock.charge(monkeypatch, Store, "save", lambda *_, **__: 10.0)
    found = measured(study, "descriptors-initial", "descriptors-cage")
    assert found == {"descriptors-initial": 11.0, "descriptors-cage": 12.0}


def test_the_first_call_of_a_kernel_does_not_count(tmp_path, monkeypatch, clock):
    study = cb.Study(write_recipe(tmp_path / "hs.toml"))
    compiling = iter([1000.0])
    clock.charge(monkeypatch, CageSampler, "__init__", lambda *_, **__: next(compiling, 1.0))
    assert measured(study, "cage")["cage"] == 1


def test_costs_grow_with_the_number_of_particles(tmp_path, monkeypatch, clock):
    monkeypatch.setattr(trial, "LARGEST", 60)
    study = cb.Study(write_recipe(tmp_path / "hs.toml"))
    clock.charge(monkeypatch, CageSampler, "__init__", lambda _, c, *__, **___: 0.01 * len(c))
    assert measured(study, "cage")["cage"] == pytest.approx(0.01 * 120)


def test_a_descent_in_a_larger_box_takes_more_steps(tmp_path, monkeypatch, clock):
    monkeypatch.setattr(trial, "LARGEST", 15)
    study = cb.Study(write_recipe(tmp_path / "hs.toml"))
    clock.charge(monkeypatch, EventDriven, "run", lambda self, duration: duration)
    clock.charge(monkeypatch, states, "inherent_state", lambda *_, **__: 1.0)
    assert measured(study, "inherent")["inherent"] == pytest.approx(8 * 8 ** (1 / 3))


def test_events_of_a_larger_box_are_more_and_each_costs_more(tmp_path, monkeypatch, clock):
    path = tmp_path / "ka.toml"
    values = schema.defaults("kob_andersen", small=True, work="shear")
    values["preparation"] |= {"n_particles": 400, "steps": STEPS}
    path.write_text(text(values))
    study, costs = cb.Study(path), itertools.cycle([1.0, 1.0, 1.0, 3.0])
    n_steps = study.recipe.shear.n_steps
    still = SimpleNamespace(steps=0)
    monkeypatch.setattr(shear, "shear", lambda *_, **__: [still])
    monkeypatch.setattr(shear, "advance", lambda state, *_: state)
    clock.charge(monkeypatch, shear, "advance", lambda *_: next(costs))
    monkeypatch.setattr(shear, "_TRIAL_SECONDS", 12.0)
    assert measured(study, "shear")["shear"] == pytest.approx(1.5 * n_steps)
    monkeypatch.setattr(trial, "LARGEST", 100)
    costs = itertools.cycle([1.0, 1.0, 1.0, 3.0])
    assert measured(study, "shear")["shear"] == pytest.approx(4 * (1 + 4 * 0.5) * n_steps)


def test_what_was_timed_is_not_measured(tmp_path, monkeypatch):
    study = cb.Study(write_recipe(tmp_path / "hs.toml"))
    names, told = stages.stages_of(study.recipe), []
    left, timed = dict.fromkeys(names, 1), dict.fromkeys(names, 7.0)
    del timed["propensity"]
    monkeypatch.setattr(plan, "show_step", lambda progress: nullcontext(told.append))
    costs = plan.make_plan(study.recipe, left, None, 1, timed)
    assert {stage.seconds for stage in costs.stages if stage.timed} == {7.0}
    assert set(told) == {"kernels", "preparation", "propensity"}


def test_a_plan_says_what_it_measures_on_a_terminal_alone(tmp_path, monkeypatch):
    said = io.StringIO()
    monkeypatch.setattr(sys, "stderr", said)
    for terminal in (False, True):
        monkeypatch.setattr(said, "isatty", lambda terminal=terminal: terminal, raising=False)
        for progress in (False, True):
            with show_step(progress) as report:
                report("cage")
                time.sleep(0.2)
            assert ("measuring cage" in said.getvalue()) == (terminal and progress)


def test_a_plan_leaves_nothing_behind(tmp_path, monkeypatch):
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    study = cb.Study(write_recipe(tmp_path / "hs.toml"))
    before = set(tmp_path.rglob("*"))
    assert measured(study, "descriptors-cage")["descriptors-cage"] > 0
    assert set(tmp_path.rglob("*")) == before


def test_no_number_of_cores_is_faster_than_units_that_need_each_other():
    costs = {"equilibrate": 50.0, "run": 7.0, "propensity": 1.0, "cage": 20.0}
    left = {"equilibrate": 2, "run": 20, "propensity": 2, "cage": 2}

    def seconds(workers, **done):
        numbers = left | done
        stages = tuple(plan.StagePlan(name, 20, numbers[name], costs[name], 0) for name in costs)
        return plan.Plan(stages, workers, 0).seconds

    assert seconds(1) == 2 * 50 + 20 * 7 + 2 * 1 + 2 * 20
    assert seconds(100) == 50 + 20
    assert seconds(100, equilibrate=0, cage=0) == 7 + 1
    assert seconds(100, equilibrate=0, run=0, propensity=0, cage=0) == 0
