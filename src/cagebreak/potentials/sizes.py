"""Particles with diameters of their own: which models have them, and how far they reach."""

import warnings

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Configuration
from cagebreak.errors import ConfigurationError, ConfigurationWarning, InputError
from cagebreak.models.model import Model
from cagebreak.potentials._pair_kernel import OwnSizes

Floats = NDArray[np.float64]


def sizes_of(configuration: Configuration, model: Model) -> OwnSizes:
    """Return the diameters of the particles, if a model has sizes of particles."""
    if model.sizes is None:
        return OwnSizes(np.empty(0), 0.0)
    check_sizes(configuration, model)
    assert configuration.diameters is not None
    return OwnSizes(configuration.diameters, model.sizes.nonadditivity)


def diameters_of(configuration: Configuration, model: Model) -> Floats:
    """Return the diameter sigma_i of every particle, (N,), its own or that of its species."""
    if model.sizes is None:
        return np.asarray(model.diameters)[configuration.species]
    check_sizes(configuration, model)
    assert configuration.diameters is not None
    return configuration.diameters


def contacts_of(
    configuration: Configuration, model: Model, i: NDArray[np.int64], j: NDArray[np.int64]
) -> Floats:
    """Return the contact distances sigma_ij of pairs of particles i and j, in sigma."""
    species = configuration.species
    contacts = np.array(model.pair.sigma)[species[i], species[j]]
    if model.sizes is None:
        return np.asarray(contacts)
    a, b = (diameters_of(configuration, model)[k] for k in (i, j))
    return np.asarray(contacts * (a + b) / 2 * (1 - model.sizes.nonadditivity * abs(a - b)))


def longest_contact(configuration: Configuration, model: Model) -> float:
    """Return a distance, in sigma, that no contact distance of two particles exceeds."""
    longest = float(np.max(model.pair.sigma))
    if model.sizes is None:
        return longest
    # Nonadditivity makes contact distances shorter.
    return longest * float(diameters_of(configuration, model).max())


def check_sizes(configuration: Configuration, model: Model) -> None:
    """Check that particles have diameters if their model has sizes.

    Raises
    ------
    ConfigurationError
        If they have none, or so different ones that two have no contact distance.

    Warns
    -----
    ConfigurationWarning
        If they have diameters that the model does not use.
    """
    if model.sizes is not None and configuration.diameters is None:
        raise ConfigurationError(
            f"configuration.diameters: expected one of each particle, as {model.name} has, got none"
        )
    if model.sizes is not None and configuration.diameters is not None:
        spread = float(np.ptp(configuration.diameters))
        if model.sizes.nonadditivity * spread >= 1:
            raise ConfigurationError(
                f"configuration.diameters: expected ones that differ by less than "
                f"{1 / model.sizes.nonadditivity:g} sigma, as contact distances of {model.name} "
                f"need, got {configuration.diameters.min():g} to {configuration.diameters.max():g}"
            )
    if model.sizes is None and configuration.diameters is not None:
        warnings.warn(
            f"configuration.diameters: they are not used, since {model.name} has one diameter for "
            "each species",
            ConfigurationWarning,
            stacklevel=3,
        )


def require_species_sizes(model: Model, what: str) -> None:
    """Raise an `InputError` if a model has sizes of particles, for which something is not made."""
    if model.sizes is not None:
        raise InputError(
            f"model: expected one whose species have diameters, for {what}, got {model.name} with "
            "a diameter for each particle"
        )


def reach(configuration: Configuration, model: Model) -> float:
    """Return the range of the potential: the largest cut-off of two particles, in sigma."""
    largest = float(model.pair.cutoffs.max())
    if model.sizes is None or configuration.diameters is None:
        return largest
    # Nonadditivity makes contact distances shorter.
    return largest * float(configuration.diameters.max())


def require_own_sizes(model: Model) -> None:
    """Raise an `InputError` if a model has no diameters of particles, which swaps exchange."""
    if model.sizes is None:
        raise InputError(
            f"model: expected one with a diameter for each particle, which swaps exchange, got "
            f"{model.name}"
        )
