"""Arguments of learners become checked arrays here, once."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cagebreak.errors import InputError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def as_table(
    name: str, values: ArrayLike, n_rows: int | None = None, n_columns: int | None = None
) -> Floats:
    """Return `values` as float64 of shape (n, columns), without a copy if it is one already.

    Finiteness is for the caller to check, by `require_finite`, where it costs least.
    """
    try:
        given = np.asarray(values)
        if given.dtype.kind == "c":
            raise TypeError("got complex ones")
        table = given.astype(np.float64, copy=False)
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
    """Raise if a column of `table` holds NaN or infinity, which shows in its sum."""
    if np.isfinite(sums).all():
        return
    bad = np.argwhere(~np.isfinite(table))
    if len(bad):
        row, column = bad[0]
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


def require_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Raise if `value` is none of `choices`."""
    if value not in choices:
        raise InputError(f"{name}: expected one of {', '.join(choices)}, got {value!r}")
