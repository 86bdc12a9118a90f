"""Particles that rearrange and particles that do not: what a classifier learns from.

The two data sets of Rottler and Ortner 2024, balanced, one configuration at a time. Features are of
inherent structures there.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cagebreak.dynamics.plasticity import ACTIVE, AVALANCHE, Window, active
from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats, Integers, as_table

SHARE = 0.05
"""Of the particles of a species, the most and as many of the least mobile."""


@dataclass(frozen=True, eq=False)
class Labeled:
    """Particles of one configuration, active or not.

    Parameters
    ----------
    features : (n, F) array
    active : (n,) array of bool
    particles : (n,) array of integers, optional
        Which particles of the configuration they are.

    Raises
    ------
    InputError
        If the shapes do not fit.
    """

    features: Floats
    active: NDArray[np.bool_]
    particles: Integers | None = None

    def __post_init__(self) -> None:
        labels = np.asarray(self.active)
        if labels.ndim != 1 or labels.dtype != np.bool_:
            raise InputError(f"active: expected bools (n,), got {labels.dtype} {labels.shape}")
        object.__setattr__(self, "active", labels)
        object.__setattr__(self, "features", as_table("features", self.features, len(labels)))

    def __len__(self) -> int:
        return len(self.active)


def most_and_least_mobile(
    features: ArrayLike,
    mobility: ArrayLike,
    species: ArrayLike,
    share: float = SHARE,
    of: int = 0,
) -> Labeled:
    """Return the most mobile particles of a configuration and as many of the least mobile.

    Parameters
    ----------
    features : (N, F) array
    mobility : (N,) array
        D2min or the propensity, averaged over the isoconfigurational ensemble.
    species : (N,) array of integers
    share
        Of the particles of the species that are taken as active; 0.05 in Rottler and Ortner 2024.
    of
        The species; the majority, A, in Rottler and Ortner 2024.

    Raises
    ------
    InputError
        If shapes do not fit, the share is not in (0, 0.5], or it comes to no particle.
    """
    table = as_table("features", features)
    moved, kinds = np.asarray(mobility, dtype=np.float64), np.asarray(species)
    for name, given in (("mobility", moved), ("species", kinds)):
        if given.shape != (len(table),):
            raise InputError(f"{name}: expected shape ({len(table)},), got {given.shape}")
    if not 0 < share <= 0.5:
        raise InputError(f"share: expected a number in (0, 0.5], got {share!r}")
    members = np.flatnonzero(kinds == of)
    n = int(share * len(members) + 1e-9)
    if n == 0:
        raise InputError(f"share: expected one particle at least of {len(members)}, got {share!r}")
    order = members[np.argsort(moved[members], kind="stable")]
    return _balanced(table, order[len(order) - n :], order[:n])


def plastic(
    features: ArrayLike,
    window: Window,
    threshold: float = ACTIVE,
    avalanche: float = AVALANCHE,
    species: int = 0,
) -> Labeled:
    """Return the plastically active particles of a window of strain and as many that are not.

    Parameters
    ----------
    features : (N, F) array
        Of the configuration at the start of the window.
    window, threshold, avalanche, species
        See `cagebreak.dynamics.plasticity.active`. After an avalanche no particle is returned.

    Raises
    ------
    InputError
        If the features are not those of the window's particles.
    """
    table = as_table("features", features, len(window.start))
    return _balanced(table, *active(window, threshold, avalanche, species))


def _balanced(table: Floats, moving: Integers, still: Integers) -> Labeled:
    chosen = np.concatenate([moving, still])
    labels = np.arange(len(chosen)) < len(moving)
    order = np.argsort(chosen)
    return Labeled(table[chosen[order]], labels[order], chosen[order])
