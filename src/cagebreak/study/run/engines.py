"""Engines that do units: any `concurrent.futures.Executor`, and a pool of processes of our own.

To add an engine, write a context manager that yields an `Engine`, and add a line to `ENGINES`.
"""

import multiprocessing
import os
import signal
import sys
import threading
import types
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

from cagebreak.errors import InputError, MissingDependencyError

START = "spawn"
"""How workers start: not as forks of this process, since BLAS and Numba do not survive a fork."""

_OF_TERMINAL = (signal.SIGINT, signal.SIGHUP)


@dataclass(frozen=True)
class Engine:
    """An executor, and the number of units to submit to it at once.

    Parameters
    ----------
    executor
    workers
        Number of units that it does at once.
    ahead
        Number of further units that are submitted in advance, so that a free worker has its next
        unit at hand.
    replaces_workers
        Whether the executor continues after one of its workers has died.
    """

    executor: Executor
    workers: int
    ahead: int = 0
    replaces_workers: bool = False


def available_cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def pool(workers: int | None, address: str | None = None) -> Iterator[Engine]:
    """Yield a pool of processes, by default one per core; an exception kills them at once."""
    _no_address("pool", address)
    executor = ProcessPool(workers or available_cores())
    try:
        yield Engine(executor, executor.workers, replaces_workers=True)
    except BaseException:
        executor.kill()
        raise
    finally:
        executor.shutdown()


@contextmanager
def single(workers: int) -> Iterator[list[Engine]]:
    """Yield engines of one process each, so that the caller decides which process does a unit."""
    executors = [ProcessPool(1) for _ in range(workers)]
    try:
        yield [Engine(executor, 1, replaces_workers=True) for executor in executors]
    except BaseException:
        for executor in executors:
            executor.kill()
        raise
    finally:
        for executor in executors:
            executor.shutdown(wait=False)
        for executor in executors:
            executor.shutdown()


@contextmanager
def serial(workers: int | None, address: str | None = None) -> Iterator[Engine]:
    """Yield an executor that does one unit after another in this process."""
    _no_address("serial", address)
    yield Engine(SerialExecutor(), 1)


@contextmanager
def dask(workers: int | None, address: str | None) -> Iterator[Engine]:
    """Yield the workers of a Dask cluster: the one at an address, or else a new local one.

    Workers may join and leave at any time.

    Parameters
    ----------
    workers
        Number of units sent at once; by default the number of workers that the cluster has, and
        of a local cluster the number of cores.
    address
        Address of the scheduler, ``"tcp://host:8786"``.

    Raises
    ------
    InputError
        If `workers` is omitted and the cluster has none yet.
    """
    from cagebreak.study.run.dask_cluster import DaskExecutor, local, remote

    n = workers or available_cores()
    with (
        _apart_from_main(deaf=False),
        local(n) if address is None else remote(address) as client,
    ):
        if address is not None:
            n = workers or len(client.nthreads())
        if not n:
            raise InputError(f"workers: the cluster at {address} has none yet; say how many to use")
        yield Engine(DaskExecutor(client), n, ahead=n, replaces_workers=True)


@contextmanager
def slurm(workers: int | None, address: str | None) -> Iterator[Engine]:
    """Yield workers in SLURM jobs, by dask-jobqueue, whose configuration describes a job.

    Parameters
    ----------
    workers
        Number of units at once, each by a worker; 1 by default.
    address
        Partition; by default that of dask-jobqueue's configuration, or else SLURM's own.
    """
    from cagebreak.study.run.dask_cluster import DaskExecutor, jobs

    n = workers or 1
    with jobs(n, address) as client:
        yield Engine(DaskExecutor(client), n, ahead=n, replaces_workers=True)


@contextmanager
def mpi(workers: int | None, address: str | None) -> Iterator[Engine]:
    """Yield the other ranks of an MPI run, through `mpi4py.futures`.

    Start it as ``mpiexec -n 9 python -m mpi4py.futures -m cagebreak run study.toml --engine mpi``:
    rank 0 schedules and the other ranks do units. If a rank dies, MPI aborts all ranks; the same
    command then resumes the study.

    Raises
    ------
    MissingDependencyError
        If mpi4py or an MPI library is not installed.
    InputError
        If the process was started in another way.
    """
    _no_address("mpi", address)
    waiting = InputError(
        "engine mpi: expected ranks that wait for units, got none; start the run as mpiexec -n 9 "
        "python -m mpi4py.futures -m cagebreak run RECIPE --engine mpi"
    )
    # MPI starts at its import, and then waits for all ranks, some of which may have ended.
    if "mpi4py.futures" not in sys.orig_argv:
        raise waiting
    try:
        from mpi4py import MPI
        from mpi4py.futures import MPIPoolExecutor
    except (ImportError, RuntimeError) as error:  # RuntimeError: there is no MPI library
        raise MissingDependencyError(
            "engine mpi needs mpi4py and an MPI: pip install 'cagebreak[mpi]'"
        ) from error
    ranks = MPI.COMM_WORLD.Get_size() - 1
    if not ranks:
        raise waiting
    n = min(workers or ranks, ranks)
    with MPIPoolExecutor(n) as executor:
        yield Engine(executor, n, ahead=n)


