"""Where particles are: the periodic box and the configuration in it.

`Configuration` is the one place where every accepted form of input becomes checked arrays.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cagebreak.errors import ConfigurationError, InputError

LENGTHS = (1e-20, 1e20)
"""Range of heights and of components of lattice vectors, wide enough for any units."""

FLATTEST = 1e-9
"""Least distance of opposite faces, in lengths of the longest lattice vector.

In a flatter box rounding moves particles by more than a millionth of that distance.
"""

FARTHEST = 4.5e8
"""Largest number of lattice vectors between a particle and the origin.

Beyond it, rounding moves the particle by more than 1e-7 of the box.
"""

SPECIES_NAMES = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Box:
    """A periodic box, orthorhombic or sheared.

    Parameters
    ----------
    matrix : (3, 3) array
        The lattice vectors as rows, in units of sigma.

    Raises
    ------
    InputError
        If the matrix is not 3 x 3, not finite, spans no volume, or is so large, small or flat that
        rounding spoils positions in it.
    """

    matrix: Floats

    def __post_init__(self) -> None:
        matrix = _floats("box.matrix", self.matrix)
        if matrix.shape != (3, 3):
            raise InputError(f"box.matrix: expected shape (3, 3), got {matrix.shape}")
        if not np.isfinite(matrix).all() or not np.abs(matrix).max() <= LENGTHS[1]:
            raise InputError(
                f"box.matrix: expected finite numbers up to {LENGTHS[1]}, got {matrix.tolist()}"
            )
        if not np.linalg.det(matrix) > 0:
            raise InputError(
                "box.matrix: expected lattice vectors as rows, right-handed and of positive "
                f"volume, got {matrix.tolist()}"
            )
        object.__setattr__(self, "matrix", _frozen(matrix))
        if self.heights.min() < max(LENGTHS[0], FLATTEST * self.lengths.max()):
            raise InputError(
                f"box.matrix: expected heights of at least {LENGTHS[0]}, and of {FLATTEST} longest "
                f"lattice vectors, got heights {self.heights.tolist()} of {matrix.tolist()}"
            )

    @classmethod
    def cubic(cls, length: float) -> Self:
        """Return the cube of the given edge length."""
        return cls(np.eye(3) * length)

    @cached_property
    def lengths(self) -> Floats:
        """Lengths of the three lattice vectors, (3,)."""
        return np.sqrt((self.matrix**2).sum(axis=1))

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
        """The volume, in sigma^3."""
        return float(np.linalg.det(self.matrix))

    @property
    def is_orthorhombic(self) -> bool:
        """True if the lattice vectors lie along x, y and z."""
        return bool((self.matrix == np.diag(np.diag(self.matrix))).all())

    def wrap(self, positions: ArrayLike) -> Floats:
        """Return positions (..., 3) moved by lattice vectors to fractions in [0, 1)."""
        positions = _floats("positions", positions)
        wrapped = positions - np.floor(positions @ self.inverse) @ self.matrix
        # Rounding can leave a coordinate at exactly 1, or just below 0.
        return wrapped - np.floor(wrapped @ self.inverse) @ self.matrix

    def minimum_image(self, vectors: ArrayLike) -> Floats:
        """Return the shortest periodic image of each vector (..., 3), at any tilt."""
        vectors = _floats("vectors", vectors)
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


@dataclass(frozen=True, eq=False)
class Configuration:
    """Positions, species and box of N particles, and their velocities if known.

    Parameters
    ----------
    positions : (N, 3) array
        In units of sigma, kept as given: inside the box or not, periodic images are equivalent.
    species : (N,) array of integers, or of letters "A", "B", ...
        0 is A, 1 is B.
    box : Box, edge length, three edge lengths, or (3, 3) lattice vectors as rows
    velocities : (N, 3) array, optional
        In units of sigma / tau.
    images : (N, 3) array of integers, optional
        Lattice vectors that each particle has crossed; `unwrapped` adds them.

    Raises
    ------
    ConfigurationError
        If a shape does not fit, a number is not finite, a species is no natural number, or a
        particle is so far from the box that rounding moves it.
    """

    positions: Floats
    species: Integers
    box: Box
    velocities: Floats | None = None
    images: Integers | None = None

    def __post_init__(self) -> None:
        positions = _vectors("positions", self.positions)
        n = len(positions)
        if n == 0:
            raise ConfigurationError("positions: expected at least one particle, got none")
        box = as_box(self.box)
        _check_near("positions", positions @ box.inverse)
        velocities = images = None
        if self.velocities is not None:
            velocities = _frozen(_vectors("velocities", self.velocities, n))
        if self.images is not None:
            images = _vectors("images", self.images, n)
            if (images != np.rint(images)).any():
                raise ConfigurationError("images: expected whole numbers of lattice vectors")
            _check_near("images", images)
            images = _frozen(images.astype(np.int64))
        object.__setattr__(self, "positions", _frozen(positions))
        object.__setattr__(self, "species", _frozen(_species(self.species, n)))
        object.__setattr__(self, "box", box)
        object.__setattr__(self, "velocities", velocities)
        object.__setattr__(self, "images", images)

    def __len__(self) -> int:
        return len(self.positions)

    def __repr__(self) -> str:
        counts = ", ".join(
            f"{np.count_nonzero(self.species == s)} {SPECIES_NAMES[s]}"
            for s in range(self.n_species)
        )
        edges = " x ".join(f"{length:.6g}" for length in self.box.lengths)
        return f"Configuration({len(self)} particles: {counts}; box {edges})"

    @property
    def n_species(self) -> int:
        """One more than the highest species."""
        return int(self.species.max()) + 1

    @cached_property
    def wrapped(self) -> Floats:
        """Positions moved into the box, (N, 3)."""
        return _frozen(self.box.wrap(self.positions))

    @cached_property
    def unwrapped(self) -> Floats:
        """Positions with the crossed lattice vectors added, (N, 3)."""
        if self.images is None:
            return self.positions
        return _frozen(self.positions + self.images @ self.box.matrix)

    def replace(self, **changes: object) -> "Configuration":
        """Return a copy with some fields changed."""
        return replace(self, **changes)  # type: ignore[arg-type]


def check_one(configuration: object, name: str = "configuration") -> None:
    """Raise InputError unless the argument of this name is one configuration."""
    if isinstance(configuration, Configuration):
        return
    if isinstance(configuration, list | tuple):
        raise InputError(
            f"{name}: expected one frame, got {len(configuration)}; choose one, such as frames[0], "
            "or read one with cagebreak.read(path, frame=0)"
        )
    raise InputError(f"{name}: expected a Configuration, got {type(configuration).__name__}")


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


def as_box(box: Box | ArrayLike) -> Box:
    """Return `box` as a `Box`: itself, an edge length, three lengths, or lattice vectors."""
    if isinstance(box, Box):
        return box
    array = _floats("box", box)
    if array.shape == ():
        return Box.cubic(float(array))
    if array.shape == (3,):
        return Box(np.diag(array))
    return Box(array)


def species_index(species: str | int, n_species: int = len(SPECIES_NAMES)) -> int:
    """Return the number of a species given as 0, 1, ... or "A", "B", ...

    Raises
    ------
    InputError
        If there is no such species.
    """
    index = species
    if isinstance(species, str) and len(species) == 1:
        index = SPECIES_NAMES.find(species)
    if not isinstance(index, int | np.integer) or not 0 <= index < n_species:
        raise InputError(
            f"species: expected one of {', '.join(SPECIES_NAMES[:n_species])} "
            f"or its number from 0, got {species!r}"
        )
    return int(index)


def _species(species: ArrayLike | Sequence[str], n: int) -> Integers:
    array = np.asarray(species)
    if array.shape != (n,):
        raise ConfigurationError(f"species: expected shape ({n},), got {array.shape}")
    if array.dtype.kind in "US":
        return np.array([species_index(str(s)) for s in array.astype(str)], dtype=np.int64)
    if array.dtype.kind not in "iub" and not (
        array.dtype.kind == "f" and (array == np.rint(array)).all()
    ):
        raise ConfigurationError(f"species: expected integers or letters, got {array.dtype}")
    if array.min() < 0 or array.max() >= len(SPECIES_NAMES):
        raise ConfigurationError(
            f"species: expected numbers from 0 to {len(SPECIES_NAMES) - 1}, "
            f"got {array.min()} to {array.max()}"
        )
    return array.astype(np.int64)


def _vectors(name: str, values: ArrayLike, n: int | None = None) -> Floats:
    array = _floats(name, values)
    if array.ndim != 2 or array.shape[1] != 3 or (n is not None and len(array) != n):
        expected = f"({'N' if n is None else n}, 3)"
        raise ConfigurationError(f"{name}: expected shape {expected}, got {array.shape}")
    bad = np.flatnonzero(~np.isfinite(array).all(axis=1))
    if len(bad):
        raise ConfigurationError(
            f"{name}: expected finite numbers, got {array[bad[0]].tolist()} "
            f"for particle {bad[0]} ({len(bad)} such particles)"
        )
    return array


def _check_near(name: str, fractions: Floats) -> None:
    """Refuse particles so far from the box that rounding moves them in it."""
    i, axis = np.unravel_index(np.abs(fractions).argmax(), fractions.shape)
    if abs(fractions[i, axis]) > FARTHEST:
        raise ConfigurationError(
            f"{name}: expected particles within {FARTHEST:g} lattice vectors of the origin, got "
            f"{fractions[i, axis]:.3g} for particle {i}; rounding spoils its place in the box"
        )


def _floats(name: str, values: ArrayLike) -> Floats:
    try:
        if np.iscomplexobj(values):
            raise TypeError
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}: expected numbers, got {type(values).__name__}") from error


def _frozen(array: np.ndarray) -> np.ndarray:
    # Writable input is copied: a read-only view would still change with its base.
    if array.flags.writeable:
        array = array.copy()
        array.flags.writeable = False
    return np.ascontiguousarray(array)
