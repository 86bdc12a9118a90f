"""The scheduler: it submits a unit to an engine once the units that it needs are done."""

import heapq
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import BrokenExecutor, CancelledError, Future
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Protocol

from cagebreak.study.run.engines import Engine
from cagebreak.study.store import Unit

RETRIES = 2
"""How often a failed unit is tried again, by default (chosen)."""


class Report(Protocol):
    """An observer of the scheduler."""

    def done(self, unit: Unit, seconds: float | None) -> None:
        """Take note that a unit is done, which took `seconds`; None if that is not known."""

    def failed(self, unit: Unit, error: BaseException, again: bool) -> None:
        """Take note that a unit failed; `again` says whether it is tried again."""


@dataclass
class Outcome:
    """The outcome of a run.

    Parameters
    ----------
    failed
        Units that failed at every attempt, with their last errors.
    waiting
        Units that were not done because they need a failed unit.
    """

    failed: dict[Unit, BaseException] = field(default_factory=dict)
    waiting: set[Unit] = field(default_factory=set)


def schedule(
    needs: Mapping[Unit, Collection[Unit]],
    do: Callable[[Unit], tuple],
    engine: Engine,
    report: Report,
    priority: Callable[[Unit], object],
    retries: int = RETRIES,
) -> Outcome:
    """Do all units; a unit that fails stops only the units that need it.

    Parameters
    ----------
    needs
        For each unit to do, the units that it needs. A needed unit that is not a key is done
        already.
    do
        Returns the picklable function and arguments that do a unit: ``(function, *arguments)``.
        The function returns the seconds that the unit took.
    engine
        The engine; at most ``workers + ahead`` units are submitted to it at a time, and only
        ``workers`` if one of them is tried again.
    report
        Told of every unit that is done or fails.
    priority
        Key by which the units that are ready are ordered; the smallest goes first.
    retries
        How often a unit that fails is tried again. It goes behind the units that are ready then.

    Raises
    ------
    BrokenExecutor
        If a worker died and the engine does not replace its workers.
    """
    missing = {unit: {need for need in needed if need in needs} for unit, needed in needs.items()}
    needed_by: dict[Unit, list[Unit]] = defaultdict(list)
    for unit, needed in missing.items():
        for need in needed:
            needed_by[need].append(unit)
    # The number of attempts comes first in the key, so that failed units go behind the others.
    ready = [(0, priority(unit), unit) for unit, needed in missing.items() if not needed]
    heapq.heapify(ready)
    attempts: dict[Unit, int] = defaultdict(int)
    in_flight: dict[Future, Unit] = {}
    ended: SimpleQueue[Future] = SimpleQueue()
    outcome = Outcome()

    while ready or in_flight:
        # A worker that dies takes the units that wait for it along. A unit that is tried again
        # waits for none, so that it fails for its own reasons alone.
        while ready and len(in_flight) < engine.workers + (0 if ready[0][0] else engine.ahead):
            _, _, unit = heapq.heappop(ready)
            future = engine.executor.submit(*do(unit))
            in_flight[future] = unit
            future.add_done_callback(ended.put)
        future = ended.get()
        unit = in_flight.pop(future)
        error = _error(future)
        if error is None:
            del missing[unit]
            report.done(unit, future.result())
            for waiting in needed_by[unit]:
                missing[waiting].discard(unit)
                if not missing[waiting]:
                    heapq.heappush(ready, (0, priority(waiting), waiting))
            continue
        if isinstance(error, BrokenExecutor) and not engine.replaces_workers:
            raise error
        attempts[unit] += 1
        again = attempts[unit] <= retries
        report.failed(unit, error, again)
        if again:
            heapq.heappush(ready, (attempts[unit], priority(unit), unit))
        else:
            outcome.failed[unit] = error
    outcome.waiting = set(missing) - set(outcome.failed)
    return outcome


def _error(future: Future) -> BaseException | None:
    try:
        return future.exception()
    except CancelledError as error:
        return error


def by_configuration(
    stages: Iterable[str], leading: Collection[str], workers: int
) -> Callable[[Unit], tuple]:
    """Return a priority that finishes one configuration after another, so that results come early.

    Units of a `leading` stage, which are long and start a chain of others, run `workers`
    configurations ahead of the rest. Otherwise the last of them would leave most workers idle at
    the end of the run.

    Parameters
    ----------
    stages
        Names of all stages, in order.
    leading
        Names of the stages that run ahead.
    workers
        Number of units that are done at once.
    """
    rank = {stage: i for i, stage in enumerate(stages)}

    def priority(unit: Unit) -> tuple:
        lead = workers if unit.stage in leading else 0
        return (unit.address[0] - lead, rank[unit.stage], unit.address)

    return priority
