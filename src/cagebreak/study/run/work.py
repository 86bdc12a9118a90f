"""The work of a study: its run, status, cost, verification, import and export."""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from cagebreak._atomic import require_place
from cagebreak.errors import InputError, StoreError, UnitError
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.run.durations import Durations, TimeLeft, mean_seconds, time_left
from cagebreak.study.run.engines import ENGINES, Engine, available_cores
from cagebreak.study.run.plan import Plan, make_plan
from cagebreak.study.run.progress import Tally, one_line, show
from cagebreak.study.run.schedule import RETRIES, Outcome, by_configuration, schedule
from cagebreak.study.stages import stages
from cagebreak.study.stages.equilibrate import load_configuration
from cagebreak.study.stages.stages import needs, stages_of, units
from cagebreak.study.store import Survey, Unit

if TYPE_CHECKING:
    from cagebreak.study.run.verify import Verification


@dataclass(frozen=True)
class StageStatus:
    """The progress of a stage.

    Parameters
    ----------
    stage
    total
        Number of units that the recipe asks for.
    done
        Number of these that are done.
    outdated
        Number of these that were done for a smaller study, such as one of fewer runs.
    changed
        Number of files that were computed with another recipe.
    damaged
        Number of damaged files.
    mixed
        Number of files that were made from other units than those in the folder.
    without_digest
        Number of files of earlier versions, whose bytes have no digest.
    problems
        The damaged and the mixed files, and what is wrong with each.
    """

    stage: str
    total: int
    done: int
    outdated: int
    changed: int
    damaged: int
    mixed: int
    without_digest: int
    problems: Mapping[Path, str]


