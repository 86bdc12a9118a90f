"""A trial: a study of one size smaller, in a folder of its own, on which stages are timed."""

import math
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from cagebreak.configuration import Configuration
from cagebreak.descriptors.recommended import DENSER, SAMPLES
from cagebreak.files import hdf5
from cagebreak.simulation import preparation
from cagebreak.simulation.engines import nve
from cagebreak.simulation.preparation import Prepared, Segment, Step
from cagebreak.study.recipe import schema
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.store import Store, Unit

T = TypeVar("T")

LARGEST = 2000
"""Largest number of particles of a trial; costs are scaled linearly in their number (chosen)."""

REHEARSED = 50
"""Number of chains, or of particles, of a rehearsal (chosen)."""

ENOUGH = 0.5
"""Shortest time over which dynamics and Monte Carlo are measured, in seconds (chosen)."""

SETTLING = 10.0
"""Longest trial of a step of preparation, in times that a thermal particle needs for its diameter.

Chosen: a random packing then has the neighbors of a liquid.
"""

_BRIEF = 1 / 8
"""Length of a second, shorter segment of a step, as a share of the first (chosen)."""

_FIRST = 0.01
"""First time of the runs of a trial, at most, in tau; the last is twice as long (chosen)."""

SWEEPS = {"sweeps": (300, 100), "trajectories": (20, DENSER * SAMPLES)}
"""Sweeps of a cage state in a trial, to relax and to measure, at most (chosen): no fewer are
measured than there are samples to describe."""


class Trial:
    """A smaller study in a temporary folder: units of a recipe's stages are timed in it.

    Costs are CPU seconds, so that they depend little on what else the machine does.

    Parameters
    ----------
    recipe
        The recipe of the study whose cost is wanted.
    folder
        An empty folder.
    open_store
        Returns the store of a recipe.
    configuration
        A configuration of the study. If it is None or has more than `LARGEST` particles, one is
        prepared instead, as the recipe says but in shorter steps. Imported configurations are
        taken at any size.
    rehearsal
        Whether nothing is to be measured: everything is as short as possible, so that kernels are
        compiled or loaded.

    Attributes
    ----------
    configuration
        The configuration that is measured, configuration 0 of the trial.
    scale
        Number of particles of the recipe over that of the configuration.
    """

    def __init__(
        self,
        recipe: Recipe,
        folder: Path,
        open_store: Callable[[Recipe], Store],
        configuration: Configuration | None = None,
        rehearsal: bool = False,
    ) -> None:
        self.recipe, self.rehearsal = recipe, rehearsal
        self._folder, self._open_store = folder, open_store
        if not recipe.imported and (
            configuration is None or rehearsal or len(configuration) > LARGEST
        ):
            configuration = preparation.finished(self._prepared[0])
        assert configuration is not None
        self.configuration = configuration
        self.scale = recipe.preparation.n_particles / len(configuration)
        self.save(0, configuration)

    def study(self, n_runs: int = 1) -> tuple[Recipe, Store]:
        """Return the recipe and the store of the trial: few and short runs, few sweeps."""
        sections = dict(self.recipe.sections)
        if self.recipe.asks_for("isoconfigurational"):
            runs = self.recipe.isoconfigurational
            if isinstance(runs, schema.Isoconfigurational):
                first = min(runs.first, _FIRST)
                runs = replace(runs, first=first, last=2 * first)
            states, cage = self.recipe.states, self.recipe.states.cage
            if "precision" not in cage or self.rehearsal:
                units = [unit for unit in SWEEPS if unit in cage] or ["sweeps"]
                lengths = {
                    unit: tuple(map(min, cage.get(unit, SWEEPS[unit]), SWEEPS[unit]))
                    for unit in units
                }
                chains = {name: cage[name] for name in ("chains", "wide_chains") if name in cage}
                cage = chains | lengths
            tolerance = 1e3 if self.rehearsal else states.force_tolerance
            states = replace(states, cage=cage, force_tolerance=tolerance)
            sections["isoconfigurational"] = replace(runs, n_runs=n_runs)
            sections["states"] = states
        recipe = replace(self.recipe, path=self._folder / "trial.toml", sections=sections)
        return recipe, self._open_store(recipe)

    def save(self, c: int, configuration: Configuration) -> float:
        """Save a configuration in the trial, and return the seconds that this took."""
        _, store = self.study()
        arrays = hdf5.datasets(configuration)
        return timed(store.save, Unit("equilibrate", (c,)), arrays)[1]

    @property
    def preparation_seconds(self) -> float:
        """Seconds of the recipe's preparation, at the size of the trial."""
        return self._prepared[1]

    @cached_property
    def _prepared(self) -> tuple[Prepared, float]:
        """The end of a short preparation, and the seconds that the recipe's would take.

        The seconds of a step are those of its segments, each of a fixed cost, and of its dynamics.
        """
        model, chain = self.recipe.model, self.recipe.model.chain_length
        steps = self.recipe.preparation.protocol
        largest = chain * REHEARSED if self.rehearsal else max(LARGEST // chain, 1) * chain
        n = min(self.recipe.preparation.n_particles, largest)
        coldest = min([model.temperature, *(kT for step in steps for kT in step.temperature)])
        longest = SETTLING / math.sqrt(max(coldest, model.temperature / 10))
        longest /= 100 if self.rehearsal else 1
        short = [replace(step, time=min(step.time, longest)) for step in steps]
        segments = preparation.segments(steps, model)
        prepared, seconds = timed(preparation.begin, model, n, steps, seed=0)
        for number, step in enumerate(steps):
            if not short[number].time:
                continue
            end = short[number].time
            start = end * (1 - _BRIEF)
            prepared, of_all = timed(self._advance, prepared, short, Segment(number, 0, end, True))
            last = Segment(number, start, end, False)
            prepared, of_last = timed(self._advance, prepared, short, last)
            per_tau = max(of_all - of_last, 0.0) / start
            fixed = max(of_last - per_tau * (end - start), 0.0)
            n_segments = sum(segment.step == number for segment in segments)
            seconds += n_segments * fixed + per_tau * step.time
        return prepared, seconds

    def _advance(self, prepared: Prepared, steps: list[Step], segment: Segment) -> Prepared:
        model, engine = self.recipe.model, self.recipe.engine
        return preparation.advance(prepared, model, steps, segment, 0, engine)

    @cached_property
    def dynamics(self) -> tuple[float, list[Configuration]]:
        """Seconds per tau of dynamics, and configurations that it led to."""
        particles = nve(self.configuration, self.recipe.model, engine=self.recipe.engine)
        later: list[Configuration] = []
        duration, seconds = 0.1, 0.0
        particles.run(duration)
        while not later or (seconds < ENOUGH and not self.rehearsal):
            duration *= 2
            _, seconds = timed(particles.run, duration)
            later.append(particles.configuration)
        return seconds / duration, later


def timed(work: Callable[..., T], *arguments: Any, **options: Any) -> tuple[T, float]:
    """Return the result of `work` and the CPU seconds that it took."""
    start = time.process_time()
    result = work(*arguments, **options)
    return result, time.process_time() - start
