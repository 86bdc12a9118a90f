"""How accuracy grows with the number of features chosen, and how stable the choice is."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from cagebreak._frames import to_frame
from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats, Integers
from cagebreak.learning.collection import Collection
from cagebreak.learning.inspection.forward_selection import Selection, forward_selection
from cagebreak.learning.linear_model.base import errors_on, intercepts, prediction_moments
from cagebreak.learning.linear_model.ridge_solvers import RidgePath
from cagebreak.learning.model_selection.subset_cross_validation import fold_of
from cagebreak.learning.scores import (
    ceiling,
    configuration_pearson,
    interval,
    pooled_pearson,
    resamples,
)
from cagebreak.learning.statistics import Statistics
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
"""Features whose correlation is at least this, in absolute value, stand for each other."""


@dataclass(frozen=True, eq=False)
class SelectionCurve:
    """Accuracy against the number of features, each fold with a selection of its own.

    Parameters
    ----------
    rows : structured array
        What `table` holds.
    selection : Selection
        From all configurations: the order to be read.
    moments : (C, 6, sizes, T) array
        Of predictions held out, as of `scores.pair_moments`.
    """

    rows: np.ndarray
    selection: Selection
    moments: Floats

    @cached_property
    def table(self) -> "DataFrame":
        """A row for each target and number of features; see `selection_curve`."""
        return to_frame(self.rows)

    def needed(self, r: float, target: int = 0, score: str = "r") -> int | None:
        """Return the smallest number of features whose held-out score reaches `r`, if one does.

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
        """Return the smallest number of features within so much of the best held-out score."""
        rows = self.rows[self.rows["target"] == target]
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
    """Select features on training configurations and score every step on those held out.

    For each fold the features are selected, and their coefficients found, from the other folds
    alone (Boattini 2021, fig. 2, with a selection for each fold): by least squares, or by ridge
    regression with an alpha chosen on training configurations held out, of which features are
    selected anew.

    Parameters
    ----------
    collection
    n
        How many features to choose.
    seed
        Of the folds and of the bootstrap.
    alphas
        Penalties of a ridge regression on the features chosen; least squares, which overfits
        where features are many and configurations few, if omitted.
    sizes
        Numbers of features to score; 1 to n if omitted.
    folds
        One for each configuration if there are fewer.
    n_resamples, confidence
        Of the bootstrap over configurations.

    Returns
    -------
    SelectionCurve
        Its table has the columns `target`, `time`, `n_features`, and the scores of
        `learning.evaluate`: `r`, pooled over particles, `r_configuration`, the mean of each
        configuration's, their intervals, and the noise `ceiling` of the pooled r.

    Raises
    ------
    InputError
        If n is out of range or there are fewer than two configurations.
    """
    wanted = np.arange(1, n + 1) if sizes is None else np.asarray(sizes)
    if wanted.ndim != 1 or not len(wanted) or wanted.min() < 1 or wanted.max() > n:
        raise InputError(f"sizes: expected numbers of features from 1 to {n}, got {sizes!r}")
    fold = fold_of(collection, folds, seed)
    moments = np.zeros((len(collection), 6, len(wanted), collection.n_targets))
    for k in range(int(fold.max()) + 1):
        parts = [collection.parts[i] for i in np.flatnonzero(fold != k).tolist()]
        selected = forward_selection(Statistics.pooled(parts), n)
        held_out = np.flatnonzero(fold == k).tolist()
        if alphas is None:
            for i in held_out:
                moments[i] = selected.moments(collection.parts[i])[:, wanted - 1]
            continue
        chosen = _best_alphas(parts, wanted, np.asarray(alphas, dtype=float))
        training = Statistics.pooled(parts)
        for target, order in enumerate(_orders(selected)):
            ordered = training.select(order, [target])
            models = np.zeros((len(order), len(wanted), 1))
            for row, size in enumerate(wanted.tolist()):
                path = RidgePath(ordered.select(slice(size)))
                models[:size, row] = path.coefficients(chosen[row, target])
            offset = intercepts(models, ordered)
            for i in held_out:
                rows = collection.parts[i].select(order, [target])
                moments[i, ..., target] = prediction_moments(rows, models, offset)[..., 0]
    selection = forward_selection(collection.pooled(), n)
    drawn = resamples(len(collection), n_resamples, seed=seed)
    table = np.zeros((len(wanted), collection.n_targets), CURVE)
    table["target"], table["time"] = np.arange(collection.n_targets), collection.times
    table["n_features"] = wanted[:, None]
    table["ceiling"] = ceiling(collection.halves, collection.n_targets)
    for score, suffix in ((pooled_pearson, ""), (configuration_pearson, "_configuration")):
        table["r" + suffix] = score(moments)
        for target in range(collection.n_targets):  # One at a time: the resamples take memory.
            bounds = interval(score(moments[..., target], drawn), len(collection), confidence)
            table["low" + suffix][:, target], table["high" + suffix][:, target] = bounds
    return SelectionCurve(table.T.ravel(), selection, moments)


