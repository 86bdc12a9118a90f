"""The letters of species, and the order of names that other programs give them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from cagebreak.configuration._arrays import Integers
from cagebreak.errors import ConfigurationError, InputError

SPECIES_NAMES = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


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


def as_species(species: ArrayLike | Sequence[str], n: int) -> Integers:
    """Return the species of n particles, given as numbers or letters, as numbers (n,)."""
    array = np.asarray(species)
    if array.shape != (n,):
        raise ConfigurationError(f"species: expected shape ({n},), got {array.shape}")
    if n == 0:
        raise ConfigurationError("species: expected those of one particle or more, got none")
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
