"""A figure as SVG, with the values at the places of its points: a page shows them on hover."""

import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.collections import EllipseCollection, PathCollection, PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from cagebreak.figures import style

POINTS = 72
"""Units of an SVG in an inch."""
_LETTERS = {
    "tau": "τ", "sigma": "σ", "alpha": "α", "epsilon": "ε", "rho": "ρ", "gamma": "γ", "Delta": "Δ",
    "langle": "⟨", "rangle": "⟩", "times": "×", "mathrm": "", "mathbf": "", "left": "", "right": "",
}  # fmt: skip


class Drawing(NamedTuple):
    """A figure as SVG, and what can be read from it.

    Parameters
    ----------
    svg
    size
        Width and height, in points.
    panels
        For each panel its `box` (left, top, right, bottom), the names `x` and `y` of its axes, and
        its `curves`. Each of these has a `name`, a `color`, the places `at` of its points and their
        `values`: x, y, and the ends of the interval of y where one is drawn. Particles have their
        value alone. Boxes and places are in points from the upper left corner.
    """

    svg: bytes
    size: tuple[float, float]
    panels: list[dict[str, Any]]


def drawing(figure: Figure) -> Drawing:
    """Draw a figure as SVG, and read the values of its curves and particles."""
    buffer, dpi, canvas = BytesIO(), figure.dpi, figure.canvas
    # The same data give the same bytes only without the date and random names.
    with style.look(), mpl.rc_context({"svg.hashsalt": "cagebreak"}):
        try:
            figure.dpi = POINTS
            FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None})
            width, height = (POINTS * figure.get_size_inches()).tolist()
            panels = [panel for axes in figure.axes if (panel := _panel(axes, height))["curves"]]
        finally:
            figure.dpi = dpi
            figure.set_canvas(canvas)
    return Drawing(buffer.getvalue(), (width, height), panels)


def plain(text: str) -> str:
    """Return mathematical text of matplotlib without its commands, as in "t / τ"."""
    text = re.sub(r"\\([A-Za-z]+)", lambda found: _LETTERS.get(found[1], found[1]), text)
    text = re.sub(r"\\[,;: ]", " ", text)
    return re.sub(r"\s+", " ", re.sub(r"[${}\\]", "", text)).strip()


def _panel(axes: Axes, height: float) -> dict[str, Any]:
    left, bottom, right, top = axes.bbox.extents
    return {
        "box": _rounded([left, height - top, right, height - bottom], 1),
        "x": _label(axes, "x"),
        "y": _label(axes, "y"),
        "curves": [curve for curve in _curves(axes, height) if curve["at"]],
    }


def _label(axes: Axes, which: str) -> str:
    """Return the name of an axis, which one of several panels may show for all."""
    siblings = getattr(axes, f"get_shared_{which}_axes")().get_siblings(axes)
    labels = [getattr(each, f"get_{which}label")() for each in (axes, *siblings)]
    return plain(next(filter(None, labels), ""))


def _curves(axes: Axes, height: float) -> Iterator[dict[str, Any]]:
    """Yield the curves, points with error bars, scattered points and particles of a panel."""
    bars = [each for each in axes.containers if isinstance(each, ErrorbarContainer)]
    of_bars = {id(part) for bar in bars for part in (bar.lines[0], *bar.lines[1])}
    for bar in bars:
        line = bar.lines[0]
        if line is not None:
            yield _curve(axes, height, line, bar.get_label(), _ends_of_bars(bar))
    for line in axes.lines:
        # Lines across a panel, such as that of tau_alpha, have other coordinates than data.
        if id(line) not in of_bars and line.get_transform() == axes.transData:
            yield _curve(axes, height, line, line.get_label(), _ends_of_band(axes, line))
    for points in axes.collections:
        if not isinstance(points, PathCollection | EllipseCollection):
            continue
        xy: NDArray[np.float64] = np.array(points.get_offsets(), dtype=float)
        values, name, color = xy, points.get_label(), "#777777"
        if isinstance(points, EllipseCollection):
            shades = points.get_array()
            values = np.ma.filled(np.ma.asarray(shades, dtype=float), np.nan)[:, None]
            name = axes.get_title()
        yield _named(name, color, _places(axes, xy, height), values, _inside(axes, xy))


def _curve(
    axes: Axes, height: float, line: Line2D, label: object, ends: NDArray[np.float64] | None
) -> dict[str, Any]:
    xy = np.array([line.get_xdata(orig=False), line.get_ydata(orig=False)], dtype=float).T
    values = xy if ends is None else np.column_stack([xy, ends])
    color = mpl.colors.to_hex(line.get_color())
    return _named(str(label), color, _places(axes, xy, height), values, _inside(axes, xy))


def _ends_of_bars(bar: ErrorbarContainer) -> NDArray[np.float64] | None:
    """Return low and high of error bars of y, (n, 2)."""
    if not bar.has_yerr:
        return None
    segments = np.array(bar.lines[2][-1].get_segments())
    return np.sort(segments[:, :, 1], axis=1) if len(segments) else None


def _ends_of_band(axes: Axes, line: Line2D) -> NDArray[np.float64] | None:
    """Return low and high of the band around a line, (n, 2), NaN where there is none."""
    x = np.asarray(line.get_xdata(orig=False), dtype=float)
    y = np.asarray(line.get_ydata(orig=False), dtype=float)
    for band in axes.collections:
        if not isinstance(band, PolyCollection) or not len(band.get_facecolor()):
            continue
        if not np.allclose(np.asarray(band.get_facecolor())[0, :3], to_rgb(line.get_color())):
            continue
        corners = np.concatenate([path.vertices for path in band.get_paths()])
        ends = np.full((len(x), 2), np.nan)
        for i, each in enumerate(x):
            there = corners[corners[:, 0] == each, 1]
            if len(there):
                ends[i] = there.min(), there.max()
        # Curves of one color may have bands in one panel; most of a curve lies in its own.
        known = np.isfinite(ends).all(axis=1) & np.isfinite(y)
        inside = (ends[known, 0] <= y[known]) & (y[known] <= ends[known, 1])
        if known.any() and inside.mean() > 0.5:
            return ends
    return None


def _places(axes: Axes, xy: NDArray[np.float64], height: float) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore", divide="ignore"):
        places = axes.transData.transform(xy) if len(xy) else np.empty((0, 2))
    return np.column_stack([places[:, 0], height - places[:, 1]])


def _inside(axes: Axes, xy: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which points are seen."""
    (left, right), (low, high) = sorted(axes.get_xlim()), sorted(axes.get_ylim())
    x, y = xy.T if len(xy) else np.empty((2, 0))
    return (left <= x) & (x <= right) & (low <= y) & (y <= high)


def _named(
    name: object,
    color: str,
    places: NDArray[np.float64],
    values: NDArray[np.float64],
    seen: NDArray[np.bool_],
) -> dict[str, Any]:
    seen = seen & np.isfinite(places).all(axis=1) & np.isfinite(values[:, :2]).all(axis=1)
    # Names that matplotlib gives begin with an underscore.
    text = "" if str(name).startswith("_") else plain(str(name))
    return {
        "name": text,
        "color": color,
        "at": [_rounded(row, 1) for row in places[seen]],
        "values": [_shortened(row) for row in values[seen]],
    }


def _rounded(values: Any, digits: int) -> list[float]:
    return [round(float(value), digits) for value in values]


def _shortened(row: NDArray[np.float64]) -> list[float]:
    """Return numbers to five digits, without the interval where there is none."""
    return [float(f"{value:.5g}") for value in (row if np.isfinite(row).all() else row[:2])]
