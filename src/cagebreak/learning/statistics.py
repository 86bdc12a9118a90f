"""Sufficient statistics of linear regression: count, means and Gram blocks of a set of rows."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import blas, eigh

from cagebreak import _hdf5
from cagebreak._hdf5 import UNREADABLE, group_in, read_array
from cagebreak._sealed import creating, opened
from cagebreak.errors import FileFormatError, InputError
from cagebreak.learning._hdf5 import read_labels, write_labels
from cagebreak.learning._symmetric import mirror, quadratic_forms, submatrix
from cagebreak.learning._validation import (
    Floats,
    as_columns,
    as_table,
    require_choice,
    require_finite,
)

CENTERS = ("global", "configuration")
_ROWS = 1024
"""Number of rows centered at a time: they fit in the cache, and BLAS runs at full speed."""


class Statistics:
    """Count, means and centered Gram blocks of rows of features X (n, F) and targets Y (n, T).

    With ``Z = [X Y]`` the statistics are the count n, the mean of Z, and the Gram matrix
    ``sum (z - mean)(z - mean)'``, whose blocks are X'X, X'Y and Y'Y. They are sufficient for
    every linear regression. They are also additive: the statistics of the union of two sets of
    rows are the sum of the statistics of the sets (:cite:`Chan1983`).

    Parameters
    ----------
    n_features, n_targets
        F and T. New statistics have no rows.
    center : "global" or "configuration"
        The mean that is subtracted in the Gram blocks: the mean of all rows, or the mean of the
        row's configuration. With "configuration" each call of `add` is one configuration, and the
        blocks hold no differences between configurations.
    labels : (F,) structured array, optional
        Labels of the features, which are selected and saved with the statistics.

    Attributes
    ----------
    count : int
        Number of rows; a float if rows are weighted.
    x_mean : (F,) array
    y_mean : (T,) array
    xx : (F, F) array
    xy : (F, T) array
    yy : (T, T) array

    Raises
    ------
    InputError
        If `center` is unknown or there are not F labels.
    """

    def __init__(
        self,
        n_features: int,
        n_targets: int,
        center: str = "global",
        labels: np.ndarray | None = None,
    ) -> None:
        require_choice("center", center, CENTERS)
        if labels is not None and labels.shape != (n_features,):
            raise InputError(f"labels: expected shape ({n_features},), got {labels.shape}")
        self.n_features, self.n_targets = n_features, n_targets
        self.center, self.labels = center, labels
        self.count: float = 0
        self._mean = np.zeros(n_features + n_targets)
        # Only the lower triangle is kept up to date; `gram` copies it to the upper one.
        self._gram = np.zeros((n_features + n_targets, n_features + n_targets))
        self._is_mirrored = True

    @classmethod
    def from_arrays(cls, X: ArrayLike, Y: ArrayLike, labels: np.ndarray | None = None) -> Self:
        """Return the statistics of the rows of X (n, F) and Y (n, T)."""
        X, Y = as_table("X", X), as_table("Y", Y)
        return cls(X.shape[1], Y.shape[1], labels=labels).add(X, Y)

    @classmethod
    def pooled(cls, parts: Iterable[Statistics], center: str = "global") -> Self:
        """Return the statistics of all rows of all parts.

        With ``center="configuration"`` each globally centered part counts as one configuration,
        and the blocks are the sums of the blocks of the parts. The parts may come from a
        generator, which is read one part at a time.

        Raises
        ------
        InputError
            If there is no part, if shapes or labels differ, or if `center` is "global" and a part
            is centered per configuration: the differences between its configurations are lost.
        """
        total = None
        for part in parts:
            if center == "global" and part.center != "global":
                raise InputError(
                    "parts: expected globally centered ones, got some centered per configuration"
                )
            if total is None:
                total = cls(part.n_features, part.n_targets, center, part.labels)
                total._take(part)
            else:
                total._require_same_columns(part)
                total._merge(part, +1)
        if total is None:
            raise InputError("parts: expected at least one, got none")
        return total

    @property
    def x_mean(self) -> Floats:
        """Mean of each feature, (F,)."""
        return self._mean[: self.n_features]

    @property
    def y_mean(self) -> Floats:
        """Mean of each target, (T,)."""
        return self._mean[self.n_features :]

    @property
    def gram(self) -> Floats:
        """Centered Gram matrix of [X Y], (F + T, F + T)."""
        if not self._is_mirrored:
            mirror(self._gram)
            self._is_mirrored = True
        return self._gram

    @property
    def xx(self) -> Floats:
        """Centered X'X, (F, F)."""
        return self.gram[: self.n_features, : self.n_features]

    @property
    def xx_lower(self) -> Floats:
        """Centered X'X, (F, F), valid in the lower triangle only; cheaper than `xx`."""
        return self._gram[: self.n_features, : self.n_features]

    @property
    def xy(self) -> Floats:
        """Centered X'Y, (F, T)."""
        return self._gram[self.n_features :, : self.n_features].T

    @property
    def yy(self) -> Floats:
        """Centered Y'Y, (T, T)."""
        return self.gram[self.n_features :, self.n_features :]

    def squares(self, coefficients: Floats) -> Floats:
        """Return w'X'Xw of each column w of coefficients (F, k)."""
        columns = np.zeros((len(self._mean), coefficients.shape[1]))
        columns[: self.n_features] = coefficients
        return quadratic_forms(self._gram, columns)

    def add(self, X: ArrayLike, Y: ArrayLike, others: tuple[float, Any] = (0, 0.0)) -> Self:
        """Add rows X (n, F) and Y (n, T) in place, and return `self`.

        The memory needed is a copy of 1024 rows. With ``center="configuration"``, `others` are the
        number and the mean of rows of the same configuration that were added before.

        Raises
        ------
        InputError
            If the shapes do not fit or a number is not finite.
        """
        X = as_table("X", X)
        Y = as_table("Y", Y, len(X))
        if (X.shape[1], Y.shape[1]) != (self.n_features, self.n_targets):
            raise InputError(
                f"X, Y: expected {self.n_features} features and {self.n_targets} targets, "
                f"got {X.shape[1]} and {Y.shape[1]}"
            )
        n = len(X)
        if n == 0:
            return self
        mean = np.concatenate([X.mean(axis=0), Y.mean(axis=0)])
        require_finite("X", X, mean[: self.n_features])
        require_finite("Y", Y, mean[self.n_features :])
        block = np.empty((min(n, _ROWS), len(mean)))
        self._is_mirrored = False
        for first in range(0, n, _ROWS):
            part = slice(first, first + _ROWS)
            rows = block[: len(X[part])]
            np.subtract(X[part], mean[: self.n_features], out=rows[:, : self.n_features])
            np.subtract(Y[part], mean[self.n_features :], out=rows[:, self.n_features :])
            # BLAS reads the transpose of a C-ordered array: its upper triangle is the lower here.
            blas.dsyrk(1.0, rows.T, beta=1.0, c=self._gram.T, lower=0, overwrite_c=1)
        # The scatter between the mean of the new rows and the mean of the earlier ones.
        count, other_mean = (self.count, self._mean) if self.center == "global" else others
        if count > 0:
            weight = count * n / (count + n)
            blas.dsyr(weight, mean - other_mean, a=self._gram.T, lower=0, overwrite_a=1)
        self.count += n
        self._mean += (n / self.count) * (mean - self._mean)
        return self

    def select(self, features: Any = None, targets: Any = None) -> Self:
        """Return the statistics of some features and targets, in the given order.

        Parameters
        ----------
        features, targets : indices, mask or slice, optional
            Columns to select; default all.
        """
        x_columns = np.arange(self.n_features)
        y_columns = np.arange(self.n_targets)
        if features is not None:
            x_columns = as_columns("features", features, self.n_features)
        if targets is not None:
            y_columns = as_columns("targets", targets, self.n_targets)
        labels = None if self.labels is None else self.labels[x_columns]
        part = type(self)(len(x_columns), len(y_columns), self.center, labels)
        columns = np.concatenate([x_columns, self.n_features + y_columns])
        part.count = self.count
        part._mean = self._mean[columns]
        part._gram = submatrix(self.gram, columns)
        return part

    def scaled(self, factors: Floats, about: Floats | float = 0.0) -> Self:
        """Return the statistics of the features multiplied by factors (F,), about a point (F,)."""
        part = type(self)(self.n_features, self.n_targets, self.center, self.labels)
        part.count, part._mean = self.count, self._mean.copy()
        part.x_mean[:] = about + factors * (part.x_mean - about)
        scale = np.concatenate([factors, np.ones(self.n_targets)])
        part._gram, part._is_mirrored = self._gram * scale[:, None], self._is_mirrored
        part._gram *= scale
        return part

    def weighted(self, weight: float) -> Self:
        """Return the statistics with every row counted `weight` times.

        A weight of 0 gives the statistics of no rows. Weights serve for a bootstrap over
        configurations: ``Statistics.pooled(part.weighted(w) for part, w in zip(parts, weights))``.
        Weights need not be whole numbers, and the count is then a float.

        Raises
        ------
        InputError
            If the weight is negative or not finite.
        """
        if not 0 <= weight < np.inf:
            raise InputError(f"weight: expected a number from 0, got {weight!r}")
        part = self._copy()
        part.count *= weight
        part._gram *= weight
        if weight == 0:
            part._mean[:] = 0.0
        return part

    def __add__(self, other: Statistics) -> Self:
        """Return the statistics of the rows of both operands."""
        return self._copy()._combine(other, +1)

    def __sub__(self, other: Statistics) -> Self:
        """Return the statistics without the rows of `other`, which must be a subset of the rows.

        Cancellation costs as many digits as the blocks shrink by. Removing a small part is safe,
        removing nearly all rows is not.
        """
        if other.count > self.count:
            raise InputError(f"other: expected at most {self.count} rows, got {other.count}")
        return self._copy()._combine(other, -1)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the statistics to an HDF5 file, completely or not at all."""
        with creating(path, {"format": "cagebreak statistics 1"}) as file:
            file.attrs["kind"] = "statistics"
            file.attrs["center"] = self.center
            file.attrs["count"] = self.count
            file["x_mean"], file["y_mean"] = self.x_mean, self.y_mean
            file["xx"], file["xy"], file["yy"] = self.xx, self.xy, self.yy
            if self.labels is not None:
                write_labels(file.create_group("labels", track_order=True), self.labels)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read what `save` has written.

        Raises
        ------
        FileFormatError
            If the file is not an HDF5 file of statistics.
        """
        try:
            with opened(path) as file:
                labels = read_labels(group_in(file, "labels")) if "labels" in file else None
                x_mean, y_mean = (read_array(file, name, (None,)) for name in ("x_mean", "y_mean"))
                n, m = len(x_mean), len(y_mean)
                xx, xy = read_array(file, "xx", (n, n)), read_array(file, "xy", (n, m))
                yy = read_array(file, "yy", (m, m))
                _hdf5.require_finite(x_mean=x_mean, y_mean=y_mean, xx=xx, xy=xy, yy=yy)
                loaded = cls(n, m, file.attrs["center"], labels)
                count = file.attrs["count"]
                if not (isinstance(count, np.number) and 0 <= count < np.inf):
                    raise ValueError(f"count: expected a number from 0, got {count!r}")
                loaded.count = count.item()
                loaded._mean = np.concatenate([x_mean, y_mean])
                loaded._gram = np.block([[xx, xy], [xy.T, yy]])
        except FileNotFoundError:
            raise
        except UNREADABLE as error:
            raise FileFormatError(f"{path}: expected saved statistics, {error}") from error
        return loaded

    def packed(self) -> tuple[float, Floats, Floats]:
        """Return the count, the mean of [X Y], and the lower triangle of its Gram matrix."""
        return self.count, self._mean.copy(), self._gram[np.tri(len(self._mean), dtype=bool)]

    @classmethod
    def unpacked(
        cls,
        count: float,
        mean: Floats,
        triangle: Floats,
        n_targets: int,
        labels: np.ndarray | None = None,
        center: str = "global",
    ) -> Self:
        """Return the statistics with the arrays of `packed`."""
        part = cls(len(mean) - n_targets, n_targets, center, labels)
        part.count, part._mean = count, mean.astype(np.float64)
        part._gram[np.tri(len(mean), dtype=bool)] = triangle
        part._is_mirrored = False
        return part

    def _copy(self) -> Self:
        copy = type(self)(self.n_features, self.n_targets, self.center, self.labels)
        copy._take(self)
        return copy

    def _take(self, other: Statistics) -> None:
        """Take the rows of another, in place of one's own."""
        self.count = other.count
        self._mean = other._mean.copy()
        self._gram, self._is_mirrored = other._gram.copy(), other._is_mirrored

    def _combine(self, other: Statistics, sign: int) -> Self:
        self._require_same_columns(other)
        if self.center != other.center:
            raise InputError(f"other: expected center {self.center!r}, got {other.center!r}")
        return self._merge(other, sign)

    def _merge(self, other: Statistics, sign: int) -> Self:
        if self.labels is None:
            self.labels = other.labels
        count = self.count + sign * other.count
        change = np.add if sign > 0 else np.subtract
        change(self._gram, other._gram, out=self._gram)
        self._is_mirrored = False
        if count == 0:
            self._gram[:] = 0.0
            self._mean[:] = 0.0
        else:
            delta = other._mean - self._mean
            if self.center == "global":
                weight = sign * self.count * other.count / count
                blas.dsyr(weight, delta, a=self._gram.T, lower=0, overwrite_a=1)
            self._mean = self._mean + sign * other.count / count * delta
        self.count = count
        return self

    def _require_same_columns(self, other: Statistics) -> None:
        shape, other_shape = ((part.n_features, part.n_targets) for part in (self, other))
        if shape != other_shape:
            raise InputError(f"other: expected {shape} features and targets, got {other_shape}")
        if self.labels is None or other.labels is None:
            return
        # Labels are compared by their bytes, since a label that does not apply is NaN.
        same_type = self.labels.dtype == other.labels.dtype
        if not same_type or self.labels.tobytes() != other.labels.tobytes():
            raise InputError("other: expected the same labels of the features")


