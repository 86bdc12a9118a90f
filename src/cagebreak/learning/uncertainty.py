"""Differences between models, and accuracy beyond the noise of the target, with intervals."""

import numpy as np

from cagebreak.dynamics.propensity import spearman_brown
from cagebreak.errors import InputError
from cagebreak.learning._checks import Floats
from cagebreak.learning.scores import (
    configuration_pearson,
    interval,
    pooled_pearson,
    resamples,
)
from cagebreak.seeding import Seed

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
