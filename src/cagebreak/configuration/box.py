"""The periodic box."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import permutations, product
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from cagebreak.configuration._arrays import Floats, Integers, floats, frozen
from cagebreak.errors import InputError

LENGTHS = (1e-20, 1e20)
"""Range of heights and of components of lattice vectors, wide enough for any units."""

FLATTEST = 1e-9
"""Least distance of opposite faces, in lengths of the longest lattice vector.

In a flatter box rounding moves particles by more than a millionth of that distance.
"""


BALL = {2: np.pi / 4, 3: np.pi / 6}
"""Volume of a ball, or area of a disc, over the power of its diameter."""


@dataclass(frozen=True, eq=False)
class Box:
    """A periodic box of three or two dimensions, orthorhombic or sheared.

    Parameters
    ----------
    matrix : (3, 3) or (2, 2) array
        The lattice vectors as rows, in units of sigma. Two dimensions are kept as three: a third
        lattice vector, as long as the longest other, is along z, where nothing is.
    dimension
        3 or 2; 0, the default, stands for the number of lattice vectors. For 2, a third lattice
        vector must be along z; its length is of no account.

    Raises
    ------
    InputError
        If the matrix has another shape, is not finite, spans no volume, or is so large, small or
        flat that rounding spoils positions in it.
    """

    matrix: Floats
    dimension: int = 0

    def __post_init__(self) -> None:
        matrix = floats("box.matrix", self.matrix)
        if matrix.shape not in ((3, 3), (2, 2)):
            raise InputError(f"box.matrix: expected shape (3, 3) or (2, 2), got {matrix.shape}")
        dimension = self.dimension or len(matrix)
        if dimension not in (2, len(matrix)):
            raise InputError(f"box.dimension: expected 2 or {len(matrix)}, got {self.dimension!r}")
        object.__setattr__(self, "dimension", int(dimension))
        if dimension == 2:
            matrix = _planar(matrix)
        if not np.isfinite(matrix).all() or not np.abs(matrix).max() <= LENGTHS[1]:
            raise InputError(
                f"box.matrix: expected finite numbers up to {LENGTHS[1]}, got {matrix.tolist()}"
            )
        if not np.linalg.det(matrix) > 0:
            raise InputError(
                "box.matrix: expected lattice vectors as rows, right-handed and of positive "
                f"volume, got {matrix.tolist()}"
            )
        object.__setattr__(self, "matrix", frozen(matrix))
        if self.heights.min() < max(LENGTHS[0], FLATTEST * self.lengths.max()):
            raise InputError(
                f"box.matrix: expected heights of at least {LENGTHS[0]}, and of {FLATTEST} longest "
                f"lattice vectors, got heights {self.heights.tolist()} of {matrix.tolist()}"
            )

    def __eq__(self, other: object) -> bool:
        """Return whether the lattice vectors of both are equal, without tolerance."""
        if not isinstance(other, Box):
            return NotImplemented
        return self.dimension == other.dimension and np.array_equal(self.matrix, other.matrix)

    @classmethod
    def cubic(cls, length: float) -> Self:
        """Return the cube of the given edge length."""
        return cls(np.eye(3) * length)

    @classmethod
    def square(cls, length: float) -> Self:
        """Return the square of the given edge length, a box of two dimensions."""
        return cls(np.eye(2) * length)

    @classmethod
    def of_volume(cls, volume: float, dimension: int) -> Self:
        """Return the cube, or the square, of a volume or area."""
        return cls(np.eye(dimension) * volume ** (1 / dimension))

    def with_matrix(self, matrix: ArrayLike) -> Box:
        """Return a box of the same dimension with other lattice vectors."""
        return Box(np.asarray(matrix), self.dimension)

    @cached_property
    def lengths(self) -> Floats:
        """Lengths of the three lattice vectors, (3,)."""
        return np.sqrt((self.matrix**2).sum(axis=1))

    @property
    def longest(self) -> float:
        """Length of the longest lattice vector."""
        return float(self.lengths[: self.dimension].max())

    @cached_property
    def heights(self) -> Floats:
        """Distances between opposite faces, (3,); equal to `lengths` without shear."""
        return 1.0 / np.sqrt((self.inverse**2).sum(axis=0))

    @cached_property
    def inverse(self) -> Floats:
        """The inverse of `matrix`: ``positions @ inverse`` are fractional coordinates."""
        return np.asarray(np.linalg.inv(self.matrix), dtype=np.float64)

    @property
    def volume(self) -> float:
        """The volume, in sigma^3; in two dimensions the area, in sigma^2."""
        return float(np.linalg.det(self.lattice))

    @property
    def lattice(self) -> Floats:
        """The lattice vectors of the dimension alone, (3, 3) or (2, 2)."""
        return self.matrix[: self.dimension, : self.dimension]

    @property
    def sheet(self) -> Floats:
        """The lattice vectors as files have them, (3, 3); a box of two dimensions is thin."""
        matrix = self.matrix.copy()
        if self.dimension == 2:
            # Thinner than half of any width: readers take it for two dimensions.
            matrix[2, 2] = min(1.0, self.heights[:2].min() / 4)
        return matrix

    @property
    def is_orthorhombic(self) -> bool:
        """True if the lattice vectors lie along x, y and z."""
        return bool((self.matrix == np.diag(np.diag(self.matrix))).all())

    def wrap(self, positions: ArrayLike) -> Floats:
        """Return positions (..., 3) moved by lattice vectors to fractions in [0, 1)."""
        positions = floats("positions", positions)
        wrapped = positions - np.floor(positions @ self.inverse) @ self.matrix
        # Rounding can leave a coordinate at exactly 1, or just below 0.
        return wrapped - np.floor(wrapped @ self.inverse) @ self.matrix

    def minimum_image(self, vectors: ArrayLike) -> Floats:
        """Return the shortest periodic image of each vector (..., 3), at any tilt."""
        vectors = floats("vectors", vectors)
        if self.is_orthorhombic:
            return vectors - np.rint(vectors @ self.inverse) @ self.matrix
        matrix, inverse = self._reduced
        nearest = vectors - np.rint(vectors @ inverse) @ matrix
        # From there the shortest image is at most one vector of a reduced basis away on each axis.
        best, best_length = nearest, (nearest**2).sum(-1)
        for shift in product((-1, 0, 1), repeat=3):
            candidate = nearest + np.array(shift) @ matrix
            length = (candidate**2).sum(-1)
            shorter = length < best_length
            best = np.where(shorter[..., None], candidate, best)
            best_length = np.where(shorter, length, best_length)
        return best

    @cached_property
    def _reduced(self) -> tuple[Floats, Floats]:
        """The shortest lattice vectors that span the same lattice, (3, 3), and their inverse."""
        matrix = _minkowski_reduced(self.matrix)
        return matrix, np.asarray(np.linalg.inv(matrix), dtype=np.float64)


def as_box(box: Box | ArrayLike) -> Box:
    """Return `box` as a `Box`: itself, an edge length, two or three lengths, or lattice vectors."""
    if isinstance(box, Box):
        return box
    array = floats("box", box)
    if array.shape == ():
        return Box.cubic(float(array))
    if array.shape in ((3,), (2,)):
        return Box(np.diag(array))
    return Box(array)


def ball(radius: ArrayLike, dimension: int) -> Floats:
    """Return the volume of a ball of three dimensions, or the area of a disc, of each radius."""
    radius = np.asarray(radius, dtype=np.float64)
    return np.asarray((np.pi if dimension == 2 else 4 / 3 * np.pi) * radius**dimension)


def _planar(matrix: Floats) -> Floats:
    """Return lattice vectors in the plane, followed by one along z as long as the longest."""
    if len(matrix) == 3 and (matrix[2, :2].any() or matrix[:2, 2].any()):
        raise InputError(
            "box.matrix: expected two lattice vectors in the plane of x and y, and a third along "
            f"z, for two dimensions; got {matrix.tolist()}"
        )
    planar = np.zeros((3, 3))
    planar[:2, :2] = matrix[:2, :2]
    planar[2, 2] = np.sqrt((planar[:2] ** 2).sum(axis=1)).max()
    return planar


def right_handed(matrix: Floats) -> tuple[Floats, Integers]:
    """Return right-handed vectors of the same lattice, and how they follow from the given ones.

    Left-handed vectors are reordered and reversed so that they come closest to the axes x, y, z.
    The second array has the new vectors in terms of the given ones. Its inverse, the transpose,
    turns images of the given vectors into those of the new ones.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # Box refuses such vectors
        is_left_handed = np.linalg.det(matrix) < 0
    if not is_left_handed:
        return matrix, np.eye(3, dtype=np.int64)
    changes = [
        np.diag(signs)[list(order)]
        for order in permutations(range(3))
        for signs in product((1, -1), repeat=3)
    ]
    right = [change for change in changes if np.linalg.det(change @ matrix) > 0]
    directions = matrix / np.sqrt((matrix**2).sum(axis=1))[:, None]
    best = max(right, key=lambda change: float(np.trace(change @ directions)))
    return best @ matrix, best


def _minkowski_reduced(matrix: Floats) -> Floats:
    """Return a Minkowski-reduced basis of the lattice of `matrix`: itself if it is reduced.

    No vector of such a basis becomes shorter by adding or subtracting others. In three dimensions
    it suffices that each is added once at most.
    """
    basis = matrix.copy()
    changed = True
    while changed:
        changed = False
        for k in range(3):
            first, second = basis[(k + 1) % 3], basis[(k + 2) % 3]
            candidates = [
                basis[k] + i * first + j * second for i, j in product((-1, 0, 1), repeat=2)
            ]
            # Multiples at once: a lattice may be tilted by many edges.
            candidates += [basis[k] - np.rint(basis[k] @ v / (v @ v)) * v for v in (first, second)]
            shortest = min(candidates, key=np.linalg.norm)
            # Equally short vectors, but for rounding, would replace each other for ever.
            if np.linalg.norm(shortest) < np.linalg.norm(basis[k]) * (1 - 1e-12):
                basis[k] = shortest
                changed = True
    return basis
