"""The scoreboard of GlassBench: r over time on the test set, beside published methods."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cagebreak.errors import InputError
from cagebreak.figures import correlation, style
from cagebreak.figures.literature import PUBLISHED
from cagebreak.figures.tables import Table, rows_of

COLUMNS = (
    *("method", "origin", "descriptors", "target", "species", "time", "ceiling"),
    *("r", "low", "high", "r_configuration", "low_configuration", "high_configuration"),
)
FIT = "fit"
"""The origin of rows of the fit; all others are of other methods."""

PANELS = {"": "pooled over particles", "_configuration": "mean of configurations"}


def scoreboard(table: Table, target: str = "displacement", species: str = "A") -> Figure:
    """Draw r over time, pooled over all particles, and as the mean of configurations.

    Parameters
    ----------
    table
        What `cagebreak.glassbench` returned.
    target
        "displacement" or "bonds".
    species
        The species shown.

    Raises
    ------
    InputError
        If the table lacks a column, or has no fit of the target and species.
    """
    rows = rows_of(table, COLUMNS)
    rows = rows[(rows["target"] == target) & (rows["species"] == species)]
    ours = rows[rows["origin"] == FIT]
    if not len(ours):
        raise InputError(f"table: no fit of target {target!r} and species {species!r}")
    (method,) = dict.fromkeys(ours["method"].tolist())
    look = {method: (f"{method}, {ours['descriptors'][0]}", style.STATES["cage"])}
    with style.look():
        figure, panels = style.panels(2, height=5.6)
        for axes, letter, (end, title) in zip(panels, "ab", PANELS.items(), strict=True):
            correlation.draw(axes, _of_panel(ours, end), species, look, None, column="learner")
            # The ceiling is that of the pooled r, and known only where files have runs.
            if end or not np.isfinite(ours["ceiling"]).any():
                _without_ceiling(axes)
            others = _others(rows[rows["origin"] != FIT], end)
            if len(others):
                correlation.draw_published(axes, others)
            style.time_axis(axes, rows["time"])
            style.name_panel(axes, f"({letter}) {title}")
        style.legend(figure, panels[0], columns=2)
    return figure


def _without_ceiling(axes: Axes) -> None:
    """Take the curve of the ceiling out of a panel and its legend."""
    for line in axes.get_lines():
        if line.get_label() == "ceiling":
            line.remove()


def _of_panel(rows: np.ndarray, end: str) -> np.ndarray:
    """Return the scores of a panel in the columns that `correlation.draw` takes."""
    names = {name: name for name in ("time", "species", "ceiling")}
    names |= {name: name + end for name in ("r", "low", "high")}
    names |= {"learner": "method", "features": "method"}
    table = np.empty(len(rows), [(name, rows.dtype[of]) for name, of in names.items()])
    for name, of in names.items():
        table[name] = rows[of]
    return table


def _others(rows: np.ndarray, end: str) -> np.ndarray:
    """Return the r of other methods in a panel as published curves.

    A method whose predictions the test files have is drawn as scored here.
    """
    known = rows[np.isfinite(rows["r" + end])]
    scored = set(known["method"][known["origin"] != "published"].tolist())
    known = known[(known["origin"] != "published") | ~np.isin(known["method"], list(scored))]
    curves = np.zeros(len(known), PUBLISHED)
    curves["time"], curves["pearson"] = known["time"], known["r" + end]
    curves["method"] = known["method"]
    return curves
