r"""Predictive intervals of single particles, whose width depends on the prediction.

The errors of a prediction are larger where more motion is predicted. The half width of an interval
is therefore a function of the prediction :math:`\hat y`, found in three steps from residuals of
configurations that were held out:

1. Particles are divided into bins of equal numbers by their prediction. In each, :math:`w` is the
   quantile of :math:`|y - \hat y|` at the level; between the means of the bins it is linear.
2. The score of a particle is :math:`|y - \hat y| - w(\hat y)`, with w from other configurations.
3. The conformal quantile q of the scores (`conformal`) is added: the interval is
   :math:`\hat y \pm (w(\hat y) + q)`.

This is conformalized quantile regression (:cite:`Romano2019`) on one variable, the prediction. Step
1 gives particles of any prediction about the same coverage, step 3 gives all of them the level.
Only configurations are exchangeable, and what is said of that in `conformal` holds here too: with
fewer than level / (1 - level) configurations no interval has the level whatever the differences
between configurations are (:cite:`Lee2023`). `PredictiveIntervals.coverage` shows the differences.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cagebreak.bootstrap import as_groups
from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats, Integers, as_table
from cagebreak.learning.conformal import LEVEL, fewest, require_level, upper_quantile

MOST_BINS = 20
"""Number of bins, at most; chosen: with 10 and with 40 the widths are the same within 1 %."""
IN_A_BIN = 100
"""Particles in a bin, at least; chosen: ten of them are beyond the quantile 0.9."""
PARTS = 5
"""Parts that the groups are divided into, at most, when widths are found for other groups (chosen,
as the folds of a cross-validation)."""


@dataclass(frozen=True, eq=False)
class PredictiveIntervals:
    """Intervals that contain the measured value of a particle with a given probability.

    Parameters
    ----------
    level
        The probability.
    predictions : (T, K) array
        Increasing predictions at which half widths are given, for each target.
    half_widths : (T, K) array
        Half the width at these predictions; linear between them, constant beyond.
    coverage : (G, T) array
        The share of the particles of each calibrating group of configurations that are in their
        interval, if the group is left out; NaN if the others are too few.
    """

    level: float
    predictions: Floats
    half_widths: Floats
    coverage: Floats

    @classmethod
    def fit(
        cls,
        predicted: Sequence[ArrayLike],
        measured: Sequence[ArrayLike],
        groups: ArrayLike | None = None,
        level: float = LEVEL,
    ) -> Self:
        """Calibrate intervals by predictions of configurations that were held out.

        Parameters
        ----------
        predicted, measured : sequences of (n, T) arrays
            Of the particles of each configuration, with any n. The prediction is that of a fit that
            has not seen the configuration.
        groups : (C,) array of integers, optional
            The group of each configuration, as of `learning.evaluate`.
        level
            Probability that an interval shall contain the measured value; default 0.9 (chosen).

        Raises
        ------
        InputError
            If shapes do not fit, a number is not finite, the level is not between 0 and 1, there
            are fewer than two groups with particles, or too few particles for the level.
        """
        require_level(level)
        if len(predicted) != len(measured) or not len(predicted):
            raise InputError(
                "predicted, measured: expected the same number of configurations, at least one, "
                f"got {len(predicted)} and {len(measured)}"
            )
        n_targets = np.shape(predicted[0])[-1] if np.ndim(predicted[0]) else 0
        pairs = [
            _pair(c, n_targets, *pair)
            for c, pair in enumerate(zip(predicted, measured, strict=True))
        ]
        group = as_groups(groups, len(pairs))
        merged = [
            np.concatenate(_chosen(pairs, group == g), axis=1) for g in range(group.max() + 1)
        ]
        merged = [pair for pair in merged if pair.shape[1]]
        if len(merged) < 2:
            raise InputError(
                "groups: expected particles in at least 2 groups of configurations, of which one "
                f"calibrates the other, got {len(merged)}"
            )
        predictions, half_widths = _calibrated(merged, level)
        if np.isnan(half_widths).any():
            raise InputError(
                f"predicted: expected at least {fewest(level)} particles, for a level of "
                f"{level:g}, got {sum(pair.shape[1] for pair in merged)}"
            )
        coverage = np.full((len(merged), n_targets), np.nan)
        for held_out in _parts(len(merged)) if len(merged) > 2 else []:
            others = _calibrated(_chosen(merged, ~held_out), level)
            for g in np.flatnonzero(held_out):
                exceeds = _scores(merged[g], *others)
                coverage[g] = np.where(np.isnan(exceeds), np.nan, exceeds <= 0).mean(axis=0)
        return cls(level, predictions, half_widths, coverage)

    def of(self, predicted: ArrayLike) -> Floats:
        """Return half the width of the intervals of predictions (n, T)."""
        return _interpolated(
            as_table("predicted", predicted, n_columns=len(self.predictions)),
            self.predictions,
            self.half_widths,
        )

    def at(self, targets: Integers) -> Self:
        """Return the intervals of some of the targets."""
        return type(self)(
            self.level, self.predictions[targets], self.half_widths[targets],
            self.coverage[:, targets],
        )  # fmt: skip


def _pair(c: int, n_targets: int, predicted: ArrayLike, measured: ArrayLike) -> Floats:
    """Return predictions and measured values of configuration c as one array, (2, n, T)."""
    x = as_table(f"predicted[{c}]", predicted, n_columns=n_targets)
    y = as_table(f"measured[{c}]", measured, len(x), n_targets)
    pair = np.stack([x, y])
    if not np.isfinite(pair).all():
        raise InputError(f"predicted[{c}], measured[{c}]: expected finite numbers")
    return pair


def _calibrated(pairs: Sequence[Floats], level: float) -> tuple[Floats, Floats]:
    """Return predictions and calibrated half widths at them, (T, K) both, from groups of pairs.

    Half widths are NaN if there are too few particles for the level.
    """
    scores = []
    for inside in _parts(len(pairs)):
        local = _local(_chosen(pairs, ~inside), level)
        scores += [_scores(pairs[g], *local) for g in np.flatnonzero(inside).tolist()]
    shift = upper_quantile(np.concatenate(scores), level)
    predictions, widths = _local(pairs, level)
    return predictions, np.maximum(widths + shift[:, None], 0.0)


def _chosen(pairs: Sequence[Floats], chosen: NDArray[np.bool_]) -> list[Floats]:
    return [pairs[k] for k in np.flatnonzero(chosen).tolist()]


def _parts(n: int) -> list[NDArray[np.bool_]]:
    """Return which of n groups are in each part."""
    return [np.arange(n) % PARTS == k for k in range(min(n, PARTS))]


def _local(pairs: Sequence[Floats], level: float) -> tuple[Floats, Floats]:
    """Return the means of bins of predictions, and the quantile of the residuals in each."""
    predicted, measured = np.concatenate(pairs, axis=1)
    n, n_targets = predicted.shape
    n_bins = min(MOST_BINS, max(1, n // IN_A_BIN))
    residuals = np.abs(measured - predicted)
    inner = np.arange(1, n_bins) / n_bins
    means, widths = np.empty((2, n_targets, n_bins))
    for t in range(n_targets):
        # Equal predictions are in one bin. A bin that is then empty repeats the one before; the
        # first never is, as its edge is a prediction.
        edges = np.quantile(predicted[:, t], inner, method="lower")
        bin_of = np.searchsorted(edges, predicted[:, t])
        for k in range(n_bins):
            inside = bin_of == k
            if inside.any():
                means[t, k] = predicted[inside, t].mean()
                widths[t, k] = np.quantile(residuals[inside, t], level)
            else:
                means[t, k], widths[t, k] = means[t, k - 1], widths[t, k - 1]
    return means, widths


def _interpolated(predicted: Floats, predictions: Floats, widths: Floats) -> Floats:
    columns = zip(predicted.T, predictions, widths, strict=True)
    return np.stack([np.interp(x, at, width) for x, at, width in columns], axis=1)


def _scores(pair: Floats, predictions: Floats, widths: Floats) -> Floats:
    """Return by how much the residuals of a group exceed the half widths, (n, T)."""
    predicted, measured = pair
    return np.abs(measured - predicted) - _interpolated(predicted, predictions, widths)
