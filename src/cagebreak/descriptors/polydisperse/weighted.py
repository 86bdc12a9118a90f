"""Radial descriptors weighted by size: the diameters of the neighbors, summed in soft shells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cagebreak.configuration import Configuration, as_configuration
from cagebreak.descriptors._radial_kernel import radial
from cagebreak.descriptors.base import Features, make_labels
from cagebreak.descriptors.polydisperse.by_size import own_diameters
from cagebreak.descriptors.shells import N_BINS, as_shells, bins, cutoff
from cagebreak.neighbors import cell_list


@dataclass(frozen=True)
class RadialDiameter:
    r"""Sum of the diameters of the neighbors in soft shells around a particle, in sigma.

    .. math::
        G_i(r, \delta) = \sum_{j \ne i} \sigma_j
            \exp\left(-\frac{(r_{ij} - r)^2}{2 \delta^2}\right)

    It is `cagebreak.Radial` of one species with the weight :math:`\sigma_j`. Label: kind
    "radial diameter".

    Parameters
    ----------
    r
        Radii of the shells, in units of sigma.
    width
        delta, one for all shells or one for each, in units of sigma.

    Raises
    ------
    InputError
        If a length is not positive, or the numbers of radii and widths differ.
    """

    r: tuple[float, ...]
    width: tuple[float, ...]

    def __post_init__(self) -> None:
        r, width = as_shells(self.r, self.width)
        object.__setattr__(self, "r", r)
        object.__setattr__(self, "width", width)

    def labels(self, state: str = "initial") -> np.recarray:
        """Return the labels of the columns, by shell."""
        columns = [{"r": r, "width": w} for r, w in zip(self.r, self.width, strict=True)]
        return make_labels("radial diameter", 2, state, columns)

    def compute(self, configuration: Configuration, state: str = "initial") -> Features:
        """Return the sums of every particle, (N, shells).

        Raises
        ------
        ConfigurationError
            If the configuration has no diameters.
        """
        configuration = as_configuration(configuration)
        diameters = own_diameters(configuration)
        # All particles are of one class.
        alike = configuration.replace(species=np.zeros(len(configuration), np.int64))
        r, width = np.array(self.r), np.array(self.width)
        values = np.empty((len(configuration), len(r)))
        cells = cell_list(alike, cutoff(r, width))
        radial(cells, diameters, r, width, *bins(r, width), N_BINS, 1, values)
        return Features(values, self.labels(state))
