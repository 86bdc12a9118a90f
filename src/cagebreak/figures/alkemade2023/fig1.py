"""Figure 1: mean propensity, r of its prediction from the initial state, and the regimes."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cagebreak.figures import correlation, style
from cagebreak.figures.alkemade2023.panels import Relaxation
from cagebreak.figures.regimes import regimes
from cagebreak.figures.tables import Table, curve, rows_of


def correlation_and_regimes(
    propensity: Table,
    scores: Table,
    tau_alpha: Relaxation | None = None,
    species: str = "A",
) -> Figure:
    """Draw the mean propensity and r of its prediction from the initial state; fig. 1.

    The caging regime in the propensity of the species (`regimes`) is shaded.

    Parameters
    ----------
    propensity
        With the columns time, species, propensity and error.
    scores
        With the columns time, species, features, r, low, high and ceiling; drawn are the features
        LR2.
    tau_alpha
        Structural relaxation time of each species, in tau; marked where the data reach it.
    species
        The species shown.

    Raises
    ------
    InputError
        If a table lacks a column, the species or the selection, or has several rows at one time.
    """
    measured = rows_of(propensity, ("time", "species", "propensity", "error"))
    predicted = rows_of(scores, correlation.COLUMNS)
    points = curve(measured, species=species)
    time, value, error = points["time"], points["propensity"], points["error"]
    caging = regimes(time, value)
    with style.look():
        figure, (above, below) = style.panels(2, height=4.2)
        color, marker = style.species_look(species)
        above.fill_between(time, value - error, value + error, color=color, alpha=0.3, linewidth=0)
        above.plot(time, value, color=color, marker=marker)
        style.log_axis(above, "y", value.min() / 1.5, value.max() * 1.5)
        above.set_ylabel(r"$\langle \Delta r_i(t) \rangle\,/\,\sigma$")
        look = {"LR2": (r"$r$ from $X^\mathrm{init}$", style.STATES["initial"])}
        correlation.draw(below, predicted, species, look, tau_alpha)
        for axes in (above, below):
            low, high = below.get_xlim()
            edges = np.clip([caging.caging_begins, caging.caging_ends], low, high)
            axes.axvspan(*edges, facecolor="0.93", edgecolor="none", zorder=-2)
        _name_regimes(above, caging.caging_begins, caging.caging_ends)
        style.name_panel(below, f"{species} particles")
        style.legend(figure, below, columns=2)
    return figure


def _name_regimes(axes: Axes, begins: float, ends: float) -> None:
    low, high = axes.get_xlim()
    edges = np.clip([low, begins, ends, high], low, high)
    places = np.log(edges / low) / np.log(high / low)
    for i, name in enumerate(("ballistic", "caging", "diffusive")):
        if places[i + 1] - places[i] > 0.15:
            axes.text(
                (places[i] + places[i + 1]) / 2, 0.92, name, transform=axes.transAxes, ha="center"
            )
