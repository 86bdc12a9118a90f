"""Figures of :cite:`Boattini2021`.

Learners (figs. 1a, b), radial and angular descriptors (1c), forward selection (2), and generations
(3).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cagebreak.figures import correlation, style
from cagebreak.figures import inspection as curves
from cagebreak.figures.tables import Table, curve, rows_of, species_in


def generations(table: Table, tau_alpha: Mapping[str, float] | None = None) -> Figure:
    """Draw r over time for generations 0, 1 and 2, one panel for each species; fig. 3.

    Parameters
    ----------
    table
        With the columns time, species, features, r, low, high and ceiling; the features LR0, LR1
        and LR2 are drawn with their bootstrap bands.
    tau_alpha
        Structural relaxation time of each species, in tau; marked where the data reach it.

    Raises
    ------
    InputError
        If the table lacks a column or a selection, or has several rows at one time.
    """
    rows = rows_of(table, correlation.COLUMNS)
    names = species_in(rows)
    selections = {name: (name, look) for name, look in style.GENERATIONS.items()}
    with style.look():
        figure, axes = style.panels(len(names), height=0.6 + 2.0 * len(names))
        for letter, panel, species in zip("abcdefgh", axes, names, strict=False):
            correlation.draw(panel, rows, species, selections, tau_alpha)
            style.name_panel(panel, f"({letter}) {species} particles")
        style.legend(figure, axes[0], columns=4)
    return figure


def learners(
    table: Table,
    tau_alpha: Mapping[str, float] | None = None,
    *,
    curves: Table | None = None,
    temperature: float = 0.44,
    averaging: str = "pooled",
) -> Figure:
    """Draw r over time of several learners, one panel for each species; figs. 1a and b.

    Parameters
    ----------
    table
        As of `Study.compare`, with the learners to be drawn: the columns time, species, learner,
        features, r, low, high and ceiling.
    tau_alpha
        Structural relaxation time of each species, in tau; marked where the data reach it.
    curves
        Published ones of A particles, as of `cagebreak.figures.literature.read_published`: a panel
        below shows them, with ours of A particles in gray.
    temperature, averaging
        Which of the published curves are drawn.

    Raises
    ------
    InputError
        If the table lacks a column, or has several rows of a learner and species at one time, or
        nothing was published for the temperature and averaging.
    """
    rows = rows_of(table, correlation.LEARNER_COLUMNS)
    names = species_in(rows)
    looks = correlation.looks(rows)
    of_others = (
        None if curves is None else correlation.published_curves(curves, temperature, averaging)
    )
    with style.look():
        n_panels = len(names) + (of_others is not None)
        figure, axes = style.panels(n_panels, height=0.8 + 2.0 * n_panels)
        correlation.draw_learners(axes[: len(names)], rows, looks, tau_alpha)
        style.legend(figure, axes[0], columns=3)
        if of_others is not None:
            _draw_published(axes[-1], rows, of_others, "abcdefgh"[len(names)])
    return figure


def _draw_published(axes: Axes, rows: np.ndarray, published: np.ndarray, letter: str) -> None:
    """Draw published curves of A particles, with every learner in the table in gray."""
    of_a = rows[rows["species"] == "A"]
    for name in dict.fromkeys(of_a["learner"].tolist()):
        points = curve(of_a, learner=name)
        axes.plot(points["time"], points["r"], color="0.75", linewidth=0.8, zorder=1)
    correlation.draw_published(axes, published)
    axes.set_ylabel("Pearson correlation $r$")
    axes.legend(loc="lower left", ncols=2)
    style.name_panel(axes, f"({letter}) A particles, published")


def radial_angular(
    table: Table, tau_alpha: Mapping[str, float] | None = None, species: str = "A"
) -> Figure:
    """Draw r over time for radial descriptors, angular ones, and both; figs. 1c and S4.

    Panel a shows generation 0 alone, panel b generations 0 to 2.

    Parameters
    ----------
    table
        With the columns time, species, features, r, low, high and ceiling; drawn are the features
        LR0 and LR2, each whole and as "LR0 radial", "LR0 angular", ...
    tau_alpha
        Structural relaxation time of each species, in tau; marked where the data reach it.
    species
        The species shown.

    Raises
    ------
    InputError
        If the table lacks a column, the species or a selection, or has several rows at one time.
    """
    rows = rows_of(table, correlation.COLUMNS)
    with style.look():
        figure, axes = style.panels(2, height=4.6)
        for letter, panel, generation in zip("ab", axes, ("LR0", "LR2"), strict=True):
            selections = {
                generation if kind == "both" else f"{generation} {kind}": (kind, look)
                for kind, look in style.KINDS.items()
            }
            correlation.draw(panel, rows, species, selections, tau_alpha)
            style.name_panel(panel, f"({letter}) {generation}, {species} particles")
        style.legend(figure, axes[0], columns=4)
    return figure


def selection(
    table: Table,
    tau_alpha: Mapping[str, float] | None = None,
    others: Mapping[str, Mapping[str, float]] | None = None,
) -> Figure:
    """Draw r over the number of descriptors chosen, one panel for each species; figs. 2 and S3.

    Parameters
    ----------
    table
        With the columns time, species, n_features, r, low, high and ceiling.
    tau_alpha
        Structural relaxation time of each species, in tau. The time nearest to it is shown, or the
        last time if none is given.
    others
        For each species the r of other learners, such as support vectors, by their names; each is
        a horizontal line.

    Raises
    ------
    InputError
        If the table lacks a column or has several rows of one number of descriptors.
    """
    rows = rows_of(table, curves.COLUMNS)
    names = species_in(rows)
    with style.look():
        figure, axes = style.panels(len(names), height=0.6 + 2.0 * len(names))
        for letter, panel, species in zip("abcdefgh", axes, names, strict=False):
            time = curves.draw(
                panel,
                rows,
                species,
                (tau_alpha or {}).get(species),
                (others or {}).get(species),
            )
            name = rf"({letter}) {species} particles, $t = {style.number(time)}\,\tau$"
            style.name_panel(panel, name)
        axes[-1].set_xlabel("number of descriptors chosen")
        style.legend(figure, axes[0], columns=3)
    return figure
