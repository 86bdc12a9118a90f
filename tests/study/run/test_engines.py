"""Engines: the same bits from all, workers that die, and what cannot be used."""

import os
import signal
import subprocess
import sys

import pytest

import cagebreak as cb
from cagebreak.errors import InputError, UnitError
from cagebreak.study.run import engines
from cagebreak.study.run.dask_cluster import DaskExecutor
from cagebreak.study.run.schedule import schedule
from cagebreak.study.store import Unit
from support.tiny_study import unit_bytes, write_recipe

distributed = pytest.importorskip("distributed", reason="dask is absent")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """Bytes of every unit of the tiny study, done in this process."""
    study = cb.Study(write_recipe(tmp_path_factory.mktemp("serial") / "tiny.toml"))
    study.run("serial", progress=False)
    return unit_bytes(study.store.folder)


@pytest.fixture(scope="module")
def cluster():
    """A cluster that runs already, on this machine."""
    with engines.dask(2, None) as engine:
        yield engine.executor._client


def test_a_cluster_at_an_address_gives_the_same_bits(tmp_path, cluster, undisturbed):
    study = cb.Study(write_recipe(tmp_path / "tiny.toml"))
    address = cluster.scheduler.address
    assert address.startswith("tcp://")
    study.run("dask", address=address, progress=False)
    assert unit_bytes(study.store.folder) == undisturbed
    assert cluster.nthreads(), "a cluster that is not ours is left running"


def _kill_first_time(path):
    if not os.path.exists(path):
        open(path, "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    return 0.0


def _kill():
    os.kill(os.getpid(), signal.SIGKILL)


def _nothing():
    return 0.0


def test_a_machine_without_slurm_is_named(monkeypatch, tmp_path):
    pytest.importorskip("dask_jobqueue", reason="dask-jobqueue is absent")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="expected the command sbatch"), engines.slurm(2, None):
        pass


def test_jobs_that_are_not_described_are_named_before_one_is_submitted(monkeypatch, tmp_path):
    pytest.importorskip("dask_jobqueue", reason="dask-jobqueue is absent")
    sbatch = tmp_path / "sbatch"
    sbatch.write_text("#!/bin/sh\ntouch $0.called\n")
    sbatch.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    with (
        pytest.raises(InputError, match="write it: cagebreak cluster slurm > "),
        engines.slurm(2, None),
    ):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["sbatch"]


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        # YAML takes 12:00:00 without quotes for 43200, and SLURM that for minutes.
        ("walltime", 43200, 'walltime of a job in quotes, such as "04:00:00", got 43200'),
        ("memory", "2XB", "configuration that .* can use .*'XB'"),
        ("interface", "nowhere0", "configuration that .* can use .*nowhere0"),
        ("processes", "two", "whole number of processes of a job .* got 'two'"),
    ],
)
def test_what_is_wrong_in_the_description_of_jobs_is_one_line(
    monkeypatch, tmp_path, key, value, message
):
    pytest.importorskip("dask_jobqueue", reason="dask-jobqueue is absent")
    dask = pytest.importorskip("dask", reason="dask is absent")
    (tmp_path / "sbatch").write_text("#!/bin/sh\n")
    (tmp_path / "sbatch").chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    described = {"jobqueue.slurm.memory": "1GB", f"jobqueue.slurm.{key}": value}
    with (
        dask.config.set(described),
        pytest.raises(InputError, match=f"engine slurm: expected .*{message}"),
        engines.slurm(2, None),
    ):
        pass


def test_a_file_of_jobs_that_is_no_yaml_is_named(tmp_path):
    pytest.importorskip("dask_jobqueue", reason="dask-jobqueue is absent")
    (tmp_path / "jobqueue.yaml").write_text("jobqueue:\n\tslurm: {}\n")
    recipe = write_recipe(tmp_path / "tiny.toml")
    done = subprocess.run(
        [sys.executable, "-m", "cagebreak", "run", recipe, "--engine", "slurm"],
        env=os.environ | {"DASK_CONFIG": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("Error: engines dask and slurm: ")
    assert "jobqueue.yaml" in done.stderr


class Told:
    def __init__(self):
        self.finished, self.failures = [], []

    def done(self, unit, seconds):
        self.finished.append(unit)

    def failed(self, unit, error, again):
        self.failures.append((unit, type(error).__name__, again))


def test_a_worker_that_dies_is_replaced_and_the_unit_tried_again(tmp_path):
    units = [Unit("some", (i,)) for i in range(6)]
    calls = {units[0]: (_kill_first_time, str(tmp_path / "once")), units[1]: (_kill,)}
    told = Told()
    with engines.dask(1, None) as engine:
        outcome = schedule(
            {unit: [] for unit in units}, lambda unit: calls.get(unit, (_nothing,)),
            engine, told, priority=lambda unit: unit.address, retries=1,
        )  # fmt: skip
    assert set(outcome.failed) == {units[1]}
    assert sorted(told.finished) == [unit for unit in units if unit != units[1]]
    assert [failure for failure in told.failures if failure[0] == units[1]] == [
        (units[1], "KilledWorker", True),
        (units[1], "KilledWorker", False),
    ]


class _LostOnTheWay:
    """A result that a worker finishes and the client does not get."""

    def __reduce__(self):
        return _lose, ()


def _lose():
    raise OSError("the result is lost")


def test_a_result_that_is_lost_on_the_way_ends_the_future(cluster):
    future = DaskExecutor(cluster).submit(_LostOnTheWay)
    assert "lost" in str(future.exception(timeout=60))


@pytest.mark.parametrize(
    ("engine", "address", "expected"),
    [
        ("pool", "tcp://1.2.3.4:1", "engine pool takes none"),
        ("serial", "tcp://1.2.3.4:1", "engine serial takes none"),
        ("dusk", None, "engine: expected one of pool, serial, dask, slurm, mpi"),
        ("dask", "nowhere", "expected a Dask scheduler"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path, monkeypatch, engine, address, expected):
    monkeypatch.setattr("cagebreak.study.run.dask_cluster._PATIENCE", 0.2)
    study = cb.Study(write_recipe(tmp_path / "tiny.toml"))
    with pytest.raises(InputError, match=expected):
        study.run(engine, address=address, progress=False)


def test_workers_of_several_threads_are_refused(tmp_path):
    study = cb.Study(write_recipe(tmp_path / "tiny.toml"))
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None
        ) as cluster,
        pytest.raises(InputError, match="one thread each"),
    ):
        study.run("dask", address=cluster.scheduler_address, progress=False)


def test_failed_units_are_reported_with_their_address(tmp_path, monkeypatch):
    study = cb.Study(write_recipe(tmp_path / "tiny.toml"))

    def broken(recipe, store, unit):
        if unit == Unit("run", (1, 2)):
            raise ValueError("no luck")
        return 0.0

    monkeypatch.setattr("cagebreak.study.stages.stages.do", broken)
    with pytest.raises(UnitError, match=r"1 unit failed, and 1 .*run 1/2: ValueError: no luck"):
        study.run("serial", retries=0, progress=False)


def test_dask_jobqueue_does_not_take_ctrl_c_for_itself():
    pytest.importorskip("dask_jobqueue")
    ask = (
        "import signal; from cagebreak.study.run.dask_cluster import _module\n"
        "_module('dask_jobqueue')\n"
        "print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    )
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
