"""A study on a real SLURM: the same bits, also if its jobs are killed."""

import copy
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
import slurm_loopback

import cagebreak as cb
from cagebreak.errors import SchedulerWarning
from cagebreak.study.run import engines, slurm_jobs
from cagebreak.study.run.jobqueue_file import slurm_file
from support.tiny_study import unit_bytes, write_recipe

pytest.importorskip("dask_jobqueue", reason="dask-jobqueue is absent")
dask = pytest.importorskip("dask", reason="dask is absent")
_WHY_NOT = slurm_loopback.missing()
pytestmark = pytest.mark.skipif(bool(_WHY_NOT), reason=_WHY_NOT)

PATIENCE = 400  # seconds after which a run hangs, on a busy machine
RECIPE = {"n_configurations": 4, "n_runs": 6}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    study = cb.Study(write_recipe(tmp_path_factory.mktemp("serial") / "tiny.toml", **RECIPE))
    study.run("serial", progress=False)
    return unit_bytes(study.store.folder)


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """What a user's shell has where SLURM and dask-jobqueue are set up."""
    folder = tmp_path_factory.mktemp("slurm")
    with slurm_loopback.running(folder) as environment:
        (folder / "jobqueue.yaml").write_text(of_loopback(slurm_file(), folder))
        yield environment | {"DASK_CONFIG": str(folder)}


def of_loopback(text, folder):
    """Return a file that `cagebreak cluster slurm` has written, edited for this SLURM."""
    changes = {
        "memory: 2GB": "memory: 1GB",
        "interface: null": "interface: lo",
        f'log-directory: "{Path.home()}"': f"log-directory: {folder}",
        "death-timeout: 300": "scheduler-options: {host: 127.0.0.1, dashboard_address: null}",
        "wait-count: 120": "wait-count: 2",
    }
    for before, after in changes.items():
        assert text.count(before) == 1
        text = text.replace(before, after)
    return text


def run(recipe, environment, *options):
    command = [sys.executable, "-m", "cagebreak", "run", str(recipe), "--engine", "slurm",
               "--workers", "2", *options]  # fmt: skip
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)


