"""Studies: the fits, tables and figures made from a recipe and its folder of results."""

import os
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cagebreak import _frames
from cagebreak._atomic import require_folder, require_place, write
from cagebreak.errors import InputError
from cagebreak.figures import FIGURES, FigureSpec
from cagebreak.study.analysis import drawings, table_files
from cagebreak.study.analysis.gallery import Gallery
from cagebreak.study.analysis.sources import Sources
from cagebreak.study.analysis.tables import SCORES, TABLES
from cagebreak.study.contents import Contents
from cagebreak.study.recipe import selections
from cagebreak.study.stages.quantities import require_measured

if TYPE_CHECKING:
    from pandas import DataFrame
    from sklearn.base import RegressorMixin

    from cagebreak.learning import Collection, Metrics, Scores, SelectionCurve, Source


class Study(Contents):
    """A study: a recipe and its results.

    The results are in the folder beside the recipe that has the name of the recipe.

    Parameters
    ----------
    path
        The recipe, a TOML file. `cagebreak new` writes one.

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

    def fit(
        self,
        learner: "RegressorMixin | None" = None,
        features: Mapping[str, Any] | None = None,
        species: str | Sequence[str] | None = None,
        name: str | None = None,
        target: str = "displacement",
        metrics: "str | Sequence[str] | Metrics" = (),
    ) -> "Scores":
        """Score a learner that predicts the propensity from the descriptors, by cross-validation.

        If `learner`, `features` and `species` are omitted, `tables/scores.csv` (for D2min
        `tables/scores_d2min.csv`) and `tables/propensity.csv` are written.

        Parameters
        ----------
        learner
            Any scikit-learn regressor; default the ridge regression of the recipe.
        features
            A selection of features, such as ``dict(generations=2, kind="radial")``, or several by
            name; default those of the recipe. ``generations=2`` selects generations 0 to 2,
            ``generations=[2]`` only 2. Other keys are ``states`` and the fields of the labels.
        species, name
            One or several species, default those of the recipe; and the name of the learner in the
            table, default its class.
        target
            The quantity to predict, such as "displacement" or "d2min"; see `propensity`.
        metrics
            Further scores, by name or as `cagebreak.learning.Metrics`; they are not written.

        Returns
        -------
        Scores
            See `cagebreak.learning.evaluate`.

        Raises
        ------
        StoreError
            If the study is not done.
        InputError
            If there is no such species, feature or target.
        """
        self._ask_for("isoconfigurational")
        require_measured(self.recipe, target)
        table = SCORES[target]
        # scikit-learn takes a second to import, so it is imported when it is needed.
        from cagebreak.study.analysis.learn import learn

        self._require_done(TABLES["scores"].needs(self.recipe))
        as_in_recipe = learner is None and features is None and species is None
        chosen = None if features is None else selections.named(features)
        letters = [species] if isinstance(species, str) else species
        # Before the work, in which units may change.
        source = Sources(self.recipe, self.store).of_table(table)
        scores = learn(self.recipe, self.store, learner, chosen, letters, name, target, metrics)
        if as_in_recipe:
            self._keep(table, scores.rows[[column for column, _ in _frames.SCORES]], source)
            self.rows("propensity")
        return scores

    def statistics(self, features: Any = None, species: str = "A") -> "Collection":
        """Return the sufficient statistics of each configuration for linear regression.

        Selection, ablation, collinearity, learning curves and linear fits need only these
        statistics. `Collection.save` writes them to a file, for use without the study; see
        `cagebreak.learning`.

        Parameters
        ----------
        features
            A selection of features as in `fit`, such as ``dict(generations=2)``; default the
            structural descriptors of the recipe's first state.
        species
            Letter of the species.

        Raises
        ------
        StoreError
            If the study is not done.
        InputError
            If there is no such species or feature.
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
        """Return the study as a source of `cagebreak.learning.transfer`.

        Parameters
        ----------
        features, species
            As in `statistics`.
        times
            Times in tau. The targets are the nearest times of the study, in this order; default
            all.
        length
            Unit of the distances in the labels: ``"sigma"``, or ``"spacing"``, the mean distance of
            particles, (V / N)^(1/3). Labels of `papers.alkemade2023` at two densities agree in
            units of the spacing, but not of sigma.

        Raises
        ------
        StoreError, InputError
            As in `statistics`.
        """
        from cagebreak.study.analysis import learn

        self._require_done(TABLES["scores"].needs(self.recipe))
        return learn.source(self.recipe, self.store, features, species, times, length)

    def selection(self, n: int = 100, features: Any = None, species: str = "A") -> "SelectionCurve":
        """Select descriptors by forward selection, and score ridge regression on them.

        Parameters
        ----------
        n
            Largest number of descriptors.
        features, species
            As in `statistics`.

        Returns
        -------
        SelectionCurve
            r on held-out configurations against the number of descriptors, with the alphas of the
            recipe; see `cagebreak.learning.selection_curve`.

        Raises
        ------
        StoreError
            If the study is not done.
        InputError
            If there is no such species or feature.
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
    ) -> "DataFrame":
        """Compare scores and costs of learners on the same folds.

        The table is written to `tables/comparison.csv`, and r in each configuration to
        `tables/comparison_configurations.csv`.

        Parameters
        ----------
        learners
            Names of `study.analysis.compare.known`; or a dict of learners by name, each
            alone or with a selection of features, such as
            ``{"on cages": (GraphNetwork(), {"states": ["cage"]})}``.
        features
            A selection, as in `fit`, for learners without one. By default graph networks and
            support vector machines have generation 0, as in their papers, and all other learners
            generations 0 to 2.
        species
            One or several species; default those of the recipe.
        times
            Times in tau; the nearest times of the study are predicted. Default all.
        workers
            Number of learners trained in parallel.

        Returns
        -------
        DataFrame
            The columns of the scores of `fit`, and these:

            - `parameters`: number of parameters of one fit;
            - `training_seconds`: CPU time of the training in all folds;
            - `inference_seconds`: CPU time of the prediction of all configurations;
            - `memory`: peak memory of the learner's process, in bytes;
            - `difference`, `difference_low`, `difference_high`: r minus r of the first learner, and
              its interval from a paired bootstrap over configurations;
            - the same three with `_configuration` appended: for the mean over configurations of r
              within each.

        Raises
        ------
        StoreError
            If the study is not done.
        InputError
            If there is no such learner, species or feature.
        """
        from cagebreak.study.analysis import compare

        letters = [species] if isinstance(species, str) else species
        letters = letters or self.recipe.learning.species
        chosen = compare.chosen(learners, features, self.recipe.descriptors.generations)
        self._require_done(TABLES["scores"].needs(self.recipe))
        table, moments = compare.compare(self.recipe, self.store, chosen, letters, times, workers)
        settings = {name: str(learner) for name, (learner, _) in chosen.items()}
        for name, content in (("comparison", table), ("comparison_configurations", moments)):
            provenance = {"table": name, "learners": settings}
            self._keep(name, content, provenance)
        return _frames.to_frame(table)

    def save_model(self, path: str | os.PathLike[str], selection: str) -> None:
        """Fit ridge regression to all configurations, and write the model to a file.

        `cagebreak predict` predicts the propensity of any configuration from such a file.

        Parameters
        ----------
        path
            The HDF5 file to write.
        selection
            Name of the recipe's selection of features.

        Raises
        ------
        StoreError
            If the study is not done.
        InputError
            If the recipe has no such selection.

        Warns
        -----
        ConfigurationWarning
            If the energy of the inherent state of a configuration is far from those of all others.
        """
        from cagebreak.study.analysis.model_file import SavedModel

        require_place(Path(path), self.recipe.path)
        self._require_done(TABLES["scores"].needs(self.recipe))
        SavedModel.of_study(self.recipe, self.store, selection).save(Path(path))

    def table(self, name: str) -> "DataFrame":
        """Return a table of the study; it is computed and written unless its file is up to date.

        Parameters
        ----------
        name
            One of these:

            - ``"propensity"``: propensity and relaxation of each species over time;
            - ``"configurations"``: mean propensity and density of each configuration;
            - ``"scores"``: scores of the recipe's selections, predicting the propensity;
            - ``"scores_d2min"`` and others: the same, predicting D2min or what the recipe keeps;
            - ``"metrics"``, ``"metrics_d2min"``: all of `cagebreak.learning.Metrics`;
            - ``"functions"``: dynamic functions over time, if the recipe keeps them;
            - ``"structure_factor"``: S(k) of each pair of species, with intervals;
            - ``"van_hove"``: the van Hove function over time, if the recipe keeps it;
            - ``"fields"``: how measured and predicted propensities vary in space;
            - ``"correlations"``: r of the propensity with each scalar descriptor;
            - ``"selection"``: r against the number of forward-selected descriptors;
            - ``"selected"``: the first twenty of these descriptors;
            - ``"structure"``: g(r) in every state;
            - ``"map"``: measured and predicted propensity of each particle of configuration 0;
            - ``"shear"``: the stress-strain curve of each configuration;
            - ``"windows"``: plastic events and active particles of each strain window.

        Raises
        ------
        InputError
            If there is no such table, or the recipe lacks the section that it needs.
        StoreError
            If the study is not done.
        """
        return _frames.to_frame(self.rows(name))

    def rows(self, name: str) -> np.ndarray:
        """Return a table as `table` does, as a structured array."""
        if name not in TABLES:
            raise InputError(f"name: expected one of {', '.join(TABLES)}, got {name!r}")
        self._ask_for(TABLES[name].section)
        self._require_done(TABLES[name].needs(self.recipe))
        return self._gallery().table(name)

    def figure(
        self,
        name: str,
        path: str | os.PathLike[str] | None = None,
        published: str | os.PathLike[str] | None = None,
    ) -> Any:
        """Return a matplotlib `Figure` of the study.

        Parameters
        ----------
        name
            One of `cagebreak.figures.FIGURES`, e.g. ``"map"`` or ``"alkemade2022.generations"``.
        path
            Path without suffix of the PNG, PDF and CSV files to write; default none is written.
        published
            A CSV file of published curves, for a figure that shows them; see
            `cagebreak.figures.literature.read_published`.

        Raises
        ------
        InputError
            If there is no such figure, or a table or `published` lacks data that it shows.
        StoreError
            If the study is not done.
        """
        if path is not None:
            require_folder(Path(path).parent)
        spec, shown = self._figure(name, published), self._gallery(published)
        for table in spec.tables:
            self._ask_for(TABLES[table].section)
            self._require_done(TABLES[table].needs(self.recipe))
        figure = shown.shown(name).figure()
        if path is not None:
            shown.write(name, Path(path), drawings.images(figure))
        return figure

    def draw(
        self,
        names: Sequence[str],
        folder: str | os.PathLike[str],
        published: str | os.PathLike[str] | None = None,
        workers: int | None = None,
    ) -> Iterator[tuple[str, bool | InputError]]:
        """Write figures to a folder as `figure` does, unless their files are up to date.

        They are if the units, the recipe, the published curves and the code that draws are those
        that the files were made from, and no file has changed since.

        Parameters
        ----------
        names, published
            As of `figure`.
        folder
        workers
            Number of processes; by default one for each core. The files do not depend on it.

        Yields
        ------
        name, drawn
            Each figure in order, and whether it was drawn, or why it cannot be.
        """
        require_folder(folder := Path(folder))
        require_done = cache(self._require_done)
        gallery = self._gallery(published)
        origins: dict[str, Any] = {}
        outcomes: dict[str, bool | InputError] = {}
        for name in names:
            try:
                for table in self._figure(name, published).tables:
                    self._ask_for(TABLES[table].section)
                    require_done(tuple(TABLES[table].needs(self.recipe)))
                # Before the work: what changes meanwhile is not what is drawn.
                origin = gallery.sources.of_figure(name, published)
                if drawings.is_up_to_date(folder / name, origin):
                    outcomes[name] = False
                else:
                    origins[name] = origin
            except InputError as error:
                outcomes[name] = error
        waiting = deque(names)
        for name, outcome in gallery.draw(origins, folder, workers):
            outcomes[name] = outcome
            while waiting and waiting[0] in outcomes:
                yield waiting[0], outcomes[waiting.popleft()]
        yield from ((name, outcomes[name]) for name in waiting)

    def report(self, path: str | os.PathLike[str]) -> None:
        """Write the results to one HTML file, which any browser opens without network.

        It has the state of the study, particles in three dimensions, all figures, the scores, costs
        and the recipe. Of a study that is not done it has what there is.
        """
        from cagebreak.study.analysis.report.page import Report

        require_place(Path(path), self.recipe.path)
        stages = self.status()
        if all(stage.done == stage.total for stage in stages):
            # Runs may be deleted once their sums are there.
            self._require_done([name for name, each in self._stages.items() if not each.reduced_to])
        write(Path(path), Report(self.recipe, self.store, stages, self._gallery()).page())

    def _gallery(self, published: str | os.PathLike[str] | None = None) -> Gallery:
        """Return the tables and figures of the study, as its finished units are now."""
        sources = Sources(self.recipe, self.store)
        return Gallery(self.recipe, self.store, sources, cache(self.relaxation), published)

    def _figure(self, name: str, published: str | os.PathLike[str] | None) -> FigureSpec:
        """Return the specification of a figure, after a check that it has what it needs."""
        if name not in FIGURES:
            raise InputError(f"name: expected one of {', '.join(FIGURES)}, got {name!r}")
        if FIGURES[name].published is not None and published is None:
            raise InputError("published: expected a CSV file of published curves, got none")
        return FIGURES[name]

    def _keep(self, name: str, table: np.ndarray, provenance: Mapping[str, Any]) -> None:
        table_files.keep(self.store.folder / "tables" / f"{name}.csv", table, provenance)
