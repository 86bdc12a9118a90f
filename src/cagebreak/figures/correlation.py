"""The panel that the papers share: r over time, with its bootstrap band and the noise ceiling."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cagebreak.errors import InputError
from cagebreak.figures import style
from cagebreak.figures.literature import PUBLISHED
from cagebreak.figures.tables import Table, curve, rows_of, species_in

COLUMNS = ("time", "species", "features", "r", "low", "high", "ceiling")
LEARNER_COLUMNS = (*COLUMNS, "learner")


def draw(
    axes: Axes,
    table: Table,
    species: str,
    selections: Mapping[str, tuple[str, tuple[str, str]]],
    tau_alpha: Mapping[str, float] | None,
    column: str = "features",
) -> None:
    """Draw r over time for several selections of features, or several learners, of one species.

    Parameters
    ----------
    axes
    table
        With the columns `COLUMNS`.
    species
    selections
        For each value of `column` that is drawn, its label and its (color, marker).
    tau_alpha
        Structural relaxation time of each species, in tau; marked where the data reach it.
    column
        ``"features"`` or ``"learner"``.

    Raises
    ------
    InputError
        If a selection has no row, two rows at one time, or no finite r.
    """
    rows = rows_of(table, (*COLUMNS, column))
    curves = {name: curve(rows, **{"species": species, column: name}) for name in selections}
    times = np.concatenate([points["time"] for points in curves.values()])
    single = times.min() == times.max()
    for i, (name, (label, (color, marker))) in enumerate(selections.items()):
        points = curves[name]
        time, r, low, high = (points[key] for key in ("time", "r", "low", "high"))
        if not np.isfinite(r).any():
            raise InputError(f"table: no finite r for species {species!r}, {column} {name!r}")
        if single:
            # The selections are shifted in time, so that no interval hides another.
            shifted = time * 1.6 ** ((i + 1) / (len(selections) + 1) - 0.5)
            interval = np.abs([low - r, high - r])
            axes.errorbar(shifted, r, interval, color=color, marker=marker, label=label)
        else:
            axes.fill_between(time, low, high, color=color, alpha=0.22, linewidth=0)
            axes.plot(time, r, color=color, marker=marker, label=label)
    style.time_axis(axes, times)
    # The ceiling is that of the target: every selection has the same one.
    look: dict[str, Any] = {"color": style.GRAY, "linestyle": "--", "label": "ceiling", "zorder": 1}
    if single:
        axes.axhline(points["ceiling"][0], **look)
    else:
        axes.plot(points["time"], points["ceiling"], **look)

    lowest = min(np.nanmin([points["r"], points["low"]]) for points in curves.values())
    axes.set_ylim(min(0.0, np.floor(10 * lowest) / 10), 1.03)
    axes.set_yticks(np.arange(np.ceil(5 * axes.get_ylim()[0]), 6) / 5)
    axes.set_ylabel("Pearson correlation $r$")
    mark_relaxation(axes, (tau_alpha or {}).get(species, np.nan))


def looks(table: Table) -> dict[str, tuple[str, str]]:
    """Return the color and marker of every learner in a table, in order of appearance."""
    return _looks_of(dict.fromkeys(rows_of(table, ["learner"])["learner"].tolist()))


def _looks_of(names: Iterable[str]) -> dict[str, tuple[str, str]]:
    n = len(style.OTHERS)
    # In the second round each color has another marker.
    return {
        name: (style.OTHERS[i % n][0], style.OTHERS[(i + i // n) % n][1])
        for i, name in enumerate(names)
    }


def draw_learners(
    panels: Sequence[Axes],
    table: Table,
    looks: Mapping[str, tuple[str, str]],
    tau_alpha: Mapping[str, float] | None,
) -> None:
    """Draw r over time of every learner, one panel for each species."""
    rows = rows_of(table, LEARNER_COLUMNS)
    for letter, axes, species in zip("abcdefgh", panels, species_in(rows), strict=False):
        learners = rows["learner"][rows["species"] == species]
        selections = {name: (name, look) for name, look in looks.items() if name in learners}
        draw(axes, rows, species, selections, tau_alpha, column="learner")
        style.name_panel(axes, f"({letter}) {species} particles")


def within_configurations(table: Table) -> Figure:
    """Draw r within each configuration over time, averaged over them, a panel for each species.

    Parameters
    ----------
    table
        Scores of one learner, as of `cagebreak.learning.Scores`.

    Raises
    ------
    InputError
        If the table lacks a column.
    """
    names = {name: f"{name}_configuration" for name in ("r", "low", "high")}
    rows = rows_of(table, (*LEARNER_COLUMNS, *names.values())).copy()
    for name, averaged in names.items():
        rows[name] = rows[averaged]
    species = species_in(rows)
    with style.look():
        figure, panels = style.panels(len(species), height=1.2 + 1.9 * len(species))
        draw_learners(panels, rows, looks(rows), None)
        style.legend(figure, panels[0], columns=2)
    return figure


def published_curves(curves: Table, temperature: float, averaging: str) -> np.ndarray:
    """Return the rows of published curves at one temperature, by one way of averaging.

    Parameters
    ----------
    curves
        What `cagebreak.figures.literature.read_published` returned.
    temperature, averaging
        Which of the curves are returned.

    Raises
    ------
    InputError
        If nothing was published for the temperature and averaging.
    """
    rows = rows_of(curves, PUBLISHED.names or ())
    temperatures = rows["temperature"]
    chosen = rows[np.isclose(temperatures, temperature) & (rows["averaging"] == averaging)]
    if not len(chosen):
        raise InputError(
            f"curves: none at temperature {temperature:g}, averaging {averaging!r}; "
            f"has {', '.join(sorted({f'{t:g}' for t in temperatures}))}"
        )
    return chosen


def draw_published(axes: Axes, curves: np.ndarray) -> None:
    """Draw published curves, as of `published_curves`, into a panel that `draw` has drawn."""
    for method, (color, marker) in _looks_of(sorted(set(curves["method"].tolist()))).items():
        points = np.sort(curves[curves["method"] == method], order="time")
        axes.plot(
            points["time"],
            points["pearson"],
            color=color,
            marker=marker,
            linewidth=0.8,
            markerfacecolor="white",
            markeredgewidth=0.8,
            label=method,
        )
    low, high = axes.get_xlim()
    times = curves["time"]
    style.log_axis(axes, "x", min(low, times.min() / 1.3), max(high, times.max() * 1.3))
    axes.set_ylim(min(axes.get_ylim()[0], curves["pearson"].min() - 0.05), 1.03)


def mark_relaxation(axes: Axes, tau_alpha: float) -> None:
    """Draw a dotted line at tau_alpha if it is within the time axis."""
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
