"""A study: a recipe, the folder of its results, and all that can be asked of them."""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits

from cagebreak.configuration import Configuration, species_index
from cagebreak.descriptors import Features
from cagebreak.dynamics.propensity import Propensity
from cagebreak.dynamics.relaxation import tau_alpha
from cagebreak.errors import InputError, StoreError, UnitError
from cagebreak.figures import FIGURES
from cagebreak.seeding import seed_sequence
from cagebreak.study import selections, stages, tables
from cagebreak.study.engines import ENGINES, Engine, available_cores
from cagebreak.study.plan import Plan, make_plan
from cagebreak.study.progress import Tally, describe, show
from cagebreak.study.recipe import Recipe
from cagebreak.study.samples import StudySamples
from cagebreak.study.schedule import RETRIES, Outcome, by_configuration, schedule
from cagebreak.study.stages import STAGES, needs, units
from cagebreak.study.store import Survey, Unit

if TYPE_CHECKING:
    from sklearn.base import RegressorMixin

    from cagebreak.learning import Scores


@dataclass(frozen=True)
class StageStatus:
    """How far a stage is: units done, done for a smaller study, of another recipe, damaged."""

    stage: str
    total: int
    done: int
    outdated: int
    changed: int
    damaged: int


class Study:
    """A study from its recipe; results live in the folder beside it that has its name.

    Parameters
    ----------
    path
        The recipe, a TOML file; `cagebreak new` writes one.

    Raises
    ------
    RecipeError
        If the recipe is missing or wrong.

    Examples
    --------
    >>> study = Study("hs.toml")  # doctest: +SKIP
    >>> study.run()  # doctest: +SKIP
    >>> study.fit().table  # doctest: +SKIP
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.recipe = Recipe.read(path)
        self.store = stages.open_store(self.recipe)

    def __repr__(self) -> str:
        return f"Study({str(self.recipe.path)!r})"

    def run(
        self,
        engine: str = "processes",
        workers: int | None = None,
        executor: Executor | None = None,
        *,
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
            ``"processes"``, a pool of them, or ``"serial"``, this process.
        workers
            Processes; as many as there are cores if omitted. With `executor`, how many units it
            does at once.
        executor
            Any `concurrent.futures.Executor` that shares this file system; replaces `engine`.
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
        entered = self._engine(engine, workers, executor)
        if retries < 0:
            raise InputError(f"retries: expected a number from 0, got {retries!r}")
        with self.store.locked():
            surveys = self._surveys()
            if set_aside and self.store.set_aside(surveys):
                surveys = self._surveys()
            self.store.check(surveys)
            todo = [
                unit
                for name, stage in STAGES.items()
                for unit in units(self.recipe, stage)
                if unit.address not in surveys[name].done
            ]
            if todo:
                with entered as ready:
                    outcome = self._do(todo, ready, retries, progress)
                _raise_if_failed(outcome)

    def plan(self, workers: int | None = None) -> Plan:
        """Measure on this machine what is left to spend; takes seconds.

        Raises
        ------
        StoreError
            If a configuration in the folder is damaged or of another recipe.
        """
        left = {status.stage: status.total - status.done for status in self.status()}
        found = next((u for u in self._units("equilibrate") if self.store.has(u)), None)
        configuration = None if found is None else self.configuration(found.address[0])
        return make_plan(self.recipe, left, configuration, workers or available_cores())

    def status(self) -> list[StageStatus]:
        """Return how far each stage is, from what the folder holds."""
        rows = []
        for name, survey in self._surveys().items():
            wanted = {unit.address for unit in self._units(name)}
            done, outdated = len(survey.done & wanted), len(survey.outdated & wanted)
            changed, damaged = len(survey.changed), len(survey.damaged)
            rows.append(StageStatus(name, len(wanted), done, outdated, changed, damaged))
        return rows

    def configuration(self, c: int) -> Configuration:
        """Return equilibrated configuration `c`, from 0.

        Raises
        ------
        StoreError
            If it is not done yet; so do the other accessors.
        """
        return stages.load_configuration(self.store, self._index(c))

    def propensity(self, c: int) -> Propensity:
        """Return the propensity of configuration `c`."""
        return stages.load_propensity(self.store, self._index(c))[0]

    def features(self, c: int) -> Features:
        """Return the descriptors of configuration `c`."""
        return stages.load_features(self.store, self._index(c))

    def relaxation(self) -> dict[str, float]:
        """Return tau_alpha of each species, in tau, from the configurations done so far.

        Where F_s(k, t), averaged over configurations and runs, falls to 1/e; NaN if the runs are
        too short to see it. An equilibration shorter than several tau_alpha was too short.

        Raises
        ------
        StoreError
            If no configuration is done yet.
        """
        done = [u.address[0] for u in self._units("propensity") if self.store.has(u)]
        if not done:
            raise StoreError(f"{self.store.folder}: no propensity is done yet; run the study first")
        arrays = [self.store.load(Unit("propensity", (c,)), ("times", "f_s")) for c in done]
        found = tau_alpha(arrays[0]["times"], np.mean([each["f_s"] for each in arrays], axis=0))
        return dict(zip(self.recipe.model.species_names, found.tolist(), strict=True))

    def fit(
        self,
        learner: "RegressorMixin | None" = None,
        features: Mapping[str, Any] | None = None,
        species: str | Sequence[str] | None = None,
        name: str | None = None,
    ) -> "Scores":
        """Learn the propensity from the descriptors and say how well, on configurations held out.

        Without arguments it does what the recipe says and writes `tables/scores.csv` and
        `tables/propensity.csv`.

        Parameters
        ----------
        learner
            Any scikit-learn regressor; the recipe's ridge regression if omitted.
        features
            A selection, ``dict(generations=2, kind="radial")``, or several by name; the recipe's
            if omitted. ``generations=2`` means up to 2, ``generations=[2]`` only 2; ``states`` and
            every field of the labels may be asked for.
        species
            One or several; the recipe's if omitted.
        name
            Of the learner in the table; its class if omitted.

        Returns
        -------
        Scores
            See `cagebreak.learning.evaluate`.

        Raises
        ------
        StoreError
            If the study is not done.
        InputError
            If there is no such species or no such feature.
        """
        from cagebreak.learning import Ridge, evaluate

        self._require_done("propensity", "descriptors")
        wanted = self.recipe.learning
        as_in_recipe = learner is None and features is None and species is None
        if learner is None:
            learner = Ridge(
                alphas=wanted.alphas,
                folds=wanted.inner_folds,
                center=wanted.center,
                clip=wanted.clip,
                seed=self.recipe.study.seed,
            )
        chosen = wanted.selections if features is None else selections.named(features)
        letters = [species] if isinstance(species, str) else species or wanted.species
        numbers = [species_index(letter, self.recipe.model.n_species) for letter in letters]
        labels = self.features(0).labels
        samples = StudySamples(self.store, self.recipe.preparation.n_configurations, numbers)
        # One thread gives the same bits anywhere; on busy cores several were eight times slower.
        with threadpool_limits(limits=1, user_api="blas"):
            scores = evaluate(
                learner,
                samples,
                seed=seed_sequence(self.recipe.study.seed, "fit"),
                columns={key: selections.columns(labels, wish) for key, wish in chosen.items()},
                times=self.propensity(0).times,
                folds=wanted.outer_folds,
                n_resamples=wanted.bootstrap,
                name=name,
            )
        if as_in_recipe:
            tables.write(self._table_path("scores"), scores.table, self._provenance("scores"))
            self.table("propensity")
        return scores

    def table(self, name: str) -> np.recarray:
        """Return ``"scores"`` or ``"propensity"``: read if it is up to date, else made and written.

        Raises
        ------
        InputError
            If there is no such table.
        StoreError
            If the study is not done.
        """
        from cagebreak.learning.evaluate import COLUMNS

        dtypes = {"scores": np.dtype(COLUMNS), "propensity": tables.PROPENSITY}
        if name not in dtypes:
            raise InputError(f"name: expected one of {', '.join(dtypes)}, got {name!r}")
        path, provenance = self._table_path(name), self._provenance(name)
        self._require_done("propensity")
        table = tables.read(path, dtypes[name], provenance)
        if table is not None:
            return table
        if name == "scores":
            return self.fit().table.view(np.recarray)
        table = tables.propensity_table(
            stages.load_propensity(self.store, unit.address[0]) for unit in self._units(name)
        )
        tables.write(path, table, provenance)
        return table

    def figure(self, name: str, path: str | os.PathLike[str] | None = None) -> Any:
        """Return a matplotlib `Figure`, drawn from a table of the study.

        Parameters
        ----------
        name
            One of `cagebreak.figures.FIGURES`, e.g. ``"alkemade2022.generations"``.
        path
            If given, the figure is written there as PNG and PDF (without an ending), and its
            table beside it as CSV.

        Raises
        ------
        InputError
            If there is no such figure, or the table lacks what it draws.
        StoreError
            If the study is not done.
        """
        if name not in FIGURES:
            raise InputError(f"name: expected one of {', '.join(FIGURES)}, got {name!r}")
        spec = FIGURES[name]
        table = self.table(spec.table)
        figure = spec.function(table, tau_alpha=self.relaxation())
        if path is not None:
            from cagebreak.figures.style import save

            stem = Path(path)
            save(figure, stem)
            tables.write(stem.with_name(stem.name + ".csv"), table, self._provenance(spec.table))
        return figure

    def _do(self, todo: list[Unit], engine: Engine, retries: int, progress: bool) -> Outcome:
        totals = {name: len(self._units(name)) for name in STAGES}
        left = {name: sum(unit.stage == name for unit in todo) for name in STAGES}
        done = {name: totals[name] - left[name] for name in STAGES}
        weights = {name: stage.weight(self.recipe) for name, stage in STAGES.items()}
        roots = [name for name, stage in STAGES.items() if not stage.needs]
        with show(Tally(done, totals, weights, engine.workers), progress) as report:
            return schedule(
                {unit: needs(self.recipe, unit) for unit in todo},
                do=lambda unit: (stages.do, self.recipe, self.store, unit),
                engine=engine,
                report=report,
                priority=by_configuration(STAGES, roots, engine.workers),
                retries=retries,
            )

    def _engine(
        self, engine: str, workers: int | None, executor: Executor | None
    ) -> AbstractContextManager[Engine]:
        if workers is not None and workers < 1:
            raise InputError(f"workers: expected a number from 1, got {workers!r}")
        if executor is not None:
            n = workers or available_cores()
            return nullcontext(Engine(executor, n, ahead=n))
        if engine not in ENGINES:
            raise InputError(f"engine: expected one of {', '.join(ENGINES)}, got {engine!r}")
        return ENGINES[engine](workers)

    def _units(self, stage: str) -> list[Unit]:
        return units(self.recipe, STAGES[stage])

    def _surveys(self) -> dict[str, Survey]:
        surveys = {name: self.store.survey(name) for name in STAGES}
        for name, stage in STAGES.items():
            if stage.reduced_to:
                kept = surveys[stage.reduced_to].done
                surveys[name].done |= {
                    unit.address for unit in self._units(name) if unit.address[:1] in kept
                }
        return surveys

    def _require_done(self, *names: str) -> None:
        surveys = {name: self.store.survey(name) for name in names}
        self.store.check(surveys)
        for name, survey in surveys.items():
            missing = [u for u in self._units(name) if u.address not in survey.done]
            if missing:
                raise StoreError(
                    f"{self.store.folder}: {len(missing)} of {len(self._units(name))} units of "
                    f"{name} are not done yet; run the study first"
                )

    def _table_path(self, name: str) -> Path:
        return self.store.folder / "tables" / f"{name}.csv"

    def _provenance(self, name: str) -> dict[str, Any]:
        sections = ["study", "model", "preparation", "isoconfigurational"]
        if name == "scores":
            sections += ["descriptors", "learning"]
        return {"table": name, "recipe": self.recipe.select(sections)}

    def _index(self, c: int) -> int:
        n = self.recipe.preparation.n_configurations
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
