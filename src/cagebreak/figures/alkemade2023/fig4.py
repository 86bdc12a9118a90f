"""Figure 4: published curves beside ours, and the mean propensity of each configuration."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cagebreak.errors import InputError
from cagebreak.figures import correlation, style
from cagebreak.figures.alkemade2023.panels import COMBINATION, Relaxation
from cagebreak.figures.tables import Table, rows_of, species_in


def published(
    scores: Table,
    tau_alpha: Relaxation | None = None,
    species: str = "A",
    *,
    curves: Table,
    temperature: float = 0.44,
    averaging: str = "pooled",
) -> Figure:
    """Draw r of the best prediction of a study and of published ones; fig. 4a, Kob-Andersen.

    Parameters
    ----------
    scores
        With the columns time, species, features, r, low, high and ceiling; drawn are the features
        "X init + X CS + dr CS".
    tau_alpha
        Structural relaxation time of each species, in tau; marked where the data reach it.
    species
        The species shown.
    curves
        What `cagebreak.figures.literature.read_published` returned.
    temperature, averaging
        Which of the published curves are drawn.

    Raises
    ------
    InputError
        If the table lacks a column, the species or the selection, or nothing was published for
        the temperature and averaging.
    """
    rows = rows_of(scores, correlation.COLUMNS)
    of_others = correlation.published_curves(curves, temperature, averaging)
    with style.look():
        figure, (axes,) = style.panels(1, height=3.4)
        ours = {COMBINATION: ("this study", style.STATES["cage"])}
        correlation.draw(axes, rows, species, ours, tau_alpha)
        correlation.draw_published(axes, of_others)
        style.name_panel(axes, f"{species} particles")
        style.legend(figure, axes, columns=2)
    return figure


def configurations(table: Table, tau_alpha: Relaxation | None = None, species: str = "A") -> Figure:
    """Draw the mean propensity of each configuration over time; fig. 4b.

    There is a point for each configuration and time, colored by density if the densities differ.
    The mean over configurations is black, with bars of two standard deviations.

    Parameters
    ----------
    table
        With the columns time, species, configuration, propensity and density.
    tau_alpha
        Structural relaxation time of each species, in tau; marked where the data reach it.
    species
        The species shown.

    Raises
    ------
    InputError
        If the table lacks a column or the species.
    """
    rows = rows_of(table, ("time", "species", "configuration", "propensity", "density"))
    names = species_in(rows)
    if species not in names:
        raise InputError(f"table: no rows for species {species!r}; has {', '.join(names)}")
    rows = rows[rows["species"] == species]
    if not ((rows["time"] > 0).all() and (rows["propensity"] > 0).all()):
        raise InputError("table: expected times and propensities > 0")
    times = np.unique(rows["time"])
    values = [rows["propensity"][rows["time"] == time] for time in times]
    mean = np.array([np.mean(v) for v in values])
    spread = np.array([np.std(v, ddof=1) if len(v) > 1 else 0.0 for v in values])
    density = rows["density"]
    with style.look():
        figure, (axes,) = style.panels(1, height=2.8)
        look: dict[str, Any] = {"color": "0.65"}
        if np.ptp(density) > 1e-9 * density.max():
            look = {"c": density, "cmap": "viridis"}
        points = axes.scatter(rows["time"], rows["propensity"], s=7, linewidths=0, zorder=3, **look)
        if "c" in look:
            figure.colorbar(points, ax=axes, label=r"density $\rho\,\sigma^3$")
        axes.errorbar(
            times,
            mean,
            yerr=np.minimum(2 * spread, 0.99 * mean),
            color="black",
            linewidth=0.7,
            elinewidth=0.7,
            capsize=2.2,
            label=r"mean $\pm$ 2 standard deviations",
        )
        style.time_axis(axes, times)
        lowest, highest = rows["propensity"].min(), rows["propensity"].max()
        style.log_axis(axes, "y", lowest / 1.6, highest * 1.6)
        axes.set_ylabel(r"$\langle \Delta r_i(t) \rangle\,/\,\sigma$ of a configuration")
        correlation.mark_relaxation(axes, (tau_alpha or {}).get(species, np.nan))
        style.name_panel(axes, f"{species} particles")
        style.legend(figure, axes, columns=1)
    return figure
