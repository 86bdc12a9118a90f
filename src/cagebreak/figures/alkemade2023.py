"""Figures of Alkemade 2023: what the cage and the inherent state tell of the propensity.

A function takes the tables of one study and draws one panel for it; or, for each table, several by
the names of their models, and draws as many panels side by side, as the paper does.
"""

from collections.abc import Mapping
from string import ascii_lowercase
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cagebreak.errors import InputError
from cagebreak.figures import accuracy, style
from cagebreak.figures.regimes import regimes
from cagebreak.figures.tables import by_model, curve, species_in

Table = np.ndarray | Mapping[str, np.ndarray]
Relaxation = Mapping[str, Any]
"""tau_alpha of each species; of several models, one such mapping by the name of each."""

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


def accuracy_and_regimes(
    propensity: np.ndarray,
    scores: np.ndarray,
    tau_alpha: Relaxation | None = None,
    species: str = "A",
) -> Figure:
    """Draw the mean propensity and r of its prediction from the initial state; fig. 1.

    The caging regime, as `regimes` finds it in the propensity of the species, is shaded.

    Parameters
    ----------
    propensity
        Structured array with the columns time, species, propensity and error.
    scores
        Structured array with the columns time, species, features, r, low, high and ceiling; drawn
        are the features LR2.
    tau_alpha
        Structural relaxation time of each species, in tau; marked where the data reach it.
    species
        The species shown.

    Raises
    ------
    InputError
        If a table lacks a column, the species or the selection, or has several rows at one time.
    """
    species_in(propensity, ("time", "species", "propensity", "error"))
    species_in(scores, accuracy.COLUMNS)
    rows = curve(propensity, species=species)
    found = regimes(rows["time"], rows["propensity"])
    with style.look():
        figure, (above, below) = style.panels(2, height=4.2)
        color, marker = style.species_look(species)
        value, error = rows["propensity"], rows["error"]
        above.fill_between(
            rows["time"], value - error, value + error, color=color, alpha=0.3, linewidth=0
        )
        above.plot(rows["time"], value, color=color, marker=marker)
        style.log_axis(above, "y", value.min() / 1.5, value.max() * 1.5)
        above.set_ylabel(r"$\langle \Delta r_i(t) \rangle\,/\,\sigma$")
        look = {"LR2": (r"$r$ from $X^\mathrm{init}$", style.STATES["initial"])}
        accuracy.draw(below, scores, species, look, tau_alpha)
        for axes in (above, below):
            low, high = below.get_xlim()
            edges = np.clip([found.caging_begins, found.caging_ends], low, high)
            axes.axvspan(*edges, facecolor="0.93", edgecolor="none", zorder=-2)
        _name_regimes(above, found.caging_begins, found.caging_ends)
        style.name_panel(below, f"{species} particles")
        style.legend(figure, below, columns=2)
    return figure


def cage_displacement(
    correlations: Table,
    structure: Table,
    tau_alpha: Relaxation | None = None,
    species: str = "A",
) -> Figure:
    """Draw how the way to the inherent and to the cage state tells of the propensity; fig. 2.

    Above, r of the propensity with the length of the way alone, over time; below, g(r) around the
    species in the initial, the inherent and the cage state.

    Parameters
    ----------
    correlations
        Structured array with the columns time, species, features, r, low, high and ceiling; drawn
        are those of the features "displacement inherent" and "displacement cage" that it has.
    structure
        Structured array with the columns state, species, neighbors, r and g; drawn are the
        neighbors "all".
    tau_alpha
        Structural relaxation time of each species, in tau; marked where the data reach it.
    species
        The species shown.

    Raises
    ------
    InputError
        If a table lacks a column, the species or a displacement, or has several rows at one time.
    """
    measured, structures = by_model(correlations), by_model(structure)
    _check_models(measured, structures)
    for one, other in zip(measured.values(), structures.values(), strict=True):
        species_in(one, accuracy.COLUMNS)
        species_in(other, ("state", "species", "neighbors", "r", "g"))
    with style.look():
        figure, rows = style.grid(2, len(measured), height=4.8)
        for letters, (part, panels) in zip(_letters(len(measured)), rows, strict=True):
            for letter, panel, model in zip(letters, panels, measured, strict=True):
                if part is rows[0][0]:
                    table = measured[model]
                    wanted = _present(table, _DISPLACEMENTS)
                    tau = _of_model(tau_alpha, model, measured)
                    accuracy.draw(panel, table, species, wanted, tau)
                    panel.set_xlabel(r"$t\,/\,\tau$")
                else:
                    _draw_structure(panel, structures[model], species)
                _name(panel, letter, model, panel is panels[0])
            style.legend(part, panels[0], columns=3)
    return figure