class Work:
    """A recipe, the folder of its results and the units in it: the base class of `Study`."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.recipe = Recipe.read(path)
        self.store = stages.open_store(self.recipe)
        self._stages = stages_of(self.recipe)

    @property
    def n_configurations(self) -> int:
        """Number of configurations that the recipe asks for."""
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
        """Do all units that are not done yet.

        A run that is killed loses only the units in flight, and at most one segment of an
        equilibration. When run again, it gives the same results to the bit.

        Parameters
        ----------
        engine
            ``"pool"``, a pool of processes; ``"serial"``, this process; ``"dask"``, a local cluster
            or the one at `address`; ``"slurm"``, jobs by dask-jobqueue; ``"mpi"``, the ranks of an
            MPI run.
        workers
            Number of units done at once. By default the number of cores, for a cluster the number
            of its workers, and for ``"slurm"`` 1.
        executor
            Any `concurrent.futures.Executor` that shares this file system; replaces `engine`.
        address
            Address of a Dask scheduler, ``"tcp://host:8786"``; for ``"slurm"`` the partition.
        set_aside
            Whether to move damaged files, results of another recipe and units that were made from
            other units than those in the folder aside instead of raising.
        retries
            How often a unit that fails is tried again.
        progress
            Whether to show progress: bars on a terminal, a few lines elsewhere.

        Raises
        ------
        InputError
            If the engine is unknown, or `workers`, `address` or `retries` does not suit it.
        StoreError
            If another run is at work in the folder, results belong to another recipe, a file is
            damaged, or a unit was made from other units than those in the folder.
        UnitError
            If units failed at every attempt. All units that do not need them are done.
        """
        context = self._engine(engine, workers, executor, address)
        if retries < 0:
            raise InputError(f"retries: expected a number from 0, got {retries!r}")
        with self.store.locked():
            todo = self._todo(set_aside)
            self._require_imported(todo)
            if not todo:
                return
            with context as active_engine:
                # A unit that was lost and is done again can have other bits. What was made from
                # the lost one is then named, or set aside and done again, stage by stage.
                for _ in self._stages:
                    outcome = self._do(todo, active_engine, retries, progress)
                    n_aside = self.store.set_aside(self._surveys()) if set_aside else 0
                    if not n_aside:
                        _raise_if_failed(outcome)
                    todo = self._todo(set_aside)
                    if not todo:
                        break

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
        interval: float | None = None,
        wrapped: bool = False,
        origins: int | None = None,
        species: Sequence[str] | None = None,
        box: Any = None,
        format: str | None = None,
        states: Sequence[str] = ("initial",),
        keep: Mapping[str, Any] | None = None,
    ) -> Self:
        """Make a study from files of configurations and runs; `run` then does the other stages.

        Parameters
        ----------
        path
            The recipe to write, a TOML file. If it exists and was written for the same files,
            missing units in its folder are restored.
        files
            BOTAN or DeepMind files, each a configuration with its runs; or trajectories, each a run
            that starts from its first frame. One-frame files in one folder whose steps differ are
            the frames of one run; other one-frame files are configurations without runs. Runs whose
            starts differ by rounding (1e-4 sigma, or the digits of the text) are an ensemble.
        model
            Name of the glass former, such as ``"kob-andersen"``.
        parameters
            Parameters of the model that differ from its defaults, ``{"temperature": 0.5}``. The
            models ``"tabulated"`` and ``"lammps"`` need a file, ``{"file": "ka.table"}``, which is
            copied beside the recipe with the files that it names; number density and composition
            are by default those of the first configuration.
        time
            Duration of the runs in BOTAN files, in tau.
        timestep
            Duration of a time step, in tau, for trajectories that state steps but no times.
        interval
            Time between two frames, in tau, for trajectories that state neither times nor steps.
        wrapped
            Whether positions are wrapped into the box and come without images. Displacements from
            frame to frame are then minimum images.
        origins
            Number of configurations to take from each trajectory, at equal intervals; the run of
            each is the stretch up to the next. They are held out in blocks, which are further apart
            than the memory of the structure. By default the first frame is the only configuration.
        species, box, format
            As of `cagebreak.read`, for all files. By default species are numbered by the names in
            all files together.
        states
            The states to describe, of ``"initial"``, ``"inherent"`` and ``"cage"``.
        keep
            What is kept of each run beside displacements, as in the recipe: ``{"functions": 0.3}``.
            Files that were imported without it have to be imported to a new recipe.

        Warns
        -----
        ImportedFilesWarning
            Where starts share their structure (at least 1/e of the particles within half the mean
            spacing of their place in the other), so that the configurations share a fold; and of
            everything else that is done to the files.

        Raises
        ------
        InputError, FileFormatError, RecipeError
            If the files do not form a study, a time is missing, an option contradicts the files, a
            file cannot be read, or the recipe exists and was written for other files or options.
        """
        from cagebreak.study.importing import Options, import_files

        options = Options(
            model=model,
            parameters=dict(parameters or {}), states=tuple(states),
            time=time, timestep=timestep, interval=interval, wrapped=wrapped, origins=origins,
            species=None if species is None else tuple(species), box=box, format=format, keep=keep,
        )  # fmt: skip
        import_files(Path(path), [Path(file) for file in files], options)
        return cls(path)

    def plan(self, workers: int | None = None, *, progress: bool = True) -> Plan:
        """Return the cost of the units that are not done; takes some ten seconds.

        A stage with finished units is estimated from their durations. Any other stage is measured
        on this machine.

        Parameters
        ----------
        workers
            Number of cores that the study will run on; by default all.
        progress
            Whether to say what is measured.

        Raises
        ------
        StoreError
            If a configuration in the folder is damaged or belongs to another recipe.
        """
        left = {status.stage: status.total - status.done for status in self.status()}
        equilibrated = next((u for u in self._units("equilibrate") if self.store.has(u)), None)
        configuration = None
        if equilibrated is not None:
            configuration = load_configuration(self.store, equilibrated.address[0])
        timed = mean_seconds(self.store, left)
        return make_plan(
            self.recipe, left, configuration, workers or available_cores(), timed, progress
        )

    def status(self) -> list[StageStatus]:
        """Return the progress of each stage, from the files in the folder."""
        rows = []
        for name, survey in self._surveys().items():
            addresses = {unit.address for unit in self._units(name)}
            rows.append(
                StageStatus(
                    stage=name,
                    total=len(addresses),
                    done=len(survey.done & addresses),
                    outdated=len(survey.outdated & addresses),
                    changed=len(survey.changed),
                    damaged=len(survey.damaged),
                    mixed=len(survey.mixed),
                    without_digest=survey.without_digest,
                    problems=survey.problems,
                )
            )
        return rows

    def time_left(self) -> TimeLeft | None:
        """Return the time left, from the durations of finished units; None if there are none."""
        statuses = self.status()
        done = {stage.stage: stage.done for stage in statuses}
        totals = {stage.stage: stage.total for stage in statuses}
        return time_left(self.store, done, totals, self._weights())

    def verify(self, sample: int = 3, *, seed: int | None = None) -> "Verification":
        """Check all digests, and compute a sample of units again to compare them to the bit.

        Results of another machine may differ by rounding.

        Parameters
        ----------
        sample
            Number of units to compute again, in a temporary folder; `plan` estimates their cost.
        seed
            Seed of the choice of units; by default other units are chosen each time.

        Raises
        ------
        InputError
            If `sample` or `seed` is negative.
        StoreError
            If a run is at work in the folder.
        """
        from cagebreak.study.run.verify import verify

        if sample < 0:
            raise InputError(f"sample: expected a number from 0, got {sample!r}")
        with self.store.read_locked():
            return verify(self.recipe, self.store, self._surveys(), sample, seed)

    def export(self, path: str | os.PathLike[str]) -> int:
        """Write the recipe and all finished units to one HDF5 file; return the number of units.

        Raises
        ------
        StoreError
            If a unit is damaged, belongs to another recipe or was made from other units than those
            in the folder, a run is at work in the folder, or the file cannot be written.
        """
        from cagebreak.study.archive import pack

        require_place(Path(path), self.recipe.path)
        with self.store.read_locked():
            surveys = self._surveys()
            self.store.check(surveys)
            self._require_one_origin(surveys)
            return pack(self.recipe, self.store, list(self._stages), Path(path))

    @classmethod
    def from_export(cls, archive: str | os.PathLike[str], path: str | os.PathLike[str]) -> Self:
        """Restore an exported study as the recipe `path` and its folder; return the study.

        Raises
        ------
        FileFormatError
            If the file is damaged or not an exported study.
        StoreError
            If the recipe, its folder or another table of its potential exists.
        """
        from cagebreak.study.archive import unpack

        unpack(Path(archive), Path(path))
        return cls(path)

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
                reduced = surveys[stage.reduced_to].done
                surveys[name].done |= {
                    unit.address for unit in self._units(name) if unit.address[:1] in reduced
                }
        return surveys

    def _todo(self, set_aside: bool) -> list[Unit]:
        """Return the units that are not done, after a check of the files in the folder."""
        while set_aside and self.store.set_aside(self._surveys()):
            pass
        surveys = self._surveys()
        self.store.check(surveys)
        return [
            unit
            for name in self._stages
            for unit in self._units(name)
            if unit.address not in surveys[name].done
        ]

    def _require_one_origin(self, surveys: Mapping[str, Survey]) -> None:
        self.store.check_parents(
            {
                Unit(name, address): parents
                for name, survey in surveys.items()
                for address, parents in survey.parents.items()
            }
        )

    def _require_imported(self, todo: Sequence[Unit]) -> None:
        absent = [unit for unit in todo if unit.stage in stages.IMPORTED]
        if self.recipe.imported and absent:
            raise StoreError(
                f"{self.store.path(absent[0])}: imported, and gone (with {len(absent) - 1} more); "
                "import the same files again"
            )

    def _require_done(self, names: Sequence[str]) -> None:
        if any(name not in self._stages for name in names):
            raise StoreError(
                f"{self.store.folder}: the study has no runs, so that there is nothing to learn"
            )
        surveys = {name: self.store.survey(name) for name in names}
        self.store.check(surveys)
        self._require_one_origin(surveys)
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
    lines = [f"{unit}: {one_line(error)}" for unit, error in sorted(outcome.failed.items())]
    shown = "; ".join(lines[:5]) + (f"; and {n - 5} more" if n > 5 else "")
    waiting = f", and {len(outcome.waiting)} that need them wait" if outcome.waiting else ""
    raise UnitError(f"{n} unit{'s' * (n > 1)} failed{waiting}; all others are done. {shown}")
