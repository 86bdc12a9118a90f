"""A fitted hybrid model: it predicts a configuration from its structure and a few short runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Configuration, as_configuration
from cagebreak.descriptors import Features
from cagebreak.descriptors.coarse_grained.short_runs import MeanMotion, ShortRuns
from cagebreak.dynamics.propensity import half_sums
from cagebreak.errors import InputError
from cagebreak.learning.short_runs import EndFits, RunRidge
from cagebreak.potentials.match import check
from cagebreak.seeding import Seed
from cagebreak.simulation.isoconfigurational import isoconfigurational
from cagebreak.study.recipe import selections
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.stages.descriptors import describe as described
from cagebreak.study.stages.descriptors import made_once
from cagebreak.study.stages.quantities import QUANTITIES


@dataclass(frozen=True, eq=False)
class HybridModel:
    """Ridge regression on structure and the mean motion of `n_runs` runs to the time `until`.

    `Hybrid.fit` makes it.

    Parameters
    ----------
    ridge
    short_runs
        Describes the motion.
    times : (T,) array
        Times that are predicted, in tau.
    species
        Number of the species that is predicted.
    n_structure
        Number of structural descriptors.
    n_runs, until
        The short runs whose motion the model expects; `until` in tau.
    describe, simulate
        As of `Hybrid`.
    ends
        What structure at the ends of the runs predicts, if it is an input.
    """

    ridge: RunRidge
    short_runs: ShortRuns
    times: NDArray[np.float64]
    species: int
    n_structure: int
    n_runs: int
    until: float
    describe: Callable[[Configuration, Seed], Features] | None = None
    simulate: Callable[..., MeanMotion] | None = None
    ends: EndFits | None = None

    def __repr__(self) -> str:
        return f"HybridModel({self.n_runs} runs to {self.until:.3g} tau, {len(self.times)} times)"

    def predict(self, configuration: Configuration, *, seed: Seed) -> NDArray[np.float64]:
        """Return the predicted propensity, (T, N); NaN for other species.

        The structure of the configuration is described, and the short runs are simulated.

        Parameters
        ----------
        configuration
        seed
            Of the cage state and of the short runs.

        Raises
        ------
        InputError
            If the model is not one of a study whose runs were simulated; `predict_from` takes
            structure and motion instead.
        ConfigurationError
            If the configuration cannot be one of the model; see `cagebreak.check`.
        """
        if self.describe is None or self.simulate is None:
            raise InputError(
                "configuration: expected a model of a study, which knows how to describe and to "
                "simulate it; use predict_from(structure, motion)"
            )
        configuration = as_configuration(configuration)
        times = [time for time in self.short_runs.times if time <= self.until * (1 + 1e-9)]
        motion = self.simulate(configuration, times, self.n_runs, seed)
        structure = self.describe(configuration, seed) if self.n_structure else None
        return self.predict_from(structure, motion)

    def predict_from(
        self,
        structure: Features | None,
        motion: MeanMotion,
        ends: NDArray[np.float64] | None = None,
    ) -> NDArray[np.float64]:
        """Return the predicted propensity, (T, N), of a configuration described before.

        Parameters
        ----------
        structure
            The structural descriptors of the fit; None if it has none.
        motion
            Means over `n_runs` runs, at the times of `short_runs` up to `until`.
        ends : (N, G) array, optional
            The mean over these runs of the structure at their ends, of a model that expects it.

        Raises
        ------
        InputError
            If something does not fit the model.
        """
        start = motion.start
        n_columns = 0 if structure is None else structure.n_features
        if n_columns != self.n_structure:
            raise InputError(f"structure: expected {self.n_structure} descriptors, got {n_columns}")
        if (ends is None) != (self.ends is None):
            expected = "none" if self.ends is None else "the structure at the ends of the runs"
            raise InputError(f"ends: expected {expected}")
        # Later times of other models of the same statistics have no coefficients.
        short_runs = self.short_runs
        labels = short_runs.labels()
        columns = np.zeros((len(start), len(labels)))
        used = labels.time <= self.until * (1 + 1e-9)
        of_motion = ShortRuns(
            tuple(np.unique(labels.time[used]).tolist()),
            short_runs.n_species, short_runs.quantities, short_runs.lengths,
        )  # fmt: skip
        columns[:, used] = of_motion.compute(motion).values
        values = columns if structure is None else np.hstack([structure.values, columns])
        rows = np.flatnonzero(start.species == self.species)
        predicted = np.full((len(self.times), len(start)), np.nan)
        if len(rows):
            of_rows = values[rows]
            if self.ends is not None and ends is not None:
                # Ends of runs of other lengths have no coefficients.
                at_ends = np.zeros((len(rows), self.ridge.coefficients.shape[0] - values.shape[1]))
                own = self.ridge.inputs.columns[-self.ends.n_targets :] - len(labels)
                at_ends[:, own] = self.ends.predict(np.asarray(ends)[rows])
                of_rows = np.hstack([of_rows, at_ends])
            predicted[:, rows] = self.ridge.predict(of_rows).T
        return predicted


def structure_of(recipe: Recipe, features: Any) -> Callable[[Configuration, Seed], Features]:
    """Return the function that describes a configuration as a study does."""
    return partial(_structure, recipe, features)


def _structure(recipe: Recipe, features: Any, configuration: Configuration, seed: Seed) -> Features:
    matched = check(configuration, recipe.model, fixed=True).configuration
    joined = described(recipe, recipe.sources, made_once(recipe, matched, seed))
    columns = selections.columns(recipe.labels(), features)
    return Features(joined.values[:, columns], joined.labels[columns].view(np.recarray))


def simulated_motion(recipe: Recipe, quantities: Sequence[str]) -> Callable[..., MeanMotion]:
    """Return the function of a configuration that simulates short runs as a study does."""
    return partial(_simulated, recipe, tuple(quantities))


def _simulated(
    recipe: Recipe,
    quantities: Sequence[str],
    configuration: Configuration,
    times: Sequence[float],
    n_runs: int,
    seed: Seed,
) -> MeanMotion:
    matched = check(configuration, recipe.model, fixed=True).configuration
    measures = [
        QUANTITIES[name].measure(matched, QUANTITIES[name].parameter(recipe)) for name in quantities
    ]

    def observe(displacements: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.stack([measure(displacements) for measure in measures])

    runs = isoconfigurational(
        matched, recipe.model, times, n_runs, seed, observe, engine=recipe.engine
    )
    sums, n = half_sums(runs)
    means = sums.sum(axis=0) / n
    return MeanMotion(matched, np.asarray(times), dict(zip(quantities, means, strict=True)))
