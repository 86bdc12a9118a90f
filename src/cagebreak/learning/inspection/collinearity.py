"""Whether the coefficients of a fit can be read: collinear features and what they hide."""

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.linalg import eigh
from scipy.spatial.distance import squareform

from cagebreak._frames import to_frame
from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats, Integers
from cagebreak.learning.statistics import Statistics, inverse, scale_of

if TYPE_CHECKING:
    from pandas import DataFrame

INFLATED = 10.0
"""A variance inflation above which a coefficient is not read (a rule of thumb; Kutner et al.)."""
DEPENDENT = 1e-10
"""Eigenvalues of the correlations below this are linear dependences."""


class MisleadingCoefficients(UserWarning):
    """A plot of coefficients would mislead: features are collinear."""


def collinearity(statistics: Statistics, target: int = 0) -> "DataFrame":
    r"""Return how far each feature is a linear combination of the others.

    The variance inflation factor is :math:`1 / (1 - R_j^2)`, :math:`R_j` the multiple correlation
    of feature j with all others; it is the diagonal of the inverse of the correlation matrix, and
    the factor by which the variance of an unpenalized coefficient exceeds that of an uncorrelated
    one. Coefficients of such features cannot be read one by one: their size and even their sign
    depends on which others are in the fit (Sharma et al. 2025 for models like these). Read groups
    instead: `clusters` and `ablation`.

    Parameters
    ----------
    statistics
        Of features and targets.
    target
        Which target the correlations and coefficients are with.

    Returns
    -------
    DataFrame
        A row for each feature: `column`; `vif`: 1 for an uncorrelated feature, inf for one that
        depends linearly on others, NaN for one that does not vary; `nearest`: the feature it
        correlates with best, and `correlation` with it; `with_target`: its correlation with the
        target;
        `coefficient`: its least-squares coefficient, all features together, in deviations (the
        smallest in norm where they are dependent); `flipped`: whether that has another sign than
        `with_target`; `readable`: whether vif <= 10; and the fields of the labels.

    Raises
    ------
    InputError
        If there is no such target or no row.
    """
    if not 0 <= target < statistics.n_targets:
        raise InputError(
            f"target: expected one from 0 to {statistics.n_targets - 1}, got {target!r}"
        )
    correlation, with_target, varies = _correlations(statistics, target)
    n = statistics.n_features
    values, vectors = eigh(correlation[np.ix_(varies, varies)])
    dependent = values <= DEPENDENT * len(values)
    inverted = np.divide(1.0, values, out=np.zeros_like(values), where=~dependent)
    vif = np.full(n, np.nan)
    vif[varies] = (vectors**2) @ inverted
    within = (vectors[:, dependent] ** 2).sum(axis=1) > np.sqrt(np.finfo(float).eps)
    vif[varies[within]] = np.inf
    coefficient = np.zeros(n)
    coefficient[varies] = vectors @ (inverted * (vectors.T @ with_target[varies]))
    others = np.abs(correlation)
    np.fill_diagonal(others, -1.0)
    nearest = others.argmax(axis=1)

    described: list[Any] = [] if statistics.labels is None else statistics.labels.dtype.descr
    fields: list[Any] = [("column", "i8"), ("vif", "f8"), ("nearest", "i8"), ("correlation", "f8")]
    fields += [("with_target", "f8"), ("coefficient", "f8"), ("flipped", "?"), ("readable", "?")]
    table = np.zeros(n, fields + described)
    table["column"], table["vif"], table["nearest"] = np.arange(n), vif, nearest
    table["correlation"] = correlation[np.arange(n), nearest] if n > 1 else np.nan
    table["with_target"], table["coefficient"] = with_target, coefficient
    table["flipped"] = coefficient * with_target < 0
    table["readable"] = vif <= INFLATED
    for name, *_ in described:
        assert statistics.labels is not None
        table[name] = statistics.labels[name]
    return to_frame(table)


def clusters(statistics: Statistics, within: float = 0.9) -> dict[str, Integers]:
    """Return groups of features that say nearly the same, for `ablation`: grouped importance.

    Features are joined by complete linkage until every two of a group correlate by at least
    `within` in absolute value.

    Returns
    -------
    dict
        Columns by name, ``"like 12"`` after the first of them; features that do not vary are in
        none.

    Raises
    ------
    InputError
        If `within` is not between 0 and 1.
    """
    if not 0 < within < 1:
        raise InputError(f"within: expected a number between 0 and 1, got {within!r}")
    correlation, _, varies = _correlations(statistics, 0)
    if len(varies) < 2:
        return {f"like {column}": np.array([column]) for column in varies}
    distance = 1.0 - np.abs(correlation[np.ix_(varies, varies)])
    np.fill_diagonal(distance, 0.0)
    tree = linkage(squareform(np.maximum(distance, 0.0), checks=False), "complete")
    member = fcluster(tree, 1.0 - within, "distance")
    groups = [varies[member == k] for k in np.unique(member)]
    groups.sort(key=lambda columns: int(columns[0]))
    return {f"like {columns[0]}": columns for columns in groups}


def warn_if_misleading(table: "DataFrame") -> str:
    """Warn where a plot of coefficients would mislead, and return the words; "" if it would not.

    Parameters
    ----------
    table
        As of `collinearity`.
    """
    known = table[~np.isnan(table["vif"])]
    bad = ~known["readable"]
    if not bad.any():
        return ""
    flipped = int((known["flipped"] & bad).sum())
    text = (
        f"{bad.sum()} of {len(known)} features have a variance inflation above {INFLATED:g}, "
        f"{flipped} of them a sign other than that of their own correlation: coefficients are not "
        "to be read one by one; see `clusters` and `ablation`"
    )
    warnings.warn(text, MisleadingCoefficients, stacklevel=2)
    return text


def _correlations(statistics: Statistics, target: int) -> tuple[Floats, Floats, Integers]:
    """Return the correlations of the features, theirs with a target, and which vary."""
    if statistics.count == 0:
        raise InputError("statistics: expected at least one row, got none")
    scale = scale_of(np.diag(statistics.xx_lower), statistics.x_mean, statistics.count)
    y = scale_of(np.diag(statistics.yy), statistics.y_mean, statistics.count)[target]
    factor = inverse(scale)
    correlation = statistics.xx * factor[:, None] * factor
    with_target = statistics.xy[:, target] * factor * (1.0 / y if y > 0 else 0.0)
    return correlation, with_target, np.flatnonzero(scale > 0)
