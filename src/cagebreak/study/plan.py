"""What a study will cost, before anything is spent."""

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import numba
import numpy as np
from threadpoolctl import threadpool_limits

from cagebreak.configuration import Configuration
from cagebreak.descriptors import papers
from cagebreak.dynamics.propensity import Propensity
from cagebreak.simulation.equilibrate import age, grow
from cagebreak.simulation.isoconfigurational import log_times, trajectory
from cagebreak.study.recipe import Recipe
from cagebreak.study.stages import STAGES, units

_LARGEST = 2000  # particles simulated to calibrate; the cost is linear in their number
_ENOUGH = 0.5  # seconds that a measurement takes at least
_HEADER = 12_000  # bytes of an HDF5 file beside its arrays, measured


@dataclass(frozen=True)
class StagePlan:
    """What a stage costs: units, those left to do, seconds of one core and bytes of a unit."""

    stage: str
    total: int
    left: int
    seconds: float
    n_bytes: int


@dataclass(frozen=True)
class Plan:
    """What a study costs on this machine.

    Parameters
    ----------
    stages
        In their order.
    workers
        Cores it will run on.
    disk_free
        Bytes free where the results go.
    """

    stages: tuple[StagePlan, ...]
    workers: int
    disk_free: int

    @property
    def core_seconds(self) -> float:
        """Seconds of one core that are left to spend."""
        return sum(stage.left * stage.seconds for stage in self.stages)

    @property
    def n_bytes(self) -> int:
        """Bytes that are left to write."""
        return sum(stage.left * stage.n_bytes for stage in self.stages)


def make_plan(
    recipe: Recipe, left: dict[str, int], configuration: Configuration | None, workers: int
) -> Plan:
    """Measure the cost of each kind of unit on this machine.

    Parameters
    ----------
    recipe
    left
        Units of each stage that are not done.
    configuration
        An equilibrated one, if there is; a packing fresh from growth, which costs a few per cent
        more, is taken otherwise.
    workers
        Cores the study will run on.
    """
    numba.set_num_threads(1)
    with threadpool_limits(limits=1):
        seconds = _seconds(recipe, configuration)
    n_bytes = _bytes(recipe)
    stages = tuple(
        StagePlan(name, len(units(recipe, stage)), left[name], seconds[name], n_bytes[name])
        for name, stage in STAGES.items()
    )
    return Plan(stages, workers, shutil.disk_usage(_existing(recipe.folder)).free)


def _seconds(recipe: Recipe, configuration: Configuration | None) -> dict[str, float]:
    model, wanted = recipe.model, recipe.isoconfigurational
    n = recipe.preparation.n_particles
    growth = 0.0
    if configuration is None or len(configuration) > _LARGEST:
        n = min(n, _LARGEST)
        grow(model, 10, seed=0)  # compiles
        start = time.perf_counter()
        configuration = grow(model, n, seed=0)
        growth = time.perf_counter() - start
    scale = recipe.preparation.n_particles / n

    duration, spent = 0.1, 0.0
    while spent < _ENOUGH:
        duration *= 2
        start = time.perf_counter()
        age(configuration, model, duration)
        spent = time.perf_counter() - start
    per_tau = spent / duration

    first = min(wanted.first, duration / 2)
    times = log_times(first, max(duration, 2 * first), wanted.n_times)
    start = time.perf_counter()
    trajectory(configuration, model, times, seed=0)
    looking = max(time.perf_counter() - start - times[-1] * per_tau, 0.0)

    described = recipe.descriptors
    descriptor = getattr(papers, described.set)(model, generations=described.generations)
    descriptor.compute(configuration)
    start = time.perf_counter()
    descriptor.compute(configuration)
    describing = (time.perf_counter() - start) * len(described.states)

    lengths = np.ones((wanted.n_times, len(configuration)))
    start = time.perf_counter()
    Propensity.from_runs(np.arange(wanted.n_times), configuration.species, [lengths] * 8)
    reducing = (time.perf_counter() - start) / 8 * wanted.n_runs

    return {
        "equilibrate": scale * (growth + per_tau * recipe.preparation.time),
        "run": scale * (looking + per_tau * wanted.last),
        "propensity": scale * reducing,
        "descriptors": scale * describing,
    }


def _bytes(recipe: Recipe) -> dict[str, int]:
    wanted, described = recipe.isoconfigurational, recipe.descriptors
    n, t = recipe.preparation.n_particles, wanted.n_times
    descriptor = getattr(papers, described.set)(recipe.model, generations=described.generations)
    features = len(descriptor.labels()) * len(described.states)
    arrays = {
        "equilibrate": n * 7,
        "run": n * (t + 1),
        "propensity": n * (2 * t + 1),
        "descriptors": n * features,
    }
    return {name: 8 * numbers + _HEADER for name, numbers in arrays.items()}


def _existing(path: Path) -> Path:
    path = path.resolve()
    return path if path.exists() else _existing(path.parent)
