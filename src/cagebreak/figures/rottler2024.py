"""The figures of Rottler and Ortner 2024 that show rearrangements; and the stress-strain curve."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import EllipseCollection
from matplotlib.figure import Figure

from cagebreak.configuration import Configuration
from cagebreak.dynamics.plasticity import CURVE, DISSIPATION
from cagebreak.errors import InputError
from cagebreak.figures import style, tables

THICKNESS = 1.0
"""Of a slice, in sigma: one particle; Rottler and Ortner 2024, fig. 2."""


def stress_strain(curve: np.ndarray) -> Figure:
    """Draw the stress and the energy over strain, and the energy that each event loses.

    Parameters
    ----------
    curve
        What `cagebreak.dynamics.plasticity.curve` returned; or the table ``"shear"`` of a study,
        of several configurations, whose means are drawn over them.

    Raises
    ------
    InputError
        If it lacks a column, has fewer than two rows, or configurations of different length.
    """
    tables.require_columns(curve, CURVE.names or ())
    if len(curve) < 2:
        raise InputError(f"curve: expected at least two states, got {len(curve)}")
    names = curve.dtype.names or ()
    of_whom = curve["configuration"] if "configuration" in names else np.zeros(len(curve))
    parts = [curve[of_whom == c] for c in np.unique(of_whom)]
    if len({len(part) for part in parts}) > 1:
        raise InputError("curve: expected configurations sheared alike, got different lengths")
    several = len(parts) > 1
    with style.look():
        figure, axes = style.panels(3, height=4.2)
        color, _ = style.STATES["initial"]
        for panel, name in zip(axes, ("stress", "energy"), strict=False):
            for part in parts:
                shade, width = ("#BBBBBB", 0.4) if several else (color, 0.7)
                panel.plot(part["strain"], part[name], color=shade, lw=width)
            if several:
                mean = np.mean([part[name] for part in parts], axis=0)
                panel.plot(parts[0]["strain"], mean, color=color, lw=1.1)
        _, _, dissipated = axes
        axes[0].set_ylabel(r"$\sigma_{xy}\,\sigma^3/\,\varepsilon$")
        axes[1].set_ylabel(r"$E\,/\,N\varepsilon$")
        events = curve[curve["event"]]
        color, marker = style.STATES["inherent"]
        if not several:
            before = np.flatnonzero(curve["event"]) - 1
            axes[0].plot(
                curve["strain"][before], curve["stress"][before], marker, color=color, ms=1.8, ls=""
            )
        dissipated.vlines(events["strain"], DISSIPATION, events["dissipated"], color=color, lw=0.4)
        dissipated.plot(events["strain"], events["dissipated"], marker, color=color, ms=1.8, ls="")
        dissipated.set_yscale("log")
        dissipated.set_ylabel(r"dissipated in events$\,/\,\varepsilon$")
        dissipated.set_xlabel(r"strain $\gamma$")
        dissipated.set_xlim(curve["strain"].min(), curve["strain"].max())
        of = f" in {len(parts)} configurations" if several else ""
        axes[0].set_title(f"{len(events)} plastic events{of}", loc="right")
    return figure


def slices(
    panels: Sequence[tuple[str, Configuration, np.ndarray]],
    species: int = 0,
    largest: float | None = None,
) -> Figure:
    """Draw slices one particle thick, every particle colored by its D2min; fig. 2.

    The slice is perpendicular to z, around the particle of the species with the largest D2min.

    Parameters
    ----------
    panels
        For each its title, configuration, and D2min (N,) in sigma^2.
    species
        Whose particles are shown; the majority in the paper.
    largest
        D2min at the end of the scale, in sigma^2; in each panel its 98th percentile, if omitted.

    Raises
    ------
    InputError
        If there is no panel, or a D2min is of another number of particles.
    """
    if not len(panels):
        raise InputError("panels: expected at least one, got none")
    with style.look():
        figure, ((part, axes),) = style.grid(1, len(panels), height=3.0)
        for panel, (title, configuration, moved) in zip(axes, panels, strict=True):
            drawn = _slice(panel, configuration, np.asarray(moved), species, largest)
            panel.set_title(title)
            bar = part.colorbar(drawn, ax=panel, shrink=0.8, pad=0.02)
            bar.set_label(r"$D^2_{\min}\,/\,\sigma^2$")
    return figure


def _slice(
    axes: Axes, configuration: Configuration, moved: np.ndarray, species: int, largest: float | None
) -> Any:
    if moved.shape != (len(configuration),):
        raise InputError(f"panels: expected D2min ({len(configuration)},), got {moved.shape}")
    wrapped, depth = configuration.wrapped, configuration.box.matrix[2, 2]
    members = np.flatnonzero(configuration.species == species)
    top = members[np.argmax(moved[members])]
    height = wrapped[members, 2] - wrapped[top, 2]
    shown = members[np.abs(height - depth * np.rint(height / depth)) < THICKNESS / 2]
    ones = np.ones(len(shown))
    circles = EllipseCollection(
        ones, ones, 0 * ones, units="xy", offsets=wrapped[shown, :2], transOffset=axes.transData,
        cmap="coolwarm", ec="#333333", lw=0.2, clip_on=False,
    )  # fmt: skip
    circles.set_array(moved[shown])
    end = np.percentile(moved[members], 98) if largest is None else largest
    circles.set_clim(0, max(float(end), 1e-12))
    axes.add_collection(circles)
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]) @ configuration.box.matrix[:2, :2]
    axes.plot(*corners.T, color=style.GRAY, lw=0.6)
    axes.set_aspect("equal")
    axes.set_axis_off()
    return circles
