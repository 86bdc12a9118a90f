"""Which times of the runs serve as short runs, as targets, and to describe motion."""

from collections.abc import Iterable, Sequence

import numpy as np

from cagebreak.errors import InputError
from cagebreak.simulation.isoconfigurational import nearest

N_TIMES = 6
"""Number of times at which the motion of short runs is described (chosen)."""
N_END_TIMES = 3
"""Number of times that structure at the ends of runs predicts (chosen: the first and the last
beyond the runs, and one between)."""
SPACING = 10**0.4
"""Ratio of these times, at least (chosen: six of them span two decades)."""

NEAR = 1.3
"""Ratio of a length that is asked for to one of the runs, at most (chosen: times are often spaced
by 10^0.2, and the nearest is then nearer than 10^0.1)."""


def near(name: str, known: np.ndarray, times: Sequence[float]) -> np.ndarray:
    """Return the indices of the known times that are nearest to some, none of them beyond.

    Raises
    ------
    InputError
        If a time is not within the range of those known.
    """
    indices = np.unique(nearest(known, times, name))
    known = known[known > 0]
    if max(times) > NEAR * known[-1] or min(times) < known[0] / NEAR:
        raise InputError(
            f"{name}: expected times from {known[0]:g} to {known[-1]:g}, as of the runs, got "
            f"{list(times)}"
        )
    return indices


def some_later(chosen: np.ndarray, known: np.ndarray, end: float) -> list[int]:
    """Return the indices of `N_END_TIMES` of some times, or fewer, after the end of short runs."""
    later = chosen[known[chosen] > end]
    if not len(later):
        raise InputError(
            f"times: expected some beyond {end:g}, where the ends of runs are described"
        )
    which = np.unique(np.linspace(len(later) - 1, 0, N_END_TIMES).round().astype(int))
    indices: list[int] = later[which].tolist()
    return indices


def times_to(known: np.ndarray, end: float) -> np.ndarray:
    """Return up to `N_TIMES` of the known times down from `end`, `SPACING` apart or more."""
    chosen: list[float] = []
    for time in sorted(_up_to(known, end), reverse=True):
        if not chosen or time * SPACING <= chosen[-1] * (1 + 1e-6):
            chosen.append(time)
    return np.array(sorted(chosen[:N_TIMES]))


def _up_to(known: np.ndarray, end: float) -> Iterable[float]:
    return (time for time in known.tolist() if 0 < time <= end * (1 + 1e-9))
