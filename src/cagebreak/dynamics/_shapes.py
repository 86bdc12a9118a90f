"""Checks of arrays of displacements."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cagebreak.configuration import Configuration
from cagebreak.errors import InputError


def require_displacements(
    displacements: ArrayLike, particles: Configuration | ArrayLike
) -> NDArray[np.float64]:
    """Return displacements of a configuration, or of particles with species, as (T, N, 3).

    Raises
    ------
    InputError
        If the shape does not fit the particles, or a number is not finite.
    """
    array = np.asarray(displacements, dtype=np.float64)
    n = len(particles) if isinstance(particles, Configuration) else len(np.asarray(particles))
    if array.ndim != 3 or array.shape[1:] != (n, 3):
        raise InputError(f"displacements: expected shape (times, {n}, 3), got {array.shape}")
    # A sum takes half of the time, and is not finite if a number is not, or numbers are huge.
    if not np.isfinite(array.sum()) and not np.isfinite(array).all():
        raise InputError("displacements: expected finite numbers")
    return array


def dimension_of(displacements: NDArray[np.float64]) -> int:
    """Return 2 if particles move, but none along z; else 3."""
    return 2 if displacements.any() and not displacements[..., 2].any() else 3
