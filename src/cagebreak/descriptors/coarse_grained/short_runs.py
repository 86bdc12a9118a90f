"""Mean motion of a few short runs as descriptors, beside its averages over neighbors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Configuration, as_configuration
from cagebreak.descriptors.base import Features, make_labels
from cagebreak.descriptors.coarse_grained.surroundings import (
    LENGTHS,
    labels_with_surroundings,
    with_surroundings,
)
from cagebreak.errors import InputError
from cagebreak.models.arguments import real

STATE = "runs"
"""The state in the labels of motion."""


@dataclass(frozen=True, eq=False)
class MeanMotion:
    """What the particles of a configuration did, averaged over some runs.

    Parameters
    ----------
    start
        The configuration that the runs start from, N particles.
    times : (T,) array
        In tau.
    means : mapping
        The mean over the runs of each quantity, (T, N), by its name, such as "displacement".

    Raises
    ------
    InputError
        If there is no quantity, a shape does not fit or a number is not finite.
    """

    start: Configuration
    times: NDArray[np.float64]
    means: Mapping[str, NDArray[np.float64]]

    def __post_init__(self) -> None:
        start, times = as_configuration(self.start, "start"), np.asarray(self.times, np.float64)
        if times.ndim != 1 or not len(times):
            raise InputError(f"times: expected shape (T,), got {times.shape}")
        means = {name: np.asarray(mean, np.float64) for name, mean in self.means.items()}
        if not means:
            raise InputError("means: expected at least one quantity, got none")
        for name, mean in means.items():
            if mean.shape != (len(times), len(start)):
                expected = (len(times), len(start))
                raise InputError(f"means[{name!r}]: expected shape {expected}, got {mean.shape}")
            if not np.isfinite(mean).all():
                raise InputError(f"means[{name!r}]: expected finite numbers")
        for name, value in (("start", start), ("times", times), ("means", means)):
            object.__setattr__(self, name, value)


@dataclass(frozen=True)
class ShortRuns:
    r"""Mean motion of a particle over runs, and its average over neighbors of each species.

    .. math::
        x_i(t), \qquad
        \bar x_i(t, \ell, s) = \frac{\sum_{j \ne i, s_j = s} x_j(t) e^{-r_{ij} / \ell}}
                                    {\sum_{j \ne i, s_j = s} e^{-r_{ij} / \ell}}

    with the mean x of a quantity, such as the absolute displacement, over runs up to the time t.
    The averages lower the noise of few runs, and tell how far the surroundings move. All columns
    are linear in the runs: the mean of the columns of each run is the column of their mean.

    Labels: the quantity as kind, `time` in tau, state "runs"; of averages also the length as `r`
    and the species of the neighbors.

    Parameters
    ----------
    times
        The times t, in tau.
    n_species
        Number of species.
    quantities
        Names of the quantities; default the displacement alone (chosen: with D2min beside it a
        prediction of Kob-Andersen particles was no better).
    lengths
        The decay lengths, in sigma; default those of `with_surroundings`.

    Raises
    ------
    InputError
        If there is no time or quantity, or a time is not positive.
    """

    times: tuple[float, ...]
    n_species: int = 2
    quantities: tuple[str, ...] = ("displacement",)
    lengths: tuple[float, ...] = LENGTHS

    def __post_init__(self) -> None:
        for name in ("times", "quantities", "lengths"):
            values = tuple(np.atleast_1d(np.asarray(getattr(self, name))).tolist())
            if not values:
                raise InputError(f"{name}: expected at least one, got none")
            object.__setattr__(self, name, values)
        for name in ("times", "lengths"):
            values = getattr(self, name)
            if not all(0 < real(value) < np.inf for value in values):
                raise InputError(f"{name}: expected positive numbers, got {values!r}")

    def up_to(self, until: float) -> Self:
        """Return the same descriptor of the times up to `until` alone."""
        times = tuple(time for time in self.times if time <= until * (1 + 1e-9))
        return replace(self, times=times)

    def labels(self, state: str = STATE) -> np.recarray:
        """Return the labels of the columns."""
        columns = [{"time": time} for time in self.times]
        parts = [make_labels(name, 1, state, columns) for name in self.quantities]
        own = np.concatenate(parts).view(np.recarray)
        return labels_with_surroundings(own, self.n_species, self.lengths)

    def compute(self, source: MeanMotion, /, state: str = STATE) -> Features:
        """Return the features of every particle, (N, F).

        Raises
        ------
        InputError
            If `source` is no `MeanMotion`, or lacks a quantity or a time.
        ConfigurationError
            If the configuration has more species.
        """
        if not isinstance(source, MeanMotion):
            raise InputError(f"source: expected a MeanMotion, got a {type(source).__name__}")
        for name in self.quantities:
            if name not in source.means:
                known = ", ".join(source.means)
                raise InputError(f"quantities: expected some of {known}, got {name!r}")
        rows = [_index(source.times, time) for time in self.times]
        columns = np.concatenate([source.means[name][rows] for name in self.quantities]).T
        own = self.labels(state)[: columns.shape[1]]
        features = Features(columns, own.view(np.recarray))
        return with_surroundings(features, source.start, self.n_species, self.lengths)


def _index(times: NDArray[np.float64], time: float) -> int:
    near = np.flatnonzero(np.isclose(times, time))
    if not len(near):
        raise InputError(f"times: expected some of {times.tolist()}, got {time!r}")
    return int(near[0])
