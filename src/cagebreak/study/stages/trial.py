"""What stages are timed on: a configuration like those of a study, simulated on this machine."""

import time
from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

from cagebreak.configuration import Configuration
from cagebreak.simulation import preparation
from cagebreak.simulation.nve import dynamics
from cagebreak.study.recipe.recipe import Recipe

T = TypeVar("T")

LARGEST = 2000
"""Particles that are simulated at most: the cost is linear in their number."""
ENOUGH = 0.5
"""Seconds that a measurement of the dynamics takes at least."""


class Trial:
    """A configuration of a recipe, and measurements on it that several stages need.

    Parameters
    ----------
    recipe
    configuration
        An equilibrated one. If omitted or large, a packing fresh from growth takes its place,
        which costs a few per cent more.

    Attributes
    ----------
    configuration
        What is measured on.
    scale
        Particles of the recipe over those of the configuration.
    growth_seconds
        What it took to make the configuration; 0 if it was given.
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
        """Seconds that a time of 1 tau takes, and over how many tau this was measured."""
        duration, seconds = 0.1, 0.0
        while seconds < ENOUGH:
            duration *= 2
            _, seconds = timed(dynamics(self.configuration, self.recipe.model).run, duration)
        return seconds / duration, duration

    def once(self, name: str, measure: Callable[[], tuple[T, float]]) -> tuple[T, float]:
        """Return what `measure` returns, a result and its seconds, measured at the first call."""
        if name not in self._states:
            self._states[name] = measure()
        return self._states[name]


def timed(work: Callable[..., T], *arguments: Any, **options: Any) -> tuple[T, float]:
    """Return what `work` returns, and the seconds it took."""
    start = time.perf_counter()
    result = work(*arguments, **options)
    return result, time.perf_counter() - start
