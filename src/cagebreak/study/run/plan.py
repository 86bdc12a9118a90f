"""What a study will cost, before anything is spent."""

import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numba
import numpy as np
from threadpoolctl import threadpool_limits

from cagebreak.configuration import Configuration
from cagebreak.descriptors.cage import Source
from cagebreak.dynamics.d2min import D2Min
from cagebreak.dynamics.propensity import Propensity
from cagebreak.simulation import preparation
from cagebreak.simulation.nve import nve
from cagebreak.simulation.isoconfigurational import log_times, trajectory
from cagebreak.simulation.shear import advance, shear
from cagebreak.states import CageState, cage_state, inherent_state
from cagebreak.states.cage import pool_chains
from cagebreak.study.recipe import descriptors
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.stages.stored import describing
from cagebreak.study.stages.units import samples_kept, sweeps_of_cage
from cagebreak.study.stages.stages import stages_of, units

T = TypeVar("T")

_LARGEST = 2000  # particles simulated to calibrate; the cost is linear in their number
_ENOUGH = 0.5  # seconds that a measurement takes at least
_FLOW, _COARSE = 0.1, 2e-3  # strain, and steps to it, after which a glass yields
_ENOUGH_STEPS = 4.0  # seconds of shear that are timed: a few events
_HEADER = 9_000  # bytes of an HDF5 file beside its arrays, measured: 8 to 11 thousand


@dataclass(frozen=True)
class StagePlan:
    """What a stage costs: units, those left to do, seconds of one core and bytes of a unit.

    `timed` says that the seconds are what units of this study took, not a measurement made now.
    """

    stage: str
    total: int
    left: int
    seconds: float
    n_bytes: int
    timed: bool = False


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
    recipe: Recipe,
    left: dict[str, int],
    configuration: Configuration | None,
    workers: int,
    timed: Mapping[str, float],
) -> Plan:
    """Measure the cost of each kind of unit on this machine, unless it is known.

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
    timed
        Seconds that units of some stages took.
    """
    seconds = dict(timed)
    if not set(left) <= set(timed):
        numba.set_num_threads(1)
        with threadpool_limits(limits=1):
            seconds = _seconds(recipe, configuration) | seconds
    n_bytes = _bytes(recipe)
    stages = tuple(
        StagePlan(
            name,
            len(units(recipe, stage)),
            left[name],
            seconds[name],
            n_bytes[name],
            name in timed,
        )
        for name, stage in stages_of(recipe).items()
    )
    return Plan(stages, workers, shutil.disk_usage(_existing(recipe.folder)).free)


