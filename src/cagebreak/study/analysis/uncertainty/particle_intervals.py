"""Predictive intervals of the particles of a study, and their place in the file of a model.

What an interval contains, with the probability of its level, is the measured propensity: the mean
over as many runs as the study has. It is too wide for the mean over many more runs, and too narrow
for a single one.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from cagebreak._hdf5 import require_finite
from cagebreak.bootstrap import as_groups
from cagebreak.configuration import SPECIES_NAMES
from cagebreak.files.hdf5 import Dataset
from cagebreak.learning import PredictiveIntervals, conformal
from cagebreak.study.analysis.predictions import all_held_out
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.stages.propensity import load_propensity
from cagebreak.study.store import Store

_NAMES = ("interval_predictions", "interval_half_widths", "interval_coverage")
LEVEL = "interval_level"


def calibrate(
    recipe: Recipe, store: Store, selection: str, letter: str
) -> PredictiveIntervals | None:
    """Return the intervals of one species for a selection of features, from the outer folds.

    The residuals are those of `predictions.all_held_out`. There are no intervals, None, with fewer
    than two groups of configurations that have the species, of which one calibrates the other, or
    with too few particles.
    """
    number = SPECIES_NAMES.index(letter)
    every = range(recipe.preparation.n_configurations)
    propensities = [load_propensity(store, c)[0] for c in every]
    rows = [propensity.species == number for propensity in propensities]
    having = as_groups(recipe.groups, len(every))[[of_species.any() for of_species in rows]]
    n_particles = sum(np.count_nonzero(of_species) for of_species in rows)
    if len(np.unique(having)) < 2 or n_particles < conformal.fewest(conformal.LEVEL):
        return None
    predicted = all_held_out(recipe, store, selection, letter)
    return PredictiveIntervals.fit(
        [values[:, r].T for values, r in zip(predicted, rows, strict=True)],
        [each.mean[:, r].T for each, r in zip(propensities, rows, strict=True)],
        recipe.groups,
    )


def bounds(
    intervals: PredictiveIntervals | None, values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lower and upper bounds of predictions (n, T), (n, T) both; NaN without intervals.

    They are not below 0, as a mean displacement is not negative.
    """
    half = np.full(values.shape, np.nan) if intervals is None else intervals.of(values)
    return np.maximum(values - half, 0.0), np.maximum(values + half, 0.0)


def datasets(intervals: PredictiveIntervals) -> dict[str, Dataset]:
    """Return intervals as datasets of a file."""
    arrays = (intervals.predictions, intervals.half_widths, intervals.coverage)
    units = (("sigma", "time, knot"), ("sigma", "time, knot"), ("1", "group, time"))
    return {
        name: Dataset(array, *unit) for name, array, unit in zip(_NAMES, arrays, units, strict=True)
    } | {LEVEL: Dataset(np.array(intervals.level), "1", "")}


def of_datasets(arrays: Mapping[str, NDArray], n_times: int) -> PredictiveIntervals | None:
    """Return stored intervals; None for a file that has none.

    Raises
    ------
    ValueError
        If an array has another shape, a number is not finite, or predictions do not increase.
    """
    if LEVEL not in arrays:
        return None
    predictions, half_widths, coverage = (arrays[name] for name in _NAMES)
    n_knots = predictions.shape[-1] if predictions.ndim else 0
    shapes = ((n_times, n_knots), (n_times, n_knots), (len(np.atleast_1d(coverage)), n_times))
    found = (predictions.shape, half_widths.shape, coverage.shape)
    if found != shapes or not n_knots:
        raise ValueError(f"expected intervals at {n_times} times, got shapes {found}")
    require_finite(**{_NAMES[0]: predictions, _NAMES[1]: half_widths, LEVEL: arrays[LEVEL]})
    if (np.diff(predictions, axis=1) < 0).any():
        raise ValueError(f"{_NAMES[0]}: expected increasing numbers")
    return PredictiveIntervals(float(arrays[LEVEL]), predictions, half_widths, coverage)


def statement(intervals: Mapping[str, PredictiveIntervals | None], n_runs: int) -> str:
    """Return what the intervals of the species of a model are, in words."""
    known = {letter: each for letter, each in intervals.items() if each is not None}
    if not known:
        return (
            "intervals: none, as the model was saved by an earlier version, is of several state "
            "points, or has fewer than two configurations or nine particles"
        )
    level = next(iter(known.values())).level
    runs = "of a single run" if n_runs == 1 else f"as the mean of {n_runs} runs"
    shares = [
        f"{100 * each.coverage.min():.0f} to {100 * each.coverage.max():.0f} % of {letter}"
        for letter, each in known.items()
        if np.isfinite(each.coverage).all()
    ]
    n = min(len(each.coverage) for each in known.values())
    tested = (
        f"over all times and each of {n} training configurations left out, {' and '.join(shares)}"
        if shares
        else f"{n} training configurations are too few to test it"
    )
    return f"intervals: of what is measured {runs}, they contain {100 * level:g} %; {tested}"
