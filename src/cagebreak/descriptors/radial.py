"""Radial descriptors: the number of neighbors of each species in soft shells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cagebreak.configuration import SPECIES_NAMES, Configuration, as_configuration
from cagebreak.descriptors._radial_kernel import radial
from cagebreak.descriptors.base import Features, check_species, make_labels
from cagebreak.descriptors.shells import N_BINS, as_shells, bins, cutoff
from cagebreak.errors import InputError
from cagebreak.neighbors import cell_list


@dataclass(frozen=True)
class Radial:
    r"""Number of neighbors of each species in soft shells around a particle.

    .. math::
        G_i(r, \delta, s) = \sum_{j \ne i,\, s_j = s}
            \exp\left(-\frac{(r_{ij} - r)^2}{2 \delta^2}\right)

    :cite:`Alkemade2022`, eq. 2; :cite:`Boattini2021`, eq. 1. Weights below 1e-8 are set to zero.
    Each periodic image within reach is a neighbor of its own.

    Parameters
    ----------
    r
        Radii of the shells, in units of sigma.
    width
        delta, one for all shells or one for each, in units of sigma.
    n_species
        Number of species to distinguish; a configuration may have fewer.

    Raises
    ------
    InputError
        If a length is not positive, the numbers of radii and widths differ, or n_species is
        less than 1.
    """

    r: tuple[float, ...]
    width: tuple[float, ...]
    n_species: int

    def __post_init__(self) -> None:
        r, width = as_shells(self.r, self.width)
        object.__setattr__(self, "r", r)
        object.__setattr__(self, "width", width)
        if not 1 <= self.n_species <= len(SPECIES_NAMES):
            raise InputError(
                f"n_species: expected 1 to {len(SPECIES_NAMES)}, got {self.n_species!r}"
            )

    def labels(self, state: str = "initial") -> np.recarray:
        """Return the labels of the columns, by species and then by shell."""
        columns = [
            {"species": species, "r": r, "width": width}
            for species in SPECIES_NAMES[: self.n_species]
            for r, width in zip(self.r, self.width, strict=True)
        ]
        return make_labels("radial", 2, state, columns)

    def compute(self, configuration: Configuration, state: str = "initial") -> Features:
        """Return G of every particle, (N, n_species x shells), dimensionless.

        Raises
        ------
        ConfigurationError
            If the configuration has more than `n_species` species.
        """
        configuration = as_configuration(configuration)
        check_species(configuration, self.n_species)
        r, width = np.array(self.r), np.array(self.width)
        values = np.empty((len(configuration), self.n_species * len(r)))
        cells = cell_list(configuration, cutoff(r, width))
        unweighted = np.empty(0)
        radial(cells, unweighted, r, width, *bins(r, width), N_BINS, self.n_species, values)
        return Features(values, self.labels(state))
