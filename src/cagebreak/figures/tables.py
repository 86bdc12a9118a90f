"""Rows of a tidy table: checked, selected, and in order of time."""

from collections.abc import Mapping, Sequence

import numpy as np

from cagebreak.errors import InputError


def by_model(table: np.ndarray | Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return tables by the name of their model; a single table has none."""
    return dict(table) if isinstance(table, Mapping) else {"": table}


def require_columns(table: np.ndarray, columns: Sequence[str]) -> None:
    """Raise if `table` is no structured array, lacks a column, or is empty."""
    names = table.dtype.names if isinstance(table, np.ndarray) else None
    if names is None:
        raise InputError(f"table: expected a structured array, got {type(table).__name__}")
    missing = [name for name in columns if name not in names]
    if missing:
        raise InputError(f"table: lacks the columns {', '.join(missing)}; has {', '.join(names)}")
    if len(table) == 0:
        raise InputError("table: expected at least one row, got none")


def species_in(table: np.ndarray, columns: Sequence[str]) -> list[str]:
    """Return the species in a table, sorted, once `columns` are known to be there.

    Raises
    ------
    InputError
        If `table` is no structured array, lacks a column, or is empty.
    """
    require_columns(table, columns)
    return sorted(_present(table, "species"))


def curve(table: np.ndarray, **labels: str) -> np.ndarray:
    """Return the rows with the given labels, e.g. ``species="A"``, sorted by time.

    Raises
    ------
    InputError
        If there are no such rows, several at one time (as of two learners), or times <= 0.
    """
    rows = table
    for column, value in labels.items():
        left = rows[rows[column] == value]
        if not len(left):
            present = ", ".join(sorted(_present(rows, column)))
            raise InputError(f"table: no rows for {column} {value!r} among {labels}; has {present}")
        rows = left
    rows = rows[np.argsort(rows["time"])]
    if not (rows["time"] > 0).all():
        raise InputError(f"table: expected times > 0 for {labels}, got {rows['time'][0]}")
    if (np.diff(rows["time"]) == 0).any():
        raise InputError(f"table: expected one row a time for {labels}; select one learner first")
    return rows


def _present(table: np.ndarray, column: str) -> set[str]:
    return {str(value) for value in table[column]}
