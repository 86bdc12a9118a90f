"""The periodic box in whole steps: copies of a small one, the metric, and cells."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Box
from cagebreak.errors import ConfigurationError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

STEPS = 2.0**32
"""Steps along each lattice vector of the box, or of its copies side by side."""

LONGEST = 1e4
"""Longest edge in sigma (chosen): forces of a liquid are then off by 5e-5 of the largest
(measured), since a position is a whole number of steps."""

LEAST = (2.0, 2.8)
"""Least height of the box in reaches: of a cube, beyond which the nearest image is the only one;
of another, where a dummy half a box away, but for an eighth, is also beyond the reach."""

MOST_CELLS = 12
"""Cells along a lattice vector up to which a small box is divided before it is copied (chosen)."""


@dataclass(frozen=True, eq=False)
class Layout:
    """How a box is measured and divided.

    In two dimensions the axis along which nothing is comes first: cells along the last axis follow
    each other in memory, and neighbors are copied from them in one go.

    Parameters
    ----------
    copies : (3,) array
        Boxes side by side, so that a particle sees at most one image of each line.
    matrix : (3, 3) array
        Lattice vectors of all copies together, as rows, in sigma.
    metric
        The numbers of `cagebreak._simd.lines.in_steps`; none for a cube.
    shape : (3,) array
        Cells along each lattice vector.
    depth
        Cells along the third for which candidates are collected at once.
    stencils
        Rows of cells around a cell for each kind.
    axes
        The axes of the box in the order in which they are kept.
    """

    copies: Integers
    matrix: Floats
    metric: tuple[float, ...]
    shape: Integers
    depth: int
    stencils: tuple[Integers, ...]
    axes: tuple[int, ...] = (0, 1, 2)

    @classmethod
    def of(cls, box: Box, reaches: Sequence[float], n_particles: int) -> "Layout":
        """Return the layout for the reach of each kind, in sigma.

        Raises
        ------
        ConfigurationError
            If an edge of the box is longer than `LONGEST`.
        """
        longest = float(np.linalg.norm(box.matrix, axis=1).max())
        if longest > LONGEST:
            raise ConfigurationError(
                f"configuration.box: expected edges of at most {LONGEST:g} sigma, in which forces "
                f"are accurate, got one of {longest:.6g}; other units? LAMMPS has no such limit"
            )
        axes = [2, 0, 1] if box.dimension == 2 else [0, 1, 2]
        matrix_of_one, heights_of_one = box.matrix[axes][:, axes], box.heights[axes]
        reach = max(reaches)
        least = LEAST[0 if _is_cube(matrix_of_one) else 1] * reach
        copies = np.ones(3, np.int64)
        in_space = np.arange(3) >= 3 - box.dimension  # no copies where nothing is
        while True:
            matrix = copies[:, None] * matrix_of_one
            heights = copies * heights_of_one
            shape, ranges = _cells(heights, reach, n_particles * int(copies.prod()), box.dimension)
            crowded = in_space & ((2 * ranges + 1 > shape) | (heights < least))
            if not crowded.any():
                break
            copies[crowded] += 1
            if _is_cube(matrix_of_one):
                copies[in_space] = copies.max()
        if box.dimension == 2:
            matrix[0, 0] *= copies[1]  # a square stays one
        depth = 2 if 2 * ranges[2] + 2 <= shape[2] else 1
        orthorhombic = box.is_orthorhombic
        stencils = tuple(_stencil(each, heights / shape, orthorhombic) for each in reaches)
        if box.dimension == 2:
            stencils = tuple(rows[rows[:, 0] == 0] for rows in stencils)
        return cls(
            copies, matrix, _metric(matrix, box.dimension), shape, depth, stencils, tuple(axes)
        )

    @property
    def step(self) -> float:
        """Length of a step along the first lattice vector, in sigma."""
        return float(np.linalg.norm(self.matrix[0]) / STEPS)

    @property
    def shifts(self) -> NDArray[np.int32]:
        """Steps from a particle to each copy, (C, 3)."""
        numbers = np.array(list(product(*map(range, self.copies))))
        steps = np.rint(numbers * (STEPS / self.copies)).astype(np.int64)
        return steps.astype(np.uint32).view(np.int32)

    def steps(self, vectors: Floats) -> Floats:
        """Return vectors (N, 3) in steps along each lattice vector."""
        return vectors[:, list(self.axes)] @ np.linalg.inv(self.matrix) * STEPS

    def lengths(self, steps: Floats) -> Floats:
        """Return vectors (N, 3) in sigma."""
        vectors = np.empty_like(steps)
        vectors[:, list(self.axes)] = steps @ self.matrix / STEPS
        return vectors


def _is_cube(matrix: Floats) -> bool:
    return bool((matrix == matrix[0, 0] * np.eye(3)).all())


def _metric(matrix: Floats, dimension: int) -> tuple[float, ...]:
    if dimension == 2 and Box(matrix).is_orthorhombic and matrix[0, 0] == matrix[1, 1]:
        return (float(matrix[2, 2] / matrix[0, 0]),)
    if _is_cube(matrix):
        return ()
    if Box(matrix).is_orthorhombic:
        return tuple(float(abs(matrix[d, d] / matrix[0, 0])) for d in (1, 2))
    # Rotated so that the first lattice vector lies along x and the second in the plane xy.
    upper = np.asarray(np.linalg.qr(matrix.T, mode="r"))
    lower: Floats = np.asarray(upper * np.sign(np.diag(upper))[:, None]).T / abs(upper[0, 0])
    return tuple(float(lower[k]) for k in ((1, 0), (2, 0), (1, 1), (2, 1), (2, 2)))


def _cells(
    heights: Floats, reach: float, n_lines: int, dimension: int
) -> tuple[Integers, Integers]:
    """Return cells of about half the reach along each vector, and how many of them it spans."""
    shape = np.maximum((2 * heights / reach).astype(np.int64), 3)
    shape[: 3 - dimension] = 3  # nothing is along the first axis of a plane
    # No more than a few cells a particle, however dilute.
    while shape.prod() > 8 * n_lines + 1000 and shape.max() > MOST_CELLS:
        shape[shape.argmax()] = max(shape.max() // 2, MOST_CELLS)

    def ranges() -> Integers:
        return np.ceil(reach * (1 + 1e-6) / heights * shape).astype(np.int64)

    while ((2 * ranges() + 1 > shape) & (shape < MOST_CELLS)).any():
        shape[(2 * ranges() + 1 > shape) & (shape < MOST_CELLS)] += 1
    return shape, ranges()


def _stencil(reach: float, sides: Floats, orthorhombic: bool) -> Integers:
    """Return the rows of cells within reach of a cell: two offsets, and how far along the third."""
    reach *= 1 + 1e-6
    most_a, most_b, _ = np.ceil(reach / sides).astype(np.int64)
    rows = []
    for a, b in product(range(-most_a, most_a + 1), range(-most_b, most_b + 1)):
        gaps = max(abs(a) - 1, 0) * sides[0], max(abs(b) - 1, 0) * sides[1]
        if max(gaps) >= reach:
            continue
        # In a sheared box the distance of two cells is at least the larger gap.
        left = math.sqrt(max(reach**2 - gaps[0] ** 2 - gaps[1] ** 2, 0)) if orthorhombic else reach
        if left > 0:
            rows.append((a, b, math.ceil(left / sides[2])))
    return np.array(rows)
