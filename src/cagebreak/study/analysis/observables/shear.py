"""Tables of sheared configurations, and the slices that show what rearranged in them."""

import numpy as np

from cagebreak.configuration import Configuration
from cagebreak.dynamics.plasticity import ACTIVE, AVALANCHE, CURVE, Window
from cagebreak.errors import InputError
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.stages.equilibrate import load_configuration
from cagebreak.study.stages.propensity import load_propensity
from cagebreak.study.stages.shear import load_curve, load_shear
from cagebreak.study.store import Store

CURVES = np.dtype([("configuration", "i8"), *CURVE.descr])
WINDOWS = np.dtype(
    [
        ("configuration", "i8"),
        ("strain", "f8"),
        ("events", "i8"),
        ("species", "U1"),
        ("active", "i8"),
        ("largest", "f8"),
        ("avalanche", "?"),
    ]
)


def curves(recipe: Recipe, store: Store) -> np.ndarray:
    """Return the stress-strain curve of each configuration."""
    parts = []
    for c in range(recipe.preparation.n_configurations):
        curve = load_curve(store, c)
        rows = np.zeros(len(curve), CURVES)
        rows["configuration"] = c
        for name in CURVE.names or ():
            rows[name] = curve[name]
        parts.append(rows)
    return np.concatenate(parts)


def windows(recipe: Recipe, store: Store) -> np.ndarray:
    """Return the plastic events and active particles of each strain window, for each species.

    A window is an avalanche if the share of active particles exceeds `AVALANCHE`.
    """
    rows = []
    for c in range(recipe.preparation.n_configurations):
        for window in load_shear(store, c).windows:
            for s, name in enumerate(recipe.model.species_names):
                d2min = window.d2min[window.start.species == s]
                n_active = int((d2min > ACTIVE).sum())
                quantities = (name, n_active, d2min.max(), _is_avalanche(d2min))
                rows.append((c, window.strain, window.events, *quantities))
    return np.array(rows, WINDOWS)


def _panel_rank(window: Window) -> tuple[bool, int, float]:
    """Return the key by which `panels_of` chooses a window: the smallest is shown."""
    d2min = window.d2min[window.start.species == 0]
    return _is_avalanche(d2min), window.events, -float(d2min.max())


def _is_avalanche(d2min: np.ndarray) -> bool:
    return bool((d2min > ACTIVE).sum() > AVALANCHE * len(d2min))


def panels_of(recipe: Recipe, store: Store) -> list[tuple[str, Configuration, np.ndarray]]:
    """Return title, configuration and D2min of each slice in the figure of :cite:`Rottler2024`, 2.

    The panel of the isoconfigurational runs shows the mean D2min of configuration 0 at the last
    time. The panel of the shear shows one strain window with plastic events: preferably without an
    avalanche, then with the fewest events, then with the largest D2min of an A particle.

    Raises
    ------
    InputError
        If the study has neither D2min of runs nor a plastic event.
    """
    panels = []
    if recipe.asks_for("isoconfigurational") and recipe.isoconfigurational.d2min_cutoff is not None:
        d2min, _ = load_propensity(store, 0, "d2min")
        title = f"thermal, $t = {d2min.times[-1]:.3g}\\,\\tau$"
        panels.append((title, load_configuration(store, 0), d2min.mean[-1]))
    if recipe.asks_for("shear"):
        plastic = [
            window
            for c in range(recipe.preparation.n_configurations)
            for window in load_shear(store, c).windows
            if window.events
        ]
        if plastic:
            window = min(plastic, key=_panel_rank)
            title = rf"shear, $\gamma = {window.strain:.2f}$, events: {window.events}"
            panels.append((title, window.start, window.d2min))
    if not panels:
        raise InputError("panels: the study measures no D2min, or saw no plastic event")
    return panels
