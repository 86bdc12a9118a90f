"""Which configurations to simulate next, from their features alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats, as_table, require_finite
from cagebreak.learning.preprocessing import Moments, Standardizer
from cagebreak.models.arguments import is_whole, real


def next_configurations(
    features: Sequence[ArrayLike], n: int, *, alpha: float, simulated: Sequence[int] = ()
) -> list[int]:
    r"""Choose configurations to simulate, by the uncertainty of ridge regression.

    With standardized features X of the configurations that are simulated, the variance of a
    prediction at x, in units of the noise, is

    .. math:: x' (X'X + \alpha)^{-1} x .

    It depends on no propensity. One configuration after the other is chosen: that with which the
    mean of this variance over the particles of all configurations is smallest.

    Where all configurations are of one state point, a random choice is as good. Among several
    temperatures the gain is small, and only with the first few configurations
    (`results/uncertainty`).

    Parameters
    ----------
    features : sequence of (n_c, F) arrays
        Features of the particles of one species, for each configuration.
    n
        Number of configurations to choose.
    alpha
        Strength of the ridge penalty, as that of a fit to similar configurations.
    simulated
        Numbers of the configurations that have runs, from 0.

    Returns
    -------
    list of int
        Numbers of the configurations, in the order in which they are chosen.

    Raises
    ------
    InputError
        If an array has another number of columns or a number that is not finite, there is no
        particle or no column, `n` is not between 1 and the number of configurations without runs,
        alpha is not above 0, or so small that it is lost in the rounding of X'X, or `simulated` has
        a number twice or one of no configuration.
    """
    tables = _checked(features)
    chosen = _numbers(simulated, len(tables))
    others = [c for c in range(len(tables)) if c not in chosen]
    if not (is_whole(n) and 1 <= n <= len(others)):
        raise InputError(
            f"n: expected a whole number from 1 to {len(others)}, the number of configurations "
            f"without runs, got {n!r}"
        )
    if not 0 < real(alpha) < np.inf:
        raise InputError(f"alpha: expected a finite number above 0, got {alpha!r}")
    n_features = tables[0].shape[1]
    moments = sum(map(Moments.of, tables), start=Moments.none(n_features))
    standardizer = Standardizer.from_moments(moments)

    def gram(configurations: Sequence[int]) -> Floats:
        total = np.zeros((n_features, n_features))
        for c in configurations:
            X = standardizer.standardize(tables[c])
            total += X.T @ X
        return total

    everything = gram(range(len(tables)))
    rounding = np.finfo(float).eps * np.trace(everything)
    if not alpha > rounding:
        raise InputError(
            f"alpha: expected more than {rounding:.2g}, the rounding of X'X, got {alpha!r}"
        )
    learned = gram(chosen) + alpha * np.eye(n_features)
    order: list[int] = []
    for _ in range(int(n)):
        variances = [np.vdot(np.linalg.inv(learned + gram([c])), everything) for c in others]
        order.append(others.pop(int(np.argmin(variances))))
        learned += gram(order[-1:])
    return order


def _checked(features: Sequence[ArrayLike]) -> list[Floats]:
    """Return the features of each configuration as tables of as many columns, all finite."""
    tables: list[Floats] = []
    for c, given in enumerate(features):
        n_columns = tables[0].shape[1] if tables else None
        tables.append(as_table(f"features[{c}]", given, n_columns=n_columns))
        require_finite(f"features[{c}]", tables[-1], tables[-1].sum(axis=0))
    if not tables:
        raise InputError("features: expected those of at least one configuration, got none")
    if not sum(table.size for table in tables):
        shapes = [table.shape for table in tables]
        raise InputError(f"features: expected at least one particle and one column, got {shapes}")
    return tables


def _numbers(simulated: Sequence[int], n_configurations: int) -> list[int]:
    """Return the numbers of the configurations that are simulated, checked."""
    numbers = np.atleast_1d(np.asarray(simulated)).tolist()
    for c in numbers:
        if not (is_whole(c) and 0 <= c < n_configurations) or numbers.count(c) > 1:
            raise InputError(
                f"simulated: expected different numbers from 0 to {n_configurations - 1}, got "
                f"{numbers!r}"
            )
    return list(map(int, numbers))
