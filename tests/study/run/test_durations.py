"""The time left in `status`: from what units took, and nothing if none was timed."""

import time
from dataclasses import replace

import numba
import numpy as np
import pytest
from click.testing import CliRunner

import cagebreak as cb
from cagebreak.cli import main
from cagebreak.errors import UnitError
from cagebreak.files.hdf5 import Dataset
from cagebreak.study.run import durations
from cagebreak.study.run.progress import Silent
from cagebreak.study.stages import stages
from cagebreak.study.store import Unit
from support.tiny_study import unit_bytes, write_recipe

LINE = "{},{},{},{},{}\n"


@pytest.fixture
def study(tmp_path):
    study = cb.Study(write_recipe(tmp_path / "hs.toml"))
    study.store.folder.mkdir()
    return study


def write(study, *lines, recipe=None):
    with (study.store.folder / durations.NAME).open("a") as file:
        for stage, address, seconds, workers in lines:
            hashed = recipe or study.store.identities[stage].hash[:12]
            file.write(LINE.format(stage, address, seconds, workers, hashed))


def status(study):
    return CliRunner().invoke(main, ["status", str(study.recipe.path)]).output


def test_nothing_was_timed(study):
    assert study.time_left() is None
    assert "time left: no unit was timed yet; cagebreak plan" in status(study)


def test_left_is_the_mean_of_a_stage_and_the_expected_cost_of_others(study):
    # Three equilibrations of mean 16 s by weight 160: 0.1 s a tau, and a run of 5 tau 0.5 s.
    write(study, ("equilibrate", "0", 12.0, 1), ("equilibrate", "1", 20.0, 2))
    left = study.time_left()
    weights = {name: stage.weight(study.recipe) for name, stage in study._stages.items()}
    assert weights["equilibrate"] == 160
    others = sum(
        0.1 * weights[stage.stage] * stage.total
        for stage in study.status()
        if stage.stage != "equilibrate"
    )
    assert left.seconds == pytest.approx((3 * 16 + others) / 2)
    assert (left.workers, left.timed) == (2, 2)
    assert "equilibrate" not in left.untimed
    assert "run" in left.untimed
    assert "on 2 workers, from what 2 units took; run, propensity, " in status(study)


@pytest.mark.parametrize(
    "numbers",
    [("inf", 1), ("nan", 1), (-5.0, 1), (1e308, 1), (1.0, 0), (1.0, -3), (1.0, "9" * 400)],
    ids=lambda numbers: str(numbers)[:16],
)
def test_impossible_numbers_do_not_count(study, numbers):
    write(study, ("equilibrate", "0", 16.0, 1))
    left, said = study.time_left(), status(study)
    write(study, ("equilibrate", "1", *numbers))
    assert (study.time_left(), status(study)) == (left, said)
    assert durations.mean_seconds(study.store, ["equilibrate"]) == {"equilibrate": 16.0}


def test_durations_of_another_recipe_and_torn_lines_do_not_count(study):
    write(study, ("equilibrate", "0", 1000.0, 1), recipe="0" * 12)
    with (study.store.folder / durations.NAME).open("a") as file:
        file.write("equilibrate,0,1")
    write(study, ("equilibrate", "0", 16.0, 1))
    assert study.time_left() is None
    write(study, ("equilibrate", "0", 16.0, 1))
    assert study.time_left().timed == 1


def test_a_plan_takes_what_units_took(study):
    before = {stage.stage: stage for stage in study.plan().stages}
    assert not any(stage.timed for stage in before.values())
    write(study, ("run", "0/0", 1000.0, 1), ("run", "0/1", 3000.0, 2))
    plan = study.plan()
    after = {stage.stage: stage for stage in plan.stages}
    assert [name for name, stage in after.items() if stage.timed] == ["run"]
    assert after["run"].seconds == 2000
    assert after["equilibrate"].seconds < 1000
    assert plan.core_seconds >= 2000 * after["run"].left
    # Where all is timed, nothing is measured.
    write(study, *((name, "0", 7.0, 1) for name in after if name != "run"))
    assert {stage.seconds for stage in study.plan().stages} == {7.0, 2000.0}


def test_a_run_writes_down_what_units_took(study, monkeypatch):
    do = stages.do

    def no_cage(recipe, store, unit):
        if unit.stage == "cage":
            raise ValueError("no luck")
        return do(recipe, store, unit)

    monkeypatch.setattr(stages, "do", no_cage)
    with pytest.raises(UnitError):
        study.run("serial", retries=0, progress=False)
    monkeypatch.undo()
    left = study.time_left()
    assert left.timed == len(unit_bytes(study.store.folder))
    assert left.untimed == ("cage", "descriptors-cage")
    assert left.seconds > 0
    study.run("serial", progress=False)
    assert study.time_left().seconds == 0
    assert "time left" not in status(study)
    header, *lines = (study.store.folder / durations.NAME).read_text().splitlines()
    assert header == "stage,address,seconds,workers,recipe"
    assert len(lines) == len(unit_bytes(study.store.folder))


def test_the_compiling_of_kernels_is_no_time_of_a_unit(study, monkeypatch):
    numba.njit(lambda x: x + 1)(1)  # what Numba does once a process
    took = []

    def work(recipe, store, unit):
        start = time.perf_counter()
        numba.njit(lambda x: x.sum())(np.ones(3))
        time.sleep(0.02)
        took.append(time.perf_counter() - start)

    monkeypatch.setitem(stages.STAGES, "run", replace(stages.STAGES["run"], work=work))
    seconds = stages.do(study.recipe, study.store, Unit("run", (0, 0)))
    assert 0.02 <= seconds < 0.3 * took[0]


def test_the_rest_of_a_unit_is_no_time_of_a_unit(study, monkeypatch):
    unit, arrays = Unit("equilibrate", (0,)), {"x": Dataset(np.zeros(1), "", "")}
    stage = stages.STAGES["equilibrate"]
    monkeypatch.setitem(
        stages.STAGES, "equilibrate", replace(stage, work=lambda *_: study.store.save(unit, arrays))
    )
    study.store.save(unit, arrays, partial=True)
    assert stages.do(study.recipe, study.store, unit) is None
    report = durations.Durations(study.store, 1, Silent())
    report.done(unit, None)
    assert study.time_left() is None
    assert stages.do(study.recipe, study.store, unit) >= 0


def test_a_file_that_cannot_be_written_stops_nothing(study):
    (study.store.folder / durations.NAME).mkdir()
    study.run("serial", progress=False)
    assert study.time_left() is None
