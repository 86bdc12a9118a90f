"""Tables as pandas data frames, which users get, and as structured arrays, which the package uses.

pandas takes about 0.4 s to import, so it is imported when a table is first asked for.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cagebreak.errors import InputError

if TYPE_CHECKING:
    from pandas import DataFrame, Series

SCORES = [
    ("time", "f8"),
    ("species", "U1"),
    ("learner", "U32"),
    ("features", "U64"),
    ("r", "f8"),
    ("low", "f8"),
    ("high", "f8"),
    ("r_configuration", "f8"),
    ("low_configuration", "f8"),
    ("high_configuration", "f8"),
    ("ceiling", "f8"),
    ("alpha", "f8"),
    ("alpha_outside", "f8"),
    ("n_features", "i8"),
    ("n_configurations", "i8"),
]
"""Columns of the scores of a learner (`learning.evaluate`), which a study reads from its files.

They are here, since learning takes more than a second to import."""

METRICS = (
    "spearman",
    "spearman_pooled",
    "roc_auc",
    "average_precision",
    "average_precision_balanced",
    "matthews_corrcoef",
    "matthews_corrcoef_balanced",
    "active_share",
    "coverage",
    "coverage_active",
    "width",
)
"""Names of the scores beside Pearson r, which are computed on demand (`learning.Metrics`)."""


def require_metrics(names: Sequence[str]) -> None:
    """Raise unless these are names of metrics, each once."""
    for name in names:
        if name not in METRICS:
            raise InputError(f"metrics: expected some of {', '.join(METRICS)}, got {name!r}")
    if len(set(names)) < len(names):
        raise InputError(f"metrics: expected each name once, got {', '.join(names)}")


def metric_columns(names: Iterable[str]) -> list[tuple[str, str]]:
    """Return the columns of metrics, each with the bounds of its interval."""
    return [(prefix + name, "f8") for name in names for prefix in ("", "low_", "high_")]


def with_whole_names(columns: Sequence[Any], **names: Iterable[str]) -> np.dtype:
    """Return the dtype of `columns` with text columns as wide as the longest of their names.

    Parameters
    ----------
    columns
        Name and type of each column; a type is the narrowest of a text column.
    **names
        Names that a text column will hold.
    """
    widest = {column: max(map(len, texts), default=0) for column, texts in names.items()}
    return np.dtype(
        [
            (column, f"U{max(widest[column], int(kind[1:]))}" if column in widest else kind)
            for column, kind in columns
        ]
    )


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
