"""Diameters of particles: whether they are more than the sizes of species."""

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration.species import SPECIES_NAMES
from cagebreak.errors import InputError

ROUNDING = 1e-3
"""Relative difference of sizes that may be rounding (chosen)."""


def own_sizes(
    diameters: NDArray[np.float64], species: NDArray[np.integer]
) -> NDArray[np.float64] | None:
    """Return the diameters of particles, or None if all particles of a species have the same.

    Those are known to the model, and a file may state them in units of its own.

    Raises
    ------
    InputError
        If they differ, and one is not positive.
    """
    for s in np.unique(species):
        low, high = diameters[species == s].min(), diameters[species == s].max()
        if high - low > ROUNDING * abs(high):
            if low <= 0:
                raise InputError(
                    f"diameters: expected positive sizes, or one for all particles of a species, "
                    f"got {low:g} to {high:g} for {SPECIES_NAMES[s]}"
                )
            return diameters
    return None
