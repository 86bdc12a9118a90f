"""Physical quantities of a particle, coarse-grained over several lengths: inputs of GlassMLP."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import SPECIES_NAMES, Configuration, as_configuration
from cagebreak.descriptors.base import Features, check_species, make_labels
from cagebreak.descriptors.coarse_grained._surroundings_kernel import sum_around
from cagebreak.descriptors.coarse_grained.surroundings import mean_of
from cagebreak.descriptors.coarse_grained.voronoi import voronoi_cells
from cagebreak.descriptors.polydisperse.by_size import (
    classified,
    n_classes_of,
    own_diameters,
)
from cagebreak.errors import InputError
from cagebreak.models.model import Model
from cagebreak.neighbors import cell_list
from cagebreak.potentials.pair_potentials import check_dimension, energies

LENGTHS = (0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0)
"""Lengths of the averages, in sigma; chosen: within a shell to half a box of 1000 particles."""
CUTOFF = 1.5
"""Cut-off in units of the longest length, half a box of 4000 particles; chosen."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CoarseGrained:
    r"""Local density, energy and size of the Voronoi cell, coarse-grained by species.

    .. math::
        \bar\rho_i(L, s) = \sum_{j, s_j = s} e^{-r_{ij} / L}, \qquad
        \bar x_i(L, s) = \frac{1}{\bar\rho_i} \sum_{j, s_j = s} x_j e^{-r_{ij} / L}, \qquad
        \bar v_i(L, s) = \frac{1}{\bar\rho_i} \sum_{j, s_j = s} (E_j - \bar E_i)^2 e^{-r_{ij} / L}

    for each species s, and in a mixture also for all particles. Of particles with a diameter each,
    s is the class of size, and cells are radical (`voronoi.py`). The sums include particle i
    itself, at r = 0, and periodic images. They reach to `CUTOFF` times the longest length, and are
    0 if no particle of the species is within.
    :cite:`Jung2023` (GlassMLP) use the density, the energy, its variance and the perimeter of the
    cell (in three dimensions its area) in inherent states.

    The energy is half the sum of the pair energies of a particle, in eps. That of hard spheres is
    their logarithmic potential (see `cagebreak.potentials`). It has no value if spheres overlap,
    as the mean positions of a cage state may, so hard spheres have no energy columns there.

    The first columns are the particle's own values, of kinds "energy", "perimeter", "area" and, in
    three dimensions, "volume"; their `r` is nan. The averages follow, of kinds "density", the same
    and "energy var", the variance of the energy. Their labels have the length as `r` and the
    species as `species`, "" for all.

    Parameters
    ----------
    model
        Gives the pair potential and the number of species.
    lengths
        L, in units of sigma (chosen; see `LENGTHS`).

    Raises
    ------
    InputError
        If there is no length or one is not positive.
    """

    model: Model
    lengths: tuple[float, ...] = LENGTHS

    def __post_init__(self) -> None:
        lengths = tuple(np.atleast_1d(self.lengths).tolist())
        if not lengths or not all(np.isfinite(length) and length > 0 for length in lengths):
            raise InputError(f"lengths: expected positive numbers, got {self.lengths!r}")
        object.__setattr__(self, "lengths", lengths)

    def labels(self, state: str = "initial") -> np.recarray:
        """Return the labels of the columns."""
        own = self._quantities(state)
        parts = [make_labels(kind, 1, state, [{}]) for kind in own]
        names = SPECIES_NAMES[: n_classes_of(self.model)]
        of = (*names, "") if len(names) > 1 else names
        columns = [{"r": length, "species": s} for length in self.lengths for s in of]
        averaged = ("density", *own, *(("energy var",) if "energy" in own else ()))
        parts += [make_labels(kind, 1, state, columns) for kind in averaged]
        return np.concatenate(parts).view(np.recarray)

    def compute(self, configuration: Configuration, state: str = "initial") -> Features:
        """Return the features of every particle, (N, F).

        Raises
        ------
        ConfigurationError
            If a species is not the model's, two particles coincide, or hard spheres overlap.
        """
        configuration = as_configuration(configuration)
        check_species(configuration, self.model.n_species)
        check_dimension(configuration, self.model)
        sizes = None if self.model.sizes is None else own_diameters(configuration)
        own = np.column_stack(voronoi_cells(configuration, sizes)[: configuration.dimension])
        if "energy" not in self._quantities(state):
            weights, means = self._coarse_grain(configuration, own)
            return self._features(state, own, [weights, *means])
        own = np.column_stack([energies(configuration, self.model), own])
        # Energies relative to their mean: the variance of large numbers would lose digits.
        deviations = own[:, 0] - own[:, 0].mean()
        squares = np.column_stack([deviations, deviations**2])
        weights, means = self._coarse_grain(configuration, np.column_stack([own, squares]))
        variances = np.maximum(means[-1] - means[-2] ** 2, 0)
        return self._features(state, own, [weights, *means[:-2], variances])

    def _quantities(self, state: str) -> tuple[str, ...]:
        cell = ("perimeter", "area", "volume")[: self.model.dimension]
        may_overlap = self.model.is_hard and state == "cage"
        return cell if may_overlap else ("energy", *cell)

    def _coarse_grain(self, configuration: Configuration, values: Floats) -> tuple[Floats, Floats]:
        """Return the sums of weights, (N, L, S), and the means of the columns, (F, N, L, S).

        In a mixture the last species stands for all particles.
        """
        configuration = classified(configuration, self.model)
        lengths, n_species = np.array(self.lengths), n_classes_of(self.model)
        weights = np.empty((len(values), len(lengths), n_species))
        sums = np.empty((*weights.shape, values.shape[1]))
        cells = cell_list(configuration, CUTOFF * lengths.max())
        sum_around(cells, values, lengths, weights, sums)
        itself = np.arange(len(values))
        weights[itself, :, configuration.species] += 1
        sums[itself, :, configuration.species] += values[:, None]
        if n_species > 1:
            weights = np.concatenate([weights, weights.sum(axis=2, keepdims=True)], axis=2)
            sums = np.concatenate([sums, sums.sum(axis=2, keepdims=True)], axis=2)
        return weights, np.moveaxis(mean_of(sums, weights), -1, 0)

    def _features(self, state: str, own: Floats, averaged: list[Floats]) -> Features:
        columns = [own, *(average.reshape(len(own), -1) for average in averaged)]
        return Features(np.concatenate(columns, axis=1), self.labels(state))
