"""One look for all figures: single-column, readable in print and without color vision.

A color means the same in every figure, and every curve has a marker of its own.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import LogLocator, NullFormatter

from cagebreak._atomic import write
from cagebreak.configuration import species_index

WIDTH = 3.375
"""Width of a column of a journal, in inches."""
PAGE = 7.0
"""Width of a page of a journal, in inches."""
DPI = 300
"""Resolution of a PNG, in dots per inch."""

# Color and marker. Paul Tol's schemes are made for print and for color-blind readers
# (https://personal.sron.nl/~pault).
GENERATIONS = {"LR0": ("#DDAA33", "o"), "LR1": ("#BB5566", "s"), "LR2": ("#004488", "^")}
KINDS = {"radial": ("#EE7733", "v"), "angular": ("#0077BB", "D"), "both": ("#222222", "o")}
STATES = {"initial": ("#4477AA", "o"), "inherent": ("#CC6677", "s"), "cage": ("#117733", "^")}
OTHERS = (
    ("#DDAA33", "v"),
    ("#AA3377", "s"),
    ("#66CCEE", "o"),
    ("#004488", "D"),
    ("#EE8866", "P"),
    ("#777711", "X"),
)
"""Colors and markers of curves without a meaning of their own, in order of appearance."""
GRAY = "#777777"
_SPECIES = (("#009988", "o"), ("#AA4499", "s"), ("#CCBB44", "^"), ("#332288", "D"))

_LOOK: dict[Any, Any] = {
    "font.family": "STIXGeneral",
    "mathtext.fontset": "stix",
    "font.size": 9,
    "axes.labelsize": 10,
    "axes.titlesize": 9,
    "axes.titlepad": 3,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "legend.handlelength": 1.8,
    "legend.columnspacing": 1.2,
    "legend.handletextpad": 0.5,
    "axes.linewidth": 0.6,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "ytick.right": True,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "lines.linewidth": 1.1,
    "lines.markersize": 3.2,
    "lines.markeredgewidth": 0,
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.h_pad": 0.02,
    "figure.constrained_layout.w_pad": 0.02,
    # Type 42 keeps letters as letters in the PDF.
    "pdf.fonttype": 42,
}


def look() -> AbstractContextManager[None]:
    """Return the context in which figures are drawn; the caller's settings do not change."""
    # Setting the backend, even to its default, would choose one.
    plain = {key: value for key, value in mpl.rcParamsDefault.items() if "backend" not in key}
    return mpl.rc_context(plain | _LOOK)


def species_look(species: str) -> tuple[str, str]:
    """Return the color and marker of a species."""
    return _SPECIES[species_index(species) % len(_SPECIES)]


def panels(n: int, height: float) -> tuple[Figure, list[Axes]]:
    """Return a figure of `n` panels, one below the other, that share a time axis."""
    figure = Figure(figsize=(WIDTH, height))
    axes = list(figure.subplots(n, 1, sharex=True, squeeze=False)[:, 0])
    axes[-1].set_xlabel(r"$t\,/\,\tau$")
    return figure, axes


def grid(
    rows: int, columns: int, height: float, heights: Sequence[float] | None = None
) -> tuple[Figure, list[tuple[SubFigure, list[Axes]]]]:
    """Return a figure and its rows of panels, each a subfigure with its axes.

    The figure is as wide as a column of a journal for one column of panels, and as wide as a page
    for several. `heights` are the relative heights of the rows.
    """
    figure = Figure(figsize=(WIDTH if columns == 1 else PAGE, height))
    parts = figure.subfigures(rows, 1, squeeze=False, height_ratios=heights)[:, 0]
    return figure, [(part, list(part.subplots(1, columns, squeeze=False)[0])) for part in parts]


def log_axis(axes: Axes, which: str, low: float, high: float) -> None:
    """Make the axis `which`, x or y, logarithmic from `low` to `high`, with a tick a decade."""
    getattr(axes, f"set_{which}scale")("log")
    getattr(axes, f"set_{which}lim")(low, high)
    axis = getattr(axes, f"{which}axis")
    axis.set_major_locator(LogLocator(numticks=15))
    axis.set_minor_locator(LogLocator(subs=range(2, 10), numticks=99))
    axis.set_minor_formatter(NullFormatter())


def time_axis(axes: Axes, times: np.ndarray) -> None:
    """Make the x axis logarithmic over the range of `times`; a single time is the only tick."""
    log_axis(axes, "x", times.min() / 1.3, times.max() * 1.3)
    if times.min() == times.max():
        axes.set_xticks([times.min()], [f"${number(times.min())}$"])
        axes.set_xticks([], minor=True)


def name_panel(axes: Axes, name: str) -> None:
    """Write the name of a panel above it, so that it covers no curve."""
    axes.set_title(name, loc="left")


def number(value: float) -> str:
    """Return a number to three digits as mathematical text, long ones with a power of ten."""
    text = f"{value:.3g}"
    if "e" not in text:
        return text
    factor, power = text.split("e")
    power = f"10^{{{int(power)}}}"
    return power if factor == "1" else rf"{factor}\times {power}"


def legend(figure: Figure | SubFigure, axes: Axes, columns: int) -> None:
    """Write the legend of `axes` above the panels, so that it covers no curve."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=columns)


def save(figure: Figure, path_stem: str | Path) -> tuple[Path, Path]:
    """Write a figure as PNG (300 dpi) and as PDF; return the two paths.

    Parameters
    ----------
    figure
        Any matplotlib figure.
    path_stem
        The path without its suffix; a missing folder is made.
    """
    stem = Path(path_stem)
    stem.parent.mkdir(parents=True, exist_ok=True)
    # `with_suffix` would cut a stem such as "eta0.58" at its dot.
    png, pdf = (stem.with_name(f"{stem.name}.{suffix}") for suffix in ("png", "pdf"))
    for path, image in zip((png, pdf), images(figure), strict=True):
        write(path, image)
    return png, pdf


def images(figure: Figure) -> tuple[bytes, bytes]:
    """Return a figure as PNG (300 dpi) and as PDF; the layout is that of the PNG in both."""
    engine, dpi, canvas = figure.get_layout_engine(), figure.dpi, figure.canvas
    png, pdf = BytesIO(), BytesIO()
    with look():
        try:
            # `savefig` would draw a figure twice for each format, and lay it out anew.
            figure.dpi = DPI
            FigureCanvasAgg(figure).print_png(png)
            figure.set_layout_engine("none")
            # The same data give the same bytes only without the date.
            FigureCanvasPdf(figure).print_pdf(pdf, metadata={"CreationDate": None})
        finally:
            if engine is not None:
                figure.set_layout_engine(engine)
            figure.dpi = dpi
            figure.set_canvas(canvas)
    return png.getvalue(), pdf.getvalue()
