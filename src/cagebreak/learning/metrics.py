"""Scores beside Pearson r: of ranks, of active particles, and of predictive intervals.

All follow from what the fits of the outer folds predict of the configurations held out. Most are
computed in each configuration and averaged over configurations.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cagebreak._frames import METRICS, require_metrics
from cagebreak.bootstrap import as_groups
from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats, Integers
from cagebreak.learning.classification import SHARE
from cagebreak.learning.conformal import LEVEL, half_widths
from cagebreak.learning.scores import pearson
from cagebreak.models.arguments import real

Bools = NDArray[np.bool_]

POOLED = "spearman_pooled"
"""The metric that is not a mean over configurations."""
N_LEVELS = 64
"""Levels of ranks in the bootstrap of the pooled metric (chosen: they cost some 0.001)."""


@dataclass(frozen=True)
class Metrics:
    r"""Scores beside Pearson r, which `learning.evaluate` computes on demand.

    In each configuration, with the n particles of a species ordered by their prediction:

    - ``spearman``: Pearson r of the ranks (:cite:`Spearman1904`); equal values share their mean
      rank. ``spearman_pooled``: the same of the ranks among the particles of all configurations.
    - ``roc_auc``: the probability that an active particle is predicted above an inactive one, where
      a tie counts one half: the area under the curve of true against false positives
      (:cite:`Hanley1982`). It does not depend on the share of active particles.
    - ``average_precision``: the precision, averaged over the active particles: the precision at an
      active particle is the share of active ones among all that are predicted at least as high. A
      prediction without information has the share of active particles
      (:cite:`Davis2006,Saito2015`).
    - ``matthews_corrcoef``: Pearson r of being active and being predicted active
      (:cite:`Matthews1975`), if as many are predicted active as there are: those predicted highest,
      with all that equal the last of them. It is 0 if all or none are predicted active.
    - ``average_precision_balanced``, ``matthews_corrcoef_balanced``: the same for as many active as
      inactive particles: each class has half of the weight. Without information they are about 0.5
      and 0.
    - ``active_share``: the share of active particles.
    - ``coverage``: the share of particles in their predictive interval; see
      ``cagebreak.learning.conformal``. ``coverage_active``: the same of the active particles, which
      are often the worst predicted. ``width``: the width of the intervals, in units of the target;
      it is the same for all particles of a configuration.

    A score is NaN in a configuration where it is undefined: ranks that do not vary, no active or no
    inactive particle, or a fold without another configuration, which could calibrate intervals.

    Parameters
    ----------
    names
        Names of the metrics, in the order of their columns.
    share
        Particles are active if their measured value is among this share of the highest in the
        configuration, with all that equal the last of them; at least one is. Default 0.05
        (:cite:`Rottler2024`).
    threshold
        A measured value from which on particles are active, instead of a share. It suits bounded
        targets, such as the probability to have moved.
    lowest
        Whether active particles are those of the lowest values, as of the share of bonds that are
        kept. The threshold is then the highest value of an active particle.
    level
        Level of the predictive intervals; default 0.9 (chosen).

    Raises
    ------
    InputError
        If there is no such metric, the share is not in (0, 0.5], the threshold is not finite,
        `lowest` is no bool, or the level is not between 0 and 1.
    """

    names: tuple[str, ...] = METRICS
    share: float = SHARE
    threshold: float | None = None
    lowest: bool = False
    level: float = LEVEL

    def __post_init__(self) -> None:
        require_metrics(self.names)
        if not 0 < real(self.share) <= 0.5:
            raise InputError(f"share: expected a number in (0, 0.5], got {self.share!r}")
        if self.threshold is not None and not np.isfinite(real(self.threshold)):
            raise InputError(f"threshold: expected a finite number, got {self.threshold!r}")
        if not isinstance(self.lowest, bool | np.bool_):
            raise InputError(f"lowest: expected True or False, got {self.lowest!r}")
        if not 0 < real(self.level) < 1:
            raise InputError(f"level: expected a number between 0 and 1, got {self.level!r}")

    @classmethod
    def of(cls, metrics: str | Sequence[str] | Metrics) -> Metrics:
        """Return metrics that are given by themselves, or by names with all other defaults.

        Raises
        ------
        InputError
            If there is no such metric.
        """
        if isinstance(metrics, Metrics):
            return metrics
        if not isinstance(metrics, Iterable):
            raise InputError(f"metrics: expected Metrics or names of metrics, got {metrics!r}")
        return cls((metrics,) if isinstance(metrics, str) else tuple(metrics))

    def active(self, measured: Floats) -> Bools:
        """Return which particles are active, from their measured values (n, T)."""
        if self.threshold is not None:
            return measured <= self.threshold if self.lowest else measured >= self.threshold
        values = -measured if self.lowest else measured
        n = max(1, int(self.share * len(values) + 1e-9))
        return values >= np.partition(values, len(values) - n, axis=0)[len(values) - n]


def in_configurations(
    metrics: Metrics,
    predicted: Sequence[Floats],
    measured: Sequence[Floats],
    fold: Integers,
    groups: ArrayLike | None = None,
) -> dict[str, Floats]:
    """Return the metrics in each configuration, (C, T) each, but for the pooled one.

    Parameters
    ----------
    metrics
    predicted, measured
        Of the particles of each configuration, (n, T) with any n; the predictions are those of the
        fit that has not seen the configuration.
    fold : (C,) array of integers
        The fold in which each configuration is held out.
    groups : (C,) array of integers, optional
        As of `learning.evaluate`.
    """
    shape = (len(predicted), predicted[0].shape[1])
    values = {name: np.full(shape, np.nan) for name in metrics.names if name != POOLED}
    half = np.full(shape, np.nan)
    if {"coverage", "coverage_active", "width"} & set(values):
        residuals = [y - x for x, y in zip(predicted, measured, strict=True)]
        half = half_widths(residuals, fold, as_groups(groups, len(fold)), metrics.level)
    for c, (x, y) in enumerate(zip(predicted, measured, strict=True)):
        if not len(x):
            continue
        for name, value in _in_configuration(metrics, x, y, half[c]).items():
            values[name][c] = value
    return values


def _in_configuration(
    metrics: Metrics, predicted: Floats, measured: Floats, half: Floats
) -> dict[str, Floats]:
    """Return the metrics of one configuration, (T,) each."""
    active = metrics.active(measured)
    covered = np.where(np.isnan(half), np.nan, np.abs(measured - predicted) <= half)
    values = {
        "active_share": active.mean(axis=0),
        "coverage": covered.mean(axis=0),
        "coverage_active": _mean_of(covered, active),
        "width": 2 * half,
    }
    if "spearman" in metrics.names:
        values["spearman"] = spearman(predicted, measured)
    if any(name.startswith(("roc", "average", "matthews")) for name in metrics.names):
        cuts = Cuts.of(-predicted if metrics.lowest else predicted, active)
        values |= {
            "roc_auc": cuts.roc_auc(),
            "average_precision": cuts.average_precision(),
            "average_precision_balanced": cuts.average_precision(balanced=True),
            "matthews_corrcoef": cuts.matthews_corrcoef(),
            "matthews_corrcoef_balanced": cuts.matthews_corrcoef(balanced=True),
        }
    return {name: values[name] for name in metrics.names if name != POOLED}


def spearman(x: Floats, y: Floats) -> Floats:
    """Return Spearman's rank correlation of x and y (n, T) over their first axis, (T,)."""
    # scipy.stats takes longer to import than this package.
    from scipy.stats import rankdata

    return pearson(rankdata(x, axis=0), rankdata(y, axis=0))


