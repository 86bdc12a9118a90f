"""Figures of :cite:`Rottler2024` that show rearrangements, and the stress-strain curve."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import EllipseCollection
from matplotlib.figure import Figure

from cagebreak.configuration import Configuration, as_configuration
from cagebreak.dynamics.plasticity import CURVE, DISSIPATION
from cagebreak.errors import InputError
from cagebreak.figures import style
from cagebreak.figures.tables import Table, rows_of

THICKNESS = 1.0
"""Thickness of a slice in sigma, that of one particle; :cite:`Rottler2024`, fig. 2."""


def stress_strain(curve: Table) -> Figure:
    """Draw the stress and the energy over strain, and the energy dissipated in each event.

    Parameters
    ----------
    curve
        What `cagebreak.dynamics.plasticity.curve` returned; or the table ``"shear"`` of a study
        with several configurations, of which the means are drawn too.

    Raises
    ------
    InputError
        If the table lacks a column, has fewer than two rows, or its configurations have different
        numbers of rows.
    """
    rows = rows_of(curve, CURVE.names or ())
    if len(rows) < 2:
        raise InputError(f"curve: expected at least two states, got {len(rows)}")
    names = rows.dtype.names or ()
    configuration = rows["configuration"] if "configuration" in names else np.zeros(len(rows))
    parts = [rows[configuration == c] for c in np.unique(configuration)]
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
        dissipated = axes[2]
        axes[0].set_ylabel(r"$\sigma_{xy}\,\sigma^3/\,\varepsilon$")
        axes[1].set_ylabel(r"$E\,/\,N\varepsilon$")
        events = rows[rows["event"]]
        color, marker = style.STATES["inherent"]
        if not several:
            before = rows[np.flatnonzero(rows["event"]) - 1]
            axes[0].plot(before["strain"], before["stress"], marker, color=color, ms=1.8, ls="")
        dissipated.vlines(events["strain"], DISSIPATION, events["dissipated"], color=color, lw=0.4)
        dissipated.plot(events["strain"], events["dissipated"], marker, color=color, ms=1.8, ls="")
        dissipated.set_yscale("log")
        dissipated.set_ylabel(r"dissipated in events$\,/\,\varepsilon$")
        dissipated.set_xlabel(r"strain $\gamma$")
        dissipated.set_xlim(rows["strain"].min(), rows["strain"].max())
        of = f" in {len(parts)} configurations" if several else ""
        axes[0].set_title(f"{len(events)} plastic events{of}", loc="right")
    return figure


def slices(
    panels: Sequence[tuple[str, Configuration, np.ndarray]],
    species: int = 0,
    largest: float | None = None,
    columns: int | None = None,
) -> Figure:
    """Draw slices one particle thick, with every particle colored by its D2min; fig. 2.

    A slice is perpendicular to z and contains the particle with the largest D2min of the species.

    Parameters
    ----------
    panels
        Title, configuration, and D2min (N,) in sigma^2 of each panel.
    species
        The species shown: that of the majority, as in the paper, by default.
    largest
        D2min at the end of the color scale, in sigma^2; the 98th percentile of each panel if
        omitted.
    columns
        Number of panels in a row, such as one for each model; all in one row if omitted.

    Raises
    ------
    InputError
        If there is no panel, they do not fill their rows, or a D2min is of another number of
        particles.
    """
    if not len(panels):
        raise InputError("panels: expected at least one, got none")
    width = len(panels) if columns is None else columns
    if width < 1 or len(panels) % width:
        raise InputError(f"columns: expected a divisor of {len(panels)} panels, got {columns!r}")
    with style.look():
        n_rows = len(panels) // width
        figure, parts = style.grid(n_rows, width, height=(3.0 if n_rows == 1 else 2.4 * n_rows))
        places = [(part, axes) for part, row in parts for axes in row]
        for (part, axes), (title, configuration, d2min) in zip(places, panels, strict=True):
            particles = as_configuration(configuration, "panels")
            circles = _slice(axes, particles, np.asarray(d2min), species, largest)
            axes.set_title(title)
            bar = part.colorbar(circles, ax=axes, shrink=0.8, pad=0.02)
            bar.set_label(r"$D^2_{\min}\,/\,\sigma^2$")
    return figure


def _slice(
    axes: Axes, configuration: Configuration, d2min: np.ndarray, species: int, largest: float | None
) -> Any:
    if d2min.shape != (len(configuration),):
        raise InputError(f"panels: expected D2min ({len(configuration)},), got {d2min.shape}")
    wrapped, depth = configuration.wrapped, configuration.box.matrix[2, 2]
    members = np.flatnonzero(configuration.species == species)
    top = members[np.argmax(d2min[members])]
    height = wrapped[members, 2] - wrapped[top, 2]
    shown = members[np.abs(height - depth * np.rint(height / depth)) < THICKNESS / 2]
    ones = np.ones(len(shown))
    circles = EllipseCollection(
        ones, ones, 0 * ones, units="xy", offsets=wrapped[shown, :2], transOffset=axes.transData,
        cmap="coolwarm", ec="#333333", lw=0.2, clip_on=False,
    )  # fmt: skip
    circles.set_array(d2min[shown])
    end = np.percentile(d2min[members], 98) if largest is None else largest
    circles.set_clim(0, max(float(end), 1e-12))
    axes.add_collection(circles)
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]) @ configuration.box.matrix[:2, :2]
    axes.plot(*corners.T, color=style.GRAY, lw=0.6)
    axes.set_aspect("equal")
    axes.set_axis_off()
    return circles