ENGINES: dict[str, Callable[[int | None, str | None], AbstractContextManager[Engine]]] = {
    "pool": pool,
    "serial": serial,
    "dask": dask,
    "slurm": slurm,
    "mpi": mpi,
}


def _no_address(engine: str, address: str | None) -> None:
    if address is not None:
        raise InputError(f"address: engine {engine} takes none, got {address!r}")


class SerialExecutor(Executor):
    """An executor that does each call in `submit`, in this process."""

    def submit(self, fn: Callable, /, *args: Any, **kwargs: Any) -> Future:
        """Call `fn`; return a finished future."""
        future: Future = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


class ProcessPool(Executor):
    """A pool of processes in which the death of one worker affects only its own call.

    Each worker has a `ProcessPoolExecutor` of its own. A worker that dies (out of memory, a bug in
    a library) therefore breaks only the future of the call that it was doing, and the next call
    starts a fresh process.

    Parameters
    ----------
    workers
        Number of processes.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._free: SimpleQueue[_Worker] = SimpleQueue()
        # The first also starts multiprocessing's tracker of resources.
        with _apart_from_main():
            self._all = [_Worker() for _ in range(workers)]
        for worker in self._all:
            self._free.put(worker)

    def submit(self, fn: Callable, /, *args: Any, **kwargs: Any) -> Future:
        """Submit a call to a free worker; block until one is free."""
        worker = self._free.get()
        future = worker.submit(fn, *args, **kwargs)
        future.add_done_callback(lambda _: self._free.put(worker))
        return future

    def kill(self) -> None:
        """Kill the workers; calls in flight fail."""
        for worker in self._all:
            worker.kill()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Shut the workers down, by default after their calls have finished."""
        # They end at the same time, before any is waited for.
        for worker in self._all:
            worker.executor.shutdown(False, cancel_futures=cancel_futures)
        for worker in self._all if wait else ():
            worker.executor.shutdown()


class _Worker:
    """One process, started at the first call and again after it has died."""

    def __init__(self) -> None:
        self.executor = self._new()
        self._started = False

    def submit(self, fn: Callable, /, *args: Any, **kwargs: Any) -> Future:
        if self._started:
            try:
                return self.executor.submit(fn, *args, **kwargs)
            except BrokenExecutor:
                self.executor.shutdown()
                self.executor = self._new()
        with _apart_from_main():
            self._started = True
            return self.executor.submit(fn, *args, **kwargs)

    def kill(self) -> None:
        # Python 3.14 has a public method for this, `kill_workers`.
        for process in list((self.executor._processes or {}).values()):
            process.kill()

    @staticmethod
    def _new() -> ProcessPoolExecutor:
        context = multiprocessing.get_context(START)
        return ProcessPoolExecutor(1, mp_context=context, initializer=_end_with_parent)


def _end_with_parent() -> None:
    """Make this worker exit when its parent does, even by kill -9."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


@contextmanager
def _apart_from_main(deaf: bool = True) -> Iterator[None]:
    """Shield processes that start in this block from the user's script and from the terminal.

    A spawned process imports `__main__` again, which would run a user's script a second time if it
    lacks ``if __name__ == "__main__"``. Ctrl-C sends SIGINT to every process of a terminal, and the
    end of the terminal SIGHUP, but only the parent should handle them; a new process inherits that
    a signal is ignored.

    Parameters
    ----------
    deaf
        Whether new processes ignore these signals.
    """
    main = sys.modules["__main__"]
    in_main_thread = deaf and threading.current_thread() is threading.main_thread()
    handlers = {}
    if in_main_thread:
        handlers = {number: signal.signal(number, signal.SIG_IGN) for number in _OF_TERMINAL}
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
        for number, handler in handlers.items():
            signal.signal(number, handler)
