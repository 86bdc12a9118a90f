"""Soft (Gaussian) shells around a particle: their checks, cut-off and bins of distance."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cagebreak.descriptors._shell_kernel import TAIL
from cagebreak.errors import InputError

# Bins of distance that neighbors are sorted into; finer than shells, cheaper than a full sort.
N_BINS = 128


def as_shells(
    r: Sequence[float], width: float | Sequence[float]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return radii and widths of shells as tuples of equal length.

    Raises
    ------
    InputError
        If a length is not positive and finite, or the numbers of radii and widths differ.
    """
    radii, widths = _positive("r", r), _positive("width", width)
    if np.ndim(width) == 0:
        widths = widths * len(radii)
    if len(widths) != len(radii):
        raise InputError(
            f"width: expected one for all or one for each of {len(radii)} r, got {len(widths)}"
        )
    return radii, widths


def cutoff(r: NDArray[np.float64], width: NDArray[np.float64]) -> float:
    """Return the distance beyond which every shell's Gaussian is below 1e-8."""
    return float((r + _reach(width)).max())


def bins(
    r: NDArray[np.float64], width: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first and the last of the `N_BINS` bins of distance that each shell reaches."""
    scale = N_BINS / cutoff(r, width)
    first, last = (r - _reach(width)) * scale, (r + _reach(width)) * scale
    # One more bin on either side, so that rounding never loses a neighbor.
    return (
        np.clip(first.astype(np.int64) - 1, 0, N_BINS - 1),
        np.clip(last.astype(np.int64) + 1, 0, N_BINS - 1),
    )


def _reach(width: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.sqrt(2 * TAIL) * width


def _positive(name: str, values: float | Sequence[float]) -> tuple[float, ...]:
    array = np.atleast_1d(np.asarray(values, dtype=np.float64))
    if array.ndim != 1 or array.size == 0 or not (np.isfinite(array) & (array > 0)).all():
        raise InputError(f"{name}: expected positive lengths, got {values!r}")
    return tuple(array.tolist())