def states(scores: Table, tau_alpha: Relaxation | None = None, species: str = "A") -> Figure:
    """Draw r of predictions from the initial, the inherent and the cage state; fig. 3.

    Above each alone, below those of the inherent and the cage state together with the initial
    state and the length of the way to it.

    Parameters
    ----------
    scores
        Structured array with the columns time, species, features, r, low, high and ceiling. Drawn
        are the features LR2 (X^init), "X IS" and "X CS", and "X init + X IS + dr IS" and
        "X init + X CS + dr CS" and, beyond the paper, "recommended", as far as the table has them.
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
    measured = by_model(scores)
    for table in measured.values():
        species_in(table, accuracy.COLUMNS)
    with style.look():
        figure, rows = style.grid(2, len(measured), height=5.0)
        for letters, (part, panels), wanted in zip(
            _letters(len(measured)), rows, (_X, _COMBINED), strict=True
        ):
            for letter, panel, model in zip(letters, panels, measured, strict=True):
                tau = _of_model(tau_alpha, model, measured)
                chosen = _present(measured[model], wanted, "LR2")
                accuracy.draw(panel, measured[model], species, chosen, tau)
                panel.set_xlabel(r"$t\,/\,\tau$")
                _name(panel, letter, model, panel is panels[0])
            style.legend(
                part, panels[0], columns=2 if wanted is _COMBINED and len(panels) == 1 else 4
            )
    return figure


def published(
    scores: np.ndarray,
    tau_alpha: Relaxation | None = None,
    species: str = "A",
    *,
    curves: np.ndarray,
    temperature: float = 0.44,
    averaging: str = "pooled",
) -> Figure:
    """Draw the best prediction of a study among published ones; fig. 4a, of Kob-Andersen.

    Parameters
    ----------
    scores
        Structured array with the columns time, species, features, r, low, high and ceiling; drawn
        are the features "X init + X CS + dr CS".
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
    species_in(scores, accuracy.COLUMNS)
    chosen = curves[
        np.isclose(curves["temperature"], temperature) & (curves["averaging"] == averaging)
    ]
    if not len(chosen):
        raise InputError(
            f"curves: none at temperature {temperature:g}, averaging {averaging!r}; "
            f"has {', '.join(sorted({f'{t:g}' for t in curves['temperature']}))}"
        )
    with style.look():
        figure, (axes,) = style.panels(1, height=3.4)
        ours = {COMBINATION: ("this study", style.STATES["cage"])}
        accuracy.draw(axes, scores, species, ours, tau_alpha)
        methods = sorted(set(chosen["method"].tolist()))
        for method, (color, marker) in zip(methods, style.OTHERS, strict=False):
            rows = np.sort(chosen[chosen["method"] == method], order="time")
            axes.plot(
                rows["time"],
                rows["pearson"],
                color=color,
                marker=marker,
                linewidth=0.8,
                markerfacecolor="white",
                markeredgewidth=0.8,
                label=method,
            )
        low, high = axes.get_xlim()
        times = chosen["time"]
        style.log_axis(axes, "x", min(low, times.min() / 1.3), max(high, times.max() * 1.3))
        axes.set_ylim(min(axes.get_ylim()[0], chosen["pearson"].min() - 0.05), 1.03)
        style.name_panel(axes, f"{species} particles")
        style.legend(figure, axes, columns=2)
    return figure


def configurations(
    table: np.ndarray, tau_alpha: Relaxation | None = None, species: str = "A"
) -> Figure:
    """Draw the mean propensity of each configuration over time; fig. 4b.

    A point a configuration and time, colored by its density if the densities differ; in black the
    mean over configurations, with bars of two standard deviations.

    Parameters
    ----------
    table
        Structured array with the columns time, species, configuration, propensity and density.
    tau_alpha
        Structural relaxation time of each species, in tau; marked where the data reach it.
    species
        The species shown.

    Raises
    ------
    InputError
        If the table lacks a column or the species.
    """
    names = species_in(table, ("time", "species", "configuration", "propensity", "density"))
    if species not in names:
        raise InputError(f"table: no rows for species {species!r}; has {', '.join(names)}")
    rows = table[table["species"] == species]
    if not ((rows["time"] > 0).all() and (rows["propensity"] > 0).all()):
        raise InputError("table: expected times and propensities > 0")
    times = np.unique(rows["time"])
    values = [rows["propensity"][rows["time"] == time] for time in times]
    mean = np.array([each.mean() for each in values])
    spread = np.array([each.std(ddof=1) if len(each) > 1 else 0.0 for each in values])
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
        accuracy.mark_relaxation(axes, (tau_alpha or {}).get(species, np.nan))
        style.name_panel(axes, f"{species} particles")
        style.legend(figure, axes, columns=1)
    return figure