def _orders(selected: Selection) -> list[Integers]:
    """Return the features of each target in order; any for a target that has none: its mean."""
    return [
        order[order >= 0] if (order >= 0).any() else np.array([0])
        for order in np.atleast_2d(selected.order)
    ]


def _best_alphas(parts: Sequence[Statistics], sizes: Integers, alphas: Floats) -> Floats:
    """Return the alpha of each number of features and target, (sizes, T).

    By the squared error on each of up to five groups of parts held out in turn. The features are
    selected anew without them: those selected with them would already know them, and alpha come
    out too small.
    """
    groups = [list(parts[k :: min(5, len(parts))]) for k in range(min(5, len(parts)))]
    errors = np.zeros((len(sizes), len(alphas), parts[0].n_targets))
    if len(groups) < 2:
        return np.full((len(sizes), parts[0].n_targets), alphas[0])
    for k, judged in enumerate(groups):
        others = Statistics.pooled(p for j, group in enumerate(groups) if j != k for p in group)
        rows = Statistics.pooled(judged)
        for target, order in enumerate(_orders(forward_selection(others, int(sizes.max())))):
            learned, held_out = (part.select(order, [target]) for part in (others, rows))
            for row, size in enumerate(sizes.tolist()):
                first, judged_by = learned.select(slice(size)), held_out.select(slice(size))
                missed = errors_on(judged_by, RidgePath(first).path(alphas), first)
                errors[row, :, target] += missed[:, 0]
    best: Floats = alphas[errors.argmin(axis=1)]
    return best


def selection_stability(
    collection: Collection, n: int, *, seed: Seed, n_resamples: int = 100
) -> "DataFrame":
    """Select features anew from resampled configurations: how often, and at which rank.

    The configurations are drawn with replacement, as many as there are. Where many descriptors
    say nearly the same, one takes the place of another from draw to draw; `frequency_alike`
    counts those as one.

    Parameters
    ----------
    collection
    n
        How many features are chosen in each draw.
    seed
    n_resamples
        Number of draws.

    Returns
    -------
    DataFrame
        For each target the features chosen in any draw, the most frequent first: `target`,
        `time`, `column`; `rank`: from all configurations, 0 if not among the n; `frequency`:
        part of the draws in which it is chosen; `frequency_alike`: in which it, or one that
        correlates with it by at least 0.9, is; `rank_median`, `rank_low`, `rank_high`: median and
        central 80 % of its ranks in the draws that choose it; and the fields of the labels.

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
    for drawn, weights in zip(
        ranks, resamples(len(collection), n_resamples, seed=seed), strict=True
    ):
        orders = np.atleast_2d(forward_selection(collection.pooled(weights), n).order)
        for of_target, order in zip(drawn, orders, strict=True):
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
            seen = ranks[:, target, column][chosen[:, column]]
            row["rank_median"] = np.median(seen)
            row["rank_low"], row["rank_high"] = np.quantile(seen, [0.1, 0.9])
        for name, *_ in described:
            assert labels is not None
            rows[name] = labels[name][columns]
        parts.append(rows[np.lexsort((rows["rank_median"], -rows["frequency"]))])
    return to_frame(np.concatenate(parts))
