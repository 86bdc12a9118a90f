"""Figure 3: r from the initial, the inherent and the cage state, alone and together."""

from matplotlib.figure import Figure

from cagebreak.figures import correlation, style
from cagebreak.figures.alkemade2023.panels import (
    COMBINATION,
    Relaxation,
    draw_models,
    letters,
)
from cagebreak.figures.tables import ModelTables, by_model

_X = {
    "LR2": (r"$X^\mathrm{init}$", style.STATES["initial"]),
    "X IS": (r"$X^\mathrm{IS}$", style.STATES["inherent"]),
    "X CS": (r"$X^\mathrm{CS}$", style.STATES["cage"]),
}
_COMBINED = {
    "LR2": (r"$X^\mathrm{init}$", style.STATES["initial"]),
    "X init + X IS + dr IS": (
        r"$X^\mathrm{init}, X^\mathrm{IS}, \Delta r^\mathrm{IS}$",
        style.STATES["inherent"],
    ),
    COMBINATION: (
        r"$X^\mathrm{init}, X^\mathrm{CS}, \Delta r^\mathrm{CS}$",
        style.STATES["cage"],
    ),
    "recommended": ("recommended", style.OTHERS[1]),
}


def states(scores: ModelTables, tau_alpha: Relaxation | None = None, species: str = "A") -> Figure:
    """Draw r of predictions from the initial, the inherent and the cage state; fig. 3.

    The upper panel shows each state alone. The lower one shows the inherent and the cage state
    together with the initial state and the displacement between the two.

    Parameters
    ----------
    scores
        With the columns time, species, features, r, low, high and ceiling. Drawn are LR2 (X^init)
        and those of these features that are in the table: "X IS" and "X CS" above,
        "X init + X IS + dr IS", "X init + X CS + dr CS" and, beyond the paper, "recommended" below.
    tau_alpha
        Structural relaxation time of each species, in tau; marked where the data reach it.
    species
        The species shown.

    Raises
    ------
    InputError
        If the table lacks a column, the species or LR2, has no other of the selections, or has
        several rows at one time.
    """
    models = by_model(scores, correlation.COLUMNS)
    with style.look():
        figure, parts = style.grid(2, len(models), height=5.0)
        for row, (part, panels), looks in zip(
            letters(len(models)), parts, (_X, _COMBINED), strict=True
        ):
            draw_models(panels, row, models, species, looks, tau_alpha, "LR2")
            style.legend(
                part, panels[0], columns=2 if looks is _COMBINED and len(panels) == 1 else 4
            )
    return figure
