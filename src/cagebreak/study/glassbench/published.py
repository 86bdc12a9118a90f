"""Published correlations on the test sets of GlassBench, from a table in the package."""

from pathlib import Path

import numpy as np

from cagebreak._frames import to_rows
from cagebreak.figures.literature import read_published

TABLE = Path(__file__).parents[2] / "data" / "glassbench" / "published.csv"
"""Pearson r of A particles by temperature, averaging, time and method; `source` names the file in
the public repository of EIGNN that each is from."""


def curves(path: Path = TABLE) -> np.ndarray:
    """Return the rows of a table of published values."""
    return to_rows(read_published(path))


def times(temperature: float) -> tuple[float, ...]:
    """Return the times of GlassBench at a temperature in three dimensions; none if there are none.

    They are those of the published values, in tau.
    """
    rows = curves()
    of_temperature = rows[np.isclose(rows["temperature"], temperature)]
    return tuple(np.unique(of_temperature["time"]).tolist())
