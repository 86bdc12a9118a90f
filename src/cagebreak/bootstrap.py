"""The bootstrap over configurations: resamples, and intervals."""

from numbers import Real

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cagebreak.errors import InputError
from cagebreak.seeding import Seed, seed_sequence, stream

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def as_groups(groups: ArrayLike | None, n_configurations: int) -> Integers:
    """Return the group of each configuration as a number from 0, in the order of appearance.

    Parameters
    ----------
    groups : (n_configurations,) array of integers, optional
        By default each configuration is a group of its own.
    n_configurations

    Raises
    ------
    InputError
        If there is not one group for each configuration.
    """
    if groups is None:
        return np.arange(n_configurations)
    values = np.asarray(groups)
    if values.shape != (n_configurations,) or values.dtype.kind not in "iu":
        raise InputError(
            f"groups: expected {n_configurations} whole numbers, one for each configuration, "
            f"got {groups!r}"
        )
    _, first, inverse = np.unique(values, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse]


def require_bootstrap(n_resamples: int, confidence: float, seed: Seed = 0) -> None:
    """Raise unless there are 1, 2, ... resamples, a confidence between 0 and 1, and a seed.

    For checks before the work of which the bootstrap is the last step.
    """
    if not isinstance(n_resamples, int | np.integer) or n_resamples < 1:
        raise InputError(f"n_resamples: expected 1, 2, ..., got {n_resamples!r}")
    if not isinstance(confidence, Real) or not 0 < confidence < 1:
        raise InputError(f"confidence: expected a number between 0 and 1, got {confidence!r}")
    seed_sequence(seed)


def resamples(
    n_configurations: int, n_resamples: int, *, seed: Seed, groups: ArrayLike | None = None
) -> Floats:
    """Return the number of times each configuration is drawn in each bootstrap resample, (B, C).

    The configurations of a group are drawn together (`folds.configuration_folds`).

    Raises
    ------
    InputError
        If the number of resamples is not 1, 2, ..., or the seed is none.
    """
    require_bootstrap(n_resamples, 0.5, seed)
    number = as_groups(groups, n_configurations)
    n_groups = int(number.max()) + 1
    random = stream(seed, "bootstrap")
    probabilities = np.full(n_groups, 1.0 / n_groups)
    drawn = random.multinomial(n_groups, probabilities, size=n_resamples).astype(np.float64)
    return drawn[:, number]


def interval(resampled: Floats, n_configurations: int, confidence: float = 0.95) -> Floats:
    """Return the bootstrap interval (2, ...) of a score from its value in B resamples (B, ...).

    The interval is the expanded percentile interval (:cite:`Hesterberg2015`): the plain percentile
    interval is too short with few configurations, and the expanded one has the width of Student's t
    interval for a mean. It is NaN with one configuration, and where the score is NaN in all
    resamples.

    Raises
    ------
    InputError
        If `confidence` is not between 0 and 1.
    """
    require_bootstrap(1, confidence)
    if n_configurations < 2:
        return np.full((2, *resampled.shape[1:]), np.nan)
    # At the top of the file it would be a fifth of the time of `import cagebreak`.
    from scipy.special import ndtr, stdtrit

    freedom = n_configurations - 1
    t = stdtrit(freedom, 0.5 + confidence / 2) * np.sqrt(n_configurations / freedom)
    levels = ndtr([-t, t])
    bounds = np.full((2, *resampled.shape[1:]), np.nan)
    defined = np.isfinite(resampled).any(axis=0)
    bounds[:, defined] = np.nanquantile(resampled[:, defined], levels, axis=0)
    return bounds
