"""Figures of :cite:`Rottler2024` that classify particles with the cluster expansion.

The tables are those of `cagebreak.learning.accuracy_curve` and `accuracy_against_data`, or others
with the same columns.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from cagebreak._frames import to_rows
from cagebreak.configuration import SPECIES_NAMES
from cagebreak.descriptors import AtomicClusterExpansion
from cagebreak.errors import InputError
from cagebreak.figures import style
from cagebreak.figures.tables import Table

Panels: TypeAlias = "Mapping[str, Mapping[str, Table]]"
"""The table of each curve by its name, for each panel by its title."""

ACTIVE, INACTIVE = "#BB5566", "#004488"


def radial_basis(descriptor: AtomicClusterExpansion, n: int = 6) -> Figure:
    """Draw the first radial functions of the expansion over the distance; fig. 1.

    Parameters
    ----------
    descriptor
    n
        Number of functions; 6 in the paper.
    """
    r = np.linspace(0, descriptor.r_cut, 1001)
    with style.look():
        figure, ((_, (axes,)),) = style.grid(1, 1, height=2.4)
        shown = descriptor.radial(r)[:n]
        for k, function in enumerate(shown):
            color, marker = style.OTHERS[k % len(style.OTHERS)]
            axes.plot(r, function, marker, ls="-", color=color, markevery=(100 + 15 * k, 220))
            axes.plot([], [], marker, ls="-", color=color, label=f"$n = {k + 1}$")
        axes.axhline(0, color=style.GRAY, lw=0.5, zorder=0)
        axes.set_xlim(0, descriptor.r_cut)
        axes.set_xlabel(r"$r\,/\,\sigma$")
        axes.set_ylabel("$R_n(r)$")
        style.legend(figure, axes, 3)
    return figure


def accuracy(
    rows: Mapping[str, Panels], labels: Mapping[str, np.recarray], value: str = "accuracy"
) -> Figure:
    """Draw the accuracy over the number of features, for several cut-offs; fig. 3.

    With ``value="r"`` it draws the Pearson correlation of regressions; supplement, fig. 7.

    Parameters
    ----------
    rows
        The panels of each row, such as "thermal" and "shear". Curves are named by the cut-off.
        Tables have the columns `n_features` and `value`, and, for a band, `low` and `high`.
    labels
        The labels of the features of each panel, in the order of the features. A vertical line
        marks where a body order begins, and a dashed one where a species of neighbors begins among
        the pairs.
    value
        The column that is drawn.

    Raises
    ------
    InputError
        If there is no panel, a table lacks a column, or a panel has no labels.
    """
    figure, axes = _curves(rows, "n_features", value, "number of features")
    for title, panel in axes:
        if title not in labels:
            raise InputError(f"labels: expected those of {title!r}, got {', '.join(labels)}")
        body, species = labels[title].body, labels[title].species
        for k in np.flatnonzero(body[1:] != body[:-1]) + 1:
            panel.axvline(k + 0.5, color=style.GRAY, lw=0.6, zorder=0)
        pairs = species[body == 2]
        for k in np.flatnonzero(pairs[1:] != pairs[:-1]) + 1:
            panel.axvline(k + 0.5, color=style.GRAY, lw=0.6, ls="--", zorder=0)
    return figure


def selections(rows: Mapping[str, Panels]) -> Figure:
    """Draw the accuracy over the number of features, for several orders of features; fig. 5.

    Parameters
    ----------
    rows
        As of `accuracy`; curves are named by the order of features.

    Raises
    ------
    InputError
        If there is no panel or a table lacks a column.
    """
    return _curves(rows, "n_features", "accuracy", "number of features")[0]


def learning_curves(panels: Panels) -> Figure:
    """Draw the accuracy over the number of training configurations; supplement, fig. 6.

    Parameters
    ----------
    panels
        Curves are named by the features that were learned from. Tables have the columns
        `n_configurations` and `accuracy`, and, for a band, `low` and `high`.

    Raises
    ------
    InputError
        If there is no panel or a table lacks a column.
    """
    return _curves({"": panels}, "n_configurations", "accuracy", "training configurations")[0]


def distributions(
    panels: Mapping[str, Mapping[str, tuple[np.ndarray, np.ndarray]]],
    label: str = "$B_1$",
    n_bins: int = 40,
) -> Figure:
    """Draw the distribution of a feature over active and over inactive particles; fig. 4.

    Parameters
    ----------
    panels
        By the title of the panel and the name of the way of activation ("" is not written): the
        feature (n,), and whether each particle is active, (n,) bool. Of all panels together there
        is one way, drawn solid, or two, the second drawn dashed.
    label
        The name of the feature.
    n_bins
        Number of bins over the range of all values of a panel.

    Raises
    ------
    InputError
        If there is no panel, one has no way, there are more than two, or one kind of particle is
        missing.
    """
    if not panels:
        raise InputError("panels: expected at least one, got none")
    if empty := [title for title, ways in panels.items() if not ways]:
        raise InputError(f"panels: expected 1 or 2 ways in {empty[0]!r}, got 0")
    names = list(dict.fromkeys(name for ways in panels.values() for name in ways))
    if len(names) > 2:
        raise InputError(f"panels: expected 1 or 2 ways, got {len(names)}, {names}")
    # A way has the same line in every panel, in whatever order the panels name them.
    lines = dict(zip(names, ["-", "--"], strict=False))
    with style.look():
        figure, ((part, axes),) = style.grid(1, len(panels), height=2.2)
        for panel, (title, ways) in zip(axes, panels.items(), strict=True):
            edges = np.histogram_bin_edges(np.concatenate([v for v, _ in ways.values()]), n_bins)
            for name, (values, active) in ways.items():
                for members, word, color in (
                    (active, "active", ACTIVE), (~active, "inactive", INACTIVE),
                ):  # fmt: skip
                    if not members.any():
                        raise InputError(f"panels: expected {word} particles in {title!r}, {name}")
                    height, _ = np.histogram(values[members], edges, density=True)
                    panel.stairs(
                        height, edges, color=color, ls=lines[name], lw=1.0,
                        label=f"{word}, {name}" if name else word,
                    )  # fmt: skip
            panel.set_title(title)
            panel.set_xlabel(label)
            panel.set_ylim(bottom=0)
        axes[0].set_ylabel("probability density")
        style.legend(part, axes[0], 4 if len(axes) > 1 else 2)
    return figure


def pair_functions(r: np.ndarray, panels: Mapping[str, Mapping[str, np.ndarray]]) -> Figure:
    """Draw the pair functions of fitted models, one curve for each species; eqs. 12-13.

    Parameters
    ----------
    r : (M,) array
        Distances, in sigma.
    panels
        By the title of the panel and the name of the model: its functions (species, M), from
        `cagebreak.learning.pair_functions`.

    Raises
    ------
    InputError
        If there is no panel or a function has another length.
    """
    if not panels:
        raise InputError("panels: expected at least one, got none")
    lines = ("-", "--", ":", "-.")
    with style.look():
        figure, ((part, axes),) = style.grid(1, len(panels), height=2.4)
        most = max(axes, key=lambda panel: 0)
        for panel, (title, models) in zip(axes, panels.items(), strict=True):
            for (name, functions), line in zip(models.items(), lines, strict=False):
                values = np.atleast_2d(functions)
                if values.shape[1] != len(r):
                    raise InputError(
                        f"panels: expected ({len(r)},) in {title!r}, got {values.shape}"
                    )
                for species, function in zip(SPECIES_NAMES, values, strict=False):
                    color, _ = style.species_look(species)
                    panel.plot(r, function, ls=line, color=color, label=f"{species}, {name}")
            panel.axhline(0, color=style.GRAY, lw=0.5, zorder=0)
            panel.set_xlim(r[0], r[-1])
            panel.set_title(title)
            panel.set_xlabel(r"$r\,/\,\sigma$")
            if len(panel.get_lines()) > len(most.get_lines()):
                most = panel
        axes[0].set_ylabel(r"$u_1(r)$")
        style.legend(part, most, 4 if len(axes) > 1 else 2)
    return figure


def _curves(
    rows: Mapping[str, Panels], x: str, y: str, label: str
) -> tuple[Figure, Sequence[tuple[str, Axes]]]:
    """Return a figure of curves with their intervals, and its panels with their titles."""
    if not rows or not all(rows.values()):
        raise InputError("rows: expected at least one panel in each, got none")
    widths = {len(panels) for panels in rows.values()}
    if len(widths) > 1:
        raise InputError(f"rows: expected as many panels in each, got {sorted(widths)}")
    titled = []
    names = list(dict.fromkeys(name for p in rows.values() for c in p.values() for name in c))
    looks = {name: style.OTHERS[k % len(style.OTHERS)] for k, name in enumerate(names)}
    with style.look():
        figure, parts = style.grid(len(rows), widths.pop(), height=0.4 + 2.0 * len(rows))
        for (row, panels), (_, axes) in zip(rows.items(), parts, strict=True):
            for panel, (title, curves) in zip(axes, panels.items(), strict=True):
                for name, table in curves.items():
                    _curve(panel, table, x, y, name, looks[name])
                panel.set_xscale("log")
                low, high = panel.get_xlim()
                subs = (1, 2, 5) if high < 100 * low else (1,)
                panel.xaxis.set_major_locator(LogLocator(subs=subs))
                panel.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
                panel.xaxis.set_minor_formatter(NullFormatter())
                panel.set_xlabel(label)
                panel.set_title(f"{title}, {row}" if row else title)
                titled.append((title, panel))
            axes[0].set_ylabel("Pearson $r$" if y == "r" else y)
        handles: dict[str, Any] = {}
        for _, panel in titled:
            handles |= dict(zip(*reversed(panel.get_legend_handles_labels()), strict=True))
        columns = min(len(names), 5 if len(parts[0][1]) > 1 else 3)
        parts[0][0].legend(
            handles.values(), handles.keys(), loc="outside upper center", ncols=columns
        )
    return figure, titled


def _curve(axes: Axes, table: Table, x: str, y: str, name: str, look: tuple[str, str]) -> None:
    rows = to_rows(table)
    columns = rows.dtype.names or ()
    missing = [column for column in (x, y) if column not in columns]
    if missing:
        raise InputError(
            f"{name}: lacks the columns {', '.join(missing)}; has {', '.join(columns)}"
        )
    color, marker = look
    axes.plot(rows[x], rows[y], marker, ls="-", color=color, label=name)
    if {"low", "high"} <= set(columns):
        axes.fill_between(rows[x], rows["low"], rows["high"], color=color, alpha=0.2, lw=0)
