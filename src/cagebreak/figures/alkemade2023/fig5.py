"""Figure 5: r of each part of the description, and of parts together."""

import numpy as np
from matplotlib.figure import Figure

from cagebreak.figures import correlation, style
from cagebreak.figures.alkemade2023.panels import (
    COMBINATION,
    Relaxation,
    letters,
    name_panel,
    tau_alpha_of,
)
from cagebreak.figures.tables import ModelTables, by_model


def contributions(
    scores: ModelTables, tau_alpha: Relaxation | None = None, species: str = "A"
) -> Figure:
    """Draw r over time for each part of the description and for parts together; fig. 5.

    Parameters
    ----------
    scores
        With the columns time, species, features, r, low, high and ceiling. Drawn are the features
        "dr CS", "X CS", "X CS + dr CS" and "X init + X CS + dr CS". If the table has "F", the net
        force in the initial state, then drawn are "F", "dr CS", "X CS", "F + X CS + dr CS" and
        "F + X init + X CS + dr CS".
    tau_alpha
        Structural relaxation time of each species, in tau; marked where the data reach it.
    species
        The species shown.

    Raises
    ------
    InputError
        If a table lacks a column, the species or a selection, or has several rows at one time.
    """
    models = by_model(scores, correlation.COLUMNS)
    with style.look():
        figure, ((part, panels),) = style.grid(1, len(models), height=2.9)
        for letter, panel, (model, rows) in zip(
            letters(len(models))[0], panels, models.items(), strict=True
        ):
            relaxation = tau_alpha_of(tau_alpha, model, models)
            correlation.draw(panel, rows, species, _selections(rows), relaxation)
            panel.set_xlabel(r"$t\,/\,\tau$")
            if model:
                name_panel(panel, letter, model, panel is panels[0])
            else:
                style.name_panel(panel, f"{species} particles")
        # Hard spheres have no forces: the legend is that of a panel with most curves.
        fullest = max(panels, key=lambda panel: len(panel.get_lines()))
        style.legend(part, fullest, columns=3)
    return figure


def _selections(rows: np.ndarray) -> dict[str, tuple[str, tuple[str, str]]]:
    """Return the features drawn of a table, with their labels and looks."""
    force = "F" in set(rows["features"].tolist())
    prefix = "F + " if force else ""
    selections = {"F": (r"$F^\mathrm{net,0}$", style.OTHERS[0])} if force else {}
    return selections | {
        "dr CS": (r"$\Delta r^\mathrm{CS}$", style.OTHERS[1]),
        "X CS": (r"$X^\mathrm{CS}$", style.STATES["cage"]),
        f"{prefix}X CS + dr CS": ("all of these", style.OTHERS[2]),
        f"{prefix}{COMBINATION}": (r"all and $X^\mathrm{init}$", ("#000000", "D")),
    }
