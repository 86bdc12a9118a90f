"""Validation of the arguments of learners, and their conversion to arrays."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data

from cagebreak.errors import InputError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class ArgumentTypeError(InputError, TypeError):
    """An argument of a wrong type; also a `TypeError`, which scikit-learn's checks expect."""


def as_features(
    estimator: BaseEstimator, X: ArrayLike, *, reset: bool = False, n_rows: int | None = None
) -> Floats:
    """Return the features X of an estimator as float64 (n, F), validated by scikit-learn.

    The caller checks finiteness with `require_finite`, which takes sums that the caller has.

    Parameters
    ----------
    estimator
    X : (n, F) array or data frame
        A data frame may have labels of several levels, as `Features.to_pandas` gives.
    reset
        True in `fit`, which sets `n_features_in_`, and `feature_names_in_` if X is a data frame
        with names. Otherwise X must agree with these attributes.
    n_rows
        Smallest number of rows; default 1 in `fit`, and 0 otherwise.

    Raises
    ------
    InputError
        If X is sparse, complex, not two-dimensional or too short, or its columns differ from those
        of the fit.
    """
    min_rows = int(reset) if n_rows is None else n_rows
    frame: Any = X
    if hasattr(frame, "columns") and frame.columns.nlevels > 1:
        # scikit-learn takes no note of names that are tuples, as those of `Features.to_pandas`.
        X = frame.set_axis([" ".join(map(str, labels)) for labels in frame.columns], axis=1)
    try:
        features: Floats = validate_data(
            estimator,
            X,
            reset=reset,
            dtype=np.float64,
            ensure_all_finite=False,
            ensure_min_samples=min_rows,
        )
    except TypeError as error:
        raise ArgumentTypeError(f"X: {error}") from error
    except ValueError as error:
        message = str(error)
        raise InputError(message if message.startswith("X ") else f"X: {message}") from error
    return features


def as_targets(estimator: BaseEstimator, y: ArrayLike, n_rows: int) -> tuple[Floats, bool]:
    """Return targets y as float64 (n, T), and whether y was one-dimensional.

    Raises
    ------
    InputError
        If y is None, its shape does not fit, or its numbers are not real.
    """
    if y is None:
        name = type(estimator).__name__
        raise InputError(f"y: {name} requires y to be passed, but the target y is None")
    values = np.asarray(y)
    single = values.ndim == 1
    return as_table("y", values[:, None] if single else values, n_rows), single


def as_table(
    name: str, values: ArrayLike, n_rows: int | None = None, n_columns: int | None = None
) -> Floats:
    """Return `values` as float64 of shape (n, columns), without a copy if possible.

    The caller checks finiteness with `require_finite`.
    """
    try:
        array = np.asarray(values)
        if array.dtype.kind == "c":
            raise TypeError("got complex ones")
        table = array.astype(np.float64, copy=False)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}: expected real numbers, {error}") from error
    if table.ndim != 2:
        raise InputError(f"{name}: expected shape (n, columns), got {table.shape}")
    if n_rows is not None and len(table) != n_rows:
        raise InputError(f"{name}: expected {n_rows} rows, got {len(table)}")
    if n_columns is not None and table.shape[1] != n_columns:
        raise InputError(f"{name}: expected {n_columns} columns, got {table.shape[1]}")
    return table


def require_finite(name: str, table: Floats, sums: Floats) -> None:
    """Raise if a number of `table` is not finite, given the sum or mean of each column."""
    if np.isfinite(sums).all():
        return
    places = np.argwhere(~np.isfinite(table))
    if len(places):
        row, column = places[0]
        raise InputError(
            f"{name}: expected finite numbers, not NaN or infinity, got {table[row, column]} "
            f"in row {row}, column {column}"
        )
    raise InputError(f"{name}: expected numbers whose sum is finite, got up to {table.max():.3g}")


def as_columns(name: str, columns: Any, n_columns: int) -> Integers:
    """Return a selection (indices, a mask or a slice) as indices into `n_columns` columns."""
    try:
        indices = np.arange(n_columns)[columns]
    except (IndexError, TypeError) as error:
        raise InputError(
            f"{name}: expected indices, a mask or a slice of {n_columns} columns, {error}"
        ) from error
    if indices.ndim != 1 or len(indices) == 0:
        raise InputError(f"{name}: expected at least one, in one dimension, got {columns!r}")
    return indices


def as_penalties(alphas: ArrayLike) -> Floats:
    """Return penalties to choose from, (A,); raise unless they are finite numbers from 0."""
    try:
        values = np.asarray(alphas, dtype=np.float64)
    except (TypeError, ValueError):
        values = np.empty(0)
    if values.ndim != 1 or not len(values) or not (np.isfinite(values) & (values >= 0)).all():
        raise InputError(f"alphas: expected numbers from 0, at least one, got {alphas!r}")
    return values


def require_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Raise if `value` is not one of `choices`."""
    if value not in choices:
        raise InputError(f"{name}: expected one of {', '.join(choices)}, got {value!r}")