def contributions(
    scores: np.ndarray, tau_alpha: Relaxation | None = None, species: str = "A"
) -> Figure:
    """Draw what each part of the description contributes to r over time; fig. 5.

    Parameters
    ----------
    scores
        Structured array with the columns time, species, features, r, low, high and ceiling. Drawn
        are the features "dr CS", "X CS", "X CS + dr CS" and "X init + X CS + dr CS"; if the table
        has "F", the net force at the start, then "F" and "F + X CS + dr CS" and
        "F + X init + X CS + dr CS" in place of the last two.
    tau_alpha
        Structural relaxation time of each species, in tau; marked where the data reach it.
    species
        The species shown.

    Raises
    ------
    InputError
        If the table lacks a column, the species or a selection, or has several rows at one time.
    """
    species_in(scores, accuracy.COLUMNS)
    force = "F" in set(scores["features"].tolist())
    everything = "F + " if force else ""
    wanted = {"F": (r"$F^\mathrm{net,0}$", style.OTHERS[0])} if force else {}
    wanted |= {
        "dr CS": (r"$\Delta r^\mathrm{CS}$", style.OTHERS[1]),
        "X CS": (r"$X^\mathrm{CS}$", style.STATES["cage"]),
        f"{everything}X CS + dr CS": ("all of these", style.OTHERS[2]),
        f"{everything}{COMBINATION}": (r"all and $X^\mathrm{init}$", ("#000000", "D")),
    }
    with style.look():
        figure, (axes,) = style.panels(1, height=2.9)
        accuracy.draw(axes, scores, species, wanted, tau_alpha)
        style.name_panel(axes, f"{species} particles")
        style.legend(figure, axes, columns=3)
    return figure


def _draw_structure(axes: Axes, table: np.ndarray, species: str) -> None:
    present = set(table["state"].tolist())
    highest = 0.0
    for state, (color, _) in style.STATES.items():
        if state not in present:
            continue
        rows = table[
            (table["state"] == state)
            & (table["species"] == species)
            & (table["neighbors"] == "all")
        ]
        if not len(rows):
            raise InputError(f"structure: no rows for species {species!r}, neighbors 'all'")
        rows = np.sort(rows, order="r")
        axes.plot(rows["r"], rows["g"], color=color, label=_STATE_NAMES[state])
        highest = max(highest, rows["g"].max())
    axes.axhline(1, color=style.GRAY, linewidth=0.6, linestyle=":", zorder=0)
    axes.set_xlim(0.5, min(4.0, table["r"].max()))
    axes.set_ylim(0, 1.08 * highest)
    axes.set_xlabel(r"$r\,/\,\sigma$")
    axes.set_ylabel(rf"$g(r)$ around {species}")


def _present(
    table: np.ndarray, wanted: Mapping[str, Any], but: str | None = None
) -> dict[str, Any]:
    """Return those of the selections that a table has, `but` in any case; at least one other."""
    present = set(table["features"].tolist())
    found = {name: look for name, look in wanted.items() if name in present or name == but}
    if not set(found) - {but}:
        raise InputError(
            f"table: expected one of the features {', '.join(set(wanted) - {but})}; "
            f"has {', '.join(sorted(present))}"
        )
    return found


def _of_model(
    tau_alpha: Relaxation | None, model: str, tables: Mapping[str, Any]
) -> Mapping[str, float] | None:
    """Return tau_alpha of one model, which of a single study is `tau_alpha` itself."""
    if tau_alpha is None or list(tables) == [""]:
        return tau_alpha
    return tau_alpha.get(model)


def _check_models(one: Mapping[str, Any], other: Mapping[str, Any]) -> None:
    if list(one) != list(other):
        raise InputError(
            f"structure: expected tables of {', '.join(one)}, as of the correlations, "
            f"got {', '.join(other)}"
        )


def _letters(columns: int) -> tuple[str, str]:
    """Return the letters of the panels above and of those below: abc and def."""
    return ascii_lowercase[:columns], ascii_lowercase[columns : 2 * columns]


def _name(panel: Axes, letter: str, model: str, first: bool) -> None:
    """Name a panel above it; only the first of a row keeps the label of its axis."""
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
