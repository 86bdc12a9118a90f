"""The work of a study: what is done, what is left, what it costs, and that it is whole."""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from cagebreak.configuration import Configuration
from cagebreak.errors import InputError, StoreError, UnitError
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.run.durations import Durations, TimeLeft, mean_seconds, time_left
from cagebreak.study.run.engines import ENGINES, Engine, available_cores
from cagebreak.study.run.plan import Plan, make_plan
from cagebreak.study.run.progress import Tally, describe, show
from cagebreak.study.run.schedule import RETRIES, Outcome, by_configuration, schedule
from cagebreak.study.stages import stages
from cagebreak.study.stages.equilibrate import load_configuration
from cagebreak.study.stages.stages import needs, stages_of, units
from cagebreak.study.store import Survey, Unit

if TYPE_CHECKING:
    from cagebreak.study.run.verify import Verification


@dataclass(frozen=True)
class StageStatus:
    """How far a stage is: units done, done for a smaller study, of another recipe, damaged."""

    stage: str
    total: int
    done: int
    outdated: int
    changed: int
    damaged: int


class Work:
    """A recipe, the folder of its results, and the units in it; users take `Study`."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.recipe = Recipe.read(path)
        self.store = stages.open_store(self.recipe)
        self._stages = stages_of(self.recipe)

    @property
    def n_configurations(self) -> int:
        """How many configurations the recipe asks for."""
        return self.recipe.preparation.n_configurations

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.recipe.path)!r})"

    def run(
        self,
        engine: str = "pool",
        workers: int | None = None,
        executor: Executor | None = None,
        *,
        address: str | None = None,
        set_aside: bool = False,
        retries: int = RETRIES,
        progress: bool = True,
    ) -> None:
        """Do what is not done yet.

        Killed at any moment, it loses only the units in flight, and of an equilibration only one
        segment; run again, it gives the same bits.

        Parameters
        ----------
        engine
            ``"pool"`` of processes; ``"serial"``, this process; ``"dask"``, a local cluster or one
            at an address; ``"slurm"``, jobs through dask-jobqueue; ``"mpi"``, the ranks of an MPI
            run.
        workers
            As many as there are cores, or as the cluster has, if omitted. With `executor`, how many
            units it does at once.
        executor
            Any `concurrent.futures.Executor` that shares this file system; replaces `engine`.
        address
            Of a Dask scheduler, ``"tcp://host:8786"``; with ``"slurm"`` the partition.
        set_aside
            Move results of another recipe, and damaged files, aside instead of raising.
        retries
            How often a unit that fails is tried again.
        progress
            Show it: bars on a terminal, a few lines elsewhere.

        Raises
        ------
        StoreError
            If another run is at work in the folder, results belong to another recipe, or a file
            is damaged.
        UnitError
            If units failed for good; all that do not need them are done.
        """
        entered = self._engine(engine, workers, executor, address)
        if retries < 0:
            raise InputError(f"retries: expected a number from 0, got {retries!r}")
        with self.store.locked():
            surveys = self._surveys()
            if set_aside and self.store.set_aside(surveys):
                surveys = self._surveys()
            self.store.check(surveys)
            todo = [
                unit
                for name in self._stages
                for unit in self._units(name)
                if unit.address not in surveys[name].done
            ]
            self._require_imported(todo)
            if todo:
                with entered as ready:
                    outcome = self._do(todo, ready, retries, progress)
                _raise_if_failed(outcome)

    @classmethod
    def import_files(
        cls,
        path: str | os.PathLike[str],
        files: Sequence[str | os.PathLike[str]],
        *,
        model: str,
        parameters: Mapping[str, Any] | None = None,
        time: float | None = None,
        timestep: float | None = None,
        wrapped: bool = False,
        states: Sequence[str] = ("initial",),
    ) -> Self:
        """Make a study of configurations and runs from files; `run` then does what follows.

        Parameters
        ----------
        path
            The recipe to write, a TOML file. If it is there and was written for the same files,
            what is missing in its folder is restored.
        files
            BOTAN or DeepMind files, each a configuration with its runs; or trajectories, each a run
            whose first frame is the configuration it starts from. One-frame files of a folder
            whose steps differ are the frames of one run. Runs that start from the same
            configuration belong together. Other one-frame files are configurations without runs.
        model
            The glass former, e.g. ``"kob-andersen"``: it says how states and descriptors are made.
        parameters
            Of the model, where they are not its defaults, ``{"temperature": 0.5}``. The table of a
            model ``"tabulated"``, ``{"file": "ka.table"}``, is copied beside the recipe; its number
            density and composition are by default those of the first configuration.
        time
            When the runs of BOTAN files end, tau.
        timestep
            Of trajectories that state steps, tau; the time of a frame is the difference in steps
            to the first frame times this. A file that states times needs none.
        wrapped
            Say that positions are in the box and come without images: a particle then takes the
            shortest way from frame to frame.
        states
            To be described: ``"initial"``, ``"inherent"``, ``"cage"``. More may be added to the
            recipe later.

        Raises
        ------
        InputError
            If the files do not make a study: other particles or times in one of them, other
            numbers of runs, positions that look wrapped, a missing `time` or `timestep`.
        FileFormatError
            If a file cannot be read.
        RecipeError
            If the recipe exists and is another.
        """
        from cagebreak.study.importing import Options, import_files

        options = Options(model, dict(parameters or {}), time, timestep, wrapped, tuple(states))
        import_files(Path(path), [Path(file) for file in files], options)
        return cls(path)

    def plan(self, workers: int | None = None) -> Plan:
        """Measure on this machine what is left to spend; takes seconds.

        A stage of which units are done costs what they took.

        Raises
        ------
        StoreError
            If a configuration in the folder is damaged or of another recipe.
        """
        left = {status.stage: status.total - status.done for status in self.status()}
        found = next((u for u in self._units("equilibrate") if self.store.has(u)), None)
        configuration = None if found is None else self.configuration(found.address[0])
        timed = mean_seconds(self.store, left)
        return make_plan(self.recipe, left, configuration, workers or available_cores(), timed)

    def status(self) -> list[StageStatus]:
        """Return how far each stage is, from what the folder holds."""
        rows = []
        for name, survey in self._surveys().items():
            wanted = {unit.address for unit in self._units(name)}
            done, outdated = len(survey.done & wanted), len(survey.outdated & wanted)
            changed, damaged = len(survey.changed), len(survey.damaged)
            rows.append(StageStatus(name, len(wanted), done, outdated, changed, damaged))
        return rows

    def time_left(self) -> TimeLeft | None:
        """Return the time left, from what units of this study took; None if none was timed."""
        found = self.status()
        done = {stage.stage: stage.done for stage in found}
        totals = {stage.stage: stage.total for stage in found}
        return time_left(self.store, done, totals, self._weights())

    def verify(self, sample: int = 3, *, seed: int) -> "Verification":
        """Compare every checksum, and do some finished units again, elsewhere, to the bit.

        On another machine than the one that computed them, units come out otherwise by rounding.

        Parameters
        ----------
        sample
            How many units to do again; they cost what `plan` says.
        seed
            Of the choice of units.

        Raises
        ------
        StoreError
            If another run is at work in the folder.
        """
        from cagebreak.study.run.verify import verify

        if sample < 0:
            raise InputError(f"sample: expected a number from 0, got {sample!r}")
        with self.store.locked():
            return verify(self.recipe, self.store, self._surveys(), sample, seed)

    def export(self, path: str | os.PathLike[str]) -> int:
        """Write recipe and units, all that is computed, to one HDF5 file; return how many units.

        Raises
        ------
        StoreError
            If a unit is damaged or of another recipe, another run is at work, or the file cannot be
            written.
        """
        from cagebreak.study.archive import pack

        with self.store.locked():
            self.store.check(self._surveys())
            return pack(self.recipe, self.store, list(self._stages), Path(path))

    @classmethod
    def from_export(cls, archive: str | os.PathLike[str], path: str | os.PathLike[str]) -> Self:
        """Return the study of an exported file, written out as the recipe `path` and its folder.

        Raises
        ------
        FileFormatError
            If the archive is damaged or none.
        StoreError
            If the recipe or the folder exists.
        """
        from cagebreak.study.archive import unpack

        unpack(Path(archive), Path(path))
        return cls(path)

    def configuration(self, c: int) -> Configuration:
        """Return equilibrated configuration `c`, from 0.

        Raises
        ------
        StoreError
            If it is not done yet; so do the other accessors.
        """
        return load_configuration(self.store, self._index(c))

    def _do(self, todo: list[Unit], engine: Engine, retries: int, progress: bool) -> Outcome:
        totals = {name: len(self._units(name)) for name in self._stages}
        left = {name: sum(unit.stage == name for unit in todo) for name in self._stages}
        done = {name: totals[name] - left[name] for name in self._stages}
        roots = [name for name, stage in self._stages.items() if not stage.needs]
        with show(Tally(done, totals, self._weights(), engine.workers), progress) as report:
            return schedule(
                {unit: needs(self.recipe, unit) for unit in todo},
                do=lambda unit: (stages.do, self.recipe, self.store, unit),
                engine=engine,
                report=Durations(self.store, engine.workers, report),
                priority=by_configuration(self._stages, roots, engine.workers),
                retries=retries,
            )

    def _engine(
        self, engine: str, workers: int | None, executor: Executor | None, address: str | None
    ) -> AbstractContextManager[Engine]:
        if workers is not None and workers < 1:
            raise InputError(f"workers: expected a number from 1, got {workers!r}")
        if executor is not None:
            n = workers or available_cores()
            return nullcontext(Engine(executor, n, ahead=n))
        if engine not in ENGINES:
            raise InputError(f"engine: expected one of {', '.join(ENGINES)}, got {engine!r}")
        return ENGINES[engine](workers, address)

    def _weights(self) -> dict[str, float]:
        return {name: stage.weight(self.recipe) for name, stage in self._stages.items()}

    def _units(self, stage: str) -> list[Unit]:
        return units(self.recipe, self._stages[stage])

    def _surveys(self) -> dict[str, Survey]:
        surveys = {name: self.store.survey(name) for name in self._stages}
        for name, stage in self._stages.items():
            if stage.reduced_to:
                kept = surveys[stage.reduced_to].done
                surveys[name].done |= {
                    unit.address for unit in self._units(name) if unit.address[:1] in kept
                }
        return surveys

    def _require_imported(self, todo: Sequence[Unit]) -> None:
        lost = [unit for unit in todo if unit.stage in ("equilibrate", "run")]
        if self.recipe.imported and lost:
            raise StoreError(
                f"{self.store.path(lost[0])}: imported, and gone (with {len(lost) - 1} more); "
                "import the same files again"
            )

    def _require_done(self, names: Sequence[str]) -> None:
        if any(name not in self._stages for name in names):
            raise StoreError(
                f"{self.store.folder}: the study has no runs, so that there is nothing to learn"
            )
        surveys = {name: self.store.survey(name) for name in names}
        self.store.check(surveys)
        for name, survey in surveys.items():
            missing = [u for u in self._units(name) if u.address not in survey.done]
            if missing:
                raise StoreError(
                    f"{self.store.folder}: {len(missing)} of {len(self._units(name))} units of "
                    f"{name} are not done yet; run the study first"
                )

    def _index(self, c: int) -> int:
        n = self.n_configurations
        if not 0 <= c < n:
            raise InputError(f"c: expected a configuration from 0 to {n - 1}, got {c!r}")
        return int(c)


def _raise_if_failed(outcome: Outcome) -> None:
    if not outcome.failed:
        return
    n = len(outcome.failed)
    lines = [f"{unit}: {describe(error)}" for unit, error in sorted(outcome.failed.items())]
    shown = "; ".join(lines[:5]) + (f"; and {n - 5} more" if n > 5 else "")
    waiting = f", and {len(outcome.waiting)} that need them wait" if outcome.waiting else ""
    raise UnitError(f"{n} unit{'s' * (n > 1)} failed{waiting}; all others are done. {shown}")
