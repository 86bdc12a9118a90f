"""Accuracy over the number of features chosen, and the stability of the choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from cagebreak._frames import to_frame
from cagebreak.bootstrap import as_groups, interval, resamples
from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats, Integers, as_penalties
from cagebreak.learning.collection import Collection
from cagebreak.learning.inspection.forward_selection import Selection, forward_selection
from cagebreak.learning.linear_model.base import errors_on, intercepts, prediction_moments
from cagebreak.learning.linear_model.ordered_ridge import ordered_ridge
from cagebreak.learning.model_selection.subset_cross_validation import fold_of
from cagebreak.learning.scores import ceiling, configuration_pearson, pooled_pearson
from cagebreak.learning.statistics import Statistics, deviations, inverse
from cagebreak.seeding import Seed

if TYPE_CHECKING:
    from pandas import DataFrame

CURVE = [
    ("target", "i8"),
    ("time", "f8"),
    ("n_features", "i8"),
    ("r", "f8"),
    ("low", "f8"),
    ("high", "f8"),
    ("r_configuration", "f8"),
    ("low_configuration", "f8"),
    ("high_configuration", "f8"),
    ("ceiling", "f8"),
]
ALIKE = 0.9
"""Smallest correlation, in absolute value, of features that count as one."""


@dataclass(frozen=True, eq=False)
class SelectionCurve:
    """Accuracy over the number of features, with a separate selection for each fold.

    Parameters
    ----------
    rows : structured array
        What `table` holds.
    selection : Selection
        The selection from all configurations.
    moments : (C, 6, sizes, T) array
        Moments of the held-out predictions and the targets; see `scores.pair_moments`.
    """

    rows: np.ndarray
    selection: Selection
    moments: Floats

    @cached_property
    def table(self) -> DataFrame:
        """A row for each target and number of features; see `selection_curve`."""
        return to_frame(self.rows)

    def needed(self, r: float, target: int = 0, score: str = "r") -> int | None:
        """Return the smallest number of features whose held-out score reaches `r`, or None.

        Parameters
        ----------
        r
        target
        score
            ``"r"`` or ``"r_configuration"``.
        """
        rows = self.rows[self.rows["target"] == target]
        reached = np.flatnonzero(rows[score] >= r)
        return int(rows["n_features"][reached[0]]) if len(reached) else None

    def saturation(self, within: float = 0.01, target: int = 0, score: str = "r") -> int:
        """Return the smallest number of features with a score within `within` of the best one.

        Raises
        ------
        InputError
            If no score is defined, since the target or all features do not vary.
        """
        rows = self.rows[self.rows["target"] == target]
        if np.isnan(rows[score]).all():
            raise InputError(
                f"target: expected one with a score, got {target!r}, whose {score} is NaN"
            )
        best = float(np.nanmax(rows[score]))
        number = self.needed(best - within, target, score)
        assert number is not None
        return number


def selection_curve(
    collection: Collection,
    n: int,
    *,
    seed: Seed,
    alphas: Sequence[float] | None = None,
    sizes: Sequence[int] | None = None,
    folds: int = 5,
    n_resamples: int = 2000,
    confidence: float = 0.95,
) -> SelectionCurve:
    """Select features on training configurations and score every step on held-out ones.

    For each fold the features and their coefficients follow from the other folds alone
    (:cite:`Boattini2021`, fig. 2, with a selection for each fold). The model is least squares, or
    ridge regression with an alpha from an inner cross-validation that selects the features anew.

    Parameters
    ----------
    collection
    n
        Number of features to choose.
    seed
        Seed of the folds and of the bootstrap.
    alphas
        Penalties of a ridge regression on the chosen features. If omitted, least squares, which
        overfits with many features and few configurations.
    sizes
        Numbers of features to score; 1 to n if omitted.
    folds
        Number of folds, at most that of configurations.
    n_resamples, confidence
        Parameters of the bootstrap over configurations.

    Returns
    -------
    SelectionCurve
        Its table has the columns `target`, `time`, `n_features`, and the scores of
        `learning.evaluate`: `r`, pooled over particles, `r_configuration`, the mean over
        configurations, their intervals, and the noise `ceiling` of the pooled r.

    Raises
    ------
    InputError
        If n is out of range, there are fewer than two groups of configurations, or an alpha is not
        a number from 0.
    """
    numbers = np.arange(1, n + 1) if sizes is None else np.asarray(sizes)
    if numbers.ndim != 1 or not len(numbers) or numbers.min() < 1 or numbers.max() > n:
        raise InputError(f"sizes: expected numbers of features from 1 to {n}, got {sizes!r}")
    penalties = None if alphas is None else as_penalties(alphas)
    fold = fold_of(collection, folds, seed)
    moments = np.zeros((len(collection), 6, len(numbers), collection.n_targets))
    for k in range(int(fold.max()) + 1):
        learned = np.flatnonzero(fold != k).tolist()
        training = Statistics.pooled(collection.parts[i] for i in learned)
        selected = forward_selection(training, n)
        held_out = {i: collection.held_out(i, training) for i in np.flatnonzero(fold == k).tolist()}
        if penalties is None:
            for i, part in held_out.items():
                moments[i] = selected.moments(part)[:, numbers - 1]
            continue
        chosen = _best_alphas(collection, learned, numbers, penalties)
        factors = inverse(deviations(training))
        for target, order in enumerate(_orders(selected)):
            ordered = training.select(order, [target])
            standardized = ordered.scaled(factors[order])
            distinct, place = np.unique(chosen[:, target], return_inverse=True)
            of_alphas = ordered_ridge(standardized, numbers, distinct)
            models = of_alphas[:, np.arange(len(numbers)), place][..., None]
            models *= factors[order, None, None]
            offset = intercepts(models, ordered)
            for i, part in held_out.items():
                rows = part.select(order, [target])
                moments[i, ..., target] = prediction_moments(rows, models, offset)[..., 0]
    selection = forward_selection(collection.pooled(), n)
    drawn = resamples(len(collection), n_resamples, seed=seed, groups=collection.groups)
    table = np.zeros((len(numbers), collection.n_targets), CURVE)
    table["target"], table["time"] = np.arange(collection.n_targets), collection.times
    table["n_features"] = numbers[:, None]
    table["ceiling"] = ceiling(collection.halves, collection.n_targets)
    for score, suffix in ((pooled_pearson, ""), (configuration_pearson, "_configuration")):
        table["r" + suffix] = score(moments)
        for target in range(collection.n_targets):  # One at a time, because resamples are large.
            bounds = interval(score(moments[..., target], drawn), collection.n_groups, confidence)
            table["low" + suffix][:, target], table["high" + suffix][:, target] = bounds
    return SelectionCurve(table.T.ravel(), selection, moments)


def _orders(selected: Selection) -> list[Integers]:
    """Return the features of each target in order.

    A target without features has feature 0: its coefficient is 0, and the prediction the mean.
    """
    return [
        order[order >= 0] if (order >= 0).any() else np.array([0])
        for order in np.atleast_2d(selected.order)
    ]


def _best_alphas(
    collection: Collection, learned: Sequence[int], sizes: Integers, alphas: Floats
) -> Floats:
    """Return the alpha of each number of features and target, (sizes, T).

    It has the smallest squared error over up to five groups of the configurations `learned`, held
    out in turn. Features are selected anew without the held-out configurations; features selected
    with them would make alpha too small.
    """
    numbers = as_groups(collection.groups, len(collection))[learned]
    present = np.unique(numbers)
    n_groups = min(5, len(present))
    groups = [
        [i for i, number in zip(learned, numbers, strict=True) if number in present[k::n_groups]]
        for k in range(n_groups)
    ]
    errors = np.zeros((len(sizes), len(alphas), collection.n_targets))
    if n_groups < 2:
        return np.full((len(sizes), collection.n_targets), alphas[0])
    for k, held_out in enumerate(groups):
        others = [i for j, group in enumerate(groups) if j != k for i in group]
        training = Statistics.pooled(collection.parts[i] for i in others)
        test = Statistics.pooled(collection.held_out(i, training) for i in held_out)
        factors = inverse(deviations(training))
        for target, order in enumerate(_orders(forward_selection(training, int(sizes.max())))):
            first, rows = (
                part.select(order, [target]).scaled(factors[order]) for part in (training, test)
            )
            models = ordered_ridge(first, sizes, alphas)
            errors[:, :, target] += errors_on(rows, models[..., None], first)[..., 0]
    best: Floats = alphas[errors.argmin(axis=1)]
    return best


def selection_stability(
    collection: Collection, n: int, *, seed: Seed, n_resamples: int = 100
) -> DataFrame:
    """Return how often, and at which rank, features are selected from resampled configurations.

    Each draw takes as many configurations as there are, with replacement. Strongly correlated
    descriptors replace each other from draw to draw; `frequency_alike` counts them as one.

    Parameters
    ----------
    collection
    n
        Number of features chosen in each draw.
    seed
    n_resamples
        Number of draws.

    Returns
    -------
    DataFrame
        A row for each target and feature chosen in any draw, the most frequent first: `target`,
        `time`, `column`; `rank`, its rank with all configurations, 0 if it is not among the n;
        `frequency`, the fraction of draws that choose it; `frequency_alike`, the fraction that
        choose it or a feature whose correlation with it is at least 0.9; `rank_median`,
        `rank_low`, `rank_high`, median and central 80 % of its ranks in the draws that choose it;
        and the fields of the labels.

    Raises
    ------
    InputError
        If n is out of range or there are fewer than two configurations.
    """
    if len(collection) < 2:
        raise InputError(f"collection: expected at least 2 configurations, got {len(collection)}")
    everything = collection.pooled()
    first = np.atleast_2d(forward_selection(everything, n).order)
    n_features, n_targets = collection.n_features, collection.n_targets
    ranks = np.zeros((n_resamples, n_targets, n_features), dtype=np.int64)
    for ranks_of_draw, weights in zip(
        ranks,
        resamples(len(collection), n_resamples, seed=seed, groups=collection.groups),
        strict=True,
    ):
        orders = np.atleast_2d(forward_selection(collection.pooled(weights), n).order)
        for of_target, order in zip(ranks_of_draw, orders, strict=True):
            chosen = order[order >= 0]
            of_target[chosen] = np.arange(1, len(chosen) + 1)
    scale = np.sqrt(np.diag(everything.xx))
    fields = [("target", "i8"), ("time", "f8"), ("column", "i8"), ("rank", "i8")]
    fields += [("frequency", "f8"), ("frequency_alike", "f8")]
    fields += [("rank_median", "f8"), ("rank_low", "f8"), ("rank_high", "f8")]
    labels = collection.labels
    described = [] if labels is None else labels.dtype.descr
    parts = []
    for target in range(n_targets):
        chosen = ranks[:, target] > 0
        columns = np.flatnonzero(chosen.any(axis=0))
        rows = np.zeros(len(columns), fields + described)
        rows["target"], rows["time"], rows["column"] = target, collection.times[target], columns
        for rank, column in enumerate(first[target], start=1):
            rows["rank"][columns == column] = rank
        rows["frequency"] = chosen[:, columns].mean(axis=0)
        block = everything.xx[columns]
        alike = np.abs(block) >= ALIKE * np.outer(scale[columns], scale)
        for row, near, column in zip(rows, alike, columns, strict=True):
            row["frequency_alike"] = chosen[:, near].any(axis=1).mean()
            of_column = ranks[:, target, column][chosen[:, column]]
            row["rank_median"] = np.median(of_column)
            row["rank_low"], row["rank_high"] = np.quantile(of_column, [0.1, 0.9])
        for name, *_ in described:
            assert labels is not None
            rows[name] = labels[name][columns]
        parts.append(rows[np.lexsort((rows["rank_median"], -rows["frequency"]))])
    return to_frame(np.concatenate(parts))
