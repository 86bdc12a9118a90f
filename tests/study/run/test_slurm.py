"""A study on a real SLURM: the same bits, also if its jobs are killed."""

import subprocess
import sys
import time

import pytest
import slurm_loopback

import cagebreak as cb
from support.tiny_study import unit_bytes, write_recipe

pytest.importorskip("dask_jobqueue", reason="dask-jobqueue is absent")
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
        options = {
            "MEMORY": "1GB",
            "INTERFACE": "lo",
            "LOG_DIRECTORY": str(folder),
            "SCHEDULER_OPTIONS": "{'host': '127.0.0.1', 'dashboard_address': None}",
        }
        yield (
            environment
            | {"DASK_CONFIG": str(folder)}
            | {f"DASK_JOBQUEUE__SLURM__{name}": value for name, value in options.items()}
        )


def run(recipe, environment):
    command = [sys.executable, "-m", "cagebreak", "run", str(recipe), "--engine", "slurm",
               "--workers", "2", "--address", slurm_loopback.PARTITION]  # fmt: skip
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
    with run(recipe, environment) as process:
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
