"""Collinearity of features, and whether the coefficients of a fit can be interpreted."""

from __future__ import annotations

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
"""Largest variance inflation of a coefficient that can be interpreted (a rule of
thumb, :cite:`Kutner2005`)."""
DEPENDENT = 1e-10
"""Largest eigenvalue of the correlations, a feature, that is a linear dependence."""


class MisleadingCoefficients(UserWarning):
    """Features are collinear, so that a plot of their coefficients would mislead."""


def collinearity(statistics: Statistics, target: int = 0) -> DataFrame:
    r"""Return the variance inflation and the coefficient of each feature.

    The variance inflation factor is :math:`1 / (1 - R_j^2)`, with the multiple correlation
    :math:`R_j` of feature j with all others. It is the diagonal of the inverse of the correlation
    matrix, and the ratio of the variance of the unpenalized coefficient to that without
    correlations. Coefficients of inflated features cannot be interpreted one by one: their size
    and even their sign depend on the other features in the fit (:cite:`Sharma2025` for models like
    these). `clusters` and `ablation` assess groups of features instead.

    Parameters
    ----------
    statistics
        Statistics of features and targets.
    target
        The number of the target of the correlations and coefficients.

    Returns
    -------
    DataFrame
        A row for each feature: `column`; `vif`, 1 for an uncorrelated feature, inf for one that
        depends linearly on others, NaN for one that does not vary; `nearest`, the feature with
        which it correlates most, and their `correlation`; `with_target`, its correlation with the
        target; `coefficient`, its coefficient in the least-squares fit of all features, in
        standard deviations (that of smallest norm if features are dependent); `flipped`, whether
        the signs of `coefficient` and `with_target` differ; `readable`, whether vif <= 10; and the
        fields of the labels.

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
    """Return groups of strongly correlated features, such as `ablation` takes.

    Complete linkage joins features so that every two of a group have a correlation of at least
    `within` in absolute value.

    Returns
    -------
    dict
        The columns of each group by its name, ``"like 12"`` after the first column. Features that
        do not vary are in no group.

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


def warn_if_misleading(table: DataFrame) -> str:
    """Warn if a plot of coefficients would mislead, and return the warning, "" if there is none.

    Parameters
    ----------
    table
        What `collinearity` returned.
    """
    varying = table[~np.isnan(table["vif"])]
    inflated = ~varying["readable"]
    if not inflated.any():
        return ""
    flipped = int((varying["flipped"] & inflated).sum())
    text = (
        f"{inflated.sum()} of {len(varying)} features have a variance inflation above "
        f"{INFLATED:g}, {flipped} of them a sign other than that of their own correlation: "
        "coefficients are not to be read one by one; see `clusters` and `ablation`"
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
