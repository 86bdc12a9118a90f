"""The panel that the papers share: r over time, with its bootstrap band and the noise ceiling."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from cagebreak.errors import InputError
from cagebreak.figures import style
from cagebreak.figures.tables import curve, species_in

COLUMNS = ("time", "species", "features", "r", "low", "high", "ceiling")


def draw(
    axes: Axes,
    table: np.ndarray,
    species: str,
    selections: Mapping[str, tuple[str, tuple[str, str]]],
    tau_alpha: Mapping[str, float] | None,
    column: str = "features",
) -> None:
    """Draw r over time for several selections of features, or learners, of one species.

    `selections` maps a name in the table's `column` to its label and (color, marker). At a single
    time they stand side by side.
    """
    curves = {name: curve(table, **{"species": species, column: name}) for name in selections}
    times = np.concatenate([rows["time"] for rows in curves.values()])
    single = times.min() == times.max()
    for i, (name, (label, (color, marker))) in enumerate(selections.items()):
        rows = curves[name]
        if not np.isfinite(rows["r"]).any():
            raise InputError(f"table: no finite r for species {species!r}, {column} {name!r}")
        if single:
            # Side by side, so that no interval hides another.
            beside = rows["time"] * 1.6 ** ((i + 1) / (len(selections) + 1) - 0.5)
            interval = np.abs([rows["low"] - rows["r"], rows["high"] - rows["r"]])
            axes.errorbar(beside, rows["r"], interval, color=color, marker=marker, label=label)
        else:
            axes.fill_between(
                rows["time"], rows["low"], rows["high"], color=color, alpha=0.22, linewidth=0
            )
            axes.plot(rows["time"], rows["r"], color=color, marker=marker, label=label)
    style.time_axis(axes, times)
    # The ceiling belongs to the target: every selection carries the same one.
    look: dict[str, Any] = {"color": style.GRAY, "linestyle": "--", "label": "ceiling", "zorder": 1}
    if single:
        axes.axhline(rows["ceiling"][0], **look)
    else:
        axes.plot(rows["time"], rows["ceiling"], **look)

    lowest = min(np.nanmin(np.fmin(rows["r"], rows["low"])) for rows in curves.values())
    axes.set_ylim(min(0.0, np.floor(10 * lowest) / 10), 1.03)
    axes.set_yticks(np.arange(np.ceil(5 * axes.get_ylim()[0]), 6) / 5)
    axes.set_ylabel("Pearson correlation $r$")
    mark_relaxation(axes, (tau_alpha or {}).get(species, np.nan))


def looks(table: np.ndarray) -> dict[str, tuple[str, str]]:
    """Return color and marker of every learner in a table, in order."""
    names = dict.fromkeys(table["learner"].tolist())
    n = len(style.OTHERS)
    # In the second round each color has another marker.
    return {
        name: (style.OTHERS[i % n][0], style.OTHERS[(i + i // n) % n][1])
        for i, name in enumerate(names)
    }


def draw_learners(
    panels: Sequence[Axes],
    table: np.ndarray,
    looks: Mapping[str, tuple[str, str]],
    tau_alpha: Mapping[str, float] | None,
) -> None:
    """Draw r over time of every learner, a panel a species."""
    for letter, axes, species in zip(
        "abcdefgh", panels, species_in(table, (*COLUMNS, "learner")), strict=False
    ):
        mine = table[table["species"] == species]
        selections = {name: (name, look) for name, look in looks.items() if name in mine["learner"]}
        draw(axes, table, species, selections, tau_alpha, column="learner")
        style.name_panel(axes, f"({letter}) {species} particles")


def mark_relaxation(axes: Axes, tau_alpha: float) -> None:
    """Draw a dotted line at tau_alpha, if the data reach it."""
    low, high = axes.get_xlim()
    if low < tau_alpha < high:
        axes.axvline(tau_alpha, color=style.GRAY, linewidth=0.8, linestyle=":", zorder=0)
        axes.annotate(
            r"$\tau_\alpha$",
            (tau_alpha, 0.0),
            xycoords=axes.get_xaxis_transform(),
            xytext=(-2, 3),
            textcoords="offset points",
            ha="right",
            color=style.GRAY,
        )
