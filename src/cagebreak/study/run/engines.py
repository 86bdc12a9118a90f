"""Where units are done: any `concurrent.futures.Executor`, and our own pool of processes.

To add an engine, write a function that yields an `Engine` and add a line to `ENGINES`.
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


@dataclass(frozen=True)
class Engine:
    """An executor and how much to give it.

    Parameters
    ----------
    executor
    workers
        How many units it does at once.
    ahead
        How many more may wait in it, so that no worker waits for us.
    replaces_workers
        Whether it goes on after a worker died.
    """

    executor: Executor
    workers: int
    ahead: int = 0
    replaces_workers: bool = False


def available_cores() -> int:
    """Return the number of cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def pool(workers: int | None, address: str | None = None) -> Iterator[Engine]:
    """Yield a pool of processes, as many as there are cores; an exception ends them at once."""
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
def serial(workers: int | None, address: str | None = None) -> Iterator[Engine]:
    """Yield an executor that works in this process, one unit after the other."""
    _no_address("serial", address)
    yield Engine(SerialExecutor(), 1)


@contextmanager
def dask(workers: int | None, address: str | None) -> Iterator[Engine]:
    """Yield the workers of a Dask cluster: one that runs at an address, or a local one.

    Workers come and go as they like; `workers` says how many units are sent at once, as many as the
    cluster has threads if omitted.
    """
    from cagebreak.study.run.dask_cluster import local, remote

    n = workers or available_cores()
    with (
        _apart_from_main(deaf=False),
        local(n) if address is None else remote(address) as client,
    ):
        if address is not None:
            n = workers or len(client.nthreads())
        if not n:
            raise InputError(f"workers: the cluster at {address} has none yet; say how many to use")
        yield Engine(_dask_executor(client), n, ahead=n, replaces_workers=True)


@contextmanager
def slurm(workers: int | None, address: str | None) -> Iterator[Engine]:
    """Yield workers that are SLURM jobs, through dask-jobqueue, whose configuration describes them.

    `address` is a partition; the default of dask-jobqueue's configuration, or of SLURM, if omitted.
    """
    from cagebreak.study.run.dask_cluster import jobs

    n = workers or 1
    with jobs(n, address) as client:
        yield Engine(_dask_executor(client), n, ahead=n, replaces_workers=True)


@contextmanager
def mpi(workers: int | None, address: str | None) -> Iterator[Engine]:
    """Yield the other ranks of an MPI run, through `mpi4py.futures`.

    Start it as ``mpiexec -n 9 python -m mpi4py.futures -m cagebreak run study.toml --engine mpi``:
    one rank hands out, the others work. A rank that dies ends them all, as MPI has it; run again,
    the study goes on.
    """
    try:
        from mpi4py import MPI
        from mpi4py.futures import MPIPoolExecutor
    except ImportError as error:
        raise MissingDependencyError(
            "engine mpi needs mpi4py and an MPI: pip install 'cagebreak[mpi]'"
        ) from error
    _no_address("mpi", address)
    # Under `-m mpi4py.futures` the ranks are the workers; else as many are started.
    ranks = MPI.COMM_WORLD.Get_size() - 1
    n = min(workers or ranks, ranks) if ranks else workers or available_cores()
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


def _dask_executor(client: Any) -> Executor:
    # Pure: Dask would take two calls alike for one. Retries: that is for `schedule`.
    return client.get_executor(pure=False, retries=0)


class SerialExecutor(Executor):
    """Do each call when it is submitted."""

    def submit(self, fn: Callable, /, *args: Any, **kwargs: Any) -> Future:
        """Call `fn`; return a finished future."""
        future: Future = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


class ProcessPool(Executor):
    """Worker processes that fail alone.

    Each has a `ProcessPoolExecutor` of its own, so that a worker that dies (out of memory, a bug
    in a library) breaks the future of the call it was doing and no other; the next call gets a
    fresh one. Workers are spawned, not forked: BLAS and Numba do not survive a fork.

    Parameters
    ----------
    workers
        Number of processes. `submit` waits for a free one.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._free: SimpleQueue[_Worker] = SimpleQueue()
        self._all = [_Worker() for _ in range(workers)]
        for worker in self._all:
            self._free.put(worker)

    def submit(self, fn: Callable, /, *args: Any, **kwargs: Any) -> Future:
        """Give a call to a free worker; wait for one if there is none."""
        worker = self._free.get()
        future = worker.submit(fn, *args, **kwargs)
        future.add_done_callback(lambda _: self._free.put(worker))
        return future

    def kill(self) -> None:
        """End the workers at once; calls in flight fail."""
        for worker in self._all:
            worker.kill()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the workers finish and end."""
        for worker in self._all:
            worker.executor.shutdown(wait, cancel_futures=cancel_futures)


class _Worker:
    """One process, started when first needed and again when it has died."""

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
        # Public from Python 3.14 on, as `kill_workers`.
        for process in list((self.executor._processes or {}).values()):
            process.kill()

    @staticmethod
    def _new() -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(1, mp_context=context, initializer=_end_with_parent)


def _end_with_parent() -> None:
    """End this worker when its parent ends, be it by kill -9."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


@contextmanager
def _apart_from_main(deaf: bool = True) -> Iterator[None]:
    """Let a process start without the script that runs us, and deaf to Ctrl-C.

    A spawned process imports `__main__` again, which would run a user's script once more where it
    has no ``if __name__ == "__main__"``. And Ctrl-C reaches every process of a terminal: it is for
    us to answer it. An ignored signal stays ignored in a new process.
    """
    main = sys.modules["__main__"]
    in_main_thread = deaf and threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN) if in_main_thread else None
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
        if in_main_thread:
            signal.signal(signal.SIGINT, handler)
