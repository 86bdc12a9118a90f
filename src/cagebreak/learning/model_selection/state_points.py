"""One fit for several state points, against the own fit of each, on configurations held out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import PchipInterpolator

from cagebreak._frames import to_frame, with_whole_names
from cagebreak.bootstrap import interval, resamples
from cagebreak.dynamics.propensity import spearman_brown
from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats, Integers
from cagebreak.learning.collection import Collection
from cagebreak.learning.linear_model.base import prediction_moments
from cagebreak.learning.linear_model.pooled_ridge import PooledFit, PooledRidgeCV
from cagebreak.learning.model_selection.subset_cross_validation import fold_of
from cagebreak.learning.samples import Sample, Samples
from cagebreak.learning.scores import (
    X_MEAN,
    configuration_pearson,
    n_independent,
    paired_difference,
    pooled_pearson,
)
from cagebreak.learning.statistics import Statistics
from cagebreak.seeding import Seed

if TYPE_CHECKING:
    from pandas import DataFrame

OWN, POOLED, LEFT_OUT, BLIND, NEAREST = "own", "pooled", "left out", "blind", "nearest"

TABLE = [
    ("state_point", "U32"),
    ("value", "f8"),
    ("fit", "U8"),
    ("mark", "f8"),
    ("time", "f8"),
    ("time_predicted", "f8"),
    ("r", "f8"),
    ("low", "f8"),
    ("high", "f8"),
    ("ceiling", "f8"),
    ("r_pooled", "f8"),
    ("difference", "f8"),
    ("difference_low", "f8"),
    ("difference_high", "f8"),
    ("alpha", "f8"),
    ("deviation", "f8"),
]


@dataclass(frozen=True, eq=False)
class StatePoint:
    """The statistics of one state point, at times that correspond to those of others.

    Parameters
    ----------
    collection
        Statistics of the configurations. Target j of all state points belongs to the same mark,
        such as 0.1 tau_alpha; `collection.times` are the marks in tau.
    value
        What distinguishes state points, such as the inverse temperature.
    scale : (T,) array
        The unit of the targets at each mark. With the deviation within configurations, each state
        point counts by the share of its variance that is predicted, and the coefficients do not
        change with the size of the deviation.
    mean : (T,) array
        The mean of what is predicted at each mark, such as the mean displacement.
    """

    collection: Collection
    value: float
    scale: Floats
    mean: Floats


def interpolation(times: ArrayLike, new_times: ArrayLike) -> Floats:
    """Return the matrix (T, J) that interpolates values at T times to J times, linear in log t.

    Beyond the ends the value at the end is used.
    """
    x, new = np.log(np.asarray(times, float)), np.log(np.asarray(new_times, float))
    if len(x) == 1:
        return np.ones((1, len(new)))
    after = np.clip(np.searchsorted(x, new), 1, len(x) - 1)
    share = np.clip((new - x[after - 1]) / (x[after] - x[after - 1]), 0.0, 1.0)
    matrix = np.zeros((len(x), len(new)))
    columns = np.arange(len(new))
    matrix[after - 1, columns] = 1.0 - share
    matrix[after, columns] = share
    return matrix


class Interpolated:
    """Samples whose targets are interpolated in log t and divided by a scale.

    Parameters
    ----------
    samples
    matrix : (T, J) array
        See `interpolation`.
    scale : (J,) array
    """

    def __init__(self, samples: Samples, matrix: Floats, scale: Floats) -> None:
        self._samples, self._matrix = samples, matrix / scale

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, index: int) -> Sample:
        sample = self._samples[index]
        halves = None if sample.halves is None else sample.halves @ self._matrix
        return replace(sample, targets=sample.targets @ self._matrix, halves=halves)


def smooth(values: ArrayLike, numbers: ArrayLike, value: float) -> Floats:
    """Return positive numbers (J,) at a state point, from those of K others, (K, J).

    The logarithm of the number is a piecewise cubic function of the value that goes through those
    of the others and turns nowhere between them (`scipy.interpolate.PchipInterpolator`). Beyond the
    ends it goes on as a line: a relaxation time does not turn around.
    """
    s, logs = np.asarray(values, float), np.log(np.asarray(numbers, float))
    order = np.argsort(s)
    curve = PchipInterpolator(s[order], logs[order])
    inside = np.clip(value, s.min(), s.max())
    return np.exp(curve(inside) + (value - inside) * curve(inside, nu=1))


def smooth_times(values: ArrayLike, times: ArrayLike, value: float) -> Floats:
    """Return the times of marks (J,) at a state point, from those of K others, (K, J).

    The times between marks are `smooth`, so that times ascend.
    """
    between = np.diff(np.asarray(times, float), prepend=0.0, axis=1)
    return np.cumsum(smooth(values, between, value))


def state_point_scores(
    points: Mapping[str, StatePoint],
    learner: PooledRidgeCV | None = None,
    *,
    seed: Seed,
    marks: ArrayLike | None = None,
    feature_groups: ArrayLike | None = None,
    folds: int = 5,
    n_resamples: int = 2000,
    confidence: float = 0.95,
) -> DataFrame:
    """Score one fit to several state points against the own fit of each.

    Five predictions are made of the same configurations, which no fit has seen:

    - ``own``: a fit to the other configurations of the state point;
    - ``pooled``: the learner's fit to these and to the configurations of all other state points;
    - ``left out``: the learner's fit to all other state points, with penalties chosen by leaving
      out state points in training. The times of the marks are those of the state point: its mean
      displacement or tau_alpha is known;
    - ``blind``: the same fit, with the times of the marks from the other state points as well
      (`smooth_times`). Nothing of the dynamics at the state point is known;
    - ``nearest``: the own fit of the nearest other state point, with the same mark.

    Parameters
    ----------
    points
        At least three state points by name.
    learner
        Default ``PooledRidgeCV()``.
    seed
        Seed of the folds and of the bootstrap.
    marks : (T,) array, optional
        The mark of each target, such as t / tau_alpha, for the table; default 0, 1, ...
    feature_groups
        As of `PooledRidgeCV.fit`.
    folds, n_resamples, confidence
        As of `learning.evaluate`.

    Returns
    -------
    DataFrame
        A row for each `state_point`, `fit` and `mark`:

        - `time` in tau, and `time_predicted`, what it is by the other state points;
        - `r`, the mean over configurations of Pearson r within each; its interval `low`, `high`;
        - the noise `ceiling` of this r, NaN without halves;
        - `r_pooled`, r over the particles of all configurations, with predictions that are centered
          in each: differences between configurations are not learned;
        - `difference` of r from the own fit, and the interval of a paired bootstrap over
          configurations, `difference_low` and `difference_high`;
        - `alpha` and `deviation` of the learner, medians over folds.

    Raises
    ------
    InputError
        If there are fewer than three state points, or they do not fit each other.
    """
    if len(points) < 3:
        raise InputError(f"points: expected at least 3 state points, got {len(points)}")
    for name, point in points.items():
        if not (np.diff(point.collection.times, prepend=0.0) > 0).all():
            raise InputError(
                f"points[{name!r}].collection.times: expected times that ascend from above 0, "
                f"got {point.collection.times}"
            )
    learner = PooledRidgeCV() if learner is None else learner
    all_points = list(points.values())
    n_targets = all_points[0].collection.n_targets
    marks = np.arange(n_targets, dtype=float) if marks is None else np.asarray(marks, float)
    fold = [fold_of(point.collection, folds, seed) for point in all_points]
    inside = _inside(all_points, fold, learner, feature_groups)
    alone = _alone(learner)
    tables = []
    for k, (name, point) in enumerate(points.items()):
        others = [other for other in all_points if other is not point]
        values = [other.value for other in others]
        times = smooth_times(values, [other.collection.times for other in others], point.value)
        outside = _fit(replace(learner, held_out="state points"), others, feature_groups)
        nearest = min(others, key=lambda other: abs(other.value - point.value))
        results = {
            OWN: inside[OWN][k],
            POOLED: inside[POOLED][k],
            LEFT_OUT: _Result.of(point, outside, others),
            BLIND: _Result.of(point, outside, others, times),
            NEAREST: _Result.of(point, _fit(alone, [nearest], feature_groups), [nearest]),
        }
        weights = resamples(
            len(point.collection), n_resamples, seed=seed, groups=point.collection.groups
        )
        for fit, result in results.items():
            table = np.zeros(n_targets, with_whole_names(TABLE, state_point=list(points)))
            table["state_point"], table["value"], table["fit"] = name, point.value, fit
            table["mark"], table["time_predicted"] = marks, times
            _score(table, point.collection, result, weights, confidence)
            table["difference"], table["difference_low"], table["difference_high"] = (
                paired_difference(
                    result.moments, results[OWN].moments, seed=seed, score="configuration",
                    n_resamples=n_resamples, confidence=confidence,
                    groups=point.collection.groups,
                )
            )  # fmt: skip
            tables.append(table)
    return to_frame(np.concatenate(tables))


class _Result:
    """What one fit, or one for each fold, predicts of a state point.

    Attributes
    ----------
    moments : (C, 6, T) array
        Moments of prediction and target in each configuration.
    models : list
        The fits.
    """

    def __init__(self, point: StatePoint) -> None:
        self.moments = np.zeros((len(point.collection), 6, point.collection.n_targets))
        self.models: list[PooledFit] = []

    @classmethod
    def of(
        cls,
        point: StatePoint,
        model: PooledFit,
        training: Sequence[StatePoint],
        times: Floats | None = None,
    ) -> Self:
        """Return what a fit to other state points predicts of all configurations of one.

        `times` are those that the marks are taken to have at the point; default its own.
        """
        result = cls(point)
        at_times = None if times is None else interpolation(times, point.collection.times)
        result.predict(point, np.arange(len(point.collection)), model, training, at_times)
        return result

    def predict(
        self,
        point: StatePoint,
        configurations: Integers,
        model: PooledFit,
        training: Sequence[StatePoint],
        at_times: Floats | None = None,
    ) -> None:
        """Fill in the moments of some configurations.

        `at_times` interpolates the coefficients of the marks to others.
        """
        self.models.append(model)
        coefficients = model.coefficients(point.value).T
        if at_times is not None:
            coefficients = coefficients @ at_times
        trained = Statistics.pooled(part for other in training for part in other.collection.parts)
        for i in configurations:
            rows = point.collection.held_out(i, trained)
            self.moments[i] = prediction_moments(rows, coefficients, np.zeros(len(rows.y_mean)))


def _inside(
    points: Sequence[StatePoint],
    fold: Sequence[Integers],
    learner: PooledRidgeCV,
    feature_groups: ArrayLike | None,
) -> dict[str, list[_Result]]:
    """Return what own and pooled fits predict of each fold of configurations of each point."""
    learner, alone = replace(learner, held_out="configurations"), _alone(learner)
    results = {fit: [_Result(point) for point in points] for fit in (OWN, POOLED)}
    for f in range(max(int(of_point.max()) for of_point in fold) + 1):
        training = [
            replace(point, collection=_some(point.collection, np.flatnonzero(of_point != f)))
            for point, of_point in zip(points, fold, strict=True)
        ]
        pooled = _fit(learner, training, feature_groups)
        for k, point in enumerate(points):
            held_out = np.flatnonzero(fold[k] == f)
            if len(held_out):
                own = _fit(alone, [training[k]], feature_groups)
                results[OWN][k].predict(point, held_out, own, [training[k]])
                results[POOLED][k].predict(point, held_out, pooled, training)
    return results


def _score(
    table: np.ndarray,
    collection: Collection,
    result: _Result,
    weights: Floats,
    confidence: float,
) -> None:
    """Fill the scores of a fit into a table."""
    table["time"] = collection.times
    table["r"] = configuration_pearson(result.moments)
    n_groups = n_independent(result.moments, collection.groups)
    resampled = configuration_pearson(result.moments, weights)
    table["low"], table["high"] = interval(resampled, n_groups, confidence)
    table["ceiling"] = np.nan
    if collection.halves is not None:
        table["ceiling"] = np.sqrt(spearman_brown(configuration_pearson(collection.halves)))
    centered = result.moments.copy()
    centered[:, X_MEAN] = 0.0
    table["r_pooled"] = pooled_pearson(centered)
    table["alpha"] = np.median([model.alpha for model in result.models], axis=0)
    table["deviation"] = np.median([model.deviation for model in result.models], axis=0)


def _some(collection: Collection, configurations: Integers) -> Collection:
    """Return some configurations of a collection."""
    return replace(
        collection,
        parts=[collection.parts[i] for i in configurations],
        halves=None if collection.halves is None else collection.halves[configurations],
        extremes=collection.extremes[configurations],
        groups=None if collection.groups is None else collection.groups[configurations],
    )


def _alone(learner: PooledRidgeCV) -> PooledRidgeCV:
    """Return the learner of one state point."""
    return replace(learner, degree=0, independent=False, shared=True, held_out="configurations")


def _fit(
    learner: PooledRidgeCV, points: Sequence[StatePoint], feature_groups: ArrayLike | None
) -> PooledFit:
    collections, values = ([p.collection for p in points], [p.value for p in points])
    return learner.fit(collections, values, feature_groups)
