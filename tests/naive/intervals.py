"""Predictive intervals of one target by their definition, one particle at a time."""

import numpy as np


def local(pairs, level):
    """The mean prediction and the quantile of the residuals in each bin, as two lists."""
    x = np.concatenate([p for p, _ in pairs])
    residuals = np.concatenate([abs(y - p) for p, y in pairs])
    n_bins = min(20, max(1, len(x) // 100))
    order = sorted(x)
    edges = [order[int(np.floor(k / n_bins * (len(x) - 1)))] for k in range(1, n_bins)]
    means, widths = [], []
    for low, high in zip([-np.inf, *edges], [*edges, np.inf], strict=True):
        inside = (x > low) & (x <= high)
        if inside.any():
            means.append(x[inside].mean())
            widths.append(np.quantile(residuals[inside], level))
    return means, widths


def half_widths(pairs, at, level):
    scores = []
    for g, (p, y) in enumerate(pairs):
        means, widths = local([pair for k, pair in enumerate(pairs) if k % 5 != g % 5], level)
        for prediction, value in zip(p, y, strict=True):
            scores.append(abs(value - prediction) - np.interp(prediction, means, widths))
    shift = sorted(scores)[int(np.ceil(round((len(scores) + 1) * level, 9))) - 1]
    means, widths = local(pairs, level)
    return [max(0.0, width + shift) for width in np.interp(at, means, widths)]


def coverage(pairs, level):
    shares = []
    for g, (p, y) in enumerate(pairs):
        others = [pair for k, pair in enumerate(pairs) if k % 5 != g % 5]
        shares.append(np.mean(abs(y - p) <= half_widths(others, p, level)))
    return shares
