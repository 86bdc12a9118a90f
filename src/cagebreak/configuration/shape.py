"""Particles that are no bulk: flat ones, and those with a void."""

from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration.box import Box
from cagebreak.errors import InputError

FLAT = 1e-4
"""Thickness below which particles are flat, in mean spacings: rounding, but no motion."""

LAYER = 2.0
"""Least thickness of an empty layer that counts as a void, in mean spacings. Layers of a simple
cubic lattice are 1 apart, and 2 where one of them is missing."""


class Particles(Protocol):
    """A configuration, as far as this module reads it."""

    @property
    def positions(self) -> NDArray[np.float64]: ...  # noqa: D102

    @property
    def velocities(self) -> NDArray[np.float64] | None: ...  # noqa: D102

    @property
    def images(self) -> NDArray[np.int64] | None: ...  # noqa: D102

    @property
    def box(self) -> Box: ...  # noqa: D102

    def replace(self, **changes: Any) -> Any: ...  # noqa: D102


Given = TypeVar("Given", bound=Particles)


def flat_axis(configuration: Particles) -> int | None:
    """Return the lattice vector across which at least four particles lie in one plane, or None."""
    n, box = len(configuration.positions), configuration.box
    if n < 4 or box.dimension == 2:
        return None
    spacing = (box.volume / n) ** (1 / 3)
    thickness = (1 - _largest_gaps(_fractions(configuration))) * box.heights
    axis = int(thickness.argmin())
    return axis if thickness[axis] < FLAT * spacing else None


def is_thin(configuration: Particles, axis: int) -> bool:
    """Return whether the box of a flat configuration is a sheet: half as high as it is wide."""
    heights = configuration.box.heights
    return bool(heights[axis] <= np.delete(heights, axis).min() / 2)


def flattened(configuration: Given) -> Given:
    """Return particles of one plane in a thin box in two dimensions; others as they are.

    Raises
    ------
    InputError
        If the plane is not that of x and y, or particles move out of it.
    """
    axis = flat_axis(configuration)
    if axis is None or not is_thin(configuration, axis):
        return configuration
    matrix = configuration.box.matrix
    tilted = bool(matrix[2, :2].any() or matrix[:2, 2].any())
    velocities, images = configuration.velocities, configuration.images
    leaving = velocities is not None and bool((velocities[:, 2] != velocities[0, 2]).any())
    if axis != 2 or tilted or leaving:
        raise InputError(
            "expected 3 dimensions, or 2 in the plane of x and y; got particles in one plane, in "
            f"a box {configuration.box.heights[axis]:.3g} high"
            + (", that move out of it" if leaving else f" with the vectors {matrix.tolist()}")
        )
    flat = [1, 1, 0]
    return configuration.replace(
        positions=configuration.positions * flat,
        velocities=None if velocities is None else velocities * flat,
        images=None if images is None else images * flat,
        box=Box(matrix, dimension=2),
    )


def void(configuration: Particles, rare: float) -> str:
    """Return what is empty in a configuration, in words, or "" if it is a bulk.

    Something is empty if independent random points would leave it empty with a probability below
    `rare`. Points of a dense liquid are spread more evenly.
    """
    n, box = len(configuration.positions), configuration.box
    d = box.dimension
    spacing = (box.volume / n) ** (1 / d)
    fractions = _fractions(configuration)[:, :d]
    gaps = _largest_gaps(fractions)
    thickness = gaps * box.heights[:d]
    for axis in np.argsort(-thickness):
        # One of n points has the gap behind it, which all others avoid.
        likelihood = np.log(d * n) + (n - 1) * np.log1p(-min(gaps[axis], 1 - 1e-16))
        if thickness[axis] > LAYER * spacing and likelihood < np.log(rare):
            return (
                f"an empty layer {thickness[axis]:.3g} thick across lattice vector {axis + 1}, at "
                f"a mean spacing of {spacing:.3g}"
            )
    # Cells of a size that is empty with less than this probability, in all of at most n cells.
    mean = np.log(n / rare)
    edge = (mean * box.volume / n) ** (1 / d)
    shape = np.maximum(box.heights[:d] // edge, 1).astype(np.int64)
    if n / np.prod(shape) < mean:
        return ""
    cells = np.clip((fractions * shape).astype(np.int64), 0, shape - 1)
    numbers = np.ravel_multi_index(tuple(cells.T), tuple(shape))
    if (np.bincount(numbers, minlength=int(np.prod(shape))) == 0).any():
        edges = " x ".join(f"{edge:.3g}" for edge in box.heights[:d] / shape)
        return f"an empty region of {edges}, at a mean spacing of {spacing:.3g}"
    return ""


def _fractions(configuration: Particles) -> NDArray[np.float64]:
    box = configuration.box
    return box.wrap(configuration.positions) @ box.inverse


def _largest_gaps(fractions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the largest periodic gap between fractional coordinates along each vector, (3,)."""
    ordered = np.sort(fractions, axis=0)
    gaps = np.diff(ordered, axis=0, append=ordered[:1] + 1)
    return gaps.max(axis=0)
