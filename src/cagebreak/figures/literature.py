"""Published correlations r, read from a CSV file of the user: the package contains none."""

import csv
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cagebreak._atomic import require_file
from cagebreak._frames import to_frame
from cagebreak.errors import FileFormatError

if TYPE_CHECKING:
    from pandas import DataFrame

PUBLISHED = np.dtype(
    [
        ("temperature", "f8"),
        ("averaging", "U32"),
        ("time", "f8"),
        ("method", "U64"),
        ("pearson", "f8"),
    ]
)


def read_published(path: str | os.PathLike[str]) -> "DataFrame":
    """Read Pearson r over time from a CSV file.

    Parameters
    ----------
    path
        The first line of the file names its columns: temperature, averaging ("pooled" over all
        particles, or "per configuration"), time, method and pearson, in any order, and any others.

    Returns
    -------
    DataFrame
        These five columns, one row for each line.

    Raises
    ------
    FileFormatError
        If a column is missing, or a value is not a number where one is expected; the message names
        the line.
    """
    rows = []
    require_file(path)
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
    return to_frame(np.array(rows, PUBLISHED))
