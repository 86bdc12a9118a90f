"""Who does what when: units go to an engine as soon as what they need is done."""

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
"""A unit that fails is tried this many times more."""


class Report(Protocol):
    """Who is told how the work goes."""

    def done(self, unit: Unit, seconds: float) -> None:
        """A unit is done."""

    def failed(self, unit: Unit, error: BaseException, again: bool) -> None:
        """A unit failed, and is tried again or not."""


@dataclass
class Outcome:
    """How it ended: the units that failed, with their last error, and those that wait for them."""

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
    """Do all units; one that fails stops only those that need it.

    Parameters
    ----------
    needs
        The units to do; for each those it needs. Units that are no key are done already.
    do
        Returns the picklable function and arguments that do a unit: ``(function, *arguments)``.
        The function returns the seconds it took.
    engine
        Holds at most ``workers + ahead`` units at a time.
    report
        Told of every unit that ends.
    priority
        Of the units that are ready, the least goes first.
    retries
        How often a unit that fails is tried again, after the units that are ready by then.

    Raises
    ------
    BrokenExecutor
        If an executor that is not ours broke: it does no more units.
    """
    missing = {unit: {need for need in needed if need in needs} for unit, needed in needs.items()}
    needed_by: dict[Unit, list[Unit]] = defaultdict(list)
    for unit, needed in missing.items():
        for need in needed:
            needed_by[need].append(unit)
    # Units that are tried again come after the others.
    ready = [(0, priority(unit), unit) for unit, needed in missing.items() if not needed]
    heapq.heapify(ready)
    attempts: dict[Unit, int] = defaultdict(int)
    in_flight: dict[Future, Unit] = {}
    ended: SimpleQueue[Future] = SimpleQueue()
    outcome = Outcome()

    while ready or in_flight:
        while ready and len(in_flight) < engine.workers + engine.ahead:
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
    """Return the priority that finishes one configuration after the other.

    Results come early so. A unit of a `leading` stage, long and with much to follow, is due
    `workers` configurations before the rest, so that the last of them does not keep all others
    waiting at the end.
    """
    rank = {stage: i for i, stage in enumerate(stages)}

    def priority(unit: Unit) -> tuple:
        lead = workers if unit.stage in leading else 0
        return (unit.address[0] - lead, rank[unit.stage], unit.address)

    return priority
