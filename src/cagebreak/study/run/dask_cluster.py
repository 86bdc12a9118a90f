"""Dask's workers, as a study wants them: one thread each, replaced when they die."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from cagebreak.errors import InputError, MissingDependencyError

if TYPE_CHECKING:
    from distributed import Client

_PATIENCE = 300  # seconds to wait for a scheduler and its workers, on a busy machine
_CONFIG = {
    # A unit whose worker died is tried again by us, a stated number of times.
    "distributed.scheduler.allowed-failures": 0,
    # A worker that is lost for a while must not go on while another does its unit.
    "distributed.scheduler.work-stealing": False,
    "distributed.comm.timeouts.connect": f"{_PATIENCE}s",
}


@contextmanager
def local(workers: int) -> Iterator["Client"]:
    """Yield a client of a cluster of processes on this machine, which ends with the block."""
    distributed = _module("distributed")
    with (
        _module("dask").config.set(_CONFIG),
        distributed.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            # A scheduler listens for HTTP even so: on any free port, for there may be others.
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
            silence_logs=50,
            memory_limit=0,
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        client.wait_for_workers(workers, timeout=_PATIENCE)
        yield client


@contextmanager
def remote(address: str) -> Iterator["Client"]:
    """Yield a client of a cluster that runs, and is left running.

    Raises
    ------
    InputError
        If there is no scheduler at the address, or a worker has several threads.
    """
    distributed = _module("distributed")
    try:
        entered = distributed.Client(address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise InputError(
            f"address: expected a Dask scheduler there, tcp://host:8786, got {address!r} ({error})"
        ) from error
    with entered as client:
        several = {worker: n for worker, n in client.nthreads().items() if n > 1}
        if several:
            worker, n = next(iter(several.items()))
            raise InputError(
                f"address: expected workers of one thread each (dask worker --nthreads 1), got {n} "
                f"of {worker}"
            )
        yield client


@contextmanager
def jobs(workers: int, partition: str | None) -> Iterator["Client"]:
    """Yield a client of SLURM jobs, one worker each; jobs that end are submitted again.

    What a job is (time, memory, account, lines before it starts) says dask-jobqueue's
    configuration, ``~/.config/dask/jobqueue.yaml``.
    """
    jobqueue = _module("dask_jobqueue")
    distributed = _module("distributed")
    given: dict[str, Any] = {} if partition is None else {"queue": partition}
    with (
        _module("dask").config.set(_CONFIG),
        jobqueue.SLURMCluster(cores=1, processes=1, **given) as cluster,
        distributed.Client(cluster) as client,
    ):
        # Adapting, not scaling: a job that was killed or ran out of time is replaced.
        cluster.adapt(minimum_jobs=workers, maximum_jobs=workers)
        yield client


def _module(name: str) -> ModuleType:
    try:
        return import_module(name)
    except ImportError as error:
        raise MissingDependencyError(
            "engines dask and slurm need `pip install 'cagebreak[engines]'`"
        ) from error
