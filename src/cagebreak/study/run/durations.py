"""How long units took, a line each beside the results: what `status` and `plan` reckon by."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from cagebreak.study.run.progress import Tally
from cagebreak.study.run.schedule import Report
from cagebreak.study.store import Store, Unit

NAME = "durations.csv"
_COLUMNS = "stage,address,seconds,workers,recipe"


@dataclass(frozen=True)
class TimeLeft:
    """An estimate of the time a study still takes.

    Parameters
    ----------
    seconds
        On as many workers as the last run had.
    workers
    timed
        Units it rests on; a stage's units left cost the mean of its units timed.
    untimed
        Stages with units left of which none was timed: they are weighed by their expected cost.
    """

    seconds: float
    workers: int
    timed: int
    untimed: tuple[str, ...]


class Durations(Report):
    """Write down what each unit took, and pass the report on."""

    def __init__(self, store: Store, workers: int, report: Report) -> None:
        self._store = store
        self._workers = workers
        self._report = report

    def done(self, unit: Unit, seconds: float) -> None:
        """Append a line and tell."""
        path = self._store.folder / NAME
        fields = (unit.stage, "/".join(map(str, unit.address)), f"{seconds:.4g}", self._workers,
                  _recipe(self._store, unit.stage))  # fmt: skip
        # An estimate is not worth a study: where nothing can be written, the units say so.
        with contextlib.suppress(OSError), path.open("ab") as file:
            start = f"{_COLUMNS}\n" if not file.tell() else ""
            file.write((start + ",".join(map(str, fields)) + "\n").encode())
        self._report.done(unit, seconds)

    def failed(self, unit: Unit, error: BaseException, again: bool) -> None:
        """Tell."""
        self._report.failed(unit, error, again)


def time_left(
    store: Store, done: Mapping[str, int], totals: Mapping[str, int], weights: Mapping[str, float]
) -> TimeLeft | None:
    """Return the time left, from the units timed in the folder; None if there are none.

    Parameters
    ----------
    store
    done, totals, weights
        As `Tally` takes them.
    """
    timed = list(_read(store, totals))
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
    """Return the mean seconds of a unit, of the stages of which units were timed."""
    timed: dict[str, list[float]] = {}
    for stage, seconds, _ in _read(store, stages):
        timed.setdefault(stage, []).append(seconds)
    return {stage: sum(each) / len(each) for stage, each in timed.items()}


def _read(store: Store, stages: Iterable[str]) -> Iterator[tuple[str, float, int]]:
    """Yield stage, seconds and workers of the units timed under this recipe."""
    try:
        lines = (store.folder / NAME).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        # A killed run may leave a line cut short, to which the next run's first is joined.
        with contextlib.suppress(ValueError):
            stage, _, seconds, workers, recipe = line.split(",")
            if stage in stages and recipe == _recipe(store, stage):
                yield stage, float(seconds), int(workers)


def _recipe(store: Store, stage: str) -> str:
    """Return what tells durations of one recipe from those of another."""
    return store.identities[stage].hash[:12]
