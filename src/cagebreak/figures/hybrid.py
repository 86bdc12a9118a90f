"""r of structure, short runs, both, their ends and the ensemble, over cost and over time."""

import numpy as np
from matplotlib.figure import Figure

from cagebreak.errors import InputError
from cagebreak.figures import style
from cagebreak.figures.tables import Table, rows_of

COLUMNS = (
    *("time", "inputs", "core_seconds"),
    *("r_configuration", "low_configuration", "high_configuration"),
)
LOOKS = {
    "structure": ("structure", ("#117733", "^")),
    "runs": ("short runs", ("#DDAA33", "v")),
    "both": ("both", ("#004488", "o")),
    "ends": ("both, and structure at the ends", ("#BB5566", "D")),
    "ensemble": ("ensemble of runs to the time itself", ("#777777", "s")),
}
"""Label, color and marker of each kind of inputs."""


def cost(table: Table, time: float | None = None) -> Figure:
    """Draw r with the noiseless propensity over the core-hours that a configuration costs.

    Parameters
    ----------
    table
        As of `Scan.within`.
    time
        The time that is predicted, in tau; the nearest in the table is drawn. Default the last.

    Raises
    ------
    InputError
        If the table lacks a column or rows.
    """
    rows = rows_of(table, COLUMNS)
    times = np.unique(rows["time"])
    shown = times[-1] if time is None else times[np.abs(np.log(times / time)).argmin()]
    rows = rows[rows["time"] == shown]
    with style.look():
        figure, (axes,) = style.panels(1, height=2.8)
        for inputs, (label, (color, marker)) in LOOKS.items():
            points = np.sort(rows[rows["inputs"] == inputs], order="core_seconds")
            if not len(points):
                continue
            hours, r = points["core_seconds"] / 3600, points["r_configuration"]
            beyond = np.abs([points["low_configuration"] - r, points["high_configuration"] - r])
            axes.errorbar(hours, r, beyond, color=color, marker=marker, label=label)
        axes.set_xscale("log")
        axes.set_xlabel("core-hours of a configuration")
        axes.set_ylabel("r with the noiseless propensity")
        axes.set_title(rf"$t = {shown:.4g}\,\tau$")
        axes.set_ylim(top=1.0)
        style.legend(figure, axes, columns=2)
    return figure


def over_time(table: Table, share: float = 0.1) -> Figure:
    """Draw r with the noiseless propensity over time, at a share of the cost of the ensemble.

    Parameters
    ----------
    table
        As of `Scan.within`.
    share
        A share that the table has. Structure has a cost of its own.

    Raises
    ------
    InputError
        If the table lacks a column or rows, or the share.
    """
    rows = rows_of(table, (*COLUMNS, "share"))
    if not np.isclose(rows["share"], share).any():
        raise InputError(f"share: expected one of the table, got {share!r}")
    rows = rows[np.isclose(rows["share"], share) | (rows["inputs"] == "structure")]
    with style.look():
        figure, (axes,) = style.panels(1, height=2.8)
        for inputs, (label, (color, marker)) in LOOKS.items():
            points = np.sort(rows[rows["inputs"] == inputs], order="time")
            points = points[np.isfinite(points["r_configuration"])]
            if not len(points):
                continue
            bounds = points["low_configuration"], points["high_configuration"]
            axes.plot(points["time"], points["r_configuration"], color=color, marker=marker,
                      label=label)  # fmt: skip
            axes.fill_between(points["time"], *bounds, color=color, alpha=0.2, linewidth=0)
        style.time_axis(axes, rows["time"])
        axes.set_ylabel("r with the noiseless propensity")
        axes.set_ylim(0.0, 1.0)
        style.legend(figure, axes, columns=2)
    return figure
