"""Dynamic heterogeneity: relaxation, chi_4 and lengths over time, measured and predicted."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from cagebreak.figures import style
from cagebreak.figures.correlation import mark_relaxation
from cagebreak.figures.tables import Table, curve, rows_of

ALL = "all"
"""Name of all particles together among the species of a table."""

PANELS = {
    "f_s": r"$F_s(k, t)$",
    "f": r"$F(k, t)\,/\,S(k)$",
    "overlap": r"overlap $Q(t)$",
    "alpha_2": r"$\alpha_2(t)$",
    "chi_4": r"$\chi_4(t)$",
    "xi_4": r"$\xi_4(t)\,/\,\sigma$",
}
PARTS = {
    "chi_4": ("all", "-"),
    "chi_4_isoconfigurational": ("of velocities", "--"),
    "chi_4_structural": ("of structure", ":"),
}
"""Labels and lines of chi_4 and its parts, for all particles."""
FIELDS = {
    "measured": ("measured", style.OTHERS[3]),
    "without noise": ("without noise of runs", style.OTHERS[2]),
    "predicted": ("predicted", style.OTHERS[1]),
    "with unexplained": ("predicted + unexplained", style.OTHERS[0]),
}
"""Labels, colors and markers of the fields."""
OF_FIELDS = {
    "variance": r"variance$\,/\,$mean$^2$",
    "s_q": r"$S(q_{\min})\,/\,$mean$^2$",
    "xi": r"$\xi\,/\,\sigma$",
}
BANDS = (("p1", "p99", 0.15), ("p5", "p95", 0.2), ("p25", "p75", 0.3))
"""Percentiles between which bands of a distribution are drawn, and their opacity."""


def functions(table: Table, tau_alpha: Mapping[str, float] | None = None) -> Figure:
    """Draw F_s, F, overlap, alpha_2, chi_4 and xi_4 over time, of each species and of all.

    The panel of chi_4 has that of all particles and its parts, which velocities and structure
    decide; the others have a curve for each species.

    Parameters
    ----------
    table
        As of `cagebreak.dynamics.functions.DynamicFunctions`.
    tau_alpha
        Structural relaxation time of each species, in tau; that of the first is marked where the
        data reach it.

    Raises
    ------
    InputError
        If the table lacks a column, or has several rows at one time.
    """
    names = [part + name for name in (*PANELS, *PARTS) for part in ("", "low_", "high_")]
    rows = rows_of(table, ("species", "time", *dict.fromkeys(names)))
    species = sorted(set(rows["species"].tolist()), key=lambda name: (name == ALL, name))
    first = next((tau for tau in (tau_alpha or {}).values()), np.nan)
    with style.look():
        figure, parts = style.grid(2, 3, height=4.4)
        panels = [axes for _, row in parts for axes in row]
        for letter, axes, (name, label) in zip("abcdef", panels, PANELS.items(), strict=True):
            if name == "chi_4":
                for part, (text, line) in PARTS.items():
                    look = {"color": "#222222", "linestyle": line, "label": text}
                    _draw(axes, curve(rows, species=ALL), part, look)
                axes.legend()
            else:
                for letters in species:
                    color, marker = _look(letters)
                    look = {"color": color, "marker": marker, "label": letters}
                    _draw(axes, curve(rows, species=letters), name, look)
            _finish(axes, rows["time"], label, f"({letter})", first)
        panels[0].legend()
    return figure


def fields(table: Table, tau_alpha: Mapping[str, float] | None = None) -> Figure:
    """Draw variance, S(q) at the longest waves and length of measured and predicted propensity.

    Parameters
    ----------
    table
        As of `cagebreak.dynamics.fields.field_heterogeneity`, with a column `species`.
    tau_alpha
        Structural relaxation time of each species, in tau; marked where the data reach it.

    Raises
    ------
    InputError
        If the table lacks a column, or has several rows of a field at one time.
    """
    names = [part + name for name in OF_FIELDS for part in ("", "low_", "high_")]
    rows = rows_of(table, ("species", "field", "time", *names))
    species = sorted(set(rows["species"].tolist()))
    with style.look():
        figure, parts = style.grid(len(species), 3, height=0.6 + 2.1 * len(species))
        letters = iter("abcdefghijklmnopqrstuvwxyz")
        for (_, row), name in zip(parts, species, strict=True):
            tau = (tau_alpha or {}).get(name, np.nan)
            for axes, (column, label) in zip(row, OF_FIELDS.items(), strict=True):
                for field, (text, (color, marker)) in FIELDS.items():
                    look = {"color": color, "marker": marker, "label": text}
                    _draw(axes, curve(rows, species=name, field=field), column, look)
                _finish(axes, rows["time"], label, f"({next(letters)}) {name} particles", tau)
        style.legend(parts[0][0], parts[0][1][0], columns=4)
    return figure


def distributions(table: Table, tau_alpha: Mapping[str, float] | None = None) -> Figure:
    """Draw the distribution over particles of measured and predicted propensity over time.

    Bands are between percentiles, 1 to 99, 5 to 95 and 25 to 75, and a line is the median, in units
    of the measured mean. Dashed lines in the panels of predictions are the measured percentiles 5,
    50 and 95. The panel "predicted + unexplained" has the noise of the runs, as the measured one.

    Parameters
    ----------
    table, tau_alpha
        As of `fields`.

    Raises
    ------
    InputError
        As of `fields`.
    """
    names = dict.fromkeys(name for low, high, _ in BANDS for name in (low, high))
    rows = rows_of(table, ("species", "field", "time", "mean", "p50", *names))
    shown = [name for name in FIELDS if name != "without noise"]
    species = sorted(set(rows["species"].tolist()))
    with style.look():
        figure, parts = style.grid(len(species), len(shown), height=0.3 + 2.1 * len(species))
        letters = iter("abcdefghijklmnopqrstuvwxyz")
        for (_, row), name in zip(parts, species, strict=True):
            tau = (tau_alpha or {}).get(name, np.nan)
            measured = curve(rows, species=name, field=shown[0])
            for axes, field in zip(row, shown, strict=True):
                text, (color, _) = FIELDS[field]
                points, time = curve(rows, species=name, field=field), measured["time"]
                mean: NDArray[np.float64] = measured["mean"]
                for low, high, alpha in BANDS:
                    edges = points[low] / mean, points[high] / mean
                    axes.fill_between(time, *edges, color=color, alpha=alpha, linewidth=0)
                axes.plot(time, points["p50"] / mean, color=color, label=text)
                for level in () if field == shown[0] else ("p5", "p50", "p95"):
                    values = measured[level] / mean
                    axes.plot(time, values, color="#222222", linestyle="--", linewidth=0.6)
                label = r"propensity$\,/\,$mean" if field == shown[0] else ""
                _finish(axes, rows["time"], label, f"({next(letters)}) {name}, {text}", tau)
            limits = np.array([axes.get_ylim() for axes in row])
            for axes in row:
                axes.set_ylim(limits.min(), limits.max())
    return figure


def _look(species: str) -> tuple[str, str]:
    return ("#222222", "P") if species == ALL else style.species_look(species)


def _draw(axes: Axes, points: np.ndarray, name: str, look: dict[str, Any]) -> None:
    """Draw a quantity over time with its interval; nothing where it is not known."""
    known = np.isfinite(points[name])
    if not known.any():
        return
    time, low, high = (points[key][known] for key in ("time", f"low_{name}", f"high_{name}"))
    axes.fill_between(time, low, high, color=look["color"], alpha=0.18, linewidth=0)
    axes.plot(time, points[name][known], **look)


def _finish(axes: Axes, times: np.ndarray, label: str, name: str, tau_alpha: float) -> None:
    style.time_axis(axes, times)
    axes.set_xlabel(r"$t\,/\,\tau$")
    axes.set_ylabel(label)
    style.name_panel(axes, name)
    mark_relaxation(axes, tau_alpha)
