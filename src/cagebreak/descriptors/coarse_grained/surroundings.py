"""What a few numbers of each particle are like around it, over several distances."""

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import SPECIES_NAMES, Configuration
from cagebreak.descriptors.base import Features, check_species
from cagebreak.descriptors.coarse_grained._surroundings_kernel import sum_around
from cagebreak.errors import InputError
from cagebreak.neighbors import cell_list

LENGTHS = (0.5, 1.0, 2.0, 3.0)
"""Decay lengths of the averages, in sigma; chosen: within a shell to several shells."""
CUTOFF = 2.5
"""Neighbors count up to so many of the longest length; chosen, a weight of 8 %."""


def with_surroundings(
    features: Features,
    configuration: Configuration,
    n_species: int,
    lengths: tuple[float, ...] = LENGTHS,
) -> Features:
    r"""Return features beside their averages over neighbors of each species.

    .. math::
        \bar x_i(\ell, s) = \frac{\sum_{j \ne i, s_j = s} x_j e^{-r_{ij} / \ell}}
                                 {\sum_{j \ne i, s_j = s} e^{-r_{ij} / \ell}}

    over neighbors nearer than `CUTOFF` times the longest length; 0 without any.

    Parameters
    ----------
    features
        F columns of N particles.
    configuration
        Where the particles are.
    n_species
        How many species averages are taken over, S.
    lengths
        The decay lengths in units of sigma, L of them.

    Returns
    -------
    Features
        F (1 + L S) columns: the given ones, then for each length and species their averages,
        whose labels have it as `r` and `species`.

    Raises
    ------
    InputError
        If a length is not positive, or the features are not those of the configuration.
    ConfigurationError
        If the configuration has more species.
    """
    if len(lengths) == 0 or not all(np.isfinite(length) and length > 0 for length in lengths):
        raise InputError(f"lengths: expected positive numbers, got {lengths!r}")
    if len(features) != len(configuration):
        raise InputError(
            f"features: expected those of {len(configuration)} particles, got {len(features)}"
        )
    check_species(configuration, n_species)
    cells = cell_list(configuration, CUTOFF * max(lengths))
    weights = np.empty((len(features), len(lengths), n_species))
    sums = np.empty((*weights.shape, features.n_features))
    sum_around(cells, features.values, np.array(lengths, float), weights, sums)
    averages = mean_of(sums, weights)
    values = np.concatenate([features.values, averages.reshape(len(features), -1)], axis=1)
    return Features(values, labels_with_surroundings(features.labels, n_species, lengths))


def mean_of(sums: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return weighted sums (..., F) over the sums of their weights (...); 0 without any weight."""
    over = np.broadcast_to(weights[..., None], sums.shape)
    return np.divide(sums, over, out=np.zeros_like(sums), where=over > 0)


def labels_with_surroundings(
    labels: np.recarray, n_species: int, lengths: tuple[float, ...] = LENGTHS
) -> np.recarray:
    """Return the labels of what `with_surroundings` makes of columns with these labels."""
    parts: list[NDArray] = [labels]
    for length in lengths:
        for species in SPECIES_NAMES[:n_species]:
            part = labels.copy()
            part["r"], part["species"] = length, species
            parts.append(part)
    return np.concatenate(parts).view(np.recarray)
