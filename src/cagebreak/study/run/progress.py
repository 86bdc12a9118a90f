"""Progress of a run: bars on a terminal, a few lines elsewhere."""

import contextlib
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import BrokenExecutor
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self, TextIO

from cagebreak._progress import alone, duration, on_terminal
from cagebreak.study.store import Unit


class Tally:
    """Counts of the units done, and an estimate of the time left.

    Parameters
    ----------
    done, totals
        Number of units of each stage that are done when the run begins, and of all.
    weights
        Expected cost of a unit of each stage, in any unit. Only the ratios matter, and only until
        a unit of the stage has been timed.
    workers
        Number of units that are done at once.
    """

    def __init__(
        self,
        done: Mapping[str, int],
        totals: Mapping[str, int],
        weights: Mapping[str, float],
        workers: int,
    ) -> None:
        self.done = dict(done)
        self.totals = dict(totals)
        self._weights = weights
        self._workers = workers
        self._seconds = dict.fromkeys(totals, 0.0)
        self._timed: Counter[str] = Counter()

    def add(self, unit: Unit, seconds: float | None) -> None:
        """Count a finished unit, which took `seconds`; None if that is not known."""
        self.done[unit.stage] += 1
        if seconds is not None:
            self.time(unit.stage, seconds)

    def time(self, stage: str, seconds: float) -> None:
        """Record that a unit of a stage took `seconds`, without counting it."""
        self._timed[stage] += 1
        self._seconds[stage] += seconds

    @property
    def seconds_left(self) -> float | None:
        """Estimate of the wall time left; None until a unit has been timed."""
        weight = sum(self._timed[stage] * self._weights[stage] for stage in self._timed)
        if not weight:
            return None
        per_weight = sum(self._seconds.values()) / weight
        left = 0.0
        for stage, total in self.totals.items():
            n = self._timed[stage]
            unit_seconds = self._seconds[stage] / n if n else per_weight * self._weights[stage]
            left += unit_seconds * (total - self.done[stage])
        return left / self._workers


class Lines(AbstractContextManager):
    """Progress as lines: at the start, after every tenth of the units, and at each failure."""

    def __init__(self, tally: Tally, stream: TextIO | None = None) -> None:
        self._tally = tally
        self._stream = stream or sys.stderr
        self._start = time.monotonic()
        self._tenth = self._tenths()

    def __enter__(self) -> Self:
        text = f"{self._n_done()} of {sum(self._tally.totals.values())} units are done"
        left = self._tally.seconds_left
        self._print(text + (f", about {duration(left)} left" if left else ""))
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def done(self, unit: Unit, seconds: float | None) -> None:
        """Count a unit; print a line if another tenth of the units is done."""
        self._tally.add(unit, seconds)
        if self._tenths() > self._tenth:
            self._tenth = self._tenths()
            left = self._tally.seconds_left
            self._print(
                f"{self._n_done()} of {sum(self._tally.totals.values())} units after "
                f"{duration(time.monotonic() - self._start)}"
                + (f", about {duration(left)} left" if left else "")
            )

    def failed(self, unit: Unit, error: BaseException, again: bool) -> None:
        """Print the error."""
        self._print(failure(unit, error, again))

    def _n_done(self) -> int:
        return sum(self._tally.done.values())

    def _tenths(self) -> int:
        return 10 * self._n_done() // max(sum(self._tally.totals.values()), 1)

    def _print(self, line: str) -> None:
        # A log that cannot be written to, as on a full disk, must not stop a study.
        with contextlib.suppress(OSError):
            print(line, file=self._stream, flush=True)


class Bars(AbstractContextManager):
    """Progress as bars: one per stage with its units done, and the time left."""

    def __init__(self, tally: Tally) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        self._tally = tally
        self._progress = Progress(
            TextColumn("{task.description:12}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[left]}"),
            console=Console(stderr=True),
            # What is printed meanwhile stands above the bars, or in the file that it is meant for.
            redirect_stdout=sys.stdout is not None and sys.stdout.isatty(),
        )
        self._tasks = {
            stage: self._progress.add_task(stage, total=total, completed=tally.done[stage], left="")
            for stage, total in tally.totals.items()
        }

    def __enter__(self) -> Self:
        self._progress.start()
        self._show_time_left()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def done(self, unit: Unit, seconds: float | None) -> None:
        """Count a unit; advance the bar of its stage."""
        self._tally.add(unit, seconds)
        self._progress.advance(self._tasks[unit.stage])
        self._show_time_left()

    def _show_time_left(self) -> None:
        left = self._tally.seconds_left
        text = f"about {duration(left)} left" if left else ""
        self._progress.update(next(iter(self._tasks.values())), left=text)

    def failed(self, unit: Unit, error: BaseException, again: bool) -> None:
        """Print the error above the bars."""
        self._progress.console.print(failure(unit, error, again), markup=False, highlight=False)


class Silent(AbstractContextManager):
    """Progress that is not shown."""

    def __exit__(self, *_: object) -> None:
        pass

    def done(self, unit: Unit, seconds: float | None) -> None:
        """Do nothing."""

    def failed(self, unit: Unit, error: BaseException, again: bool) -> None:
        """Do nothing."""


@contextlib.contextmanager
def show(tally: Tally, progress: bool) -> Iterator[Bars | Lines | Silent]:
    """Yield bars on a terminal, lines elsewhere, or a silent report without `progress`.

    What is called within it shows no progress of its own.
    """
    progress = progress and sys.stderr is not None
    report = Silent() if not progress else Bars(tally) if on_terminal() else Lines(tally)
    with alone(), report:
        yield report


@contextlib.contextmanager
def show_step(progress: bool) -> Iterator[Callable[[str], None]]:
    """Yield a function that says what a plan measures: on a line of the terminal that is cleared.

    It says nothing elsewhere, or without `progress`.
    """
    if not (progress and on_terminal()):
        yield lambda what: None
        return
    from rich.console import Console

    with Console(stderr=True).status("measuring") as line:
        yield lambda what: line.update(f"measuring {what}")


def failure(unit: Unit, error: BaseException, again: bool) -> str:
    """Return one line that describes the failure of a unit."""
    return f"{unit} failed{', is tried again' if again else ''}: {one_line(error)}"


def one_line(error: BaseException) -> str:
    """Return the class and the message of an error in one line."""
    if isinstance(error, BrokenExecutor):
        return "its worker process died (out of memory, or killed)"
    message = " ".join(str(error).split())
    return f"{type(error).__name__}: {message}" if message else type(error).__name__
