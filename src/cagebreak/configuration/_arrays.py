"""Accepted forms of input as checked arrays."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cagebreak.errors import ConfigurationError, InputError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def floats(name: str, values: ArrayLike) -> Floats:
    """Return real numbers; an error calls them `name`."""
    try:
        if np.iscomplexobj(values):
            raise TypeError
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}: expected numbers, got {type(values).__name__}") from error


def vectors(name: str, values: ArrayLike, n: int | None = None, dimension: int = 3) -> Floats:
    """Return finite vectors (n, 3); an error calls them `name`.

    Of two dimensions, vectors (n, 2) are given a third component of 0, which all must have.
    """
    array = floats(name, values)
    if dimension == 2 and array.ndim == 2 and array.shape[1] == 2:
        array = np.column_stack([array, np.zeros(len(array))])
    if array.ndim != 2 or array.shape[1] != 3 or (n is not None and len(array) != n):
        rows = "N" if n is None else n
        expected = f"({rows}, 3)" if dimension == 3 else f"({rows}, 2), or ({rows}, 3) with z = 0,"
        flat = array.ndim == 2 and array.shape[1] == 2
        hint = "; a box of two dimensions has two edges, such as (8.0, 8.0)" if flat else ""
        raise ConfigurationError(f"{name}: expected shape {expected}, got {array.shape}{hint}")
    bad = np.flatnonzero(~np.isfinite(array).all(axis=1))
    if len(bad):
        raise ConfigurationError(
            f"{name}: expected finite numbers, got {array[bad[0]].tolist()} "
            f"for particle {bad[0]} ({len(bad)} such particles)"
        )
    if dimension == 2 and array[:, 2].any():
        i = np.flatnonzero(array[:, 2])[0]
        raise ConfigurationError(
            f"{name}: expected z = 0 in two dimensions, got {array[i].tolist()} for particle {i}"
        )
    return array


def lengths(name: str, values: ArrayLike, n: int) -> Floats:
    """Return positive numbers (n,); an error calls them `name`."""
    array = floats(name, values)
    if array.shape != (n,):
        raise ConfigurationError(f"{name}: expected shape ({n},), got {array.shape}")
    bad = np.flatnonzero(~(np.isfinite(array) & (array > 0)))
    if len(bad):
        raise ConfigurationError(
            f"{name}: expected positive numbers, got {array[bad[0]]} for particle {bad[0]}"
        )
    return array


def frozen(array: np.ndarray) -> np.ndarray:
    """Return an array that cannot be written."""
    if not _is_constant(array):
        array = array.copy()
        array.flags.writeable = False
    return np.ascontiguousarray(array)


def _is_constant(array: np.ndarray) -> bool:
    """Return whether nobody writes an array: neither it nor, if it is a view, what it shows."""
    shown: object = array
    while isinstance(shown, np.ndarray) and not shown.flags.writeable:
        shown = shown.base
    return shown is None
