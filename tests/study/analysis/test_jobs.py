"""Jobs give the same results by any number of processes, tell progress, and pass on warnings."""

import math
import operator
import warnings
from collections import deque

import pytest

from cagebreak.configuration import species_index
from cagebreak.errors import ConfigurationWarning, InputError
from cagebreak.study.analysis.jobs import PAYS, SHOWN, Expected, Job, done_in_turn
from cagebreak.study.run.engines import serial


def roots(n):
    return deque(Job("roots", i, math.sqrt, (float(i),)) for i in range(n))


@pytest.mark.parametrize("workers", [1, 2])
def test_every_job_is_done_and_more_may_be_appended(workers):
    jobs = roots(4)
    stages = {"roots": Expected(4, 0.0), "squares": Expected(1, 0.0)}
    found = {}
    for job, result in done_in_turn(jobs, stages, workers):
        found[job.stage, job.part] = result
        if (job.stage, job.part) == ("roots", 3):
            jobs.append(Job("squares", 3, operator.mul, (result, result)))
    assert found.pop(("squares", 3)) == math.sqrt(3.0) ** 2
    assert found == {("roots", i): math.sqrt(i) for i in range(4)}


@pytest.mark.parametrize("workers", [1, 2])
def test_errors_of_input_are_results_and_others_are_raised(workers):
    jobs = deque([Job("wrong", 0, species_index, ("?",)), *roots(2)])
    stages = {"wrong": Expected(1, 0.0), "roots": Expected(2, 0.0)}
    found = {(job.stage, job.part): result for job, result in done_in_turn(jobs, stages, workers)}
    assert isinstance(found.pop(("wrong", 0)), InputError)
    assert found == {("roots", 0): 0.0, ("roots", 1): 1.0}
    jobs = deque([Job("wrong", 0, operator.truediv, (1, 0)), *roots(2)])
    with pytest.raises(ZeroDivisionError):
        list(done_in_turn(jobs, stages, workers))


@pytest.mark.parametrize("workers", [1, 2])
def test_warnings_come_to_the_caller(workers):
    jobs = deque(Job("warn", i, warnings.warn, ("far", ConfigurationWarning)) for i in range(2))
    with pytest.warns(ConfigurationWarning, match="far"):
        assert len(list(done_in_turn(jobs, {"warn": Expected(2, 0.0)}, workers))) == 2


def test_progress_is_told_from_the_start_if_it_takes_more_than_a_moment(capsys):
    assert SHOWN < 11 * 0.1
    rest = done_in_turn(roots(11), {"roots": Expected(11, 0.1)})
    next(rest)
    assert capsys.readouterr().err.startswith("0 of 11 units are done, about 1 s left\n")
    list(rest)
    assert "11 of 11 units after" in capsys.readouterr().err
    list(done_in_turn(roots(9), {"roots": Expected(9, 0.1)}))
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("seconds", "starts"), [(0.4 * PAYS, False), (0.6 * PAYS, True)])
def test_processes_are_started_only_for_what_takes_seconds(seconds, starts, monkeypatch):
    started = []
    pool = "cagebreak.study.analysis.jobs.pool"
    monkeypatch.setattr("cagebreak.study.analysis.jobs.available_cores", lambda: 2)
    monkeypatch.setattr(pool, lambda workers: started.append(workers) or serial(1))
    list(done_in_turn(roots(2), {"roots": Expected(2, seconds)}))
    assert started == [2] * starts
