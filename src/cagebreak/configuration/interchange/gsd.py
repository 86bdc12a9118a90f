"""`gsd.hoomd.Frame`: single precision, a box in HOOMD's form that is centered at the origin."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cagebreak.configuration.box import Box
from cagebreak.configuration.interchange.arrays import (
    Arrays,
    Particles,
    box_of,
    centered,
    diameters_of,
    lower_triangular,
)
from cagebreak.configuration.interchange.names import letters, species_of
from cagebreak.configuration.interchange.packages import imported, require
from cagebreak.configuration.species import SPECIES_NAMES
from cagebreak.errors import InputError

KINDS = ("gsd.hoomd.Frame",)


def arrays_of(frame: Any, species: Sequence[str] | None = None) -> Arrays:
    """Return the arrays of `Configuration.from_gsd`."""
    require("frame", frame, KINDS)
    particles, box = frame.particles, frame.configuration.box
    if particles.position is None or not len(particles.position):
        raise InputError("frame.particles.position: expected positions, got none")
    dimensions = 3 if frame.configuration.dimensions is None else frame.configuration.dimensions
    if dimensions not in (2, 3):
        raise InputError(f"frame.configuration.dimensions: expected 2 or 3, got {dimensions}")
    matrix = None if box is None else matrix_of(box, dimensions)
    of_particles = _species(particles, species)
    return Arrays(
        particles.position,
        of_particles,
        box_of("frame.configuration.box", matrix, (True, True, True), dimensions)[0],
        _stored(particles.velocity),
        _stored(particles.image),
        diameters_of("frame.particles.diameter", particles.diameter, of_particles),
    )


def frame_of(configuration: Particles) -> Any:
    """Return the frame of `Configuration.to_gsd`."""
    library = imported("gsd.hoomd", "gsd")
    frame = library.Frame()
    frame.configuration.box = edges_of(configuration.box, "a GSD frame")
    frame.configuration.dimensions = configuration.box.dimension
    particles = frame.particles
    particles.N = len(configuration)
    particles.types = list(SPECIES_NAMES[: configuration.n_species])
    particles.typeid = configuration.species.astype(np.uint32)
    positions, images = centered(configuration)
    if abs(images).max() >= 2**31:
        raise InputError(
            f"configuration: expected images below 2^31 for a GSD frame, got {abs(images).max()}"
        )
    particles.position = positions.astype(np.float32)
    particles.image = images.astype(np.int32)
    if configuration.velocities is not None:
        particles.velocity = configuration.velocities.astype(np.float32)
    if configuration.diameters is not None:
        particles.diameter = configuration.diameters.astype(np.float32)
    return frame


def matrix_of(edges: ArrayLike, dimensions: int = 3) -> np.ndarray:
    """Return the lattice vectors as rows, (d, d), of HOOMD's Lx, Ly, Lz, xy, xz, yz."""
    lengths = np.asarray(edges, np.float64)
    if lengths.shape != (6,):
        raise InputError(f"box: expected Lx, Ly, Lz, xy, xz and yz, got {lengths.tolist()}")
    x, y, z, xy, xz, yz = lengths.tolist()
    matrix = np.array([[x, 0, 0], [xy * y, y, 0], [xz * z, yz * z, z]])
    return matrix[:dimensions, :dimensions]


def edges_of(box: Box, holder: str) -> list[float]:
    """Return HOOMD's Lx, Ly, Lz, xy, xz, yz of a box.

    Raises
    ------
    InputError
        If the box does not have HOOMD's form.
    """
    x, yx, y, zx, zy, z = lower_triangular(box, holder)
    return [x, y, z, yx / y, zx / z, zy / z]


def _species(particles: Any, species: Sequence[str] | None) -> np.ndarray:
    """Return the species; types are in the order of the frame, except letters, A among them."""
    types = ["A"] if particles.types is None else [str(name) for name in particles.types]
    n = len(particles.position)
    numbers = np.zeros(n, int) if particles.typeid is None else np.asarray(particles.typeid)
    known = numbers.dtype.kind in "iu" and numbers.shape == (n,)
    if (
        not known
        or len(set(types)) < len(types)
        or not 0 <= numbers.min() <= numbers.max() < len(types)
    ):
        got = f"{numbers.min()} to {numbers.max()}" if numbers.size else "none"
        raise InputError(
            f"frame.particles.typeid: expected {n} numbers of different types, got {got} of {types}"
        )
    order = species if species is not None else letters(types) or types
    return species_of("frame", {"types": np.array(types)[numbers]}, order)


def _stored(values: Any) -> Any:
    """Return values unless all are zero, which the library also gives for those not stored."""
    return None if values is None or not np.any(values) else values
