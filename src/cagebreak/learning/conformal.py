r"""Predictive intervals of single particles, calibrated by residuals of held-out configurations.

Split conformal prediction (:cite:`Lei2018`). The interval of a particle whose prediction is
:math:`\hat y` is :math:`\hat y \pm h`, in which h is the

.. math:: \lceil (n + 1) (1 - \epsilon) \rceil

smallest of the n absolute residuals :math:`|y - \hat y|` that calibrate it, and
:math:`1 - \epsilon` is the level. The residuals are those of configurations that are held out in
the same fold: they have not trained the fit, and the configuration that is scored is not one of
them. No distribution of the errors is assumed.

If particles were exchangeable, an interval would cover its particle with a probability of the level
at least. Particles of one configuration are correlated, and only configurations are exchangeable
(:cite:`Dunn2023`). The coverage of one configuration then varies about the level; its mean falls
short of it by the variation between configurations over the number of those that calibrate. The
measured coverage shows by how much.
"""

import math
from collections.abc import Sequence

import numpy as np

from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats, Integers
from cagebreak.models.arguments import real

LEVEL = 0.9
"""Level of the predictive intervals (chosen)."""


def half_width(residuals: Floats, level: float = LEVEL) -> Floats:
    """Return half the width of the intervals that residuals calibrate, (T,).

    Parameters
    ----------
    residuals : (n, T) array
        Measured minus predicted value of particles that have not trained the fit.
    level
        Probability that an interval shall contain the measured value.

    Returns
    -------
    (T,) array
        NaN if there are fewer than ``level / (1 - level)`` residuals: no finite interval has the
        level.

    Raises
    ------
    InputError
        If the level is not between 0 and 1, or a residual is not finite.
    """
    require_level(level)
    if not np.isfinite(residuals).all():
        raise InputError("residuals: expected finite numbers")
    return upper_quantile(np.abs(residuals), level)


def require_level(level: float) -> None:
    """Raise unless a level is between 0 and 1."""
    if not 0 < real(level) < 1:
        raise InputError(f"level: expected a number between 0 and 1, got {level!r}")


def fewest(level: float) -> int:
    """Return the fewest residuals that calibrate an interval of finite width."""
    return math.ceil(round(level / (1 - level), 9))


def upper_quantile(scores: Floats, level: float) -> Floats:
    """Return the ceil((n + 1) level)-th smallest of scores (n, T), (T,); NaN if n is too small."""
    n = len(scores)
    # The product is rounded, so that 10 * 0.9 is not more than 9.
    rank = math.ceil(round((n + 1) * level, 9))
    if rank > n:
        return np.full(scores.shape[1:], np.nan)
    smallest: Floats = np.partition(scores, rank - 1, axis=0)[rank - 1]
    return smallest


def half_widths(
    residuals: Sequence[Floats], fold: Integers, groups: Integers, level: float = LEVEL
) -> Floats:
    """Return half the width of the intervals of each configuration, (C, T).

    Parameters
    ----------
    residuals
        Of the particles of each configuration, (n, T) with any n, by the fit that has not seen it.
    fold : (C,) array of integers
        The fold in which each configuration is held out.
    groups : (C,) array of integers
        The group of each configuration: configurations of a group do not calibrate each other.
    level
        As of `half_width`.

    Returns
    -------
    (C, T) array
        NaN where a fold holds out no other group that has particles.
    """
    result = np.full((len(residuals), residuals[0].shape[1]), np.nan)
    for k in np.unique(fold):
        for group in np.unique(groups[fold == k]):
            others = np.flatnonzero((fold == k) & (groups != group)).tolist()
            if sum(len(residuals[i]) for i in others):
                calibrating = np.concatenate([residuals[i] for i in others])
                result[groups == group] = half_width(calibrating, level)
    return result
