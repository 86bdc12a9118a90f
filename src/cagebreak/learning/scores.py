"""Pearson correlation of prediction and truth, pooled and per configuration, with intervals.

Everything follows from the moments of each configuration (`pair_moments`), so that a bootstrap
over configurations is exact and needs no particles. `cagebreak.dynamics.propensity.spearman_brown`
has the equation of the noise ceiling.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from cagebreak.dynamics.propensity import spearman_brown
from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats, require_finite
from cagebreak.seeding import Seed, stream

COUNT, X_MEAN, Y_MEAN, XX, YY, XY = range(6)


def pearson(x: ArrayLike, y: ArrayLike) -> Floats:
    """Return the Pearson r of x and y over their first axis, (...).

    NaN where x or y does not vary, or there are fewer than two rows.

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

    They are: n, the means of x and y, and the sums of the squares and products of the deviations
    from them, xx, yy and xy.

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


def pooled_pearson(moments: Floats, weights: Floats | None = None) -> Floats:
    """Return r over the particles of all configurations.

    Parameters
    ----------
    moments : (C, 6, ...) array
        `pair_moments` of each configuration.
    weights : (B, C) array, optional
        How often each configuration is drawn, in each of B resamples.

    Returns
    -------
    (...) array, or (B, ...) with weights
    """
    if weights is None:
        return pooled_pearson(moments, np.ones((1, len(moments))))[0]
    # About the means of all, so that the between terms do not cancel.
    count = moments[:, COUNT]
    total = np.maximum(count.sum(axis=0), 1)
    origin = (count * moments[:, [X_MEAN, Y_MEAN]].swapaxes(0, 1)).sum(axis=1) / total
    x, y = moments[:, X_MEAN] - origin[0], moments[:, Y_MEAN] - origin[1]

    def drawn(values: Floats) -> Floats:
        return np.tensordot(weights, values, axes=1)

    n = drawn(count)
    present = np.maximum(n, 1)
    x_mean, y_mean = drawn(count * x) / present, drawn(count * y) / present
    pooled = np.stack(
        [
            n,
            x_mean + origin[0],
            y_mean + origin[1],
            drawn(moments[:, XX] + count * x * x) - n * x_mean * x_mean,
            drawn(moments[:, YY] + count * y * y) - n * y_mean * y_mean,
            drawn(moments[:, XY] + count * x * y) - n * x_mean * y_mean,
        ]
    )
    return _pearson(pooled)


def configuration_pearson(moments: Floats, weights: Floats | None = None) -> Floats:
    """Return the mean over configurations of each one's r; as `pooled_pearson`.

    The mean is over the configurations in which r is defined; NaN if there is none.
    """
    if weights is None:
        return configuration_pearson(moments, np.ones((1, len(moments))))[0]
    each = _pearson(moments.swapaxes(0, 1))
    defined = np.isfinite(each)
    total = np.tensordot(weights, np.where(defined, each, 0.0), axes=1)
    n = np.tensordot(weights, defined.astype(np.float64), axes=1)
    return np.divide(total, n, out=np.full(n.shape, np.nan), where=n > 0)


def resamples(n_configurations: int, n_resamples: int, *, seed: Seed) -> Floats:
    """Return how often each configuration is drawn in each bootstrap resample, (B, C)."""
    random = stream(seed, "bootstrap")
    even = np.full(n_configurations, 1.0 / n_configurations)
    return random.multinomial(n_configurations, even, size=n_resamples).astype(np.float64)


