"""Small pictures of objects for notebooks: HTML without scripts, in the colors of the page."""

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

COLORS = ("#4477aa", "#cc6677", "#228833", "#aa7700", "#888888")
"""Lines and bars; each stands out from white and from dark gray."""

_CELL = "padding:1px 10px 1px 0;text-align:left;background:none;border:none"
_WIDTH, _HEIGHT, _MARGIN = 200, 90, 22


def card(title: str, facts: Mapping[str, object], picture: str = "") -> str:
    """Return a title and a table of facts, as text, above a picture, which is HTML."""
    rows = "".join(
        f'<tr><td style="{_CELL};opacity:0.7">{escape(name)}</td>'
        f'<td style="{_CELL}">{escape(str(value))}</td></tr>'
        for name, value in facts.items()
    )
    return (
        f'<div style="max-width:480px"><strong>{escape(title)}</strong>'
        f'<table style="border:none;background:none;margin:2px 0">{rows}</table>{picture}</div>'
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
    return f'<table style="border:none;background:none">{"".join(rows)}</table>'


def curves(
    title: str,
    x: NDArray[np.float64],
    lines: Mapping[str, NDArray[np.float64]],
    limits: tuple[float, float] | None = None,
) -> str:
    """Return curves over x, on a logarithmic axis if all x are positive, as an SVG picture.

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
    drawn = []
    for (name, values), color in zip(lines.items(), _cycled(len(lines)), strict=True):
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
        if points:
            a, b = points[-1]
            drawn.append(
                f'<text x="{a + 4:.1f}" y="{b + 3:.1f}" font-size="9" fill="{color}">'
                f"{escape(name)}</text>"
            )
    base, right = _HEIGHT - _MARGIN, _WIDTH - _MARGIN
    labels = (
        f'<text x="{_MARGIN}" y="10" font-size="10">{escape(title)}</text>'
        f'<text x="{_MARGIN - 3}" y="{base + 3}" font-size="8" text-anchor="end">{low:.2g}</text>'
        f'<text x="{_MARGIN - 3}" y="{_MARGIN + 3}" font-size="8" text-anchor="end">{high:.2g}'
        f'</text><text x="{_MARGIN}" y="{base + 12}" font-size="8">{x[0]:.3g}</text>'
        f'<text x="{right}" y="{base + 12}" font-size="8" text-anchor="end">{x[-1]:.3g}</text>'
    )
    return (
        f'<svg width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{escape(title)}" fill="currentColor"><path d="M{_MARGIN} {_MARGIN}V{base}'
        f'H{right}" fill="none" stroke="currentColor" stroke-width="0.8"/>{labels}'
        f"{''.join(drawn)}</svg>"
    )


def _fractions(x: NDArray[np.float64]) -> NDArray[np.float64]:
    width = x[-1] - x[0]
    return (x - x[0]) / width if width > 0 else np.full(len(x), 0.5)


def _cycled(n: int) -> Sequence[str]:
    return [COLORS[i % len(COLORS)] for i in range(n)]