class Cuts(NamedTuple):
    """Which particles are active among the k + 1 predicted highest, for k = 0 ... n - 1.

    Those that are predicted equal are never divided: the cut is then after the last of them.
    """

    true: Integers
    """Number of active particles down to the cut, (n, T)."""
    false: Integers
    """Number of inactive particles down to the cut, (n, T)."""

    @classmethod
    def of(cls, predicted: Floats, active: Bools) -> Self:
        """Return the cuts of predictions (n, T) of particles that are active or not."""
        n = len(predicted)
        order = np.argsort(-predicted, axis=0, kind="stable")
        ordered = np.take_along_axis(predicted, order, axis=0)
        is_last = np.ones(ordered.shape, dtype=bool)
        is_last[:-1] = ordered[1:] != ordered[:-1]
        last = np.where(is_last, np.arange(n)[:, None], n - 1)
        last = np.minimum.accumulate(last[::-1], axis=0)[::-1]
        true = np.cumsum(np.take_along_axis(active, order, axis=0), axis=0, dtype=np.int64)
        true = np.take_along_axis(true, last, axis=0)
        return cls(true, last + 1 - true)

    def roc_auc(self) -> Floats:
        """Return the area under the curve of true against false positives, (T,)."""
        true, false = (np.pad(rates, ((1, 0), (0, 0))) for rates in self._rates())
        area: Floats = (np.diff(false, axis=0) * (true[1:] + true[:-1]) / 2).sum(axis=0)
        return area

    def average_precision(self, balanced: bool = False) -> Floats:
        """Return the precision averaged over the active particles, (T,)."""
        true, false = self._rates() if balanced else (self.true, self.false)
        # The precision of a cut counts once for each active particle that the cut adds.
        added = np.diff(self.true, axis=0, prepend=0)
        sums = (added * (true / (true + false))).sum(axis=0)
        return _ratio(sums, np.where(self.false[-1] > 0, self.true[-1], 0))

    def matthews_corrcoef(self, balanced: bool = False) -> Floats:
        """Return Matthews' coefficient if as many are predicted active as there are, (T,)."""
        n_true, n_false = self.true[-1], self.false[-1]
        if balanced:
            # The first cut with half of the weight, in whole numbers.
            cut = np.argmax(self.true * n_false + self.false * n_true >= n_true * n_false, axis=0)
        else:
            cut = np.maximum(n_true - 1, 0)
        table = np.array(self._rates() if balanced else self, dtype=np.float64)
        true, false = np.take_along_axis(table, cut[None, None], axis=1)[:, 0]
        missed, spared = table[0, -1] - true, table[1, -1] - false
        product = (true + missed) * (false + spared) * (true + false) * (missed + spared)
        coefficient = np.nan_to_num(_ratio(true * spared - false * missed, np.sqrt(product)))
        return np.where((n_true > 0) & (n_false > 0), coefficient, np.nan)

    def _rates(self) -> tuple[Floats, Floats]:
        """Return the shares of all active and of all inactive particles down to each cut."""
        return _ratio(self.true, self.true[-1]), _ratio(self.false, self.false[-1])


