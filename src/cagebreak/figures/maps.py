"""Maps: a plane through a configuration, with each particle colored by a value of its own."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import EllipseCollection
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from numpy.typing import ArrayLike

from cagebreak.configuration import SPECIES_NAMES, Configuration, as_configuration
from cagebreak.errors import InputError
from cagebreak.figures import style
from cagebreak.figures.tables import Table, rows_of
from cagebreak.models.arguments import real

PROPENSITY = r"propensity$\,/\,\sigma$"
"""Label of the colors."""
VALUES, DIFFERENCES, WIDTHS = "viridis", "RdBu_r", "cividis"
"""Color maps of values, differences and widths: all can be told apart without color vision."""
CUT = 2.0
"""Percentage of the particles beyond each end of the color scale (chosen: the few fastest
particles would make all others look alike)."""


def particle_map(
    configuration: Configuration,
    values: ArrayLike,
    predicted: ArrayLike | None = None,
    *,
    diameters: float | Sequence[float] = 1.0,
    height: float = 0.5,
    title: str = "",
    label: str = PROPENSITY,
) -> Figure:
    """Draw the particles that a plane cuts, colored by their values and by what is predicted.

    The plane is that of the first two lattice vectors, perpendicular to z in most boxes. A particle
    is the disc in which the plane cuts its sphere. At the edges of the box discs are cut off, and
    continue at the opposite edge. A particle without a value (NaN, or masked) is an open circle.

    With predictions there are three panels: the values, the predictions in the same colors, and
    their difference in a scale of the same width. r is Pearson's correlation over all particles of
    a species in the configuration, not only those in the plane.

    Parameters
    ----------
    configuration
    values : (N,) array
        Such as the measured propensity at one time.
    predicted : (N,) array, optional
    diameters
        Diameter of the spheres in sigma, or one for each species, such as ``model.diameters``;
        default 1.
    height
        Where the plane crosses the third lattice vector, as a fraction of it; default 0.5.
    title
        What is shown, such as the time.
    label
        Name and unit of the values.

    Raises
    ------
    InputError
        If values or predictions are not one number for each particle, none of them is finite, a
        diameter is not positive or is missing, or no particle is in the plane.
    """
    configuration = as_configuration(configuration)
    measured = _of_particles("values", values, configuration)
    discs = _Discs(configuration, diameters, height)
    with style.look():
        if predicted is None:
            figure, ((part, axes),) = style.grid(1, 1, height=3.6)
            circles = discs.draw(axes[0], measured, VALUES, color_ends(measured))
            _colorbar(part, circles, axes, label)
        else:
            other = _of_particles("predicted", predicted, configuration)
            figure, ((part, axes),) = style.grid(1, 3, height=3.25)
            low, high = color_ends(measured)
            half = (high - low) / 2
            discs.draw(axes[0], measured, VALUES, (low, high))
            circles = discs.draw(axes[1], other, VALUES, (low, high))
            _colorbar(part, circles, axes[:2], label)
            circles = discs.draw(axes[2], other - measured, DIFFERENCES, (-half, half))
            _colorbar(part, circles, axes[2:], f"difference of {label}")
            r = correlation(configuration, measured, other)
            names = ("measured", f"predicted, {r}" if r else "predicted", "predicted − measured")
            for panel, name in zip(axes, names, strict=True):
                panel.set_title(name)
        if title:
            part.suptitle(title, fontsize=10)
    return figure


def interval_map(
    configuration: Configuration,
    predicted: ArrayLike,
    half_widths: ArrayLike,
    measured: ArrayLike | None = None,
    *,
    diameters: float | Sequence[float] = 1.0,
    height: float = 0.5,
    title: str = "",
    label: str = PROPENSITY,
) -> Figure:
    """Draw what is predicted in a plane beside how sure it is.

    The panels are the prediction; half the width of the predictive interval; and, if measured
    values are given, measured minus predicted over half the width, which is beyond -1 and 1 outside
    of the interval.

    Parameters
    ----------
    configuration
    predicted : (N,) array
        The prediction at one time.
    half_widths : (N,) array
        Half the width of the intervals.
    measured : (N,) array, optional
    diameters, height, title, label
        As of `particle_map`.

    Raises
    ------
    InputError
        If an array is not one number for each particle, or as of `particle_map`.
    """
    configuration = as_configuration(configuration)
    values = _of_particles("predicted", predicted, configuration)
    widths = _of_particles("half_widths", half_widths, configuration)
    if (widths < 0).any():
        raise InputError(f"half_widths: expected numbers from 0, got {np.nanmin(widths):g}")
    panels = [
        ("predicted", values, VALUES, color_ends(values), label),
        (
            "half width of the interval",
            widths,
            WIDTHS,
            color_ends(widths),
            f"half width of {label}",
        ),
    ]
    if measured is not None:
        errors = _of_particles("measured", measured, configuration) - values
        ratio = np.divide(errors, widths, out=np.full(len(errors), np.nan), where=widths > 0)
        text = "difference / half width"
        panels.append(("measured − predicted", ratio, DIFFERENCES, (-2.0, 2.0), text))
    discs = _Discs(configuration, diameters, height)
    with style.look():
        figure, ((part, axes),) = style.grid(1, len(panels), height=3.25)
        for axis, (name, data, colors, ends, unit) in zip(axes, panels, strict=True):
            circles = discs.draw(axis, data, colors, ends)
            _colorbar(part, circles, [axis], unit)
            axis.set_title(name)
        if title:
            part.suptitle(title, fontsize=10)
    return figure


def held_out(
    table: Table,
    configuration: Configuration,
    diameters: Sequence[float],
    tau_alpha: dict[str, float] | None = None,
) -> Figure:
    """Draw the map of a configuration that was held out from the fit.

    Parameters
    ----------
    table
        The table ``"map"`` of a study.
    configuration, diameters
        The particles in the table.
    tau_alpha
        Structural relaxation time of each species, in tau.

    Raises
    ------
    InputError
        If the table lacks a column or a particle, or as of `particle_map`.
    """
    columns = ("configuration", "particle", "time", "features", "propensity", "predicted")
    rows = rows_of(table, columns)
    rows = rows[np.argsort(rows["particle"], kind="stable")]
    if not np.array_equal(rows["particle"], np.arange(len(configuration))):
        raise InputError(
            f"table: expected one row for each of {len(configuration)} particles, got {len(rows)} "
            f"rows of {len(np.unique(rows['particle']))} particles"
        )
    time = rows["time"][0]
    when = rf"t = {style.number(time)}\,\tau"
    for name, relaxation in (tau_alpha or {}).items():
        if np.isfinite(relaxation):
            when += rf" = {style.number(time / relaxation)}\,\tau_\alpha^\mathrm{{{name}}}"
            break
    features = str(rows["features"][0]).replace("$", r"\$")
    title = f"configuration {rows['configuration'][0]}, held out; ${when}$; {features}"
    return particle_map(
        configuration, rows["propensity"], rows["predicted"], diameters=diameters, title=title
    )


def correlation(configuration: Configuration, values: np.ndarray, predicted: np.ndarray) -> str:
    """Return r of each species in words, such as "r = 0.81 (A), 0.77 (B)"; "" if there is none."""
    parts = []
    present = np.unique(configuration.species)
    for s in present:
        pair = np.array([values, predicted])[:, configuration.species == s]
        pair = pair[:, np.isfinite(pair).all(axis=0)]
        if pair.shape[1] > 2 and (np.ptp(pair, axis=1) > 0).all():
            r = np.corrcoef(pair)[0, 1]
            parts.append(f"{r:.2f}" + (f" ({SPECIES_NAMES[s]})" if len(present) > 1 else ""))
    return f"$r$ = {', '.join(parts)}" if parts else ""


class _Discs:
    """The discs in which a plane cuts the spheres of a configuration."""

    def __init__(
        self, configuration: Configuration, diameters: float | Sequence[float], height: float
    ) -> None:
        matrix = configuration.box.matrix
        fractions = configuration.wrapped @ configuration.box.inverse
        if not np.isfinite(real(height)):
            raise InputError(f"height: expected a fraction, such as 0.5, got {height!r}")
        if configuration.dimension == 2:
            height = 0.0  # the plane of all particles
        # Of each particle, the periodic image that is nearest to the plane.
        above = fractions[:, 2] - height
        image = np.rint(above)
        distances = (above - image) * configuration.box.heights[2]
        square = (diameters_of(configuration, diameters)[configuration.species] / 2) ** 2
        square -= distances**2
        cut = np.flatnonzero(square > 0)
        if not len(cut):
            raise InputError(f"height: expected a plane that cuts particles, got {height!r}")
        # Coordinates in the plane: along the first lattice vector, and perpendicular to it.
        along = matrix[0] / np.linalg.norm(matrix[0])
        normal = np.cross(matrix[0], matrix[1])
        plane = np.array([along, np.cross(normal / np.linalg.norm(normal), along)]).T
        edges = matrix[:2] @ plane
        self.corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) @ edges
        nearest = configuration.wrapped[cut] - image[cut, None] * matrix[2]
        centers = nearest @ plane @ np.linalg.inv(edges)
        centers -= np.floor(centers)
        # A disc that crosses an edge is drawn at the opposite edge too.
        images = np.array([[i, j] for i in (-1, 0, 1) for j in (-1, 0, 1)])
        centers = (centers[None] + images[:, None]).reshape(-1, 2)
        particles, radii = np.tile(cut, len(images)), np.tile(np.sqrt(square[cut]), len(images))
        margins = radii[:, None] * np.sqrt((np.linalg.inv(edges) ** 2).sum(axis=0))
        seen = ((centers > -margins) & (centers < 1 + margins)).all(axis=1)
        self.centers = centers[seen] @ edges
        self.radii, self.particles = radii[seen], particles[seen]

    def draw(
        self, axes: Axes, values: np.ndarray, colors: str, ends: tuple[float, float]
    ) -> EllipseCollection:
        """Draw the discs colored by values, and return them."""
        widths = 2 * self.radii
        circles = EllipseCollection(
            widths, widths, 0 * widths, units="xy", offsets=self.centers,
            transOffset=axes.transData, cmap=colors, ec="#333333", lw=0.3,
        )  # fmt: skip
        circles.set_array(np.ma.masked_invalid(values[self.particles]))
        circles.set_clim(*ends)
        box = Polygon(self.corners, fill=False, ec=style.GRAY, lw=0.6)
        axes.add_patch(box)
        axes.add_collection(circles)
        circles.set_clip_path(box)
        low, high = self.corners.min(axis=0), self.corners.max(axis=0)
        margin = 0.01 * (high - low)
        axes.set_xlim(low[0] - margin[0], high[0] + margin[0])
        axes.set_ylim(low[1] - margin[1], high[1] + margin[1])
        axes.set_aspect("equal")
        axes.set_axis_off()
        return circles


def diameters_of(configuration: Configuration, diameters: float | Sequence[float]) -> np.ndarray:
    """Return the diameter of every species, (S,).

    Raises
    ------
    InputError
        If a diameter is not positive, or that of a species is missing.
    """
    try:
        given = np.atleast_1d(np.asarray(diameters, dtype=float))
    except (TypeError, ValueError) as error:
        raise InputError(f"diameters: expected positive numbers, got {diameters!r}") from error
    n_species = configuration.n_species
    if given.ndim != 1 or not (np.isfinite(given) & (given > 0)).all():
        raise InputError(f"diameters: expected positive numbers, got {diameters!r}")
    if len(given) == 1:
        given = np.repeat(given, n_species)
    if len(given) < n_species:
        raise InputError(
            f"diameters: expected one for each of {n_species} species, got {diameters!r}"
        )
    return given[:n_species]


def color_ends(values: np.ndarray, symmetric: bool = False) -> tuple[float, float]:
    """Return the ends of the color scale of values, some of which may be NaN.

    Parameters
    ----------
    values
    symmetric
        Whether the middle of the scale is 0.
    """
    known = values[np.isfinite(values)]
    low, high = np.percentile(known, [CUT, 100 - CUT]).tolist() if len(known) else (0.0, 0.0)
    if symmetric:
        high = max(-low, high)
        low = -high
    # A constant has a color as well.
    margin = 0.0 if high > low else 0.5 * max(abs(high), 1.0)
    return low - margin, high + margin


def _of_particles(name: str, values: ArrayLike, configuration: Configuration) -> np.ndarray:
    try:
        if np.iscomplexobj(values):
            raise TypeError
        array: np.ndarray = np.ma.filled(np.ma.asarray(values, dtype=float), np.nan)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}: expected numbers, got {type(values).__name__}") from error
    if array.shape != (len(configuration),):
        raise InputError(f"{name}: expected shape ({len(configuration)},), got {array.shape}")
    if not np.isfinite(array).any():
        raise InputError(f"{name}: expected at least one finite number, got none")
    return array


def _colorbar(part: Any, circles: EllipseCollection, axes: Sequence[Axes], label: str) -> None:
    bar = part.colorbar(
        circles, ax=axes, location="bottom", extend="both", shrink=0.8, pad=0.02, aspect=30
    )
    bar.set_label(label)
