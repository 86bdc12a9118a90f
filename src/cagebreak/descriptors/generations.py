"""Generations: descriptors averaged recursively over neighbors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cagebreak.configuration import Configuration
from cagebreak.descriptors._average_kernel import average
from cagebreak.descriptors.base import Descriptor, Features
from cagebreak.descriptors.cage import Source, StateDescriptor, configuration_of, state_of
from cagebreak.errors import InputError
from cagebreak.neighbors import cell_list


@dataclass(frozen=True)
class Generations:
    r"""Descriptors, and recursive averages of them over neighbors.

    .. math::
        x_i^{(n)} = \frac{\sum_{j: r_{ij} < r_c} x_j^{(n-1)} e^{-r_{ij} / r_c}}
                         {\sum_{j: r_{ij} < r_c} e^{-r_{ij} / r_c}}

    The sums include particle i itself, at r = 0. :cite:`Alkemade2022`, eq. 6; :cite:`Boattini2021`,
    eq. 4. In an inherent or a cage state, distances are those between the positions of the state.

    Parameters
    ----------
    descriptors
        One descriptor or several, whose columns side by side are generation 0. Those of
        `cagebreak.descriptors.cage` require a state.
    n_max
        The last generation; 0 adds none.
    r_c
        Cut-off and decay length, in units of sigma. Default: 2.1, about the second minimum of the
        radial distribution function (Alkemade 2022, section I C).

    Raises
    ------
    InputError
        If there is no descriptor, one has generations itself, n_max is not 0, 1, 2, ..., or r_c is
        not positive.
    """

    descriptors: tuple[Descriptor, ...]
    n_max: int
    r_c: float = 2.1

    def __post_init__(self) -> None:
        given: Sequence | Descriptor = self.descriptors
        descriptors = (given,) if isinstance(given, Descriptor) else tuple(given)
        if not descriptors or not all(isinstance(d, Descriptor) for d in descriptors):
            raise InputError(f"descriptors: expected at least one descriptor, got {given!r}")
        if any((d.labels().generation > 0).any() for d in descriptors):
            raise InputError("descriptors: expected generation 0 only, got further generations")
        if not isinstance(self.n_max, int | np.integer) or self.n_max < 0:
            raise InputError(f"n_max: expected 0, 1, 2, ..., got {self.n_max!r}")
        if not (np.isfinite(self.r_c) and self.r_c > 0):
            raise InputError(f"r_c: expected a positive length, got {self.r_c!r}")
        object.__setattr__(self, "descriptors", descriptors)

    def labels(self, state: str = "initial") -> np.recarray:
        """Return the labels of the columns: generation 0 of all descriptors, then 1, ..."""
        first = np.concatenate([d.labels(state) for d in self.descriptors])
        return labels_of_generations(first.view(np.recarray), self.n_max)

    def compute(self, source: Source, state: str | None = None) -> Features:
        """Return all generations of every particle, (N, (n_max + 1) x columns).

        Parameters
        ----------
        source
            A configuration, or what `cagebreak.inherent_state` or `cagebreak.cage_state` returned.
        state
            For the labels; default: the name of the state of `source`.

        Raises
        ------
        ConfigurationError
            If a descriptor cannot describe the configuration.
        InputError
            If a descriptor requires a state, and `source` is a configuration.
        """
        configuration = configuration_of(source)
        state = state or state_of(source)
        parts = [
            d.compute(source if isinstance(d, StateDescriptor) else configuration, state)
            for d in self.descriptors
        ]
        first = Features.concatenate(parts)
        return average_over_neighbors(first, configuration, self.r_c, self.n_max)


def labels_of_generations(first: np.recarray, n_max: int) -> np.recarray:
    """Return the labels of generations 0 to `n_max`, from those of generation 0."""
    labels = np.tile(first, n_max + 1)
    labels["generation"] = np.repeat(np.arange(n_max + 1), len(first))
    return labels.view(np.recarray)


def average_over_neighbors(
    first: Features, configuration: Configuration, r_c: float, n_max: int
) -> Features:
    """Return features and their averages up to generation `n_max`, side by side.

    Parameters
    ----------
    first
        Generation 0.
    configuration
        Positions that distances are taken between.
    r_c
        Cut-off and decay length, in units of sigma.
    n_max
        The last generation.
    """
    width = first.n_features
    values = np.empty((len(first), (n_max + 1) * width))
    values[:, :width] = first.values
    cells = cell_list(configuration, r_c)
    for last in range(width, values.shape[1], width):
        average(cells, values, last - width, last)
    return Features(values, labels_of_generations(first.labels, n_max))