def _ratio(part: NDArray, whole: NDArray) -> Floats:
    whole = np.broadcast_to(whole, part.shape)
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)


def _mean_of(values: Floats, chosen: Bools) -> Floats:
    """Return the mean of chosen values over the first axis; NaN if none is chosen."""
    return _ratio(np.where(chosen, values, 0.0).sum(axis=0), chosen.sum(axis=0))


def pooled_spearman(
    predicted: Sequence[Floats], measured: Sequence[Floats], weights: Floats
) -> tuple[Floats, Floats]:
    """Return Spearman's r of the particles of all configurations, and its resampled values.

    A resample that draws configurations also changes the ranks. It is scored by the number of
    particles of each configuration with each pair of ranks, which are rounded to `N_LEVELS` levels.

    Parameters
    ----------
    predicted, measured
        As of `in_configurations`.
    weights : (B, C) array
        Number of times each configuration is drawn in each resample.

    Returns
    -------
    r : (T,) array
    resampled : (B, T) array
    """
    from scipy.stats import rankdata

    x, y = (rankdata(np.concatenate(parts), axis=0) for parts in (predicted, measured))
    of_configuration = np.repeat(np.arange(len(predicted)), [len(part) for part in predicted])
    resampled = np.full((len(weights), x.shape[1]), np.nan)
    for t in range(x.shape[1]):
        pairs = np.stack([of_configuration, _levels(x[:, t]), _levels(y[:, t])])
        shape = (len(predicted), N_LEVELS, N_LEVELS)
        cells = np.ravel_multi_index(tuple(pairs), shape)
        counts = np.bincount(cells, minlength=int(np.prod(shape))).reshape(len(predicted), -1)
        tables = (weights @ counts).reshape(len(weights), N_LEVELS, N_LEVELS)
        resampled[:, t] = _spearman_of_tables(tables)
    return pearson(x, y), resampled


def _levels(ranks: Floats) -> Integers:
    """Return ranks from 1 to n as levels from 0; equal ranks have equal levels."""
    distinct, level = np.unique(ranks, return_inverse=True)
    if len(distinct) <= N_LEVELS:
        return level
    return ((ranks - 0.5) / len(ranks) * N_LEVELS).astype(np.int64)


def _spearman_of_tables(tables: Floats) -> Floats:
    """Return Spearman's r of the numbers (B, I, J) of particles with each pair of levels."""
    rows, columns = tables.sum(axis=2), tables.sum(axis=1)
    n = rows.sum(axis=1, keepdims=True)
    # Mean ranks, less the mean of all.
    x, y = (np.cumsum(each, axis=1) - each / 2 - n / 2 for each in (rows, columns))
    covariance = np.einsum("bij,bi,bj->b", tables, x, y, optimize=True)
    return _ratio(covariance, np.sqrt((rows * x * x).sum(axis=1) * (columns * y * y).sum(axis=1)))
