"""Published accuracy, read from a table that the user has: none comes with this package."""

import csv
import os
from pathlib import Path

import numpy as np

from cagebreak.errors import FileFormatError

PUBLISHED = np.dtype(
    [
        ("temperature", "f8"),
        ("averaging", "U32"),
        ("time", "f8"),
        ("method", "U64"),
        ("pearson", "f8"),
    ]
)


def read_published(path: str | os.PathLike[str]) -> np.ndarray:
    """Read Pearson r over time from a CSV file.

    Parameters
    ----------
    path
        Its first line names the columns: temperature, averaging ("pooled" over all particles, or
        "per configuration"), time, method and pearson, in any order and among others.

    Returns
    -------
    structured array
        These columns, a row for each line.

    Raises
    ------
    FileFormatError
        If a column is missing, or a number is none; the line is named.
    """
    rows = []
    with Path(path).open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        names = PUBLISHED.names or ()
        missing = [name for name in names if name not in (reader.fieldnames or ())]
        if missing:
            raise FileFormatError(f"{path}: expected the columns {', '.join(missing)}")
        for line in reader:
            try:
                if None in line.values():
                    raise ValueError("expected a value in every column")
                rows.append(np.array(tuple(line[name] for name in names), PUBLISHED))
            except ValueError as error:
                raise FileFormatError(f"{path}, line {reader.line_num}: {error}") from error
    return np.array(rows, PUBLISHED)
