"""The arrays of a configuration, and what is asked of the box of an object."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike

from cagebreak.configuration._arrays import Floats, Integers, floats
from cagebreak.configuration.box import Box, right_handed
from cagebreak.configuration.sizes import own_sizes
from cagebreak.errors import InputError

_COUNTS = {2: "two", 3: "three"}


class Arrays(NamedTuple):
    """The arguments of `Configuration`, in their order."""

    positions: Floats
    species: Integers
    box: Box
    velocities: Floats | None
    images: Integers | None
    diameters: Floats | None = None


class Particles(Protocol):
    """A configuration, as the modules of this folder read it."""

    def __len__(self) -> int: ...

    @property
    def positions(self) -> Floats: ...  # noqa: D102

    @property
    def species(self) -> Integers: ...  # noqa: D102

    @property
    def n_species(self) -> int: ...  # noqa: D102

    @property
    def box(self) -> Box: ...  # noqa: D102

    @property
    def velocities(self) -> Floats | None: ...  # noqa: D102

    @property
    def images(self) -> Integers | None: ...  # noqa: D102

    @property
    def diameters(self) -> Floats | None: ...  # noqa: D102


def box_of(
    name: str, matrix: ArrayLike | None, periodic: Sequence[bool], dimension: int = 3
) -> tuple[Box, Integers]:
    """Return the box of an object, and a matrix by which its images are to be multiplied.

    Left-handed vectors are replaced by right-handed ones of the same lattice.

    Raises
    ------
    InputError
        If the box is missing, has no volume, or is not periodic in all directions.
    """
    if matrix is None:
        raise InputError(f"{name}: expected a periodic box, got none")
    vectors = floats(name, matrix)
    d = dimension
    if vectors.shape == (3, 3) and d == 2:
        vectors = vectors[:d, :d]
    if vectors.shape == (3, 3) and np.linalg.det(vectors) == 0:
        raise InputError(
            f"{name}: expected a box with a volume, three-dimensional and periodic, got the "
            f"vectors {vectors.tolist()}"
        )
    if not all(periodic[:d]):
        raise InputError(
            f"{name}: expected a box that is periodic in all {_COUNTS[d]} directions, got "
            f"periodic = {[bool(axis) for axis in periodic]}"
        )
    if vectors.shape != (d, d):
        raise InputError(f"{name}: expected {_COUNTS[d]} vectors, got shape {vectors.shape}")
    try:
        if d == 2:
            return Box(vectors), np.eye(3, dtype=np.int64)
        matrix, change = right_handed(vectors)
        return Box(matrix), change.T
    except InputError as error:
        raise InputError(f"{name}: {error}") from error


def diameters_of(name: str, sizes: ArrayLike | None, species: Integers) -> Floats | None:
    """Return the diameters (N,) of an object; None if all particles of a species have the same.

    Raises
    ------
    InputError
        If they are no lengths of as many particles.
    """
    if sizes is None:
        return None
    values = floats(name, sizes)
    if values.shape != species.shape or not np.isfinite(values).all():
        raise InputError(f"{name}: expected {len(species)} lengths, got shape {values.shape}")
    try:
        return own_sizes(values, species)
    except InputError as error:
        raise InputError(f"{name}: {error}") from error


def lower_triangular(box: Box, holder: str) -> tuple[float, ...]:
    """Return xx, yx, yy, zx, zy and zz of lattice vectors in the form of HOOMD and LAMMPS.

    Raises
    ------
    InputError
        If the first vector is not along x, or the second not in the plane of x and y.
    """
    matrix = box.sheet
    if np.triu(matrix, 1).any() or (np.diag(matrix) < 0).any():
        raise InputError(
            f"configuration: {holder} holds boxes whose first vector is along x and whose second "
            f"is in the plane of x and y, got {matrix.tolist()}; .xyz files, ASE and OVITO hold any"
        )
    return tuple(matrix[np.tril_indices(3)].tolist())


def centered(configuration: Particles) -> tuple[Floats, Integers]:
    """Return positions wrapped into the box centered at the origin, and their images."""
    box = configuration.box
    crossed = np.floor(configuration.positions @ box.inverse + 0.5).astype(np.int64)
    positions = configuration.positions - crossed @ box.matrix
    images = crossed if configuration.images is None else crossed + configuration.images
    return positions, images
