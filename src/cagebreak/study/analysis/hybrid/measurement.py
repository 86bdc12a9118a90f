"""How a study describes a configuration that is predicted, and simulates its short runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Configuration
from cagebreak.descriptors import Features
from cagebreak.descriptors.cage import Source
from cagebreak.descriptors.coarse_grained.short_runs import MeanMotion
from cagebreak.dynamics.propensity import half_sums
from cagebreak.learning._validation import Floats
from cagebreak.seeding import Seed
from cagebreak.simulation.isoconfigurational import isoconfigurational, led_to
from cagebreak.study.recipe import selections
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.stages.descriptors import describe
from cagebreak.study.stages.quantities import QUANTITIES


@dataclass(frozen=True)
class Measurement:
    """What is measured of a configuration to predict it, as in a study.

    Parameters
    ----------
    recipe
        The recipe of the study.
    features
        The selection of structural descriptors, as in `Study.fit`.
    quantities
        Quantities of the motion in short runs.
    """

    recipe: Recipe
    features: Any
    quantities: tuple[str, ...]

    @property
    def columns(self) -> NDArray[np.int64]:
        """The columns of the recipe's descriptors that `features` selects."""
        return selections.columns(self.recipe.labels(), self.features)

    def structure(self, state: Callable[[str], Source]) -> Features:
        """Return the structural descriptors of a configuration, of which `state` returns states."""
        joined = describe(self.recipe, self.recipe.sources, state)
        columns = self.columns
        return Features(joined.values[:, columns], joined.labels[columns].view(np.recarray))

    def short_runs(
        self,
        configuration: Configuration,
        times: Sequence[float],
        n_runs: int,
        seed: Seed,
        ends: bool = False,
    ) -> tuple[MeanMotion, Floats | None]:
        """Simulate short runs; return their mean motion, and mean descriptors (N, G) at their ends.

        The configuration was compared with the model before.
        """
        recipe, start = self.recipe, configuration
        measures = [
            QUANTITIES[name].measure(start, QUANTITIES[name].parameter(recipe))
            for name in self.quantities
        ]
        descriptor = recipe.end_descriptor if ends else None

        def observe(displacements: Floats) -> tuple[Floats, Floats]:
            motion = np.stack([measure(displacements) for measure in measures])
            if descriptor is None:
                return motion, np.zeros(0)
            return motion, descriptor.compute(led_to(start, displacements[-1])).values

        runs = isoconfigurational(
            start, recipe.model, times, n_runs, seed, observe, engine=recipe.engine
        )
        of_motion, of_ends = zip(*runs, strict=True)
        means, at_ends = (_mean(of_runs) for of_runs in (of_motion, of_ends))
        motion = MeanMotion(
            start, np.asarray(times), dict(zip(self.quantities, means, strict=True))
        )
        return motion, at_ends if ends else None


def _mean(of_runs: Sequence[Floats]) -> Floats:
    sums, n_runs = half_sums(of_runs)
    mean: Floats = sums.sum(axis=0) / n_runs
    return mean
