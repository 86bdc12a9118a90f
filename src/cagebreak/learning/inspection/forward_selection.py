"""Forward selection of the features that together correlate best with a target."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cagebreak._frames import to_frame
from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats, Integers
from cagebreak.learning.linear_model.base import prediction_moments
from cagebreak.learning.scores import pooled_pearson
from cagebreak.learning.statistics import Statistics, inverse, scale_of

if TYPE_CHECKING:
    from pandas import DataFrame

DEPENDENT = 1e-7
"""Largest fraction of the variance of a feature that is left unexplained by the chosen features if
it counts as linearly dependent on them.

The Gram matrix knows the unexplained part to eps / DEPENDENT, about nine digits."""


class Steps(NamedTuple):
    """What determines the least-squares models of the first k features of a target, for every k.

    The coefficients of standardized features solve ``L' w = z`` in the first k rows and columns.
    """

    triangle: Floats
    """L (K, K), the Cholesky factor of the correlations of the K chosen features."""
    explained: Floats
    """z (K,), the correlation with the target that each step explains."""
    scale: Floats
    """Factors (K,) that make coefficients of the features out of those of standardized ones."""

    def coefficients(self) -> Floats:
        """Return the coefficients (K, K) of the features after each step, 0 where not chosen."""
        # After each step w = L'^-1 z, which is the running sum of U[j, i] z[j] over j, U = L^-1.
        inverse_triangle = np.linalg.solve(self.triangle, np.eye(len(self.explained)))
        path = np.cumsum(np.tril(inverse_triangle) * self.explained[:, None], axis=0)
        path *= self.scale
        return path


class Selection:
    """The order in which features were chosen, and the least-squares model after each step.

    `forward_selection` makes it. Arrays have the given shapes for one target, and a leading axis T
    for T targets.

    Attributes
    ----------
    order : (n,) array of integers
        The features in the order in which they were chosen; -1 after the last independent one.
    r : (n,) array
        Multiple correlation of the first k features with the target, on the rows of the selection.
        It is constant after the last independent feature, and NaN for a target that does not vary
        or if no feature does.
    labels : (n,) structured array or None
        The labels of the features, in the same order.
    """

    def __init__(
        self,
        statistics: Statistics,
        order: Integers,
        r: Floats,
        steps: Mapping[int, Steps],
    ) -> None:
        single = statistics.n_targets == 1
        self._all_orders, self._all_r = order, r
        self._steps = steps
        self._x_mean, self._y_mean = statistics.x_mean.copy(), statistics.y_mean.copy()
        self._all_labels = None
        if statistics.labels is not None:
            # There is no feature, hence no label, where the order is -1.
            self._all_labels = statistics.labels[order]
            self._all_labels[order < 0] = np.zeros(1, statistics.labels.dtype)
        self.order = order[0] if single else order
        self.r = r[0] if single else r
        self.labels = self._all_labels
        if single and self._all_labels is not None:
            self.labels = self._all_labels[0]

    def __len__(self) -> int:
        return self._all_orders.shape[1]

    @cached_property
    def _coefficients(self) -> Floats:
        """Coefficients (T, n, n) after each step, computed when they are asked for first."""
        coefficients = np.zeros((*self._all_orders.shape, len(self)))
        for target, steps in self._steps.items():
            path = steps.coefficients()
            coefficients[target, : len(path), : len(path)] = path
            coefficients[target, len(path) :, : len(path)] = path[-1:]
        return coefficients

    def coefficients(self, k: int) -> Floats:
        """Return the coefficients (F,) of the first k features, or (T, F)."""
        if not 1 <= k <= len(self):
            raise InputError(f"k: expected a number of features from 1 to {len(self)}, got {k!r}")
        full = np.zeros((len(self._all_orders), len(self._x_mean)))
        for target, order in enumerate(self._all_orders):
            chosen = order[:k][order[:k] >= 0]
            full[target, chosen] = self._coefficients[target, k - 1, : len(chosen)]
        return full if self.order.ndim == 2 else full[0]

    def moments(self, rows: Statistics) -> Floats:
        """Return the moments (6, n, T) of the predictions after each step and the targets.

        They are defined in `scores.pair_moments`; r and its bootstrap follow from them.

        Parameters
        ----------
        rows
            Statistics of other rows of the same features and targets.

        Raises
        ------
        InputError
            If features or targets do not match.
        """
        shape = (rows.n_features, rows.n_targets)
        expected = (len(self._x_mean), len(self._all_orders))
        if shape != expected:
            raise InputError(f"rows: expected {expected} features and targets, got {shape}")
        parts = []
        for target, order in enumerate(self._all_orders):
            chosen = order[order >= 0]
            path = self._coefficients[target, :, : len(chosen)].T
            if len(chosen) == 0:  # The mean predicts a target that does not vary.
                chosen, path = np.array([0]), np.zeros((1, len(self)))
            intercept = self._y_mean[target] - self._x_mean[chosen] @ path
            part = rows.select(chosen, [target])
            parts.append(prediction_moments(part, path[:, :, None], intercept[:, None]))
        return np.concatenate(parts, axis=2)

    def score(self, rows: Statistics) -> Floats:
        """Return Pearson r on other rows after each step, (n,) or (T, n), from their statistics.

        Raises
        ------
        InputError
            If features or targets do not match.
        """
        r = pooled_pearson(self.moments(rows)[None]).T
        return r if self.order.ndim == 2 else r[0]

    def table(self, n: int = 20, held_out: Statistics | None = None) -> DataFrame:
        """Return the first n features of each target as a table.

        Parameters
        ----------
        n
            Number of rows for each target, at most the number of features chosen.
        held_out
            Statistics of the rows to score on; `held_out_r` is NaN if omitted.

        Returns
        -------
        DataFrame
            `target`, `rank` from 1, `column`, `multiple_r` of the set so far, `held_out_r`, and the
            fields of the labels.
        """
        n = min(n, len(self))
        fields: list[Any] = [("target", "i8"), ("rank", "i8"), ("column", "i8")]
        fields += [("multiple_r", "f8"), ("held_out_r", "f8")]
        names: tuple[str, ...] = ()
        if self._all_labels is not None:
            names = self._all_labels.dtype.names or ()
            fields += self._all_labels.dtype.descr
        table = np.zeros(self._all_orders[:, :n].shape, fields)
        table["target"] = np.arange(len(self._all_orders))[:, None]
        table["rank"] = np.arange(1, n + 1)
        table["column"] = self._all_orders[:, :n]
        table["multiple_r"] = self._all_r[:, :n]
        scores = np.nan if held_out is None else np.atleast_2d(self.score(held_out))[:, :n]
        table["held_out_r"] = scores
        for name in names:
            assert self._all_labels is not None
            table[name] = self._all_labels[name][:, :n]
        return to_frame(table[self._all_orders[:, :n] >= 0])


def forward_selection(statistics: Statistics, n: int) -> Selection:
    r"""Choose features one after the other, each to raise the multiple correlation the most.

    At each step the feature is chosen that maximizes the multiple correlation

    .. math:: R^2 = b' S^{-1} b / s_{yy}

    of all chosen features with the target (:cite:`Boattini2020b`;
    :cite:`Boattini2021`, fig. 2). S, b and :math:`s_{yy}` are blocks of the statistics. A Cholesky
    factor of S grows by one row a step. For every candidate it gives the part of the variance, and
    of the covariance with the target, that the chosen features do not explain; the gain is the
    squared covariance over the variance. The selection takes ``F n^2`` operations for each target
    and no pass over the data.

    Features that do not vary, duplicates, and features that depend linearly on the chosen ones
    (less than 1e-7 of their variance is unexplained) are never chosen. The scale of a feature does
    not matter.

    Parameters
    ----------
    statistics
        Statistics of F features and T targets. Features are chosen for each target separately.
    n
        Number of features to choose, 1 to F.

    Returns
    -------
    Selection

    Raises
    ------
    InputError
        If n is out of range or there are no rows.

    Examples
    --------
    >>> import numpy as np
    >>> random = np.random.default_rng(0)
    >>> X = random.normal(size=(500, 10))
    >>> y = 2 * X[:, [7]] - X[:, [3]] + 0.1 * random.normal(size=(500, 1))
    >>> forward_selection(Statistics.from_arrays(X, y), 2).order
    array([7, 3])
    """
    if not 1 <= n <= statistics.n_features:
        raise InputError(
            f"n: expected a number of features from 1 to {statistics.n_features}, got {n!r}"
        )
    if statistics.count == 0:
        raise InputError("statistics: expected at least one row, got none")
    scale = scale_of(np.diag(statistics.xx_lower), statistics.x_mean, statistics.count)
    y_scale = scale_of(np.diag(statistics.yy), statistics.y_mean, statistics.count)
    correlation = statistics.xx * inverse(scale)[:, None]
    correlation *= inverse(scale)
    with_target = statistics.xy * inverse(scale)[:, None] * inverse(y_scale)

    # Centered rows span no more dimensions; further columns would be chosen by rounding errors.
    most = min(n, max(int(statistics.count) - 1, 0))
    n_targets = statistics.n_targets
    order = np.full((n_targets, n), -1)
    r = np.full((n_targets, n), np.nan)
    of_targets: dict[int, Steps] = {}
    for target in np.flatnonzero(y_scale > 0).tolist():
        chosen, explained, triangle = _greedy(correlation, with_target[:, target], most)
        k = len(chosen)
        if not k:  # no feature varies
            continue
        order[target, :k] = chosen
        r[target, :k] = np.sqrt(np.minimum(np.cumsum(explained**2), 1.0))
        r[target, k:] = r[target, k - 1]
        scales = y_scale[target] * inverse(scale[chosen])
        of_targets[target] = Steps(triangle, explained, scales)
    return Selection(statistics, order, r, of_targets)


def _greedy(correlation: Floats, with_target: Floats, n: int) -> tuple[Integers, Floats, Floats]:
    """Return the order (k,), the correlation that each step explains (k,) and the factor L (k, k).

    ``k < n`` if fewer than n columns are independent.
    """
    left = np.diag(correlation).copy()  # 1, or 0 for a column that does not vary
    covariance = with_target.copy()
    factor = np.empty((n, len(left)))  # rows of L', for all candidates
    order, steps = np.empty(n, dtype=np.int64), np.empty(n)
    gain, change = np.empty(len(left)), np.empty(len(left))
    # Dependent columns may be divided by 0; they never count. A step takes microseconds, of which
    # new arrays would be a third.
    with np.errstate(divide="ignore", invalid="ignore"):
        for k in range(n):
            np.multiply(covariance, covariance, out=gain)
            np.divide(gain, left, out=gain)
            np.putmask(gain, left <= DEPENDENT, -1.0)
            best = int(gain.argmax())
            if gain[best] < 0:
                return order[:k], steps[:k], np.tril(factor[:k, order[:k]].T)
            root = np.sqrt(left[best])
            row = factor[k]
            np.matmul(factor[:k, best], factor[:k], out=change)
            np.subtract(correlation[best], change, out=row)
            np.divide(row, root, out=row)
            step = covariance[best] / root
            np.subtract(covariance, np.multiply(row, step, out=change), out=covariance)
            np.subtract(left, np.multiply(row, row, out=change), out=left)
            left[best] = 0.0
            order[k], steps[k] = best, step
    return order, steps, np.tril(factor[:, order].T)
