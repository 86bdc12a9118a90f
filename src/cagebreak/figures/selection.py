"""The panel of a selection curve: r against the number of descriptors chosen."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from cagebreak.errors import InputError
from cagebreak.figures import style
from cagebreak.figures.tables import species_in

COLUMNS = ("time", "species", "n_features", "r", "low", "high", "ceiling")


def draw(
    axes: Axes,
    table: np.ndarray,
    species: str,
    time: float | None = None,
    others: Mapping[str, float] | None = None,
) -> float:
    """Draw r of one species, at the time nearest to `time` or the last; return that time.

    `others` are what else it is compared with: the r of each, a horizontal line.
    """
    species_in(table, COLUMNS)
    mine = table[table["species"] == species]
    if not len(mine):
        present = ", ".join(sorted(set(table["species"].tolist())))
        raise InputError(f"table: no rows for species {species!r}; has {present}")
    times = np.unique(mine["time"])
    if not (times > 0).all():
        raise InputError(f"table: expected times > 0 for species {species!r}, got {times[0]}")
    last = time is None or not np.isfinite(time)
    at = times[-1] if last else times[np.abs(np.log(times / time)).argmin()]
    rows = mine[mine["time"] == at]
    rows = rows[np.argsort(rows["n_features"])]
    if (np.diff(rows["n_features"]) == 0).any():
        raise InputError("table: expected one row a time and number of features")
    colour, marker = style.species_look(species)
    axes.fill_between(
        rows["n_features"], rows["low"], rows["high"], color=colour, alpha=0.22, linewidth=0
    )
    axes.plot(rows["n_features"], rows["r"], color=colour, marker=marker, label="selected")
    for (label, r), (shade, _), dash in zip(
        (others or {}).items(), style.OTHERS, ("-.", ":", "--", "-"), strict=False
    ):
        axes.axhline(r, color=shade, linestyle=dash, linewidth=1.0, label=label, zorder=1)
    if np.isfinite(rows["ceiling"]).all():
        axes.plot(
            rows["n_features"], rows["ceiling"], "--", color=style.GREY, label="ceiling", zorder=1
        )
    style.log_axis(axes, "x", rows["n_features"][0] / 1.3, rows["n_features"][-1] * 1.3)
    axes.set_ylim(min(0.0, np.floor(10 * np.nanmin(rows["low"])) / 10), 1.03)
    axes.set_ylabel("Pearson correlation $r$")
    return float(at)
