"""Standardization of features by the mean and standard deviation of the training data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from cagebreak.errors import InputError
from cagebreak.learning._validation import (
    Floats,
    as_columns,
    as_features,
    as_table,
    require_finite,
)

CLIP = 6.0
"""Default bound of standardized features, in standard deviations."""


@dataclass(frozen=True, eq=False)
class Moments:
    """Count, mean and sum of squared deviations of each column; moments of rows can be added.

    Parameters
    ----------
    count : int
    mean : (F,) array
    squares : (F,) array
        ``sum (x - mean)^2``.
    """

    count: int
    mean: Floats
    squares: Floats

    @classmethod
    def none(cls, n_features: int) -> Self:
        """Return the moments of no rows."""
        return cls(0, np.zeros(n_features), np.zeros(n_features))

    @classmethod
    def of(cls, X: ArrayLike) -> Self:
        """Return the moments of the rows of X (n, F).

        Raises
        ------
        InputError
            If a number is not finite.
        """
        X = as_table("X", X)
        if len(X) == 0:
            return cls.none(X.shape[1])
        mean = X.mean(axis=0)
        require_finite("X", X, mean)
        deviations = X - mean
        squares = np.einsum("ij,ij->j", deviations, deviations)
        require_finite("X, squared", X, squares)
        return cls(len(X), mean, squares)

    def __add__(self, other: Moments) -> Self:
        count = self.count + other.count
        if count == 0:
            return self
        delta = other.mean - self.mean
        mean = self.mean + other.count / count * delta
        between = self.count * other.count / count * delta**2
        return type(self)(count, mean, self.squares + other.squares + between)


class Standardizer(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Standardize features to zero mean and unit variance in the training data, and clip them.

    ``z = clip((x - mean) / deviation, -clip, clip)``, with the mean and the population standard
    deviation of the rows given to `fit`.

    - A constant column becomes 0 and is kept, so that the number of columns does not depend on the
      values. A column is constant if its variance is rounding, ``variance <= eps (mean^2 +
      variance)`` with the machine epsilon.
    - Clipping limits columns that are 0 for nearly all particles, such as radial shells below
      contact. Their deviation is tiny, and a rare value in new data would dominate the prediction.

    Parameters
    ----------
    clip : float
        Bound of the standardized features, in standard deviations; default 6. ``inf`` disables
        clipping.

    Attributes
    ----------
    mean_ : (F,) array
    scale_ : (F,) array
        Standard deviations; 0 for a constant column.
    n_features_in_ : int
    feature_names_in_ : (F,) array of str
        Columns of the data frame given to `fit`; absent if X was an array.
    """

    mean_: Floats
    scale_: Floats
    n_features_in_: int

    def __init__(self, clip: float = CLIP) -> None:
        self.clip = clip

    @classmethod
    def from_moments(cls, moments: Moments, clip: float = CLIP) -> Self:
        """Return the standardizer of rows with these moments.

        Raises
        ------
        InputError
            If there are no rows, or `clip` is not positive.
        """
        if not clip > 0:
            raise InputError(f"clip: expected a positive number, got {clip!r}")
        if moments.count == 0 or len(moments.mean) == 0:
            raise InputError(
                "X: expected at least one row and one column, "
                f"got shape ({moments.count}, {len(moments.mean)})"
            )
        variance = moments.squares / moments.count
        varies = variance > np.finfo(float).eps * (moments.mean**2 + variance)
        return cls.of(moments.mean, np.where(varies, np.sqrt(variance), 0.0), clip)

    @classmethod
    def of(cls, mean: Floats, scale: Floats, clip: float = CLIP) -> Self:
        """Return the standardizer of features of these means and deviations, (F,) both."""
        fitted = cls(clip)
        fitted.mean_, fitted.scale_ = mean, scale
        fitted.n_features_in_ = len(mean)
        return fitted

    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Compute mean and deviation of the rows of X (n, F); `y` is ignored.

        Raises
        ------
        InputError
            If X is not a table of finite real numbers, or has no rows.
        """
        fitted = self.from_moments(Moments.of(as_features(self, X, reset=True)), self.clip)
        self.mean_, self.scale_ = fitted.mean_, fitted.scale_
        return self

    def transform(self, X: ArrayLike) -> Floats:
        """Return the standardized rows of X, (n, F); a data frame after `set_output`.

        Raises
        ------
        InputError
            If the columns of X differ from those of the fit, or a number is not finite.
        """
        check_is_fitted(self)
        return self.standardize(as_features(self, X))

    def standardize(self, X: Floats) -> Floats:
        """Return the standardized rows of X, (n, F), always as an array.

        Raises
        ------
        InputError
            If the number of columns of X differs from the fit, or a number is not finite.
        """
        rows = self.in_units(X)
        return np.clip(rows, -self.clip, self.clip, out=rows)

    def in_units(self, X: Floats) -> Floats:
        """Return the rows of X in deviations from the mean, (n, F), without clipping.

        Raises
        ------
        InputError
            If the number of columns of X differs from the fit, or a number is not finite.
        """
        X = as_table("X", X, n_columns=self.n_features_in_)
        require_finite("X", X, X.sum(axis=0))
        factor = np.divide(1.0, self.scale_, out=np.zeros_like(self.scale_), where=self.scale_ > 0)
        rows = X - self.mean_
        rows *= factor
        return rows

    def about_mean(self, X: Floats) -> Floats:
        """Return as `in_units`, clipped at `clip` deviations of these rows from their mean."""
        rows = self.in_units(X)
        if np.isinf(self.clip):
            return rows
        mean, bound = rows.mean(axis=0), self.clip * rows.std(axis=0)
        return np.clip(rows, mean - bound, mean + bound, out=rows)

    def equals(self, other: Standardizer) -> bool:
        """Return whether another standardizer has the same means, deviations and clip."""
        same_means = np.array_equal(self.mean_, other.mean_)
        return same_means and np.array_equal(self.scale_, other.scale_) and self.clip == other.clip

    def select(self, columns: Any) -> Self:
        """Return the standardizer of some of the columns."""
        check_is_fitted(self)
        columns = as_columns("columns", columns, self.n_features_in_)
        return self.of(self.mean_[columns], self.scale_[columns], self.clip)


def location_and_scale(Y: Floats) -> tuple[Floats, Floats]:
    """Return mean and standard deviation of each target; a constant target has deviation 1."""
    scale = Y.std(axis=0)
    return Y.mean(axis=0), np.where(scale > 0, scale, 1.0)
