"""Checks of displacements and species."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cagebreak.configuration import Configuration
from cagebreak.configuration._arrays import floats
from cagebreak.configuration.species import as_species
from cagebreak.errors import InputError


def require_displacements(displacements: ArrayLike, n_particles: int) -> NDArray[np.float64]:
    """Return displacements of n particles as (T, n, 3).

    Raises
    ------
    InputError
        If the shape is another, or something is no finite real number.
    """
    array = floats("displacements", displacements)
    if array.ndim != 3 or array.shape[1:] != (n_particles, 3):
        shape = f"(times, {n_particles}, 3)"
        raise InputError(f"displacements: expected shape {shape}, got {array.shape}")
    # A sum takes half of the time, and is not finite if a number is not, or numbers are huge.
    if not np.isfinite(array.sum()) and not np.isfinite(array).all():
        raise InputError("displacements: expected finite numbers")
    return array


def require_displacements_of(displacements: ArrayLike, start: Configuration) -> NDArray[np.float64]:
    """Return displacements of the particles of a start as (T, N, 3).

    Raises
    ------
    InputError
        As of `require_displacements`, or if particles leave the plane of a start in two dimensions.
    """
    array = require_displacements(displacements, len(start))
    if start.dimension == 2 and array[..., 2].any():
        raise InputError(
            "displacements: expected zeros along z, since the start has two dimensions, got up to "
            f"{np.abs(array[..., 2]).max():g}"
        )
    return array


def require_motion(
    displacements: ArrayLike, species: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return displacements (T, N, 3) and the species (N,) of the particles, as numbers.

    Raises
    ------
    InputError
        If there is no particle, species are neither numbers nor letters, or displacements are not
        those of as many particles.
    """
    numbers = as_species(species, np.size(species))
    return require_displacements(displacements, len(numbers)), numbers


def dimension_of(displacements: NDArray[np.float64]) -> int:
    """Return 2 if particles move, but none along z; else 3."""
    return 2 if displacements.any() and not displacements[..., 2].any() else 3
