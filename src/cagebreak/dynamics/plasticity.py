r"""Plastic events of athermal shear: the energy they dissipate and the particles that rearrange.

Between events a glass is elastic: the energy grows by the work of the stress,
:math:`\delta E = V \bar\sigma \, \delta\gamma` with the mean of the stress before and after.
A step is an event if more than `DISSIPATION` of that work is missing.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Configuration
from cagebreak.dynamics.d2min import d2min
from cagebreak.errors import InputError
from cagebreak.simulation.shear import Sheared

DISSIPATION = 1e-3
"""Smallest energy that an event dissipates, in eps (chosen).

In six Kob-Andersen glasses of 1000 particles and steps of 1e-4 (`datasets/shear-kob-andersen`), the
work of elastic steps is off by up to 8e-5, and events dissipate up to 28. About one event in thirty
dissipates less than this and is missed. With steps of 1e-3 the error of an elastic step comes near.
"""

ACTIVE = 0.6
"""D2min above which a particle is plastically active, in sigma^2; :cite:`Rottler2024`."""

AVALANCHE = 0.1
"""Share of active particles above which a window is an avalanche and is left out (chosen).

:cite:`Rottler2024` remove "large collective avalanches" and do not say how large.
"""

CURVE = np.dtype(
    [("strain", "f8"), ("energy", "f8"), ("stress", "f8"), ("dissipated", "f8"), ("event", "?")]
)


@dataclass(frozen=True, eq=False)
class Window:
    """A range of strain: its start, its events and the largest D2min of every particle.

    Parameters
    ----------
    start
        The configuration at its beginning.
    strain
        Strain at its beginning.
    d2min : (N,) array
        The largest D2min of each particle in one step of it, in sigma^2.
    events
        Number of plastic events in it.
    """

    start: Configuration
    strain: float
    d2min: NDArray[np.float64]
    events: int


@dataclass(frozen=True, eq=False)
class ShearRun:
    """A shear from its start to its end.

    Parameters
    ----------
    curve : record array
        A row a step; see `curve`.
    windows
        In order of strain; see `windows`.
    """

    curve: np.recarray
    windows: tuple[Window, ...]


def dissipation(before: Sheared, after: Sheared) -> float:
    """Return the energy that a step dissipates, in eps: the work less the gain of energy."""
    volume_strain = before.configuration.box.volume * (after.strain - before.strain)
    return before.energy + volume_strain * (before.stress + after.stress) / 2 - after.energy


def is_event(before: Sheared, after: Sheared) -> bool:
    """Return whether a step is a plastic event: see `DISSIPATION`."""
    return dissipation(before, after) > DISSIPATION


def point(before: Sheared | None, state: Sheared) -> tuple[float, float, float, float, bool]:
    """Return the row of `curve` for a state and the one before."""
    dissipated = 0.0 if before is None else dissipation(before, state)
    energy = state.energy / len(state.configuration)
    return state.strain, energy, state.stress, dissipated, dissipated > DISSIPATION


def curve(states: Iterable[Sheared]) -> np.recarray:
    """Return the stress-strain curve of a shear, a row a state.

    Parameters
    ----------
    states
        What `cagebreak.shear` yields, step by step.

    Returns
    -------
    record array
        `strain`; `energy` a particle, in eps; `stress`, in eps / sigma^3; `dissipated`: the energy
        that the step to this state dissipated, in eps; `event`: whether it was a plastic event.
    """
    rows, before = [], None
    for state in states:
        rows.append(point(before, state))
        before = state
    return np.array(rows, CURVE).view(np.recarray)


class Windows:
    """Divides a shear into windows of strain, step by step.

    Parameters
    ----------
    cutoff, width, discard
        See `windows`.
    current
        The window that is open, if the shear goes on from within one.

    Raises
    ------
    InputError
        If `width` is not positive or `discard` is negative.
    """

    def __init__(
        self,
        cutoff: float,
        width: float = 0.01,
        discard: float = 0.1,
        current: Window | None = None,
    ) -> None:
        if not width > 0 or not discard >= 0:
            raise InputError(
                f"width, discard: expected strains > 0 and >= 0, got {width!r} and {discard!r}"
            )
        self._cutoff, self._width, self._discard = cutoff, width, discard
        self.current = current

    def add(self, before: Sheared | None, state: Sheared) -> Window | None:
        """Take in a step, or the start with nothing before it; return the window it completes."""
        window = self.current
        if window is not None and before is not None and is_event(before, state):
            of_step = d2min(before.configuration, state.configuration, self._cutoff)
            largest = np.maximum(window.d2min, of_step)
            window = Window(window.start, window.strain, largest, window.events + 1)
        # Strains are sums of steps: half a step is their rounding.
        slack = 0.5 * abs(state.strain - before.strain) if before is not None else 0.0
        strain = abs(state.strain)
        ended = window is not None and strain > abs(window.strain) + self._width - slack
        self.current = window
        if ended or (window is None and strain > self._discard - slack):
            nothing = np.zeros(len(state.configuration))
            self.current = Window(state.configuration, state.strain, nothing, 0)
        return window if ended else None


def windows(
    states: Iterable[Sheared], cutoff: float, width: float = 0.01, discard: float = 0.1
) -> Iterator[Window]:
    """Divide a shear into windows of strain, with the D2min of every particle in each.

    Parameters
    ----------
    states
        What `cagebreak.shear` yields, step by step.
    cutoff
        Of D2min, in sigma; its reference is the configuration one step before.
    width, discard
        Strain of a window, and the strain at the start that is left out; both from
        :cite:`Rottler2024`.

    Yields
    ------
    Window
        The last one only if it is complete.

    Raises
    ------
    InputError
        If `width` is not positive or `discard` is negative.
    """
    division = Windows(cutoff, width, discard)
    before = None
    for state in states:
        whole = division.add(before, state)
        if whole is not None:
            yield whole
        before = state


def active(
    window: Window, threshold: float = ACTIVE, avalanche: float = AVALANCHE, species: int = 0
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the active particles of a window, and as many of the least mobile.

    Parameters
    ----------
    window
    threshold
        Active are particles with a larger D2min, in sigma^2.
    avalanche
        If a larger share of the species is active, both lists are empty.
    species
        Only its particles are considered; the majority species in :cite:`Rottler2024`.
    """
    members = np.flatnonzero(window.start.species == species)
    of_members = window.d2min[members]
    n = int((of_members > threshold).sum())
    if n > avalanche * len(members):
        n = 0
    order = np.argsort(of_members, kind="stable")
    return np.sort(members[order[len(order) - n :]]), np.sort(members[order[:n]])
