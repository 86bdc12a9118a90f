"""What the figures of several models side by side share."""

from collections.abc import Mapping, Sequence
from string import ascii_lowercase
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from cagebreak.errors import InputError
from cagebreak.figures import correlation, style

Relaxation = Mapping[str, Any]
"""tau_alpha of each species; for several models, such a mapping by the name of each model."""

COMBINATION = "X init + X CS + dr CS"


def selections_in(
    rows: np.ndarray, selections: Mapping[str, Any], required: str | None = None
) -> dict[str, Any]:
    """Return the selections that are in a table, and the required one whether it is or not.

    Raises
    ------
    InputError
        If none but the required one is in the table.
    """
    features = set(rows["features"].tolist())
    optional = [name for name in selections if name != required]
    if features.isdisjoint(optional):
        raise InputError(
            f"table: expected one of the features {', '.join(optional)}; "
            f"has {', '.join(sorted(features))}"
        )
    return {name: look for name, look in selections.items() if name in features or name == required}


def tau_alpha_of(
    tau_alpha: Relaxation | None, model: str, tables: Mapping[str, Any]
) -> Mapping[str, float] | None:
    """Return tau_alpha of one model; for a single study that is `tau_alpha` itself."""
    if tau_alpha is None or list(tables) == [""]:
        return tau_alpha
    return tau_alpha.get(model)


def letters(columns: int) -> tuple[str, str]:
    """Return the letters of the upper and of the lower panels, such as abc and def."""
    return ascii_lowercase[:columns], ascii_lowercase[columns : 2 * columns]


def name_panel(panel: Axes, letter: str, model: str, first: bool) -> None:
    """Write the name of a panel above it, and keep the label of the y axis of the first only."""
    style.name_panel(panel, f"({letter}) {model}".strip())
    if not first:
        panel.set_ylabel("")


def draw_models(
    panels: Sequence[Axes],
    names: str,
    tables: Mapping[str, np.ndarray],
    species: str,
    selections: Mapping[str, Any],
    tau_alpha: Relaxation | None,
    required: str | None = None,
) -> None:
    """Draw r over time of a species, a panel for each model, of `selections_in` its table."""
    for letter, panel, (model, rows) in zip(names, panels, tables.items(), strict=True):
        shown = selections_in(rows, selections, required)
        correlation.draw(panel, rows, species, shown, tau_alpha_of(tau_alpha, model, tables))
        panel.set_xlabel(r"$t\,/\,\tau$")
        name_panel(panel, letter, model, panel is panels[0])
