"""Figures of :cite:`Alkemade2023`: the propensity predicted from the cage and the inherent state.

A figure shows one study, drawn from its tables. `cage_displacement` and `states` show several
studies side by side, as the paper does, if each argument maps names of models to their tables.
"""

from collections.abc import Mapping
from string import ascii_lowercase
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cagebreak.errors import InputError
from cagebreak.figures import correlation, style
from cagebreak.figures.literature import PUBLISHED
from cagebreak.figures.regimes import regimes
from cagebreak.figures.tables import ModelTables, Table, by_model, curve, rows_of, species_in

Relaxation = Mapping[str, Any]
"""tau_alpha of each species; for several models, such a mapping by the name of each model."""

COMBINATION = "X init + X CS + dr CS"

_DISPLACEMENTS = {
    "displacement inherent": (r"$\Delta r^\mathrm{IS}$", style.STATES["inherent"]),
    "displacement cage": (r"$\Delta r^\mathrm{CS}$", style.STATES["cage"]),
}
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
_STATE_NAMES = {"initial": "initial", "inherent": "inherent state", "cage": "cage state"}


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
        upper_letters, lower_letters = _letters(len(scores))
        for letter, panel, (model, rows) in zip(upper_letters, above, scores.items(), strict=True):
            selections = _present(rows, _DISPLACEMENTS)
            correlation.draw(panel, rows, species, selections, _of_model(tau_alpha, model, scores))
            panel.set_xlabel(r"$t\,/\,\tau$")
            _name(panel, letter, model, panel is above[0])
        for letter, panel, (model, rows) in zip(
            lower_letters, below, structures.items(), strict=True
        ):
            _draw_structure(panel, rows, species)
            _name(panel, letter, model, panel is below[0])
        style.legend(upper, above[0], columns=3)
        style.legend(lower, below[0], columns=3)
    return figure


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
        for letters, (part, panels), looks in zip(
            _letters(len(models)), parts, (_X, _COMBINED), strict=True
        ):
            for letter, panel, (model, rows) in zip(letters, panels, models.items(), strict=True):
                selections = _present(rows, looks, "LR2")
                correlation.draw(
                    panel, rows, species, selections, _of_model(tau_alpha, model, models)
                )
                panel.set_xlabel(r"$t\,/\,\tau$")
                _name(panel, letter, model, panel is panels[0])
            style.legend(
                part, panels[0], columns=2 if looks is _COMBINED and len(panels) == 1 else 4
            )
    return figure


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
    literature = rows_of(curves, PUBLISHED.names or ())
    temperatures = literature["temperature"]
    of_others = literature[
        np.isclose(temperatures, temperature) & (literature["averaging"] == averaging)
    ]
    if not len(of_others):
        raise InputError(
            f"curves: none at temperature {temperature:g}, averaging {averaging!r}; "
            f"has {', '.join(sorted({f'{t:g}' for t in temperatures}))}"
        )
    with style.look():
        figure, (axes,) = style.panels(1, height=3.4)
        ours = {COMBINATION: ("this study", style.STATES["cage"])}
        correlation.draw(axes, rows, species, ours, tau_alpha)
        methods = sorted(set(of_others["method"].tolist()))
        for method, (color, marker) in zip(methods, style.OTHERS, strict=False):
            points = np.sort(of_others[of_others["method"] == method], order="time")
            axes.plot(
                points["time"],
                points["pearson"],
                color=color,
                marker=marker,
                linewidth=0.8,
                markerfacecolor="white",
                markeredgewidth=0.8,
                label=method,
            )
        low, high = axes.get_xlim()
        times = of_others["time"]
        style.log_axis(axes, "x", min(low, times.min() / 1.3), max(high, times.max() * 1.3))
        axes.set_ylim(min(axes.get_ylim()[0], of_others["pearson"].min() - 0.05), 1.03)
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


def contributions(scores: Table, tau_alpha: Relaxation | None = None, species: str = "A") -> Figure:
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
        If the table lacks a column, the species or a selection, or has several rows at one time.
    """
    rows = rows_of(scores, correlation.COLUMNS)
    force = "F" in set(rows["features"].tolist())
    prefix = "F + " if force else ""
    selections = {"F": (r"$F^\mathrm{net,0}$", style.OTHERS[0])} if force else {}
    selections |= {
        "dr CS": (r"$\Delta r^\mathrm{CS}$", style.OTHERS[1]),
        "X CS": (r"$X^\mathrm{CS}$", style.STATES["cage"]),
        f"{prefix}X CS + dr CS": ("all of these", style.OTHERS[2]),
        f"{prefix}{COMBINATION}": (r"all and $X^\mathrm{init}$", ("#000000", "D")),
    }
    with style.look():
        figure, (axes,) = style.panels(1, height=2.9)
        correlation.draw(axes, rows, species, selections, tau_alpha)
        style.name_panel(axes, f"{species} particles")
        style.legend(figure, axes, columns=3)
    return figure


def _draw_structure(axes: Axes, rows: np.ndarray, species: str) -> None:
    present = set(rows["state"].tolist())
    around = rows[(rows["species"] == species) & (rows["neighbors"] == "all")]
    highest = 0.0
    for state, (color, _) in style.STATES.items():
        if state not in present:
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


def _present(
    rows: np.ndarray, selections: Mapping[str, Any], required: str | None = None
) -> dict[str, Any]:
    """Return the selections that are in a table, and the required one whether it is or not.

    Raises
    ------
    InputError
        If none but the required one is in the table.
    """
    present = set(rows["features"].tolist())
    optional = [name for name in selections if name != required]
    if present.isdisjoint(optional):
        raise InputError(
            f"table: expected one of the features {', '.join(optional)}; "
            f"has {', '.join(sorted(present))}"
        )
    return {name: look for name, look in selections.items() if name in present or name == required}


def _of_model(
    tau_alpha: Relaxation | None, model: str, tables: Mapping[str, Any]
) -> Mapping[str, float] | None:
    """Return tau_alpha of one model; for a single study that is `tau_alpha` itself."""
    if tau_alpha is None or list(tables) == [""]:
        return tau_alpha
    return tau_alpha.get(model)


def _letters(columns: int) -> tuple[str, str]:
    """Return the letters of the upper and of the lower panels, such as abc and def."""
    return ascii_lowercase[:columns], ascii_lowercase[columns : 2 * columns]


def _name(panel: Axes, letter: str, model: str, first: bool) -> None:
    """Write the name of a panel above it, and keep the label of the y axis of the first only."""
    style.name_panel(panel, f"({letter}) {model}".strip())
    if not first:
        panel.set_ylabel("")


def _name_regimes(axes: Axes, begins: float, ends: float) -> None:
    low, high = axes.get_xlim()
    edges = np.clip([low, begins, ends, high], low, high)
    places = np.log(edges / low) / np.log(high / low)
    for i, name in enumerate(("ballistic", "caging", "diffusive")):
        if places[i + 1] - places[i] > 0.15:
            axes.text(
                (places[i] + places[i + 1]) / 2, 0.92, name, transform=axes.transAxes, ha="center"
            )
