"""Calls that several processes share, with progress: parts of tables, and figures."""

import time
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

from cagebreak.errors import InputError
from cagebreak.study.run.engines import Engine, available_cores, pool, serial
from cagebreak.study.run.progress import Tally, show
from cagebreak.study.store import Unit

PAYS = 5.0
"""Estimated seconds from which on processes are started: starting takes two on each (chosen)."""
SHOWN = 1.0
"""Estimated seconds from which on progress is shown."""


class Job(NamedTuple):
    """A call that a process of its own can do, with an argument list that can be pickled.

    Parameters
    ----------
    stage
        What the result belongs to, as progress names it.
    part
        Which part of it the result is.
    function, arguments
    """

    stage: str
    part: Any
    function: Callable[..., Any]
    arguments: tuple[Any, ...]


class Expected(NamedTuple):
    """How many jobs a stage has, those that are appended later included, and their cost."""

    number: int
    seconds: float
    """Time of one job."""


def done_in_turn(
    jobs: deque[Job], stages: Mapping[str, Expected], workers: int | None = None
) -> Iterator[tuple[Job, Any]]:
    """Do jobs, and yield each with its result as soon as it is there.

    Results do not depend on the number of processes. Warnings of other processes come here.

    Parameters
    ----------
    jobs
        They begin in this order. More may be appended whenever a result is taken.
    stages
        What is expected of each stage.
    workers
        Number of processes; by default one for each core, and none for what takes seconds.

    Yields
    ------
    job, result
        The result is an `InputError` if the function raises one.
    """
    number = sum(stage.number for stage in stages.values())
    seconds = sum(stage.number * stage.seconds for stage in stages.values())
    n_workers = min(workers or available_cores(), number)
    parallel = n_workers > 1 and (workers is not None or seconds > PAYS)
    engine: AbstractContextManager[Engine] = pool(n_workers) if parallel else serial(1)
    running: dict[Future[_Outcome], Job] = {}
    with engine as active:
        tally = Tally(
            dict.fromkeys(stages, 0),
            {name: stage.number for name, stage in stages.items()},
            {name: stage.seconds for name, stage in stages.items()},
            active.workers,
        )
        for name, stage in stages.items():
            tally.time(name, stage.seconds)
        with show(tally, seconds > SHOWN) as report:
            while jobs or running:
                while jobs and len(running) < active.workers:
                    job = jobs.popleft()
                    running[active.executor.submit(_outcome, job)] = job
                finished, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    job, outcome = running.pop(future), future.result()
                    report.done(Unit(job.stage, (0,)), outcome.seconds)
                    for remark in outcome.remarks:
                        warnings.warn_explicit(*remark)
                    yield job, outcome.result


def in_order(function: Callable[..., Any], arguments: Iterable[tuple[Any, ...]]) -> Iterator[Any]:
    """Yield what a function returns of each of some arguments, one after the other.

    Several processes share the calls, if these take long by the time of the first. Results do not
    depend on the number of processes.
    """
    first, *others = arguments
    start = time.monotonic()
    result = function(*first)
    seconds = len(others) * (time.monotonic() - start)
    yield result
    n_workers = min(available_cores(), len(others))
    with pool(n_workers) if n_workers > 1 and seconds > PAYS else serial(1) as engine:
        running: deque[Future[Any]] = deque()
        for each in others:
            running.append(engine.executor.submit(function, *each))
            if len(running) > engine.workers:
                yield running.popleft().result()
        for call in running:
            yield call.result()


class _Outcome(NamedTuple):
    result: Any
    remarks: list[tuple[Any, type[Warning], str, int]]
    seconds: float


def _outcome(job: Job) -> _Outcome:
    """Return the result of a job or its `InputError`, its warnings, and the seconds it took."""
    start = time.monotonic()
    with warnings.catch_warnings(record=True) as caught:
        try:
            result = job.function(*job.arguments)
        except InputError as error:
            result = error
    remarks = [(each.message, each.category, each.filename, each.lineno) for each in caught]
    return _Outcome(result, remarks, time.monotonic() - start)
