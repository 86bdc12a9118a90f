"""What the benchmarks share: sides that take turns, rows of the table, and where the rows go.

A script has a function that yields rows, and hands it to `main`: the rows replace the script's
earlier ones in docs/speed/benchmark.csv, its line in docs/speed/machine.csv is written, and the
tables of docs/speed.md are rendered.
"""

import csv
import importlib
import importlib.metadata
import math
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from io import StringIO
from pathlib import Path
from types import ModuleType

import numpy as np
from threadpoolctl import threadpool_limits

import machine
import page
from cagebreak import _atomic

sys.path.append(str(page.ROOT / "tests"))  # for LAMMPS as the reference of the tests

OURS = "cagebreak"
SECONDS = 15.0
"""Wall time of a comparison after its first round, unless it has too few or enough rounds."""
ROUNDS = (5, 25)
"""Fewest and most rounds of a comparison."""

Side = Callable[[], float]
"""Does its work, and returns the seconds that this took, or another number."""


@dataclass(frozen=True)
class Row:
    """A quantity of a side, or its ratio to that of a peer; NaN and no rounds without the peer."""

    subject: str
    case: str
    quantity: str
    side: str
    peer: str
    unit: str
    median: float
    low: float
    """The lower quartile of the rounds."""
    high: float
    """The upper quartile."""
    rounds: int
    aim: str
    """Empty, or "at least" or "at most" and a number."""


def row(
    subject: str, case: str, quantity: str, side: str, values: Iterable[float] | float,
    *, peer: str = "", unit: str = "", aim: str = "",
) -> Row:  # fmt: skip
    """Return the row of the values of all rounds."""
    values = np.atleast_1d(np.asarray(values, float))
    low, median, high = np.percentile(values, [25, 50, 75]) if len(values) else [math.nan] * 3
    return Row(subject, case, quantity, side, peer, unit, median, low, high, len(values), aim)


def compare(
    subject: str, case: str, sides: Mapping[str, np.ndarray], unit: str, scale: float = 1.0,
    *, quantity: str = "CPU time", aims: Mapping[str, str] | None = None,
) -> Iterator[Row]:  # fmt: skip
    """Yield the times of all sides, and our speed over that of each peer.

    `scale` turns seconds into `unit`; `aims` are those of speeds, by peer.
    """
    for side, seconds in sides.items():
        yield row(subject, case, quantity, side, seconds * scale, unit=unit)
    for peer, seconds in sides.items():
        if peer != OURS:
            aim = (aims or {}).get(peer, "")
            speeds = ratio(seconds, sides[OURS])
            yield row(subject, case, "speed", OURS, speeds, peer=peer, aim=aim)


def agreement(subject: str, case: str, energies: Mapping[str, float], peer: str) -> Row:
    """Return by how much the energies a particle differ at which we and a peer ended."""
    difference = [abs(energies[peer] - energies[OURS])] if peer in energies else []
    quantity = "difference in energy a particle"
    return row(subject, case, quantity, OURS, difference, peer=peer, unit="eps")


def ratio(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the ratio in each round, and no rounds if a side is absent."""
    return a / b if len(a) and len(b) else np.empty(0)


def in_turn(sides: Mapping[str, Side | None], seconds: float = SECONDS) -> dict[str, np.ndarray]:
    """Let sides take turns; return the values of each, of no rounds if the side is absent (None).

    A first round, which compiles and fills caches, does not count.
    """
    present = {name: side for name, side in sides.items() if side is not None}
    values: dict[str, list[float]] = {name: [] for name in sides}
    for side in present.values():
        side()
    end, (fewest, most) = time.monotonic() + seconds, ROUNDS
    for n in range(most):
        if n >= fewest and time.monotonic() > end:
            break
        for name, side in present.items():
            values[name].append(side())
    return {name: np.array(each) for name, each in values.items()}


def cpu(work: Callable[[], object]) -> Side:
    """Return a side that does the work and returns its CPU time."""
    return _timed(work, time.process_time)


def wall(work: Callable[[], object]) -> Side:
    """Return a side that does the work and returns its wall time."""
    return _timed(work, time.perf_counter)


def _timed(work: Callable[[], object], clock: Callable[[], float]) -> Side:
    def side() -> float:
        begun = clock()
        work()
        return clock() - begun

    return side


def peer(name: str) -> ModuleType | None:
    """Return the module of a peer; None if the peer is absent."""
    try:
        importlib.metadata.version(machine.PACKAGES[name])
    except importlib.metadata.PackageNotFoundError:
        return None
    return importlib.import_module(name)


def peak_memory(function: Callable[..., object], *arguments: object) -> float:
    """Return the peak memory, in MB, of a process of its own that calls a function."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as process:
        return process.submit(_peak, function, *arguments).result()


def _peak(function: Callable[..., object], *arguments: object) -> float:
    function(*arguments)
    # Not the maximum of `resource`, which a child takes over from its parent.
    status = Path("/proc/self/status").read_text()
    return float(status.split("VmHWM:")[1].split()[0]) / 1e3


def main(rows: Callable[[], Iterable[Row]]) -> None:
    """Measure the rows of the script that runs, on one thread, and write tables and page."""
    # Peers read these when they are imported or called first.
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", RAYON_NUM_THREADS="1")
    script, begun, lines = Path(sys.argv[0]).stem, machine.Usage.now(), []
    with threadpool_limits(1):
        for each in rows():
            values = {name: _text(value) for name, value in asdict(each).items()}
            lines.append({"script": script} | values)
            print(*page.cells(lines[-1]), sep="; ", flush=True)
    _replace(page.BENCHMARK, script, lines)
    _replace(page.MACHINE, script, [machine.description(script, begun)])
    page.render()


def _text(value: object) -> str:
    """Return a value as text, a number with four digits, NaN as nothing."""
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.4g}"
    return str(value)


def _replace(path: Path, script: str, lines: list[dict[str, str]]) -> None:
    """Put the lines of a script into a table, in place of earlier ones."""
    others = [line for line in page.table(path) if line["script"] != script]
    text = StringIO()
    writer = csv.DictWriter(text, list(lines[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(sorted(others + lines, key=lambda line: line["script"]))
    path.parent.mkdir(exist_ok=True)
    _atomic.write(path, text.getvalue())
