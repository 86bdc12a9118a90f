"""The isoconfigurational ensemble: runs from one configuration, each with fresh velocities.

It isolates what the structure says of the dynamics (:cite:`WidmerCooper2004`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cagebreak._progress import each
from cagebreak.configuration import Configuration, as_configuration
from cagebreak.errors import InputError
from cagebreak.models.arguments import is_whole, real
from cagebreak.models.model import Model
from cagebreak.seeding import Seed, seed_sequence
from cagebreak.simulation.engines import Engine, nve

Observed = TypeVar("Observed")


def log_times(first: float, last: float, n: int = 40) -> NDArray[np.float64]:
    """Return `n` times (n,) from `first` to `last`, equally spaced in their logarithm, in tau.

    Raises
    ------
    InputError
        Unless 0 < first < last and n >= 2.
    """
    if not 0 < real(first) < real(last) < np.inf:
        raise InputError(f"first, last: expected 0 < first < last, got {first!r} and {last!r}")
    if not is_whole(n) or n < 2:
        raise InputError(f"n: expected a whole number of at least 2, got {n!r}")
    return np.geomspace(first, last, int(n))


def trajectory(
    configuration: Configuration,
    model: Model,
    times: ArrayLike,
    seed: Seed,
    engine: Engine | None = None,
) -> NDArray[np.float64]:
    """Run once with fresh Maxwell-Boltzmann velocities; return displacements (T, N, 3) in sigma.

    Parameters
    ----------
    configuration
        Start of the run; its velocities are not used.
    model
        The glass former.
    times : (T,) array
        Times of the displacements, in tau, ascending; the run stops exactly there.
    seed
        Of the velocities.
    engine
        As of `cagebreak.simulation.engines.nve`. Hard spheres are always event-driven.

    Raises
    ------
    InputError
        If the times are not ascending and finite, or there is no such engine.
    """
    configuration = as_configuration(configuration)
    times = check_times(times)
    particles = nve(configuration, model, seed, engine)
    start = particles.positions
    displacements = np.empty((len(times), *start.shape))
    for t, time in enumerate(times):
        particles.run(time - particles.time)
        displacements[t] = particles.positions - start
    return displacements


def led_to(configuration: Configuration, displacements: ArrayLike) -> Configuration:
    """Return the configuration that displacements (N, 3) from another lead to, in sigma.

    Species, diameters and the box are those of the start; velocities are not known.
    """
    configuration = as_configuration(configuration)
    moved = configuration.positions + np.asarray(displacements, dtype=np.float64)
    return configuration.replace(positions=moved, velocities=None)


def isoconfigurational(
    configuration: Configuration,
    model: Model,
    times: ArrayLike,
    n_runs: int,
    seed: Seed,
    observe: Callable[[NDArray[np.float64]], Observed] | None = None,
    executor: Executor | None = None,
    engine: Engine | None = None,
) -> Iterator[Observed]:
    """Run `n_runs` times from one configuration and yield the observations of each run, in order.

    Parameters
    ----------
    configuration, model, times
        See `trajectory`.
    n_runs
        Number of runs: 50 in :cite:`Alkemade2022` and :cite:`Alkemade2023`, 30 in
        :cite:`Rottler2024`.
    seed
        Run r has the stream of the address ("run", r).
    observe
        Function of the displacements (T, N, 3) of a run, called in the process of the run; None
        yields the displacements. With an executor of processes it must be importable.
    executor
        Any `concurrent.futures.Executor`; None runs here, one run after the other.
    engine
        See `trajectory`.

    Yields
    ------
    Observed
        The result of `observe`, run after run; the same for any executor.

    Raises
    ------
    InputError
        If `n_runs` or `times` cannot be used.
    """
    configuration = as_configuration(configuration)
    times = check_times(times)
    if not is_whole(n_runs) or n_runs < 1:
        raise InputError(f"n_runs: expected a whole number of at least 1, got {n_runs!r}")
    run = partial(_observed, configuration, model, times, observe, engine)
    seeds = [seed_sequence(seed, "run", r) for r in range(int(n_runs))]
    runs = map(run, seeds) if executor is None else executor.map(run, seeds)
    return each("isoconfigurational runs", runs, len(seeds))


def check_times(times: ArrayLike) -> NDArray[np.float64]:
    """Return `times` as an array (T,), or raise `InputError` unless finite, >= 0 and ascending."""
    try:
        array = np.asarray(times, dtype=np.float64)
    except (TypeError, ValueError):
        array = np.array(np.nan)
    if array.ndim != 1 or len(array) == 0 or not np.isfinite(array).all():
        raise InputError(f"times: expected a list of finite times, got {times!r}")
    if array[0] < 0 or (np.diff(array) <= 0).any():
        raise InputError(f"times: expected ascending times >= 0, got {array.tolist()}")
    return array


def nearest(known: NDArray[np.float64], times: Sequence[float], name: str = "times") -> list[int]:
    """Return the index of the known time that is nearest to each of `times`, by ratio.

    Errors name the times `name`.

    Raises
    ------
    InputError
        If `times` is no sequence or empty, or a time is not finite or not above 0.
    """
    if np.ndim(times) != 1 or not len(times) or not all(0 < real(t) < np.inf for t in times):
        raise InputError(f"{name}: expected numbers above 0, such as [1.0, 10.0], got {times!r}")
    return [int(np.argmin(np.abs(np.log(known / time)))) for time in times]


def _observed(configuration, model, times, observe, engine, seed):
    displacements = trajectory(configuration, model, times, seed, engine)
    return displacements if observe is None else observe(displacements)
