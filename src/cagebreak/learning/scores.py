"""Pearson correlation of prediction and target, pooled and per configuration, with intervals.

All scores are functions of the moments of each configuration (`pair_moments`). A bootstrap over
configurations therefore needs no data of single particles. The equation of the noise ceiling is at
`cagebreak.dynamics.propensity.spearman_brown`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cagebreak.bootstrap import as_groups, interval, resamples
from cagebreak.dynamics.propensity import spearman_brown
from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats, require_finite
from cagebreak.seeding import Seed

COUNT, X_MEAN, Y_MEAN, XX, YY, XY = range(6)


def pearson(x: ArrayLike, y: ArrayLike) -> Floats:
    """Return the Pearson r of x and y over their first axis, (...).

    r is NaN where x or y does not vary, and with fewer than two rows.

    Parameters
    ----------
    x, y : (n, ...) arrays

    Raises
    ------
    InputError
        If the shapes differ or a number is not finite.
    """
    return _pearson(pair_moments(x, y))


def pair_moments(x: ArrayLike, y: ArrayLike) -> Floats:
    """Return the moments (6, ...) of the rows of x and y, (n, ...) each.

    The moments are n, the means of x and y, and the sums xx, yy and xy of the squares and products
    of the deviations from the means.

    Raises
    ------
    InputError
        If the shapes differ or a number is not finite.
    """
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if x.shape != y.shape or x.ndim == 0:
        raise InputError(f"x, y: expected equal shapes (n, ...), got {x.shape} and {y.shape}")
    moments = np.zeros((6, *x.shape[1:]))
    moments[COUNT] = len(x)
    if len(x):
        moments[X_MEAN], moments[Y_MEAN] = x.mean(axis=0), y.mean(axis=0)
        require_finite("x", x.reshape(len(x), -1), moments[X_MEAN])
        require_finite("y", y.reshape(len(y), -1), moments[Y_MEAN])
        dx, dy = x - moments[X_MEAN], y - moments[Y_MEAN]
        moments[XX], moments[YY] = (dx * dx).sum(axis=0), (dy * dy).sum(axis=0)
        moments[XY] = (dx * dy).sum(axis=0)
    return moments


def merged(first: Floats, second: Floats) -> Floats:
    """Return the `pair_moments` (6, ...) of the union of two sets of rows."""
    count = first[0] + second[0]
    part = np.divide(second[0], count, out=np.zeros_like(count), where=count > 0)
    delta = second[1:3] - first[1:3]
    between = first[0] * part * np.stack([delta[0] ** 2, delta[1] ** 2, delta[0] * delta[1]])
    return np.concatenate(
        [count[None], first[1:3] + part * delta, first[3:] + second[3:] + between]
    )


def pooled_pearson(moments: Floats, weights: Floats | None = None) -> Floats:
    """Return r pooled over the particles of all configurations.

    Parameters
    ----------
    moments : (C, 6, ...) array
        `pair_moments` of each configuration.
    weights : (B, C) array, optional
        Number of times each configuration is drawn in each of B resamples.

    Returns
    -------
    (...) array, or (B, ...) with weights
    """
    if weights is None:
        return pooled_pearson(moments, np.ones((1, len(moments))))[0]
    # Means are taken relative to the overall mean, so that the sums do not lose digits.
    count = moments[:, COUNT]
    total = np.maximum(count.sum(axis=0), 1)
    origin = (count * moments[:, [X_MEAN, Y_MEAN]].swapaxes(0, 1)).sum(axis=1) / total
    x, y = moments[:, X_MEAN] - origin[0], moments[:, Y_MEAN] - origin[1]

    def weighted_sum(values: Floats) -> Floats:
        return np.tensordot(weights, values, axes=1)

    n = weighted_sum(count)
    divisor = np.maximum(n, 1)
    x_mean, y_mean = weighted_sum(count * x) / divisor, weighted_sum(count * y) / divisor
    pooled = np.stack(
        [
            n,
            x_mean + origin[0],
            y_mean + origin[1],
            weighted_sum(moments[:, XX] + count * x * x) - n * x_mean * x_mean,
            weighted_sum(moments[:, YY] + count * y * y) - n * y_mean * y_mean,
            weighted_sum(moments[:, XY] + count * x * y) - n * x_mean * y_mean,
        ]
    )
    return _pearson(pooled)


def configuration_pearson(moments: Floats, weights: Floats | None = None) -> Floats:
    """Return the mean over configurations of r within each configuration.

    The arguments are those of `pooled_pearson`. Configurations in which r is NaN are left out; the
    mean is NaN if none remains.
    """
    if weights is None:
        return configuration_pearson(moments, np.ones((1, len(moments))))[0]
    return mean_over_configurations(_pearson(moments.swapaxes(0, 1)), weights)


def mean_over_configurations(values: Floats, weights: Floats | None = None) -> Floats:
    """Return the mean over configurations of a score within each.

    Parameters
    ----------
    values : (C, ...) array
        Configurations in which the score is NaN are left out; the mean is NaN if none remains.
    weights : (B, C) array, optional
        As of `pooled_pearson`.

    Returns
    -------
    (...) array, or (B, ...) with weights
    """
    if weights is None:
        return mean_over_configurations(values, np.ones((1, len(values))))[0]
    defined = np.isfinite(values)
    total = np.tensordot(weights, np.where(defined, values, 0.0), axes=1)
    n = np.tensordot(weights, defined.astype(np.float64), axes=1)
    return np.divide(total, n, out=np.full(n.shape, np.nan), where=n > 0)


def n_independent(moments: Floats, groups: ArrayLike | None = None) -> int:
    """Return the number of groups that have a row, as `bootstrap.interval` expects it.

    Parameters
    ----------
    moments : (C, 6, ...) array
        `pair_moments` of each configuration.
    groups : (C,) array of integers, optional
        The group of each configuration; by default each configuration is a group of its own.
    """
    present = moments[:, COUNT].reshape(len(moments), -1)[:, 0] > 0
    return len(np.unique(as_groups(groups, len(moments))[present]))


def _pearson(moments: Floats) -> Floats:
    """Return r of moments (6, ...); NaN where the variation of x or y is rounding."""
    x_varies = moments[XX] > _rounding(moments[COUNT], moments[X_MEAN])
    y_varies = moments[YY] > _rounding(moments[COUNT], moments[Y_MEAN])
    varies = x_varies & y_varies
    # Two square roots are taken, since the product of the squares may overflow.
    norm = np.sqrt(moments[XX], where=varies, out=np.zeros(varies.shape))
    norm *= np.sqrt(moments[YY], where=varies, out=np.zeros(varies.shape))
    varies &= norm > 0
    r = np.divide(moments[XY], norm, out=np.full(norm.shape, np.nan), where=varies)
    return np.clip(r, -1.0, 1.0)


def _rounding(count: Floats, mean: Floats) -> Floats:
    # The relative error of a sum of n equal numbers, and of their mean, is at most n eps.
    return count * (count * np.finfo(float).eps * mean) ** 2


SCORES = {"pooled": pooled_pearson, "configuration": configuration_pearson}


def paired_difference(
    first: Floats,
    second: Floats,
    *,
    seed: Seed,
    score: str = "pooled",
    n_resamples: int = 2000,
    confidence: float = 0.95,
    groups: ArrayLike | None = None,
) -> tuple[Floats, Floats, Floats]:
    """Return the difference between r of two models, first minus second, and its interval.

    The bootstrap is paired: each resample scores both models on the same configurations. Variation
    between configurations that affects both models cancels, and the interval is much narrower than
    the intervals of the two r suggest.

    Parameters
    ----------
    first, second : (C, 6, ...) arrays
        Moments of prediction and target in each configuration, from `learning.evaluate` or
        `held_out_moments`, for the same configurations.
    seed
        Seed of the bootstrap over configurations.
    score : "pooled" or "configuration"
        r over all particles, or the mean over configurations of r within each.
    n_resamples
        Number of bootstrap resamples.
    confidence
        Confidence level of the interval.
    groups : (C,) array of integers, optional
        As of `learning.evaluate`.

    Returns
    -------
    difference, low, high : (...) arrays

    Raises
    ------
    InputError
        If the moments are of different configurations or targets, or the score is unknown.
    """
    if first.shape != second.shape:
        raise InputError(f"second: expected shape {first.shape} as of first, got {second.shape}")
    if not np.array_equal(first[:, 0] > 0, second[:, 0] > 0):
        raise InputError("second: expected the same configurations as of first")
    if score not in SCORES:
        raise InputError(f"score: expected one of {', '.join(SCORES)}, got {score!r}")
    weights = resamples(len(first), n_resamples, seed=seed, groups=groups)
    difference = SCORES[score](first) - SCORES[score](second)
    resampled = SCORES[score](first, weights) - SCORES[score](second, weights)
    low, high = interval(resampled, n_independent(first, groups), confidence)
    return difference, low, high


def ceiling_corrected(
    moments: Floats,
    halves: Floats,
    *,
    seed: Seed,
    n_resamples: int = 2000,
    confidence: float = 0.95,
    groups: ArrayLike | None = None,
) -> tuple[Floats, Floats, Floats]:
    r"""Return r with the noiseless target, :math:`r / r_\mathrm{ceiling}`, and its interval.

    A propensity measured in a finite number of runs is noisy, and no prediction can follow the
    noise. Division by the noise ceiling corrects for it, so that the result does not depend on the
    number of runs. Each resample draws the same configurations for r and for the ceiling.

    Parameters
    ----------
    moments : (C, 6, ...) array
        Moments of prediction and target in each configuration.
    halves : (C, 6, ...) array
        Moments of the target from the two halves of the runs.
    seed
        Seed of the bootstrap over configurations.
    n_resamples
        Number of bootstrap resamples.
    confidence
        Confidence level of the interval.
    groups : (C,) array of integers, optional
        As of `learning.evaluate`.

    Returns
    -------
    r, low, high : (...) arrays

    Raises
    ------
    InputError
        If the shapes differ.
    """
    if moments.shape != halves.shape:
        raise InputError(f"halves: expected shape {moments.shape}, got {halves.shape}")
    weights = resamples(len(moments), n_resamples, seed=seed, groups=groups)
    resampled = _ratio(pooled_pearson(moments, weights), pooled_pearson(halves, weights))
    n_groups = int(as_groups(groups, len(moments)).max()) + 1
    low, high = interval(resampled, n_groups, confidence)
    return _ratio(pooled_pearson(moments), pooled_pearson(halves)), low, high


def ceiling(halves: Floats | None, n_targets: int) -> Floats:
    """Return the noise ceiling of the pooled r, (T,); NaN without halves."""
    if halves is None:
        return np.full(n_targets, np.nan)
    return np.sqrt(spearman_brown(pooled_pearson(halves)))


def _ratio(r: Floats, r_of_halves: Floats) -> Floats:
    ceilings = np.sqrt(spearman_brown(r_of_halves))
    return np.divide(r, ceilings, out=np.full(np.shape(r), np.nan), where=ceilings > 0)
