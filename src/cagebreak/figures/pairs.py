"""Pairs of particles: the structure factor, and the van Hove function over time."""

from collections.abc import Mapping

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from cagebreak.errors import InputError
from cagebreak.figures import style
from cagebreak.figures.tables import Table, rows_of

ALL = "all"
N_TIMES = 6
"""Times of which the van Hove function is drawn, at most, evenly among those of the table."""


def structure_factor(table: Table, tau_alpha: Mapping[str, float] | None = None) -> Figure:
    """Draw S(k) of all particles and of each pair of species, with intervals.

    Parameters
    ----------
    table
        Columns species, neighbors, k, s, low_s and high_s.
    tau_alpha
        Not shown.

    Raises
    ------
    InputError
        If the table lacks a column, or has several rows at one wave number.
    """
    rows = rows_of(table, ("species", "neighbors", "k", "s", "low_s", "high_s"))
    pairs = list(dict.fromkeys(rows[["species", "neighbors"]].tolist()))
    with style.look():
        figure, (axes,) = style.panels(1, height=2.9)
        for number, (species, neighbors) in enumerate(pairs):
            of_pair = _curve(rows, "k", species=species, neighbors=neighbors)
            color = "#222222" if species == ALL else style.OTHERS[number % len(style.OTHERS)][0]
            label = "all" if species == ALL else f"{species}{neighbors}"
            axes.fill_between(
                of_pair["k"], of_pair["low_s"], of_pair["high_s"], color=color, alpha=0.2, lw=0
            )
            axes.plot(of_pair["k"], of_pair["s"], color=color, label=label, lw=1)
        axes.set(xlabel=r"$k\,\sigma$", ylabel=r"$S(k)$", xlim=(0, 1.01 * rows["k"].max()))
        axes.legend()
    return figure


def van_hove(table: Table, tau_alpha: Mapping[str, float] | None = None) -> Figure:
    """Draw where particles of each species are after some times, and where the others are.

    Self parts are the probability densities of the distance gone, distinct parts the density of
    particles of the same species around the start of one, over the mean density.

    Parameters
    ----------
    table
        Columns species, neighbors ("" for the self part), time, r, g, low_g and high_g.
    tau_alpha
        Not shown.

    Raises
    ------
    InputError
        If the table lacks a column, or has several rows at one distance.
    """
    rows = rows_of(table, ("species", "neighbors", "time", "r", "g", "low_g", "high_g"))
    times = np.unique(rows["time"])
    chosen = times[np.unique(np.linspace(0, len(times) - 1, N_TIMES).astype(int))]
    species = sorted(set(rows["species"].tolist()))
    colors = mpl.colormaps["viridis"](np.linspace(0, 0.9, len(chosen)))
    with style.look():
        figure, parts = style.grid(len(species), 2, height=0.4 + 2.2 * len(species))
        letters = iter("abcdefghijklmnopqrstuvwxyz")
        for (_, row), name in zip(parts, species, strict=True):
            for axes, neighbors in zip(row, ("", name), strict=True):
                for time, color in zip(chosen, colors, strict=True):
                    of_time = _curve(rows, "r", species=name, neighbors=neighbors, time=time)
                    if not neighbors:  # drawn on a logarithmic axis
                        of_time = of_time[of_time["g"] > 0]
                    axes.fill_between(
                        of_time["r"], of_time["low_g"], of_time["high_g"], color=color, alpha=0.2,
                        lw=0,
                    )  # fmt: skip
                    axes.plot(of_time["r"], of_time["g"], color=color, label=f"{time:.3g}", lw=1)
                axes.set(xlabel=r"$r\,/\,\sigma$", xlim=(0, rows["r"].max() + rows["r"].min()))
                if not neighbors:
                    positive = rows["g"][(rows["neighbors"] == "") & (rows["g"] > 0)]
                    axes.set(yscale="log", ylim=(positive.min() / 2, 2 * positive.max()))
                axes.set_ylabel(r"$G_d(r, t)$" if neighbors else r"$G_s(r, t)\,\sigma^d$")
                text = f"{name}{neighbors} distinct" if neighbors else f"{name} self"
                style.name_panel(axes, f"({next(letters)}) {text}")
        parts[0][1][1].legend(title=r"$t\,/\,\tau$")
    return figure


def _curve(rows: np.ndarray, x: str, **labels: object) -> np.ndarray:
    """Return the rows with these labels in order of a column.

    Raises
    ------
    InputError
        If there are several rows at one value.
    """
    for column, value in labels.items():
        rows = rows[rows[column] == value]
    rows = rows[np.argsort(rows[x])]
    if (np.diff(rows[x]) == 0).any():
        raise InputError(f"table: expected one row a {x} for {labels}")
    return rows