def _seconds(recipe: Recipe, configuration: Configuration | None) -> dict[str, float]:
    model = recipe.model
    n, steps = recipe.preparation.n_particles, recipe.preparation.protocol
    if recipe.imported:
        if configuration is None:
            return dict.fromkeys(stages_of(recipe), 0.0)
        wanted = recipe.isoconfigurational
        reducing = _seconds_of_reducing(wanted.n_times, wanted.n_runs, configuration)
        given = {"equilibrate": 0.0, "run": 0.0, "propensity": reducing}
        return _seconds_of_states(recipe, configuration) | given
    growth = 0.0
    if configuration is None or len(configuration) > _LARGEST:
        chain = model.chain_length
        n = min(n, max(_LARGEST // chain, 1) * chain)
        preparation.begin(model, 50 * chain, steps, seed=0)  # compiles
        start = time.perf_counter()
        configuration = preparation.begin(model, n, steps, seed=0).configuration
        growth = time.perf_counter() - start
    scale = recipe.preparation.n_particles / n

    duration, spent = 0.1, 0.0
    while spent < _ENOUGH:
        duration *= 2
        start = time.perf_counter()
        nve(configuration, model).run(duration)
        spent = time.perf_counter() - start
    per_tau = spent / duration

    seconds = {"equilibrate": growth + per_tau * sum(step.time for step in steps)}
    if recipe.asks_for("isoconfigurational"):
        seconds |= _seconds_of_runs(recipe, configuration, per_tau, duration)
        seconds |= _seconds_of_states(recipe, configuration)
    if recipe.asks_for("shear"):
        seconds["shear"] = _seconds_of_shear(recipe, configuration)
    return {name: scale * each for name, each in seconds.items()}


def _seconds_of_runs(
    recipe: Recipe, configuration: Configuration, per_tau: float, duration: float
) -> dict[str, float]:
    """Return what a run and the sums over them take; `per_tau` was measured over `duration`."""
    wanted = recipe.isoconfigurational
    first = min(wanted.first, duration / 2)
    times = log_times(first, max(duration, 2 * first), wanted.n_times)
    start = time.perf_counter()
    displacements = trajectory(configuration, recipe.model, times, seed=0)
    looking = max(time.perf_counter() - start - times[-1] * per_tau, 0.0)
    arrays = 1
    if wanted.d2min_cutoff is not None:
        arrays = 2
        D2Min(configuration, wanted.d2min_cutoff)(displacements[:1])  # compiles
        measure, fitting = _timed(D2Min, configuration, wanted.d2min_cutoff)
        looking += fitting + _timed(measure, displacements)[1]

    reducing = arrays * _seconds_of_reducing(wanted.n_times, wanted.n_runs, configuration)
    return {"run": looking + per_tau * wanted.last, "propensity": reducing}


def _seconds_of_shear(recipe: Recipe, configuration: Configuration) -> float:
    """Return what a shear takes, from steps in a glass that flows already."""
    model, wanted = recipe.model, recipe.shear
    *_, state = shear(configuration, model, _FLOW, step=_COARSE)
    steps, spent = 0, 0.0
    while spent < _ENOUGH_STEPS:
        start = time.perf_counter()
        state = advance(state, model, wanted.step, wanted.force_tolerance)
        spent += time.perf_counter() - start
        steps += 1
    return spent / steps * wanted.n_steps


def _seconds_of_reducing(n_times: int, n_runs: int, configuration: Configuration) -> float:
    if not n_times:
        return 0.0
    lengths = np.ones((n_times, len(configuration)))
    start = time.perf_counter()
    Propensity.from_runs(np.arange(n_times) + 1, configuration.species, [lengths] * 8)
    return (time.perf_counter() - start) / 8 * n_runs


def _seconds_of_states(recipe: Recipe, configuration: Configuration) -> dict[str, float]:
    """Return what it takes to make the states of a recipe and to describe them."""
    model, seconds, found = recipe.model, {}, {}
    for state in recipe.descriptors.states:
        source: Source = configuration
        if state == "inherent":
            tolerance = recipe.states.force_tolerance
            inherent_state(configuration, model, force_tolerance=1e3)  # compiles
            source, seconds[state] = _timed(
                inherent_state, configuration, model, force_tolerance=tolerance
            )
        elif state == "cage":
            source, seconds[state] = _timed_cage(recipe, configuration)
        found[state] = source
        descriptor = recipe.descriptor(state)
        descriptor.compute(source)
        _, seconds[describing(state)] = _timed(descriptor.compute, source)
    if descriptors.RECOMMENDED in recipe.sources:
        _, seconds[describing(descriptors.RECOMMENDED)] = _timed(
            recipe.recommended.describe, found["inherent"], found["cage"]
        )
    return seconds


def _timed_cage(recipe: Recipe, configuration: Configuration) -> tuple[CageState, float]:
    """Return a cage state of a few sweeps, and the seconds that the recipe's will take."""
    wanted = recipe.states.cage
    if "precision" in wanted:
        # How many sweeps that takes is known to who has done them.
        return _timed(cage_state, configuration, recipe.model, seed=0, **wanted)
    few = (100, 100)
    cage_state(configuration, recipe.model, seed=0, sweeps=(1, 1))  # compiles
    state, seconds = _timed(
        cage_state, configuration, recipe.model, seed=0, sweeps=few, samples=samples_kept(recipe)
    )
    # Described are the samples of all chains.
    pooled = pool_chains([state] * wanted.get("chains", 1))
    return pooled, seconds * sweeps_of_cage(recipe) / sum(few)


def _timed(work: Callable[..., T], *arguments: Any, **options: Any) -> tuple[T, float]:
    start = time.perf_counter()
    result = work(*arguments, **options)
    return result, time.perf_counter() - start


def _bytes(recipe: Recipe) -> dict[str, int]:
    n = recipe.preparation.n_particles
    arrays = {"equilibrate": n * 7}
    if recipe.asks_for("shear"):
        wanted = recipe.shear
        windows = int((wanted.strain - wanted.discard) / wanted.window)
        arrays["shear"] = n * (1 + 4 * windows) + 5 * wanted.n_steps
    if recipe.asks_for("isoconfigurational"):
        arrays |= _numbers_of_runs(recipe, n)
    return {name: 8 * numbers + _HEADER for name, numbers in arrays.items()}


def _numbers_of_runs(recipe: Recipe, n: int) -> dict[str, int]:
    wanted = recipe.isoconfigurational
    t = wanted.n_times * (1 if wanted.d2min_cutoff is None else 2)
    arrays = {
        "run": n * (t + 1),
        "propensity": n * (2 * t + 1),
        "inherent": n * 4,
        # Samples are in single precision.
        "cage": n * 17 + n * 3 * samples_kept(recipe) * recipe.states.cage.get("chains", 1) // 2,
    }
    for state in recipe.descriptors.states:
        arrays[describing(state)] = n * len(recipe.descriptor(state).labels(state))
    if recipe.descriptors.recommended:
        labels = recipe.recommended.labels()
        arrays[describing(descriptors.RECOMMENDED)] = n * len(labels)
    return arrays


def _existing(path: Path) -> Path:
    path = path.resolve()
    return path if path.exists() else _existing(path.parent)
