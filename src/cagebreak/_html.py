"""Small pictures of objects for notebooks: HTML without scripts, in the colors of the page."""

from collections.abc import Mapping
from html import escape

import numpy as np
from numpy.typing import NDArray

COLORS = ("#4477aa", "#cc6677", "#228833", "#aa7700", "#888888")
"""Lines and bars; each stands out from white and from dark gray."""

# Notebooks style tables: what is not set here may not be of the page's colors.
_PLAIN = "color:inherit;background:none;border:none"
_CELL = f"padding:1px 10px 1px 0;text-align:left;{_PLAIN}"
_WIDTH, _HEIGHT, _MARGIN = 220, 100, 28


def card(title: str, facts: Mapping[str, object], picture: str = "") -> str:
    """Return a title and a table of facts, as text, above a picture, which is HTML."""
    rows = "".join(
        f'<tr><td style="{_CELL};opacity:0.7">{escape(name)}</td>'
        f'<td style="{_CELL}">{escape(str(value))}</td></tr>'
        for name, value in facts.items()
    )
    return (
        f'<div style="max-width:480px"><strong>{escape(title)}</strong>'
        f'<table style="{_PLAIN};margin:2px 0">{rows}</table>{picture}</div>'
    )


def bars(parts: Mapping[str, tuple[int, int]]) -> str:
    """Return a bar for each name, filled by the share of what is done of a total."""
    rows = []
    for name, (done, total) in parts.items():
        share = 100 * done / total if total else 100.0
        fill = f"width:{share:.1f}%;height:8px;background:{COLORS[0]};border-radius:4px"
        rows.append(
            f'<tr><td style="{_CELL}">{escape(name)}</td><td style="{_CELL};width:180px">'
            '<div style="width:180px;height:8px;background:rgba(128,128,128,0.3);'
            f'border-radius:4px"><div style="{fill}"></div></div></td>'
            f'<td style="{_CELL}">{done} of {total}</td></tr>'
        )
    return f'<table style="{_PLAIN}">{"".join(rows)}</table>'


def curves(
    title: str,
    x: NDArray[np.float64],
    lines: Mapping[str, NDArray[np.float64]],
    limits: tuple[float, float] | None = None,
) -> str:
    """Return curves over x, logarithmic if all x are positive, as an SVG picture with a legend.

    Parameters
    ----------
    title
    x : (T,) array
    lines
        The values (T,) of each curve, by its name; those that are not finite are left out.
    limits
        Of the other axis; default those of the values.
    """
    finite = np.concatenate([values[np.isfinite(values)] for values in lines.values()])
    low, high = limits or ((0.0, float(finite.max())) if len(finite) else (0.0, 1.0))
    across = _fractions(np.log(x) if (x > 0).all() else x) * (_WIDTH - 2 * _MARGIN) + _MARGIN
    colors = [COLORS[i % len(COLORS)] for i in range(len(lines))]
    drawn = []
    for values, color in zip(lines.values(), colors, strict=True):
        there = np.isfinite(values)
        share = np.clip((values[there] - low) / ((high - low) or 1.0), 0, 1)
        down = _HEIGHT - _MARGIN - share * (_HEIGHT - 2 * _MARGIN)
        points = list(zip(across[there].tolist(), down.tolist(), strict=True))
        if len(points) > 1:
            path = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
            drawn.append(
                f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="1.8"/>'
            )
        drawn += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="1.6" fill="{color}"/>' for a, b in points]
    base, right = _HEIGHT - _MARGIN, _WIDTH - _MARGIN
    labels = (
        f'<text x="{_MARGIN}" y="12">{escape(title)}</text>'
        f'<text x="{_MARGIN - 4}" y="{base + 3}" text-anchor="end">{low:.2g}</text>'
        f'<text x="{_MARGIN - 4}" y="{_MARGIN + 3}" text-anchor="end">{high:.2g}</text>'
        f'<text x="{_MARGIN}" y="{base + 14}">{x[0]:.4g}</text>'
        f'<text x="{right}" y="{base + 14}" text-anchor="end">{x[-1]:.4g}</text>'
    )
    picture = (
        f'<svg width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{escape(title)}" fill="currentColor" font-size="10">'
        f'<path d="M{_MARGIN} {_MARGIN}V{base}H{right}" fill="none" stroke="currentColor"/>'
        f"{labels}{''.join(drawn)}</svg>"
    )
    legend = " ".join(
        f'<span style="white-space:nowrap"><span style="display:inline-block;width:10px;height:3px;'
        f'margin-right:4px;vertical-align:middle;background:{color}"></span>{escape(name)}</span>'
        for name, color in zip(lines, colors, strict=True)
    )
    return (
        f'<div style="display:inline-block;vertical-align:top;width:{_WIDTH}px">{picture}'
        f'<div style="font-size:11px">{legend}</div></div>'
    )


def _fractions(x: NDArray[np.float64]) -> NDArray[np.float64]:
    width = x[-1] - x[0]
    return (x - x[0]) / width if width > 0 else np.full(len(x), 0.5)