def interval(drawn: Floats, n_configurations: int, confidence: float = 0.95) -> Floats:
    """Return the bootstrap interval (2, ...) of a score from its value in B resamples (B, ...).

    The percentile interval at expanded levels (:cite:`Hesterberg2015`), which for a mean is as wide
    as Student's; without it intervals from few configurations are too short. NaN with one
    configuration only, or where the score is NaN in all resamples.

    Raises
    ------
    InputError
        If `confidence` is not between 0 and 1.
    """
    if not 0 < confidence < 1:
        raise InputError(f"confidence: expected a number between 0 and 1, got {confidence!r}")
    if n_configurations < 2:
        return np.full((2, *drawn.shape[1:]), np.nan)
    freedom = n_configurations - 1
    t = stats.t.ppf(0.5 + confidence / 2, freedom) * np.sqrt(n_configurations / freedom)
    levels = stats.norm.cdf([-t, t])
    bounds = np.full((2, *drawn.shape[1:]), np.nan)
    defined = np.isfinite(drawn).any(axis=0)
    bounds[:, defined] = np.nanquantile(drawn[:, defined], levels, axis=0)
    return bounds


def _pearson(moments: Floats) -> Floats:
    """Return r of moments (6, ...); NaN where x or y does not vary within rounding."""
    x_varies = moments[XX] > _rounding(moments[COUNT], moments[X_MEAN])
    y_varies = moments[YY] > _rounding(moments[COUNT], moments[Y_MEAN])
    varies = x_varies & y_varies
    # Two roots, since the product of the squares may overflow.
    norm = np.sqrt(moments[XX], where=varies, out=np.zeros(varies.shape))
    norm *= np.sqrt(moments[YY], where=varies, out=np.zeros(varies.shape))
    varies &= norm > 0
    r = np.divide(moments[XY], norm, out=np.full(norm.shape, np.nan), where=varies)
    return np.clip(r, -1.0, 1.0)


def _rounding(count: Floats, mean: Floats) -> Floats:
    # A sum of n equal numbers is off by at most n eps of itself, and so is their mean.
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
) -> tuple[Floats, Floats, Floats]:
    """Return by how much r of the first model exceeds that of the second, and its interval.

    Both are scored on the same configurations in every resample, so what makes a configuration
    easy or hard for both cancels: the interval is far narrower than those of either r suggest.

    Parameters
    ----------
    first, second : (C, 6, ...) arrays
        Moments of prediction and target in each configuration, of `learning.evaluate` or
        `held_out_moments`; of the same configurations.
    seed
        Of the bootstrap over configurations.
    score : "pooled" or "configuration"
        r over all particles, or the mean of the r of each configuration.
    n_resamples, confidence

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
    drawn = resamples(len(first), n_resamples, seed=seed)
    found = SCORES[score](first) - SCORES[score](second)
    spread = SCORES[score](first, drawn) - SCORES[score](second, drawn)
    present = int((first[:, 0].reshape(len(first), -1)[:, 0] > 0).sum())
    low, high = interval(spread, present, confidence)
    return found, low, high


def ceiling_corrected(
    moments: Floats,
    halves: Floats,
    *,
    seed: Seed,
    n_resamples: int = 2000,
    confidence: float = 0.95,
) -> tuple[Floats, Floats, Floats]:
    r"""Return r with the noiseless target, :math:`r / r_\mathrm{ceiling}`, and its interval.

    A measured propensity is the true one with the noise of a finite number of runs, which no
    prediction can follow. Divided by the ceiling, r no longer depends on that number. Prediction
    and ceiling are resampled together.

    Parameters
    ----------
    moments : (C, 6, ...) array
        Of prediction and target in each configuration.
    halves : (C, 6, ...) array
        Of the target from either half of the runs.
    seed
    n_resamples, confidence

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
    drawn = resamples(len(moments), n_resamples, seed=seed)
    spread = _ratio(pooled_pearson(moments, drawn), pooled_pearson(halves, drawn))
    low, high = interval(spread, len(moments), confidence)
    return _ratio(pooled_pearson(moments), pooled_pearson(halves)), low, high


def ceiling(halves: Floats | None, n_targets: int) -> Floats:
    """Return the noise ceiling of the pooled r, (T,); NaN where halves are not known."""
    if halves is None:
        return np.full(n_targets, np.nan)
    return np.sqrt(spearman_brown(pooled_pearson(halves)))


def _ratio(r: Floats, of_halves: Floats) -> Floats:
    top = np.sqrt(spearman_brown(of_halves))
    return np.divide(r, top, out=np.full(np.shape(r), np.nan), where=top > 0)
