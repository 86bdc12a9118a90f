"""The outer folds of a study's fit: in parallel, with progress, and each kept when it is done."""

import sys
import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy.linalg.blas import dsyrk
from threadpoolctl import threadpool_limits

from cagebreak.learning.model_selection.evaluate import Evaluation
from cagebreak.learning.model_selection.nested_fits import Outer, Overview, overview
from cagebreak.learning.model_selection.outer_fold import HeldOut, hold_out
from cagebreak.study.analysis import fold_files
from cagebreak.study.run.engines import Engine, SerialExecutor, available_cores, single
from cagebreak.study.run.progress import Tally, show
from cagebreak.study.stages.equilibrate import SHOWN
from cagebreak.study.store import Unit

WORTH = 10.0
"""Estimated seconds from which on a pool of processes is started: starting takes two (chosen)."""
N_ALPHAS = 16
"""Number of alphas of which the errors are expected, in estimates."""


@dataclass(frozen=True, eq=False)
class Part:
    """The evaluation of the selections with the same sources, for one species.

    Parameters
    ----------
    evaluation
    species
        Letter of the species.
    stem
        Path of the files of its folds, without number and suffix.
    identity
        SHA-256 of everything that the results depend on, but the fold.
    n_rows
        Number of particles of the species in a configuration.
    """

    evaluation: Evaluation
    species: str
    stem: Path
    identity: str
    n_rows: int

    def path(self, k: int) -> Path:
        """Return the path of the file of fold k."""
        return self.stem.with_name(f"{self.stem.name}-{k}.h5")

    def identity_of(self, k: int) -> str:
        """Return the identity of fold k."""
        return f"{self.identity} {k}"

    def read(self, k: int) -> HeldOut | None:
        """Return the results of fold k; None if they are not kept."""
        outer = self.evaluation.outer
        about = (self.species, list(outer.columns), self.identity_of(k))
        return fold_files.read(self.path(k), *about, outer.keeps_predictions)

    @property
    def title(self) -> str:
        """Return the species and the first of the selections."""
        names = list(self.evaluation.outer.columns)
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        return f"{self.species}: {names[0]}{more}"

    @property
    def operations(self) -> float:
        """Return the number of operations of a fold, roughly."""
        outer = self.evaluation.outer
        n_times, n_inner = len(self.evaluation.times), outer.learner.folds
        n_read = 1 + max(int(columns.max()) for columns in outer.columns.values())
        total = float(len(outer.samples) * self.n_rows * n_read**2)
        for columns in outer.columns.values():
            n = len(columns)
            total += (1 + n_inner) * (8 / 3 * n**3 + 4 * n**2 * n_times * N_ALPHAS)
        return total


def hold_out_all(parts: Sequence[Part], workers: int | None = None) -> list[list[HeldOut]]:
    """Return the results of all folds of each part, from their files or by fits.

    The results are the same to the bit for any number of workers. What is done is kept, whenever
    the process is stopped.

    Parameters
    ----------
    parts
    workers
        Number of processes; by default one for each core, and none for what takes seconds.

    Raises
    ------
    InputError
        As of `learning.evaluate`.
    """
    results: dict[tuple[int, int], HeldOut] = {}
    todo = []
    for p, part in enumerate(parts):
        for k in range(part.evaluation.outer.n_folds):
            kept = part.read(k)
            if kept is None:
                todo.append((p, k))
            else:
                results[p, k] = kept
    if todo:
        rate = operations_per_second()
        seconds = sum(parts[p].operations for p, _ in todo) / rate
        n_workers = min(workers or available_cores(), len(todo))
        parallel = n_workers > 1 and (workers is not None or seconds > WORTH)
        engines: AbstractContextManager[list[Engine]] = (
            single(n_workers) if parallel else nullcontext([Engine(SerialExecutor(), 1)])
        )
        with engines as active, threadpool_limits(limits=1, user_api="blas"):
            results |= _do(parts, todo, active, rate)
        _read.cache_clear()  # the samples of the last part
    return [
        [results[p, k] for k in range(part.evaluation.outer.n_folds)]
        for p, part in enumerate(parts)
    ]


