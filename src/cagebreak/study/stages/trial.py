"""A trial: a configuration like those of a study, on which the cost of stages is measured."""

import time
from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

from cagebreak.configuration import Configuration
from cagebreak.simulation import preparation
from cagebreak.simulation.nve import nve
from cagebreak.study.recipe.recipe import Recipe

T = TypeVar("T")

LARGEST = 2000
"""Largest number of particles of a trial; costs are scaled linearly in their number (chosen)."""
ENOUGH = 0.5
"""Shortest measurement of the dynamics, in seconds (chosen)."""


class Trial:
    """A configuration of a recipe, and measurements on it that several stages use.

    Parameters
    ----------
    recipe
    configuration
        An equilibrated configuration. If it is None or has more than `LARGEST` particles, a new
        packing of at most `LARGEST` particles is measured instead; its dynamics costs a few per
        cent more. Imported configurations of any size are measured as they are.

    Attributes
    ----------
    configuration
        The configuration that is measured.
    scale
        Number of particles of the recipe over that of the configuration.
    growth_seconds
        Seconds that the new packing took; 0 without one.
    """

    def __init__(self, recipe: Recipe, configuration: Configuration | None) -> None:
        self.recipe = recipe
        self.growth_seconds = 0.0
        n_particles = recipe.preparation.n_particles
        if configuration is None or (len(configuration) > LARGEST and not recipe.imported):
            model, steps = recipe.model, recipe.preparation.protocol
            chain = model.chain_length
            n = min(n_particles, max(LARGEST // chain, 1) * chain)
            preparation.begin(model, 50 * chain, steps, seed=0)  # compiles
            prepared, self.growth_seconds = timed(preparation.begin, model, n, steps, seed=0)
            configuration = prepared.configuration
        self.configuration = configuration
        self.scale = n_particles / len(configuration)
        self._states: dict[str, tuple[Any, float]] = {}

    @cached_property
    def dynamics(self) -> tuple[float, float]:
        """Seconds per tau of dynamics, and the duration in tau over which this was measured."""
        duration, seconds = 0.1, 0.0
        while seconds < ENOUGH:
            duration *= 2
            particles = nve(self.configuration, self.recipe.model, engine=self.recipe.engine)
            _, seconds = timed(particles.run, duration)
        return seconds / duration, duration

    def once(self, name: str, measure: Callable[[], tuple[T, float]]) -> tuple[T, float]:
        """Return the result of `measure` and its seconds, cached under `name` after one call."""
        if name not in self._states:
            self._states[name] = measure()
        return self._states[name]


def timed(work: Callable[..., T], *arguments: Any, **options: Any) -> tuple[T, float]:
    """Return the result of `work` and the seconds that it took."""
    start = time.perf_counter()
    result = work(*arguments, **options)
    return result, time.perf_counter() - start
