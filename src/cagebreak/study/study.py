"""A study: a recipe, the folder of its results, and all that can be asked of them."""

import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cagebreak.configuration import Configuration
from cagebreak.descriptors import Features
from cagebreak.dynamics.equilibrium import drift
from cagebreak.dynamics.plasticity import ShearRun
from cagebreak.dynamics.propensity import Propensity
from cagebreak.dynamics.relaxation import tau_alpha
from cagebreak.errors import InputError, StoreError
from cagebreak.figures import FIGURES
from cagebreak.figures.literature import read_published
from cagebreak.states import CageState, InherentState
from cagebreak.study.analysis import table_files
from cagebreak.study.analysis.tables import SCORES, TABLES, panels_of
from cagebreak.study.recipe import selections
from cagebreak.study.run.work import Work
from cagebreak.study.stages import stored
from cagebreak.study.stages.shear import load_shear
from cagebreak.study.store import Unit

if TYPE_CHECKING:
    from sklearn.base import RegressorMixin

    from cagebreak.learning import Collection, Scores, SelectionCurve, Source


class Study(Work):
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

    def propensity(self, c: int, target: str = "displacement") -> Propensity:
        """Return the propensity of configuration `c`.

        Parameters
        ----------
        c
        target
            What is averaged over the runs: "displacement", absolute, in sigma; or "d2min", against
            the configuration, in sigma^2, of a recipe with `[isoconfigurational] d2min_cutoff`.

        Raises
        ------
        InputError
            If there is no such target.
        """
        self._ask_for("isoconfigurational")
        return stored.load_propensity(self.store, self._index(c), _target(target))[0]

    def shear(self, c: int) -> ShearRun:
        """Return the athermal shear of configuration `c`.

        Its `curve` has a row a step: `strain`, `energy` (a particle), `stress`, `dissipated`,
        `event`.
        Its `windows` say for each range of strain who rearranged: `start`, the configuration at its
        beginning, an inherent state; `strain` there; `d2min` (N,), the largest of each particle in
        one step; `events`, how many. `cagebreak.dynamics.plasticity.active` picks the active and
        the least mobile particles of a window.
        """
        self._ask_for("shear")
        return load_shear(self.store, self._index(c))

    def state(self, c: int, state: str) -> Configuration | InherentState | CageState:
        """Return what `inherent_state` or `cage_state` made of configuration `c`.

        Parameters
        ----------
        c
        state
            "inherent" or "cage"; "initial" is the configuration itself.

        Raises
        ------
        InputError
            If the recipe's `[descriptors] states` has no such state.
        """
        self._ask_for("descriptors")
        if state not in self.recipe.descriptors.states:
            expected = ", ".join(self.recipe.descriptors.states)
            raise InputError(f"state: expected one of {expected}, as in the recipe, got {state!r}")
        return stored.load_state(self.store, state, self._index(c))

    def features(self, c: int) -> Features:
        """Return the descriptors of every state of configuration `c`, side by side.

        The recommended set, if the recipe asks for it, comes last.
        """
        index, wanted = self._index(c), self.recipe.sources
        parts = [stored.load_features(self.store, source, index) for source in wanted]
        return Features.concatenate(parts)

    def relaxation(self) -> dict[str, float]:
        """Return tau_alpha of each species, in tau, from the configurations done so far.

        Where F_s(k, t), averaged over configurations and runs, falls to 1/e; NaN if the runs are
        too short to see it. An equilibration shorter than several tau_alpha was too short.

        Raises
        ------
        StoreError
            If no configuration is done yet.
        """
        self._ask_for("isoconfigurational")
        done = [u.address[0] for u in self._units("propensity") if self.store.has(u)]
        if not done:
            raise StoreError(f"{self.store.folder}: no propensity is done yet; run the study first")
        arrays = [self.store.load(Unit("propensity", (c,)), ("times", "f_s")) for c in done]
        found = tau_alpha(arrays[0]["times"], np.mean([each["f_s"] for each in arrays], axis=0))
        return dict(zip(self.recipe.model.species_names, found.tolist(), strict=True))

    def drift(self) -> np.recarray:
        """Return what changed over the last step of the preparation, from those done so far.

        See `cagebreak.dynamics.equilibrium.drift`.

        Raises
        ------
        StoreError
            If no configuration is done yet, or they were made before it was recorded.
        """
        done = [u.address[0] for u in self._units("equilibrate") if self.store.has(u)]
        histories = [stored.load_history(self.store, c) for c in done]
        recorded = [history for history in histories if history is not None]
        if not recorded:
            raise StoreError(f"{self.store.folder}: no record of an equilibration; run the study")
        return drift(recorded)

    def fit(
        self,
        learner: "RegressorMixin | None" = None,
        features: Mapping[str, Any] | None = None,
        species: str | Sequence[str] | None = None,
        name: str | None = None,
        target: str = "displacement",
    ) -> "Scores":
        """Learn the propensity from the descriptors and say how well, on configurations held out.

        Without arguments, or with a target alone, it does what the recipe says and writes
        `tables/scores.csv`, or `tables/scores_d2min.csv`, and `tables/propensity.csv`.

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
        target
            What is predicted: the mean "displacement" or "d2min" of the runs; see `propensity`.

        Returns
        -------
        Scores
            See `cagebreak.learning.model_selection.evaluate`.

        Raises
        ------
        StoreError
            If the study is not done.
        InputError
            If there is no such species, no such feature, or no such target.
        """
        self._ask_for("isoconfigurational")
        table = SCORES[_target(target)]
        # scikit-learn takes a second to import: only who learns pays for it.
        from cagebreak.study.analysis.learn import learn

        self._require_done(TABLES["scores"].needs(self.recipe))
        as_in_recipe = learner is None and features is None and species is None
        chosen = None if features is None else selections.named(features)
        letters = [species] if isinstance(species, str) else species
        scores = learn(self.recipe, self.store, learner, chosen, letters, name, target)
        if as_in_recipe:
            self._write(self._table_path(table), table, scores.table)
            self.table("propensity")
        return scores

    def statistics(self, features: Any = None, species: str = "A") -> "Collection":
        """Return the statistics of each configuration: all that linear learning asks for.

        `save` them, and selection, ablation, collinearity, learning curves and every linear fit can
        be made without the study; see `cagebreak.learning`.

        Parameters
        ----------
        features
            A selection as of `fit`, ``dict(generations=2)``; the structural descriptors of the
            first state described if omitted.
        species

        Raises
        ------
        StoreError
            If the study is not done.
        InputError
            If there is no such species or no such feature.
        """
        from cagebreak.study.analysis import learn

        self._require_done(TABLES["scores"].needs(self.recipe))
        return learn.statistics(self.recipe, self.store, features, species)

    def source(
        self,
        features: Any = None,
        species: str = "A",
        times: Sequence[float] | None = None,
        length: str = "sigma",
    ) -> "Source":
        """Return what `cagebreak.learning.model_selection.transfer` asks of a state point or model.

        Parameters
        ----------
        features, species
            As of `statistics`, which says what is raised too.
        times
            The nearest to each is a target, in this order; all if omitted.
        length
            What distances in the labels are measured in: ``"sigma"``, or ``"spacing"``, the mean
            distance of particles, (V / N)^(1/3). The sets of `papers.alkemade2023` at two
            densities differ in the one and agree in the other.
        """
        from cagebreak.study.analysis import learn

        self._require_done(TABLES["scores"].needs(self.recipe))
        return learn.source(self.recipe, self.store, features, species, times, length)

    def selection(self, n: int = 100, features: Any = None, species: str = "A") -> "SelectionCurve":
        """Choose descriptors one after the other; say how r on configurations held out grows.

        Parameters
        ----------
        n
            How many to choose, at most.
        features, species
            As of `statistics`.

        Returns
        -------
        SelectionCurve
            See `cagebreak.learning.selection_curve`; by ridge regression, with the recipe's alphas.

        Raises
        ------
        StoreError
            If the study is not done.
        InputError
            If there is no such species or no such feature.
        """
        from cagebreak.study.analysis import learn

        self._require_done(TABLES["scores"].needs(self.recipe))
        return learn.selection(self.recipe, self.store, n, features, species)

    def compare(
        self,
        learners: "Sequence[str] | Mapping[str, RegressorMixin]" = ("ridge", "network", "graph"),
        features: Mapping[str, Any] | None = None,
        species: str | Sequence[str] | None = None,
        times: Sequence[float] | None = None,
        workers: int = 1,
    ) -> np.recarray:
        """Compare learners on the same folds, with what they cost.

        The table is also written, to `tables/comparison.csv`, and r in each configuration to
        `tables/comparison_configurations.csv`.

        Parameters
        ----------
        learners
            Names, see `cagebreak.study.analysis.compare.known`; or learners by name, each alone or
            with the features it learns from:
            ``{"on cages": (GraphNetwork(), {"states": ["cage"]})}``.
        features
            One selection for those that come without, as in `fit`; if omitted, each learns from
            what the papers gave it: ridge, networks and any other from generations 0 to 2, graph
            networks and support vectors from generation 0.
        species
            One or several; the recipe's if omitted.
        times
            Those nearest to these are learned; all if omitted.
        workers
            Learners trained at once.

        Returns
        -------
        record array
            The columns of `fit`, and `parameters` of one fit, `training_seconds` of all folds and
            `inference_seconds` for all configurations (CPU time), and `memory`, the largest that
            the learner's process held, in bytes. By how much r exceeds that of the first learner
            is `difference`, with its interval `difference_low` to `difference_high`: the bootstrap
            draws the same configurations for both; likewise with `_configuration` after the name,
            of the mean over configurations.

        Raises
        ------
        StoreError
            If the study is not done.
        InputError
            If a learner, species or feature is not known.
        """
        from cagebreak.study.analysis import compare

        wanted = self.recipe.learning
        letters = [species] if isinstance(species, str) else species or wanted.species
        chosen = compare.chosen(learners, features, self.recipe.descriptors.generations)
        self._require_done(TABLES["scores"].needs(self.recipe))
        table, moments = compare.compare(self.recipe, self.store, chosen, letters, times, workers)
        used = {name: str(learner) for name, (learner, _) in chosen.items()}
        for name, content in (("comparison", table), ("comparison_configurations", moments)):
            table_files.write(self._table_path(name), content, {"table": name, "learners": used})
        return table.view(np.recarray)

    def save_model(self, path: str | os.PathLike[str], selection: str) -> None:
        """Fit one selection of the recipe to all configurations, and keep the result in a file.

        `cagebreak predict` then predicts the propensity of any configuration.

        Parameters
        ----------
        path
            An HDF5 file.
        selection
            Its name in the recipe.

        Raises
        ------
        StoreError
            If the study is not done.
        InputError
            If the recipe has no such selection.
        """
        from cagebreak.study.analysis.model_file import SavedModel

        self._require_done(TABLES["scores"].needs(self.recipe))
        SavedModel.of_study(self.recipe, self.store, selection).save(Path(path))

    def table(self, name: str) -> np.recarray:
        """Return a table: read if it is up to date, else made and written.

        Parameters
        ----------
        name
            ``"propensity"``, ``"scores"``, ``"correlations"`` (of single scalars, by no
            regression), ``"selection"`` (r over the number of descriptors chosen), ``"selected"``
            (the first twenty), ``"structure"`` (g(r) of every state), ``"configurations"`` (the
            mean propensity of each), ``"scores_d2min"`` (of D2min); of a shear ``"shear"`` (the
            curve of each configuration) and ``"windows"`` (what happens in each).

        Raises
        ------
        InputError
            If there is no such table, or the recipe has nothing to fill it with.
        StoreError
            If the study is not done.
        """
        if name not in TABLES:
            raise InputError(f"name: expected one of {', '.join(TABLES)}, got {name!r}")
        spec = TABLES[name]
        self._ask_for(spec.section)
        self._require_done(spec.needs(self.recipe))
        table = table_files.read(self._table_path(name), spec.dtype(), self._provenance(name))
        if table is None:
            table = spec.make(self.recipe, self.store).view(np.recarray)
            self._write(self._table_path(name), name, table)
        return table

    def figure(
        self,
        name: str,
        path: str | os.PathLike[str] | None = None,
        published: str | os.PathLike[str] | None = None,
    ) -> Any:
        """Return a matplotlib `Figure`, drawn from a table of the study.

        Parameters
        ----------
        name
            One of `cagebreak.figures.FIGURES`, e.g. ``"alkemade2022.generations"``.
        path
            If given, the figure is written there as PNG and PDF (without an ending), and its
            tables beside it as CSV.
        published
            A CSV file of published curves, for a figure that shows them; see
            `cagebreak.figures.literature.read_published`.

        Raises
        ------
        InputError
            If there is no such figure, or the table or `published` lacks what it draws.
        StoreError
            If the study is not done.
        """
        if name not in FIGURES:
            raise InputError(f"name: expected one of {', '.join(FIGURES)}, got {name!r}")
        spec = FIGURES[name]
        drawn = {table: self.table(table) for table in spec.tables}
        further: dict[str, Any] = {}
        if spec.section == "isoconfigurational":
            further["tau_alpha"] = self.relaxation()
        if spec.mean_speed:
            model = self.recipe.model
            further["mean_speed"] = math.sqrt(8 * model.temperature / (math.pi * model.masses[0]))
        if spec.panels:
            further["panels"] = panels_of(self.recipe, self.store)
        if spec.published:
            if published is None:
                raise InputError("published: expected a CSV file of published curves, got none")
            further["curves"] = read_published(published)
        figure = spec.function(*drawn.values(), **further)
        if path is not None:
            from cagebreak.figures.style import save

            stem = Path(path)
            save(figure, stem)
            for table, content in drawn.items():
                kind = f".{table}" if len(drawn) > 1 else ""
                self._write(stem.with_name(f"{stem.name}{kind}.csv"), table, content)
        return figure

    def _ask_for(self, section: str) -> None:
        if not self.recipe.asks_for(section):
            raise InputError(f"{self.recipe.path}: has no section [{section}], which this needs")

    def _table_path(self, name: str) -> Path:
        return self.store.folder / "tables" / f"{name}.csv"

    def _provenance(self, name: str) -> dict[str, Any]:
        return {"table": name, "recipe": self.recipe.select(TABLES[name].keys)}

    def _write(self, path: Path, name: str, table: np.ndarray) -> None:
        table_files.write(path, table, self._provenance(name))


def _target(name: str) -> str:
    if name not in stored.TARGETS:
        raise InputError(f"target: expected one of {', '.join(stored.TARGETS)}, got {name!r}")
    return name
