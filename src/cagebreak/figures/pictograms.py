"""Marks of the dynamical regimes in a figure: shading, names and small pictures."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle

from cagebreak.figures.regimes import Regimes

_RADIUS = 0.43  # of a particle, in distances between neighbors


def mark_regimes(axes: Axes, regimes: Regimes) -> None:
    """Shade the regimes on a logarithmic time axis, with a name and a picture of each below."""
    low, high = axes.get_xlim()
    edges = np.clip([low, regimes.caging_begins, regimes.caging_ends, high], low, high)
    places = np.log(edges / low) / np.log(high / low)
    for i, (name, path, shade) in enumerate(
        (
            ("ballistic", _flight(), "white"),
            ("caging", _rattling(), "0.93"),
            ("diffusive", _escape(), "white"),
        )
    ):
        start, end = places[i], places[i + 1]
        if end == start:
            continue
        axes.axvspan(edges[i], edges[i + 1], facecolor=shade, edgecolor="none", zorder=-2)
        wide = end - start > 0.22
        center = (start + end) / 2
        axes.text(
            center,
            0.03,
            name,
            transform=axes.transAxes,
            ha="center",
            rotation="horizontal" if wide else "vertical",
        )
        if wide:
            _picture(axes, center, path)


def _flight() -> np.ndarray:
    return np.array([(0.0, 0.0), (0.33, 0.19)])


def _rattling() -> np.ndarray:
    s = np.linspace(0, 5.6, 200)
    return np.stack([0.3 * np.sin(3 * s), 0.3 * np.sin(4 * s + 0.9)], axis=1)


def _escape() -> np.ndarray:
    # The particle leaves between the neighbors at 0 and 60 degrees.
    rattling = _rattling()[:90]
    s = np.linspace(0, 1, 60)[1:, None]
    start, bend, end = rattling[-1], np.array([0.3, 0.36]), np.array([1.5, 0.87])
    return np.concatenate([rattling, (1 - s) ** 2 * start + 2 * s * (1 - s) * bend + s**2 * end])


def _picture(axes: Axes, center: float, path: np.ndarray) -> None:
    """Draw a particle, its neighbors, and the path of the particle."""
    inset = axes.inset_axes((center - 0.11, 0.11, 0.22, 0.22))
    inset.set(xlim=(-1.6, 1.6), ylim=(-1.35, 1.35), aspect="equal")
    inset.axis("off")
    for angle in np.arange(6) * np.pi / 3:
        place = (np.cos(angle), np.sin(angle))
        inset.add_patch(Circle(place, _RADIUS, facecolor="0.8", edgecolor="0.5", linewidth=0.4))
    inset.add_patch(Circle((0, 0), _RADIUS, facecolor="#AADDEE", edgecolor="0.3", linewidth=0.4))
    inset.plot(*path.T, color="black", linewidth=0.6)
    ahead = path[-1] + 1e-3 * (path[-1] - path[-2])
    inset.annotate(
        "",
        ahead,
        path[-2],
        arrowprops={
            "arrowstyle": "-|>,head_width=0.12,head_length=0.25",
            "linewidth": 0.6,
            "color": "black",
            "shrinkA": 0,
            "shrinkB": 0,
        },
    )