def spectrum(statistics: Statistics) -> tuple[Floats, Floats, Floats]:
    """Return eigenvalues (F,) in rising order, eigenvectors (F, F) of X'X, and V'X'Y (F, T).

    The eigenvalues are known to about ``eps lambda_max``, since X'X holds squares; those that
    rounding makes negative are set to 0.
    """
    values, vectors = eigh(statistics.xx_lower, lower=True, driver="evd", check_finite=False)
    # The coefficient of a constant column is exactly 0, not 0 within rounding.
    vectors[np.diag(statistics.xx_lower) == 0.0] = 0.0
    values, rotated = np.maximum(values, 0.0), vectors.T @ statistics.xy
    if isinstance(statistics.count, int):
        # Deviations of n rows from their mean span n - 1 directions at most.
        values[: max(len(values) - statistics.count + 1, 0)] = 0.0
        rotated[: max(len(values) - statistics.count + 1, 0)] = 0.0
    return values, vectors, rotated


def decompose(statistics: Statistics) -> tuple[Floats, Floats, Floats]:
    """Return the `spectrum`, in which directions without variance are 0.

    Eigenvalues within rounding of 0, ``lambda <= eps F lambda_max``, come from collinear columns,
    or from more columns than rows. They are set to 0, and so are their rows of V'X'Y.
    """
    values, vectors, rotated = spectrum(statistics)
    kept = varying(values)
    rotated[~kept] = 0.0
    return np.where(kept, values, 0.0), vectors, rotated


def varying(values: Floats) -> NDArray[np.bool_]:
    """Return which eigenvalues of X'X are above rounding."""
    return values > np.finfo(float).eps * len(values) * values.max(initial=0.0)


def scale_of(squares: Floats, mean: Floats, count: float) -> Floats:
    """Return the square root of sums of squared deviations; 0 if a sum is within rounding of 0.

    As in `Standardizer`, a variance of up to eps times the mean square counts as rounding.
    """
    rounding = np.finfo(float).eps * (count * mean**2 + squares)
    return np.where(squares > rounding, np.sqrt(np.maximum(squares, 0.0)), 0.0)


def deviations(statistics: Statistics) -> Floats:
    """Return the standard deviation of each feature, (F,); 0 if it is within rounding of 0."""
    squares = np.diag(statistics.xx_lower)
    return scale_of(squares, statistics.x_mean, statistics.count) / np.sqrt(statistics.count)


def inverse(scale: Floats) -> Floats:
    """Return 1 / scale, and 0 where `scale` is 0."""
    return np.divide(1.0, scale, out=np.zeros_like(scale), where=scale > 0)
