"""Figure 2: the displacement to the inherent and to the cage state, and g(r) of the states."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cagebreak.errors import InputError
from cagebreak.figures import correlation, style
from cagebreak.figures.alkemade2023.panels import (
    Relaxation,
    draw_models,
    letters,
    name_panel,
)
from cagebreak.figures.tables import ModelTables, by_model

_DISPLACEMENTS = {
    "displacement inherent": (r"$\Delta r^\mathrm{IS}$", style.STATES["inherent"]),
    "displacement cage": (r"$\Delta r^\mathrm{CS}$", style.STATES["cage"]),
}
_STATE_NAMES = {"initial": "initial", "inherent": "inherent state", "cage": "cage state"}


def cage_displacement(
    correlations: ModelTables,
    structure: ModelTables,
    tau_alpha: Relaxation | None = None,
    species: str = "A",
) -> Figure:
    """Draw r of the displacement to the inherent and to the cage state, and g(r); fig. 2.

    The upper panel shows r of the propensity with the length of the displacement over time, the
    lower one g(r) around the species in the initial, the inherent and the cage state.

    Parameters
    ----------
    correlations
        With the columns time, species, features, r, low, high and ceiling; drawn are the features
        "displacement inherent" and "displacement cage", or the one that is in the table.
    structure
        With the columns state, species, neighbors, r and g; drawn are the neighbors "all".
    tau_alpha
        Structural relaxation time of each species, in tau; marked where the data reach it.
    species
        The species shown.

    Raises
    ------
    InputError
        If a table lacks a column, the species or a displacement, or has several rows at one time.
    """
    scores = by_model(correlations, correlation.COLUMNS)
    structures = by_model(structure, ("state", "species", "neighbors", "r", "g"))
    if list(scores) != list(structures):
        raise InputError(
            f"structure: expected tables of {', '.join(scores)}, as of the correlations, "
            f"got {', '.join(structures)}"
        )
    with style.look():
        figure, ((upper, above), (lower, below)) = style.grid(2, len(scores), height=4.8)
        upper_letters, lower_letters = letters(len(scores))
        draw_models(above, upper_letters, scores, species, _DISPLACEMENTS, tau_alpha)
        for letter, panel, (model, rows) in zip(
            lower_letters, below, structures.items(), strict=True
        ):
            _draw_structure(panel, rows, species)
            name_panel(panel, letter, model, panel is below[0])
        style.legend(upper, above[0], columns=3)
        style.legend(lower, below[0], columns=3)
    return figure


def _draw_structure(axes: Axes, rows: np.ndarray, species: str) -> None:
    states = set(rows["state"].tolist())
    around = rows[(rows["species"] == species) & (rows["neighbors"] == "all")]
    highest = 0.0
    for state, (color, _) in style.STATES.items():
        if state not in states:
            continue
        points = np.sort(around[around["state"] == state], order="r")
        if not len(points):
            raise InputError(f"structure: no rows for species {species!r}, neighbors 'all'")
        axes.plot(points["r"], points["g"], color=color, label=_STATE_NAMES[state])
        highest = max(highest, points["g"].max())
    axes.axhline(1, color=style.GRAY, linewidth=0.6, linestyle=":", zorder=0)
    axes.set_xlim(0.5, min(4.0, rows["r"].max()))
    axes.set_ylim(0, 1.08 * highest)
    axes.set_xlabel(r"$r\,/\,\sigma$")
    axes.set_ylabel(rf"$g(r)$ around {species}")
