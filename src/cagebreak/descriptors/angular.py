"""Angular descriptors: bond order parameters q_l of the neighbors in soft shells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cagebreak.configuration import Configuration, as_configuration
from cagebreak.descriptors._angular_kernel import angular
from cagebreak.descriptors.base import Features, make_labels
from cagebreak.descriptors.shells import N_BINS, as_shells, bins, cutoff
from cagebreak.errors import InputError
from cagebreak.neighbors import cell_list


@dataclass(frozen=True)
class Angular:
    r"""Bond order parameters in soft shells around a particle, without regard to species.

    Those of :cite:`Steinhardt1983`, with soft shells instead of a list of neighbors:

    .. math::
        q_i(l, m, r, \delta) &= \frac1Z \sum_{j \ne i}
            \exp\left(-\frac{(r_{ij} - r)^2}{2 \delta^2}\right) Y_l^m(\mathbf r_{ij}), \\
        q_i(l, r, \delta) &= \sqrt{\frac{4 \pi}{2 l + 1} \sum_{m=-l}^{l} |q_i(l, m, r, \delta)|^2}

    with Z the sum of the weights. :cite:`Alkemade2022`, eqs. 3-5; :cite:`Boattini2021`, eqs. 2-3.
    In two dimensions Fourier modes take the place of spherical harmonics:

    .. math::
        q_i(l, r, \delta) = \left| \frac1Z \sum_{j \ne i}
            \exp\left(-\frac{(r_{ij} - r)^2}{2 \delta^2}\right) e^{i l \phi_{ij}} \right|

    Weights below 1e-8 are set to zero, and q is 0 where all are. Each periodic image within reach
    is a neighbor of its own.

    Parameters
    ----------
    l
        Orders of the spherical harmonics, or of the Fourier modes, from 1.
    r
        Radii of the shells, in units of sigma.
    width
        delta, one for all shells or one for each, in units of sigma.

    Raises
    ------
    InputError
        If l does not consist of distinct positive integers, a length is not positive, or the
        numbers of radii and widths differ.
    """

    l: tuple[int, ...]
    r: tuple[float, ...]
    width: tuple[float, ...]

    def __post_init__(self) -> None:
        l = np.atleast_1d(np.asarray(self.l))
        if l.ndim != 1 or l.dtype.kind not in "iu" or (l < 1).any() or len(set(l)) < len(l):
            raise InputError(f"l: expected different integers from 1, got {self.l!r}")
        r, width = as_shells(self.r, self.width)
        object.__setattr__(self, "l", tuple(l.tolist()))
        object.__setattr__(self, "r", r)
        object.__setattr__(self, "width", width)

    def labels(self, state: str = "initial") -> np.recarray:
        """Return the labels of the columns, by l and then by shell."""
        columns = [
            {"l": l, "r": r, "width": width}
            for l in self.l
            for r, width in zip(self.r, self.width, strict=True)
        ]
        return make_labels("angular", 3, state, columns)

    def compute(self, configuration: Configuration, state: str = "initial") -> Features:
        """Return q of every particle, (N, orders x shells), from 0 to 1.

        Raises
        ------
        ConfigurationError
            If two particles coincide, since no direction leads from one to the other.
        """
        configuration = as_configuration(configuration)
        r, width = np.array(self.r), np.array(self.width)
        values = np.empty((len(configuration), len(self.l) * len(r)))
        cells = cell_list(configuration, cutoff(r, width))
        angular(
            cells, r, width, *bins(r, width), N_BINS, self._row_degrees(cells.dimension), values
        )
        return Features(values, self.labels(state))

    def _row_degrees(self, dimension: int) -> np.ndarray:
        """Return the index in `self.l` of the degree of each harmonic; -1 if it is not in there."""
        index = {l: k for k, l in enumerate(self.l)}
        if dimension == 2:
            return np.repeat([index.get(l, -1) for l in range(1, max(self.l) + 1)], 2)
        return np.concatenate([[index.get(l, -1)] * (2 * l + 1) for l in range(max(self.l) + 1)])