class _Queue:
    """The folds to do, given out so that a process keeps to one part while it has any.

    What the folds of a part share is then read by few processes, mostly by one.
    """

    def __init__(self, parts: Sequence[Part], todo: Iterable[tuple[int, int]]) -> None:
        self._parts = parts
        self._left: dict[int, deque[int]] = {}
        for p, k in todo:
            self._left.setdefault(p, deque()).append(k)
        self._of_worker: dict[int, int] = {}

    def next(self, worker: int) -> tuple[int, int] | None:
        """Return the part and the number of the next fold of a worker; None if none is left."""
        p = self._of_worker.get(worker)
        if p not in self._left:
            # The longest part is first, and rather one that no other worker is at.
            begun = set(self._of_worker.values())
            order = [
                (q in begun, -len(self._left[q]) * self._parts[q].operations, q) for q in self._left
            ]
            if not order:
                return None
            *_, p = min(order)
            self._of_worker[worker] = p
        k = self._left[p].popleft()
        if not self._left[p]:
            del self._left[p]
        return p, k


def _do(
    parts: Sequence[Part],
    todo: Sequence[tuple[int, int]],
    engines: Sequence[Engine],
    rate: float,
) -> Mapping[tuple[int, int], HeldOut]:
    """Do the folds; keep and return their results."""
    titles = {p: parts[p].title for p, _ in todo}
    totals = {titles[p]: parts[p].evaluation.outer.n_folds for p in titles}
    left = {title: sum(titles[p] == title for p, _ in todo) for title in totals}
    done = {title: totals[title] - left[title] for title in totals}
    weights = {titles[p]: parts[p].operations for p in titles}
    tally = Tally(done, totals, weights, len(engines))
    for title, weight in weights.items():
        tally.time(title, weight / rate)
    results: dict[tuple[int, int], HeldOut] = {}
    queue, free = _Queue(parts, todo), list(range(len(engines)))
    running: dict[Future[tuple[HeldOut, float]], tuple[int, int, int]] = {}
    with show(tally, sum(weights[titles[p]] for p, _ in todo) > rate) as report:
        while free or running:
            for worker in free:
                if (fold := queue.next(worker)) is not None:
                    p, k = fold
                    future = engines[worker].executor.submit(_hold_out, parts[p], k)
                    running[future] = (worker, p, k)
            free = []
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                worker, p, k = running.pop(future)
                free.append(worker)
                results[p, k], seconds = future.result()
                fold_files.write(parts[p].path(k), results[p, k], parts[p].identity_of(k))
                report.done(Unit(titles[p], (k,)), seconds)
    return results


def _hold_out(part: Part, k: int) -> tuple[HeldOut, float]:
    """Return the results of a fold, and the seconds that it took."""
    start = time.monotonic()
    with threadpool_limits(limits=1, user_api="blas"):
        outer, seen = _read(_Known(part.identity, part.evaluation.outer))
        result = hold_out(outer, k, seen, SHOWN)
    return result, time.monotonic() - start


class _Known:
    """A cross-validation that equals another one of the same identity."""

    def __init__(self, identity: str, outer: Outer) -> None:
        self.identity, self.outer = identity, outer

    def __eq__(self, other: Any) -> bool:
        return self.identity == other.identity

    def __hash__(self) -> int:
        return hash(self.identity)


@lru_cache(maxsize=1)
def _read(known: _Known) -> tuple[Outer, Overview]:
    """Return what the folds share that a process does one after the other."""
    outer = known.outer.with_small_samples()
    return outer, overview(outer)


def operations_per_second() -> float:
    """Return the speed of products of matrices with one thread, measured in some 20 ms."""
    matrix = np.ones((600, 600), order="F")
    with threadpool_limits(limits=1, user_api="blas"):
        dsyrk(1.0, matrix)
        start = time.perf_counter()
        dsyrk(1.0, matrix)
        return len(matrix) ** 3 / max(time.perf_counter() - start, sys.float_info.epsilon)
