"""Training data of classifiers: active and inactive particles of a configuration.

The functions make the two data sets of :cite:`Rottler2024`, with as many active as inactive
particles in each configuration. The paper computes its features in inherent structures.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cagebreak.dynamics.plasticity import ACTIVE, AVALANCHE, Window, active
from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats, Integers, as_table

SHARE = 0.05
"""Share of the particles of a species that is labeled active; as many are labeled inactive."""


@dataclass(frozen=True, eq=False)
class Labeled:
    """Particles of one configuration, labeled active or inactive.

    Parameters
    ----------
    features : (n, F) array
    active : (n,) array of bool
    particles : (n,) array of integers, optional
        Indices of the particles in the configuration.

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
        Share of the particles of the species labeled active; default 0.05 (:cite:`Rottler2024`).
    of
        Number of the species; default 0, the majority species A (:cite:`Rottler2024`).

    Raises
    ------
    InputError
        If shapes do not fit, the share is not in (0, 0.5], or it is less than one particle.
    """
    table = as_table("features", features)
    mobilities, numbers = np.asarray(mobility, dtype=np.float64), np.asarray(species)
    for name, values in (("mobility", mobilities), ("species", numbers)):
        if values.shape != (len(table),):
            raise InputError(f"{name}: expected shape ({len(table)},), got {values.shape}")
    if not 0 < share <= 0.5:
        raise InputError(f"share: expected a number in (0, 0.5], got {share!r}")
    members = np.flatnonzero(numbers == of)
    n = int(share * len(members) + 1e-9)
    if n == 0:
        raise InputError(f"share: expected one particle at least of {len(members)}, got {share!r}")
    order = members[np.argsort(mobilities[members], kind="stable")]
    return _balanced(table, order[len(order) - n :], order[:n])


def plastic(
    features: ArrayLike,
    window: Window,
    threshold: float = ACTIVE,
    avalanche: float = AVALANCHE,
    species: int = 0,
) -> Labeled:
    """Return the plastically active particles of a strain window and as many inactive ones.

    Parameters
    ----------
    features : (N, F) array
        Features of the configuration at the start of the window.
    window, threshold, avalanche, species
        See `cagebreak.dynamics.plasticity.active`. A window with an avalanche gives no particles.

    Raises
    ------
    InputError
        If the features are not those of the window's particles.
    """
    table = as_table("features", features, len(window.start))
    return _balanced(table, *active(window, threshold, avalanche, species))


def _balanced(table: Floats, mobile: Integers, immobile: Integers) -> Labeled:
    particles = np.concatenate([mobile, immobile])
    labels = np.arange(len(particles)) < len(mobile)
    order = np.argsort(particles)
    return Labeled(table[particles[order]], labels[order], particles[order])
