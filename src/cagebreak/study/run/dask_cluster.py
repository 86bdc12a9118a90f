"""Dask clusters for a study: workers of one thread each, replaced when they die."""

import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from cagebreak.errors import InputError, MissingDependencyError
from cagebreak.study.run import slurm_jobs

if TYPE_CHECKING:
    from distributed import Client

_PATIENCE = 300  # seconds to wait for a scheduler and its workers, on a busy machine
_CONFIG = {
    # A unit whose worker died fails at once: `schedule` counts the retries.
    "distributed.scheduler.allowed-failures": 0,
    # A worker that loses its connection must not continue a unit that another has taken over.
    "distributed.scheduler.work-stealing": False,
    "distributed.comm.timeouts.connect": f"{_PATIENCE}s",
}
# A process that died is started again; on a busy machine this takes longer than Dask waits for it.
# A job ends when it has been idle for two minutes, unless the user's configuration differs.
_PATIENCE_WITH_JOBS = {"distributed": {"adaptive": {"wait-count": 120}}}
_OF_THIS_MACHINE = {"distributed.deploy.lost-worker-timeout": f"{_PATIENCE}s"}


class DaskExecutor(Executor):
    """An executor of the workers of a Dask cluster, whose futures always end.

    A result that a worker has finished but not sent yet is lost with the worker. Dask then calls
    the function again, and if that fails too, the future of `Client.get_executor` never ends.

    Parameters
    ----------
    client
        A client of the cluster.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    def submit(self, fn: Callable, /, *args: Any, **kwargs: Any) -> Future:
        """Submit a call to the cluster; its future ends with the result or the error."""
        # pure=False: Dask would merge two calls with equal arguments.
        call = self._client.submit(fn, *args, **kwargs, pure=False, retries=0)
        ended: Future = Future()

        async def transmit() -> None:
            try:
                result = await call
            except BaseException as error:
                ended.set_exception(error)
            else:
                ended.set_result(result)

        self._client.loop.add_callback(transmit)
        return ended


@contextmanager
def local(workers: int) -> Iterator["Client"]:
    """Yield a client of a new cluster of processes on this machine; it is closed at exit."""
    distributed = _module("distributed")
    with (
        _module("dask").config.set(_CONFIG | _OF_THIS_MACHINE),
        distributed.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            # Even without a dashboard the scheduler serves HTTP. Port 0, any free port, avoids
            # conflicts with other schedulers.
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
            silence_logs=50,
            memory_limit=0,
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        # A worker whose supervisor ends with it is replaced too.
        cluster.adapt(minimum=workers, maximum=workers)
        client.wait_for_workers(workers, timeout=_PATIENCE)
        yield client


@contextmanager
def remote(address: str) -> Iterator["Client"]:
    """Yield a client of a running cluster, which is left running at exit.

    Raises
    ------
    InputError
        If no scheduler answers at the address, or a worker has several threads.
    """
    distributed = _module("distributed")
    try:
        connection = distributed.Client(address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise InputError(
            f"address: expected a Dask scheduler there, tcp://host:8786, got {address!r} ({error})"
        ) from error
    with connection as client:
        threaded = {worker: n for worker, n in client.nthreads().items() if n > 1}
        if threaded:
            worker, n = next(iter(threaded.items()))
            raise InputError(
                f"address: expected workers of one thread each (dask worker --nthreads 1), got {n} "
                f"of {worker}"
            )
        yield client


@contextmanager
def jobs(workers: int, partition: str | None) -> Iterator["Client"]:
    """Yield a client of SLURM jobs; those that end are submitted again while there are units.

    The configuration of dask-jobqueue describes a job; `jobqueue_file` writes one.

    Parameters
    ----------
    workers
        Number of workers, which are divided among jobs as the configuration says: one each, or
        several (`processes`).
    partition
        Partition of SLURM; by default that of dask-jobqueue's configuration, or else SLURM's own.

    Raises
    ------
    InputError
        If this machine has no SLURM, the configuration cannot be used, or SLURM refuses the job.
    """
    jobqueue, distributed, dask = map(_module, ("dask_jobqueue", "distributed", "dask"))
    if shutil.which("sbatch") is None:
        raise InputError(
            "engine slurm: expected the command sbatch, got none on this machine; start the run on "
            "a login node of the cluster, or take another engine"
        )
    if dask.config.get("jobqueue.slurm.memory", None) is None:
        raise InputError(
            "engine slurm: expected the memory of a job in dask-jobqueue's configuration, got "
            "none; write it: cagebreak cluster slurm > ~/.config/dask/jobqueue.yaml"
        )
    walltime = dask.config.get("jobqueue.slurm.walltime", None)
    if isinstance(walltime, int):
        raise InputError(
            'engine slurm: expected the walltime of a job in quotes, such as "04:00:00", got '
            f"{walltime} in dask-jobqueue's configuration; YAML takes 12:00:00 for a number"
        )
    processes = dask.config.get("jobqueue.slurm.processes", None) or 1
    if not (isinstance(processes, int) and processes > 0):
        raise InputError(
            "engine slurm: expected a whole number of processes of a job in dask-jobqueue's "
            f"configuration, got {processes!r}"
        )
    queue: dict[str, Any] = {} if partition is None else {"queue": partition}
    dask.config.update_defaults(_PATIENCE_WITH_JOBS)
    with (
        dask.config.set(_CONFIG),
        _cluster(jobqueue, cores=processes, processes=processes, **queue) as cluster,
        distributed.Client(cluster) as client,
    ):
        _require_accepted(cluster.job_script())
        # `adapt`, unlike `scale`, replaces a job that was killed or ran out of time. The short
        # target asks for a worker for every unit, and not for what Dask thinks a unit takes.
        cluster.adapt(
            slurm_jobs.careful_adaptive(),
            maximum_jobs=-(-workers // processes),
            target_duration="1ms",
        )
        slurm_jobs.look_after(cluster)
        yield client


def _cluster(jobqueue: ModuleType, **arguments: Any) -> Any:
    """Return a cluster of jobs, or raise an error if its configuration cannot be used."""
    try:
        return slurm_jobs.patient_cluster(jobqueue)(**arguments)
    except (ValueError, TypeError, RuntimeError) as error:
        raise InputError(
            f"engine slurm: expected a configuration that dask-jobqueue can use ({error})"
        ) from error


def _require_accepted(script: str) -> None:
    """Raise an error unless SLURM would accept the script of a job."""
    checked = subprocess.run(
        ["sbatch", "--test-only"],
        input=script, capture_output=True, text=True, errors="replace", check=False,
    )  # fmt: skip
    if checked.returncode:
        said = " ".join(checked.stderr.split())
        raise InputError(f"engine slurm: expected a job that SLURM accepts, got {said!r}")


def _module(name: str) -> ModuleType:
    # dask_jobqueue takes Ctrl-C for itself when it is imported.
    handler = signal.getsignal(signal.SIGINT)
    try:
        return import_module(name)
    except ImportError as error:
        raise MissingDependencyError(
            "engines dask and slurm need `pip install 'cagebreak[engines]'`"
        ) from error
    except ValueError as error:  # a file of its configuration
        raise InputError(f"engines dask and slurm: {error}") from error
    finally:
        if signal.getsignal(signal.SIGINT) is not handler:
            signal.signal(signal.SIGINT, handler)
