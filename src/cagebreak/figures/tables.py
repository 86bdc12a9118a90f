"""Rows of a tidy table: converted, checked, selected, and in order of time."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from cagebreak._frames import to_rows
from cagebreak.errors import InputError

if TYPE_CHECKING:
    from pandas import DataFrame

Table: TypeAlias = "DataFrame | np.ndarray"
"""A data frame or a structured array, with the columns that a figure names."""

ModelTables: TypeAlias = "Table | Mapping[str, Table]"
"""The table of one study; or several, by the names of their models."""


def by_model(tables: ModelTables, columns: Sequence[str]) -> dict[str, np.ndarray]:
    """Return `rows_of` each table by the name of its model; a single table has the name "".

    Raises
    ------
    InputError
        As of `rows_of`.
    """
    named = tables if isinstance(tables, Mapping) else {"": tables}
    return {model: rows_of(table, columns) for model, table in named.items()}


def rows_of(table: Table, columns: Sequence[str]) -> np.ndarray:
    """Return a table as a structured array that has `columns` and at least one row.

    Raises
    ------
    InputError
        If `table` is neither a data frame nor a structured array, lacks a column, or is empty.
    """
    rows = to_rows(table)
    names = rows.dtype.names or ()
    missing = [name for name in columns if name not in names]
    if missing:
        raise InputError(f"table: lacks the columns {', '.join(missing)}; has {', '.join(names)}")
    if len(rows) == 0:
        raise InputError("table: expected at least one row, got none")
    return rows


def species_in(rows: np.ndarray) -> list[str]:
    """Return the species of a table in alphabetical order."""
    return sorted(_present(rows, "species"))


def curve(rows: np.ndarray, **labels: str) -> np.ndarray:
    """Return the rows with the given labels, such as ``species="A"``, in order of time.

    Raises
    ------
    InputError
        If no row has them, if two rows have the same time (those of two learners, say), or if a
        time is not positive.
    """
    for column, value in labels.items():
        chosen = rows[rows[column] == value]
        if not len(chosen):
            present = ", ".join(sorted(_present(rows, column)))
            raise InputError(f"table: no rows for {column} {value!r} among {labels}; has {present}")
        rows = chosen
    rows = rows[np.argsort(rows["time"])]
    if not (rows["time"] > 0).all():
        raise InputError(f"table: expected times > 0 for {labels}, got {rows['time'][0]}")
    if (np.diff(rows["time"]) == 0).any():
        raise InputError(f"table: expected one row a time for {labels}; select one learner first")
    return rows


def _present(rows: np.ndarray, column: str) -> set[str]:
    return {str(value) for value in rows[column]}
