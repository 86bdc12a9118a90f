"""Durations of finished units, in a CSV file beside the results; `status` and `plan` use them."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from cagebreak._atomic import append, require_file
from cagebreak.study.run.progress import Tally
from cagebreak.study.run.schedule import Report
from cagebreak.study.store import Store, Unit

NAME = "durations.csv"
_COLUMNS = "stage,address,seconds,workers,recipe"
_LONGEST = 1e9
"""Seconds, 30 years, from which a line is damaged."""
_MOST_WORKERS = 1_000_000
"""Workers beyond which a line is damaged."""


@dataclass(frozen=True)
class TimeLeft:
    """An estimate of the time a study still takes.

    Parameters
    ----------
    seconds
        Wall time left, with `workers` workers.
    workers
        Number of workers of the last run.
    timed
        Number of timed units. A unit that is left costs the mean of the timed units of its stage.
    untimed
        Stages that have units left but no timed unit. A unit of these is estimated from the
        expected costs of the stages.
    """

    seconds: float
    workers: int
    timed: int
    untimed: tuple[str, ...]


class Durations(Report):
    """A report that records the duration of each unit, and passes everything to another report."""

    def __init__(self, store: Store, workers: int, report: Report) -> None:
        self._store = store
        self._workers = workers
        self._report = report

    def done(self, unit: Unit, seconds: float | None) -> None:
        """Append a line to the file if the duration is known, and pass the report on."""
        if seconds is not None:
            self._append(unit, seconds)
        self._report.done(unit, seconds)

    def _append(self, unit: Unit, seconds: float) -> None:
        path = self._store.folder / NAME
        fields = (unit.stage, "/".join(map(str, unit.address)), f"{seconds:.4g}", self._workers,
                  _recipe(self._store, unit.stage))  # fmt: skip
        # A failure to write durations must not stop a study. A full disk shows when units are
        # saved.
        with contextlib.suppress(OSError):
            append(path, f"{','.join(map(str, fields))}\n".encode(), f"{_COLUMNS}\n".encode())

    def failed(self, unit: Unit, error: BaseException, again: bool) -> None:
        """Pass the report on."""
        self._report.failed(unit, error, again)


def time_left(
    store: Store, done: Mapping[str, int], totals: Mapping[str, int], weights: Mapping[str, float]
) -> TimeLeft | None:
    """Return the time left, from the durations in the folder; None if no unit was timed.

    Parameters
    ----------
    store
    done, totals, weights
        As for `Tally`.
    """
    timed = list(read(store, totals))
    if not timed:
        return None
    workers = timed[-1][2]
    tally = Tally(done, totals, weights, workers)
    for stage, seconds, _ in timed:
        tally.time(stage, seconds)
    stages = {stage for stage, _, _ in timed}
    untimed = tuple(name for name in totals if done[name] < totals[name] and name not in stages)
    seconds_left = tally.seconds_left
    assert seconds_left is not None
    return TimeLeft(seconds_left, workers, len(timed), untimed)


def mean_seconds(store: Store, stages: Iterable[str]) -> dict[str, float]:
    """Return the mean seconds of a unit of each stage that has timed units."""
    timed: dict[str, list[float]] = {}
    for stage, seconds, _ in read(store, stages):
        timed.setdefault(stage, []).append(seconds)
    return {stage: sum(seconds) / len(seconds) for stage, seconds in timed.items()}


def read(store: Store, stages: Iterable[str]) -> Iterator[tuple[str, float, int]]:
    """Yield stage, seconds and workers of the units timed under this recipe."""
    try:
        require_file(store.folder / NAME)
        lines = (store.folder / NAME).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        # A killed run can leave a truncated line, to which the next run appends its first. Such
        # lines are skipped, and those with impossible numbers, of which no estimate can be made.
        with contextlib.suppress(ValueError):
            stage, _, text, n, recipe = line.split(",")
            seconds, workers = float(text), int(n)
            possible = 0 <= seconds < _LONGEST and 1 <= workers <= _MOST_WORKERS
            if possible and stage in stages and recipe == _recipe(store, stage):
                yield stage, seconds, workers


def _recipe(store: Store, stage: str) -> str:
    """Return the start of the hash that identifies the recipe of a stage's results."""
    return store.identities[stage].hash[:12]
