"""Averages of features over neighbors of each species, with exponential weights."""

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
"""Cut-off in units of the longest length, where its weight is 8 %; chosen."""


def with_surroundings(
    features: Features,
    configuration: Configuration,
    n_species: int,
    lengths: tuple[float, ...] = LENGTHS,
) -> Features:
    r"""Return features, and beside them their averages over neighbors of each species.

    .. math::
        \bar x_i(\ell, s) = \frac{\sum_{j \ne i, s_j = s} x_j e^{-r_{ij} / \ell}}
                                 {\sum_{j \ne i, s_j = s} e^{-r_{ij} / \ell}}

    The sums run over neighbors within `CUTOFF` times the longest length. The average is 0 if there
    are none.

    Parameters
    ----------
    features
        F columns of N particles.
    configuration
        Positions that distances are taken between.
    n_species
        Number of species, S.
    lengths
        The L decay lengths, in units of sigma (chosen; see `LENGTHS`).

    Returns
    -------
    Features
        F (1 + L S) columns: the given ones, then their averages for each length and species. The
        labels of averages have the length as `r` and the species as `species`.

    Raises
    ------
    InputError
        If a length is not positive, or the numbers of particles differ.
    ConfigurationError
        If the configuration has more than `n_species` species.
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
    """Return weighted sums (..., F) divided by the sums of weights (...); 0 where these are 0."""
    norms = np.broadcast_to(weights[..., None], sums.shape)
    return np.divide(sums, norms, out=np.zeros_like(sums), where=norms > 0)


def labels_with_surroundings(
    labels: np.recarray, n_species: int, lengths: tuple[float, ...] = LENGTHS
) -> np.recarray:
    """Return the labels of the columns that `with_surroundings` returns."""
    parts: list[NDArray] = [labels]
    for length in lengths:
        for species in SPECIES_NAMES[:n_species]:
            part = labels.copy()
            part["r"], part["species"] = length, species
            parts.append(part)
    return np.concatenate(parts).view(np.recarray)