def jobs(environment):
    found = subprocess.run(
        ["squeue", "--noheader", "--states=RUNNING", "--format=%A"],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return sorted(map(int, found.stdout.split()))


def test_jobs_that_are_killed_are_replaced_and_the_bits_are_the_same(
    tmp_path, environment, undisturbed
):
    recipe = write_recipe(tmp_path / "tiny.toml", **RECIPE)
    folder = recipe.with_suffix("")
    with run(recipe, environment, "--address", slurm_loopback.PARTITION) as process:
        while process.poll() is None and (
            len(jobs(environment)) < 2 or len(unit_bytes(folder)) < 6
        ):
            time.sleep(0.1)
        assert process.poll() is None, process.stderr.read()
        assert len(unit_bytes(folder)) < len(undisturbed)
        # All of them: what is left is done by others, or never.
        killed = jobs(environment)
        for job in killed:
            subprocess.run(
                ["scancel", "--signal=KILL", "--full", str(job)], env=environment, check=True
            )
        try:
            _, said = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
    assert process.returncode == 0, said
    assert "is tried again: KilledWorker" in said
    assert unit_bytes(folder) == undisturbed
    deadline = time.monotonic() + 60
    while jobs(environment) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not jobs(environment), "jobs end with the run"


def test_a_job_that_slurm_refuses_is_one_line(tmp_path, environment):
    recipe = write_recipe(tmp_path / "tiny.toml")
    process = run(recipe, environment, "--address", "nowhere")
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    assert "Error: engine slurm: expected a job that SLURM accepts, got 'sbatch: error" in said
    assert "invalid partition" in said
    assert "Traceback" not in said
    assert not jobs(environment)


@pytest.fixture
def configured(environment):
    """The environment, with the file of jobs read by this process."""
    before = copy.deepcopy(dask.config.config)
    dask.config.update(dask.config.config, dask.config.collect([environment["DASK_CONFIG"]]))
    yield environment
    dask.config.config.clear()
    dask.config.config.update(before)


def test_a_job_without_units_ends_before_the_last_unit_is_done(tmp_path, configured, monkeypatch):
    monkeypatch.setenv("SLURM_CONF", configured["SLURM_CONF"])
    ends = [tmp_path / name for name in "ab"]
    with engines.slurm(2, None) as engine:
        first, last = (
            # Workers cannot import functions of this file.
            engine.executor.submit(
                subprocess.check_call, ["sh", "-c", f"until [ -e {end} ]; do sleep 0.1; done"]
            )
            for end in ends
        )
        deadline = time.monotonic() + PATIENCE
        while len(jobs(configured)) < 2 and time.monotonic() < deadline:
            time.sleep(0.2)
        ends[0].touch()
        first.result(PATIENCE)
        while len(jobs(configured)) > 1 and time.monotonic() < deadline:
            time.sleep(0.2)
        assert len(jobs(configured)) == 1
        ends[1].touch()
        last.result(PATIENCE)


def set_partition(environment, state):
    """Let the partition take jobs, ``UP``, or refuse them, ``DRAIN``."""
    subprocess.run(
        ["scontrol", "update", f"PartitionName={slurm_loopback.PARTITION}", f"State={state}"],
        env=environment, check=True,
    )  # fmt: skip


@pytest.fixture
def looked_after(configured, monkeypatch):
    """The same environment, where the queue is looked at every second."""
    monkeypatch.setenv("SLURM_CONF", configured["SLURM_CONF"])
    monkeypatch.setattr(slurm_jobs, "INTERVAL", 1.0)
    return configured


def wait_for(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def of_scheduler(warned):
    return [str(each.message) for each in warned if each.category is SchedulerWarning]


def test_a_job_that_slurm_refuses_later_is_said_and_submitted_again(looked_after, recwarn):
    with engines.slurm(2, None) as engine:
        set_partition(looked_after, "DRAIN")
        try:
            units = [engine.executor.submit(abs, -i) for i in range(2)]
            wait_for(lambda: of_scheduler(recwarn))
            assert not jobs(looked_after)
        finally:
            set_partition(looked_after, "UP")
        assert [unit.result(PATIENCE) for unit in units] == [0, 1]
    said = of_scheduler(recwarn)[0]
    assert said.startswith("SLURM refuses a job and is asked again every 1 s: sbatch: error: ")


def test_a_run_ends_though_a_job_is_refused(looked_after, recwarn):
    with engines.slurm(2, None) as engine:
        assert engine.executor.submit(abs, -1).result(PATIENCE) == 1
        set_partition(looked_after, "DRAIN")
        try:
            units = [engine.executor.submit(time.sleep, 3) for _ in range(2)]
            for unit in units:
                unit.result(PATIENCE)
        finally:
            set_partition(looked_after, "UP")
    assert of_scheduler(recwarn)


def test_a_job_that_ends_without_workers_is_said_and_submitted_again(
    looked_after, recwarn, tmp_path
):
    mended = tmp_path / "mended"
    prologue = {"jobqueue.slurm.job-script-prologue": [f"[ -e {mended} ] || exit 1"]}
    with dask.config.set(prologue), engines.slurm(1, None) as engine:
        unit = engine.executor.submit(abs, -1)
        wait_for(lambda: of_scheduler(recwarn))
        mended.touch()
        assert unit.result(PATIENCE) == 1
    said = of_scheduler(recwarn)[0]
    assert re.match(r"SLURM job \d+ ended without workers, and is submitted again; ", said)
    assert Path(said.rpartition(" ")[2]).exists()


def test_a_worker_without_units_does_not_end_the_units_of_its_job(looked_after):
    with dask.config.set({"jobqueue.slurm.processes": 2}), engines.slurm(4, None) as engine:
        units = [engine.executor.submit(time.sleep, seconds) for seconds in (0, 0, 0, 12)]
        for unit in units:
            unit.result(PATIENCE)
