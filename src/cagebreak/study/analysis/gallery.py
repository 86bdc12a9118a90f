"""Figures of a study and the tables that they show, made by several processes at once."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from cagebreak.errors import InputError
from cagebreak.figures import FIGURES
from cagebreak.study.analysis import drawings, table_files
from cagebreak.study.analysis.jobs import Expected, Job, done_in_turn
from cagebreak.study.analysis.sources import Sources
from cagebreak.study.analysis.tables import SCORES, TABLES, part
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.store import Store

STAGE = "figures"
SECONDS = 0.5
"""Time in which a figure is drawn (measured)."""


@dataclass(frozen=True, eq=False)
class Gallery:
    """The tables and figures of a study, as its finished units are now.

    Parameters
    ----------
    recipe
    store
    sources
    relaxation
        Function that returns tau_alpha of each species.
    published
        A CSV file of published curves, or None.
    """

    recipe: Recipe
    store: Store
    sources: Sources
    relaxation: Callable[[], Mapping[str, float]]
    published: str | os.PathLike[str] | None = None
    _tables: dict[str, np.ndarray] = field(default_factory=dict)

    def table(self, name: str, workers: int | None = None) -> np.ndarray:
        """Return a table: from its file if that is up to date, else computed and kept there.

        `workers` is as of `done_in_turn`.
        """
        if not self._is_kept(name):
            jobs = self._jobs_of(name)
            stages, parts = {name: self._expected(name, len(jobs))}, {}
            for job, result in done_in_turn(deque(jobs), stages, workers):
                if isinstance(result, InputError):
                    raise result
                parts[job.part] = result
            self._keep(name, parts)
        return self._tables[name]

    def shown(self, name: str) -> drawings.Shown:
        """Return a figure, with its tables and the other arguments of its function."""
        spec = FIGURES[name]
        tables = {table: self.table(table) for table in spec.tables}
        tau_alpha = self.relaxation() if spec.section == "isoconfigurational" else None
        arguments = drawings.arguments(spec, self.recipe, self.store, tau_alpha, self.published)
        return drawings.Shown(spec, tables, arguments)

    def write(self, name: str, stem: Path, images: tuple[bytes, bytes]) -> list[Path]:
        """Write the files of a figure; return their paths. `stem` is the path without suffix."""
        inside = stem.resolve().is_relative_to(self.store.folder.resolve())
        tables = {table: self._tables[table] for table in FIGURES[name].tables}
        provenances = {table: self.sources.of_table(table) for table in tables}
        return drawings.write(stem, images, tables, provenances, inside)

    def draw(
        self, origins: Mapping[str, Any], folder: Path, workers: int | None = None
    ) -> Iterator[tuple[str, bool | InputError]]:
        """Draw figures and write them to a folder, with the tables that they show.

        Parameters
        ----------
        origins
            What each figure is drawn from, by name; see `drawings.keep`.
        folder
        workers
            As of `done_in_turn`.

        Yields
        ------
        name, outcome
            Each figure as soon as it is written: true, or why it cannot be drawn.
        """
        waiting, jobs = list(origins), deque[Job]()
        needed = {table for name in origins for table in FIGURES[name].tables}
        for name in sorted(needed & set(SCORES.values())):
            try:
                self.table(name)  # Fits have processes of their own.
            except InputError as error:
                yield from _without(name, error, waiting)
        stages: dict[str, Expected] = {}
        needed = {table for name in waiting for table in FIGURES[name].tables}
        for name in sorted(table for table in needed if not self._is_kept(table)):
            of_table = self._jobs_of(name)
            stages[name] = self._expected(name, len(of_table))
            jobs.extend(of_table)
        # The longest are first, so that no process is left with a long one at the end.
        jobs = deque(sorted(jobs, key=lambda job: -stages[job.stage].seconds))
        parts: dict[str, dict[int, Any]] = {name: {} for name in stages}
        stages[STAGE] = Expected(len(waiting), SECONDS)
        yield from self._append_ready(jobs, waiting)
        for job, result in done_in_turn(jobs, stages, workers):
            if job.stage == STAGE:
                if not isinstance(result, InputError):
                    files = self.write(job.part, folder / job.part, result)
                    drawings.keep(folder / job.part, origins[job.part], files)
                yield job.part, result if isinstance(result, InputError) else True
            elif isinstance(result, InputError):
                yield from _without(job.stage, result, waiting)
            else:
                parts[job.stage][job.part] = result
                if len(parts[job.stage]) == stages[job.stage].number:
                    self._keep(job.stage, parts[job.stage])
                    yield from self._append_ready(jobs, waiting)

    def _append_ready(
        self, jobs: deque[Job], waiting: list[str]
    ) -> Iterator[tuple[str, InputError]]:
        """Append the figures whose tables are all there; yield those that cannot be drawn."""
        for name in list(waiting):
            if all(table in self._tables for table in FIGURES[name].tables):
                waiting.remove(name)
                try:
                    jobs.append(Job(STAGE, name, drawings.images_of, (self.shown(name),)))
                except InputError as error:
                    yield name, error

    def _is_kept(self, name: str) -> bool:
        """Return whether a table is there, after a look at its file."""
        if name not in self._tables:
            path, dtype = self._path(name), TABLES[name].dtype()
            table = table_files.read(path, dtype, self.sources.of_table(name))
            if table is None:
                return False
            self._tables[name] = table
        return True

    def _keep(self, name: str, parts: Mapping[int, np.ndarray]) -> None:
        """Join the parts of a table, and write it to the folder of the study."""
        self._tables[name] = np.concatenate([parts[i] for i in sorted(parts)])
        table_files.keep(self._path(name), self._tables[name], self.sources.of_table(name))

    def _path(self, name: str) -> Path:
        return self.store.folder / "tables" / f"{name}.csv"

    def _jobs_of(self, name: str) -> list[Job]:
        """Return the jobs of a table: one for each species, if these do not need each other."""
        about = (name, self.recipe, self.store)
        if not TABLES[name].of_species:
            return [Job(name, 0, part, about)]
        letters = self.recipe.learning.species
        return [Job(name, i, part, (*about, letter)) for i, letter in enumerate(letters)]

    def _expected(self, name: str, number: int) -> Expected:
        return Expected(number, TABLES[name].seconds(self.recipe, self.store))


def _without(table: str, error: InputError, waiting: list[str]) -> Iterator[tuple[str, InputError]]:
    """Yield the figures that show a table which cannot be made."""
    for name in [name for name in waiting if table in FIGURES[name].tables]:
        waiting.remove(name)
        yield name, error
