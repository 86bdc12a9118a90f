"""Times of different state points that correspond to each other."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cagebreak.configuration import species_index
from cagebreak.errors import InputError
from cagebreak.learning._validation import require_choice
from cagebreak.learning.model_selection.state_points import interpolation
from cagebreak.study.contents import Contents
from cagebreak.study.stages.propensity import load_propensity

Floats = NDArray[np.float64]

CLOCKS = ("displacement", "tau_alpha")
PER_DECADE = 3
"""Marks a decade by default (chosen)."""
N_OF_DISPLACEMENT = 10
"""Marks of the mean displacement by default (chosen)."""


class Clock:
    """The times of each study at which a species has come as far as in the others.

    Parameters
    ----------
    studies
        Studies by name, each of which has measured propensities.
    kind : "displacement" or "tau_alpha"
        What a mark is: the time at which the mean displacement of the species has this value, in
        sigma; or a time in units of its tau_alpha.
    species
        Letter of the species.
    marks : (T,) array, optional
        Ascending; default evenly spaced in the logarithm over the range that the runs of all
        studies cover.

    Attributes
    ----------
    marks : (T,) array
    times : dict
        The time of each mark in tau, (T,), by the name of the study.

    Raises
    ------
    InputError
        If a study does not reach tau_alpha, or marks are outside of the range of its runs.
    """

    def __init__(
        self,
        studies: Mapping[str, Contents],
        kind: str,
        species: str,
        marks: ArrayLike | None = None,
    ) -> None:
        require_choice("clock", kind, CLOCKS)
        self.kind = kind
        readings = {}
        for name, study in studies.items():
            times, mean = mean_displacement(study, species)
            moving = times > 0
            times, mean = times[moving], mean[moving]
            if kind == "displacement":
                # A mean over finite runs may fall by noise; the first passage counts.
                rising = np.flatnonzero(mean > np.r_[-np.inf, np.maximum.accumulate(mean)[:-1]])
                readings[name] = mean[rising], times[rising]
                continue
            tau_alpha = study.relaxation()[species]
            if not np.isfinite(tau_alpha):
                raise InputError(
                    f"clock: expected runs of {name} beyond tau_alpha of {species}, got runs to "
                    f'{times[-1]:.4g} tau; take "displacement"'
                )
            readings[name] = times / tau_alpha, times
        low = max(reading[0] for reading, _ in readings.values())
        high = min(reading[-1] for reading, _ in readings.values())
        if low >= high:
            raise InputError(f"studies: expected runs with a common range of the clock {kind!r}")
        self.marks = self._default(low, high) if marks is None else _numbers(marks)
        inside = (self.marks >= low) & (self.marks <= high)
        ascend = self.marks.ndim == 1 and len(self.marks) > 0 and (np.diff(self.marks) > 0).all()
        if not ascend or not inside.all():
            raise InputError(
                f"marks: expected ascending numbers from {low:.4g} to {high:.4g}, the range that "
                f"the runs of all studies cover, got {marks!r}"
            )
        self.times = {
            name: np.exp(np.interp(np.log(self.marks), np.log(reading), np.log(times)))
            for name, (reading, times) in readings.items()
        }

    def _default(self, low: float, high: float) -> Floats:
        if self.kind == "displacement":
            return np.geomspace(low, high, N_OF_DISPLACEMENT)
        n = int(np.log10(high / low) * PER_DECADE) + 1
        return high * 10.0 ** (np.arange(1 - n, 1) / PER_DECADE)


def _numbers(marks: ArrayLike) -> Floats:
    try:
        return np.asarray(marks, dtype=np.float64)
    except (TypeError, ValueError):
        return np.array(np.nan)


def mean_displacement(study: Contents, species: str) -> tuple[Floats, Floats]:
    """Return the times of a study and the mean propensity of a species at each, (T,) both."""
    number = species_index(species, study.recipe.model.n_species)
    means, counts = [], []
    for c in range(study.n_configurations):
        propensity, _ = load_propensity(study.store, c)
        of_species = propensity.mean[:, propensity.species == number]
        means.append(of_species.sum(axis=1))
        counts.append(of_species.shape[1])
    return propensity.times, np.sum(means, axis=0) / sum(counts)


def mean_at(study: Contents, species: str, times: Sequence[float] | Floats) -> Floats:
    """Return the mean propensity of a species at some times, interpolated in log t, (T,)."""
    measured, mean = mean_displacement(study, species)
    moving = measured > 0
    return mean[moving] @ interpolation(measured[moving], times)
