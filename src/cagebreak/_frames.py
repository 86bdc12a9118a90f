"""Tables as pandas data frames, which users get, and as structured arrays, which the package uses.

pandas takes about 0.4 s to import, so it is imported when a table is first asked for.
"""

from typing import TYPE_CHECKING

import numpy as np

from cagebreak.errors import InputError

if TYPE_CHECKING:
    from pandas import DataFrame, Series


def to_frame(rows: np.ndarray) -> "DataFrame":
    """Return a structured array as a data frame with the same columns, numbered from 0."""
    import pandas as pd

    return pd.DataFrame({name: np.asarray(rows[name]) for name in rows.dtype.names or ()})


def to_rows(table: "DataFrame | np.ndarray") -> np.ndarray:
    """Return a data frame as a structured array; a structured array is returned as it is.

    Missing text, such as an empty cell of a CSV file that pandas has read, becomes "".

    Raises
    ------
    InputError
        If `table` is neither.
    """
    if isinstance(table, np.ndarray) and table.dtype.names is not None:
        return table
    import pandas as pd

    if not isinstance(table, pd.DataFrame):
        raise InputError(f"table: expected a data frame, got {type(table).__name__}")
    columns = {str(name): _values(column) for name, column in table.items()}
    rows = np.empty(len(table), [(name, values.dtype) for name, values in columns.items()])
    for name, values in columns.items():
        rows[name] = values
    return rows


def _values(column: "Series") -> np.ndarray:
    values = column.to_numpy()
    if values.dtype.kind in "biuf":
        return values
    absent = column.isna()
    return np.array(
        ["" if gone else str(text) for text, gone in zip(column, absent, strict=True)], dtype=str
    )
