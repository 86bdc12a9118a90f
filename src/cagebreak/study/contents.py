"""Access to the results of the finished units of a study, by configuration."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cagebreak._frames import to_frame
from cagebreak._html import bars, card
from cagebreak.configuration import Configuration
from cagebreak.descriptors import Features
from cagebreak.dynamics.functions import DynamicFunctions
from cagebreak.dynamics.plasticity import ShearRun
from cagebreak.dynamics.propensity import Propensity
from cagebreak.dynamics.relaxation import tau_alpha
from cagebreak.errors import InputError, StoreError
from cagebreak.states import CageState, InherentState
from cagebreak.study.analysis import predictions, tables
from cagebreak.study.run.work import Work
from cagebreak.study.stages.descriptors import describing, load_features
from cagebreak.study.stages.equilibrate import load_configuration
from cagebreak.study.stages.propensity import load_propensity
from cagebreak.study.stages.quantities import require_measured
from cagebreak.study.stages.shear import load_shear
from cagebreak.study.stages.states import load_state
from cagebreak.study.store import Unit

if TYPE_CHECKING:
    from pandas import DataFrame


class Contents(Work):
    """A study whose finished units can be read; the base class of `Study`."""

    def _repr_html_(self) -> str:
        facts = {
            "recipe": self.recipe.path,
            "model": self.recipe.model.name,
            "configurations": self.n_configurations,
        }
        done = {stage.stage: (stage.done, stage.total) for stage in self.status()}
        return card(type(self).__name__, facts, bars(done))

    def configuration(self, c: int) -> Configuration:
        """Return the equilibrated configuration `c`, counted from 0.

        Raises
        ------
        InputError
            If there is no such configuration.
        StoreError
            If it is not done yet. All methods that take `c` raise these errors.
        """
        return load_configuration(self.store, self._index(c))

    def propensity(self, c: int, target: str = "displacement") -> Propensity:
        """Return the propensity of configuration `c`.

        Parameters
        ----------
        c
        target
            The quantity that is averaged over the runs: "displacement", its absolute value in
            sigma; "d2min", in sigma^2, with `[isoconfigurational] d2min_cutoff` in the recipe; or
            one that `keep` asks for: "squared_displacement", "cage_relative", "bond_breaking",
            "mobile", "persistence", or "toward_cage" by `vectors`.

        Raises
        ------
        InputError
            If there is no such target.
        """
        self._ask_for("isoconfigurational")
        require_measured(self.recipe, target)
        return load_propensity(self.store, self._index(c), target)[0]

    def predictions(
        self,
        c: int,
        selection: str,
        times: Sequence[float] | None = None,
        target: str = "displacement",
    ) -> NDArray[np.float64]:
        """Return the propensity of configuration `c` that ridge regression predicts, (T, N).

        The fit is that of the outer fold that holds the configuration out: it has not seen it.

        Parameters
        ----------
        c
        selection
            Name of the recipe's selection of features.
        times
            Times in tau; the nearest times of the study are predicted, in this order. Default all.
        target
            As of `propensity`.

        Returns
        -------
        (T, N) array
            NaN for particles of species that the recipe does not learn.

        Raises
        ------
        InputError
            If there is no such selection or target.
        StoreError
            If the study is not done.

        Examples
        --------
        >>> predicted = study.predictions(2, "LR2", times=[10.0])[0]  # doctest: +SKIP
        >>> cagebreak.figures.particle_map(study.configuration(2), predicted)  # doctest: +SKIP
        """
        self._ask_for("isoconfigurational")
        self._require_done(tables.TABLES["scores"].needs(self.recipe))
        require_measured(self.recipe, target)
        return predictions.held_out(
            self.recipe, self.store, self._index(c), selection, times, target
        )

    def functions(self) -> DynamicFunctions:
        """Return the usual dynamic functions of the runs, with intervals.

        Its `rows` are those of ``study.table("functions")``. It also has the times of relaxation of
        F_s, F and the overlap, and the four-point structure factor at all wave numbers.

        Raises
        ------
        InputError
            If the recipe has no ``keep = { functions = ... }``.
        StoreError
            If the study is not done.

        Examples
        --------
        >>> study.functions().tau_alpha["A"]  # doctest: +SKIP
        """
        self._ask_for("isoconfigurational")
        self._require_done(tables.TABLES["functions"].needs(self.recipe))
        return tables.functions_of(self.recipe, self.store)

    def fields(
        self,
        species: str = "A",
        target: str = "displacement",
        features: Any = None,
        learner: Any = None,
        times: Sequence[float] | None = None,
    ) -> "DataFrame":
        """Return how a measured quantity of the particles and its prediction vary in space.

        What is predicted of a configuration comes from the fit that holds it out. See
        `cagebreak.dynamics.fields.field_heterogeneity` for the columns. They are in units of the
        squared mean, so that they say nothing of a quantity with a mean near 0, such as
        `toward_cage`.

        Parameters
        ----------
        species
            Letter of the species.
        target
            As of `propensity`.
        features
            A selection of features as in `Study.fit`, such as ``dict(generations=2)``; default the
            recommended set, or else the largest selection of the recipe.
        learner
            A learner as in `Study.fit`; default ridge regression.
        times
            Times in tau; the nearest times of the study are used, each once. Default all.

        Returns
        -------
        DataFrame
            A row for each field and time.

        Raises
        ------
        InputError
            If there is no such species, target or feature.
        StoreError
            If the study is not done.

        Examples
        --------
        >>> study.fields(target="bond_breaking", times=[100.0])  # doctest: +SKIP
        """
        self._ask_for("isoconfigurational")
        self._require_done(tables.TABLES["fields"].needs(self.recipe))
        require_measured(self.recipe, target)
        rows = predictions.fields_of(
            self.recipe, self.store, species, target, features, learner, times
        )
        return to_frame(rows)

    def shear(self, c: int) -> ShearRun:
        """Return the athermal shear of configuration `c`.

        Its `curve` has a row for each strain step: `strain`, `energy` (per particle), `stress`,
        `dissipated` and `event`. Its `windows` are ranges of strain. Each has the `strain` and the
        inherent state `start` at its beginning, the largest `d2min` (N,) of each particle in one
        step, and the number of plastic `events`. `cagebreak.dynamics.plasticity.active` returns the
        active and the least mobile particles of a window.
        """
        self._ask_for("shear")
        return load_shear(self.store, self._index(c))

    def state(self, c: int, state: str) -> Configuration | InherentState | CageState:
        """Return a state of configuration `c`.

        Parameters
        ----------
        c
        state
            "initial", the configuration itself; "inherent" (`inherent_state`); "cage"
            (`cage_state`); or "wide", the cage state in wide cells, of the chains that
            `[states.cage] wide_chains` asks for.

        Raises
        ------
        InputError
            If the recipe's `[descriptors] states` has no such state.
        """
        self._ask_for("descriptors")
        states = self.recipe.descriptors.states
        if "cage" in states and "wide_chains" in self.recipe.states.cage:
            states = (*states, "wide")
        if state not in states:
            expected = ", ".join(states)
            raise InputError(f"state: expected one of {expected}, as in the recipe, got {state!r}")
        return load_state(self.store, state, self._index(c))

    def features(self, c: int) -> Features:
        """Return the descriptors of every state of configuration `c`, joined by columns.

        The columns of the recommended set, if the recipe has it, are the last. Those that a state
        has too are left out, so that every column has its own name.
        """
        index = self._index(c)
        units = [Unit(describing(source), (index,)) for source in self.recipe.sources]
        self.store.check_parents({unit: self.store.parents_of(unit) for unit in units})
        joined = load_features(self.recipe, self.store, self.recipe.sources, index)
        _, first = np.unique(joined.names, return_index=True)
        columns = np.sort(first)
        return Features(joined.values[:, columns], joined.labels[columns].view(np.recarray))

    def relaxation(self) -> dict[str, float]:
        """Return tau_alpha of each species, in tau, from the finished configurations.

        Species without particles are left out. tau_alpha is the time at which F_s(k, t), averaged
        over configurations and runs, falls to 1/e. It is NaN if F_s does not fall to 1/e within the
        runs. An equilibration should last several tau_alpha.

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
        times: dict[str, float] = {}
        for s, name in enumerate(self.recipe.model.species_names):
            of_species = [data["f_s"][:, s] for data in arrays if s < data["f_s"].shape[1]]
            # F_s is NaN where a configuration has no particle of the species.
            present = [f_s for f_s in of_species if not np.isnan(f_s).any()]
            if present:
                mean = np.mean(present, axis=0)
                times[name] = float(tau_alpha(arrays[0]["times"], mean[:, None])[0])
        return times

    def drift(self) -> "DataFrame":
        """Return the changes over the last step of the preparation, for finished configurations.

        See `cagebreak.dynamics.equilibrium.drift`.

        Raises
        ------
        StoreError
            If no configuration is done yet, or none of them has a record of its equilibration.
        """
        return to_frame(tables.drift(self.recipe, self.store))

    def require_finished(self, *others: str) -> None:
        """Raise a `StoreError` unless all that a fit needs is done and of one origin.

        `others` are further stages that must be.
        """
        self._ask_for("isoconfigurational")
        self._require_done([*tables.TABLES["scores"].needs(self.recipe), *others])

    def _ask_for(self, section: str) -> None:
        if not self.recipe.asks_for(section):
            raise InputError(f"{self.recipe.path}: has no section [{section}], which this needs")
