"""Averaged bond order parameters of Lechner and Dellago, over solid-angle nearest neighbors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cagebreak.configuration import Configuration, as_configuration
from cagebreak.descriptors.base import Features, make_labels
from cagebreak.errors import InputError
from cagebreak.neighbors import NeighborTable, sann


@dataclass(frozen=True)
class AveragedBondOrder:
    r"""Bond order parameters averaged over the nearest neighbors, without regard to species.

    .. math::
        q_{lm}(i) &= \frac1{N_i} \sum_{j \in \mathcal N_i} Y_l^m(\mathbf r_{ij}), \\
        \bar q_l(i) &= \sqrt{\frac{4 \pi}{2 l + 1} \sum_{m=-l}^{l} \left|
            \frac1{N_i + 1} \sum_{k \in \mathcal N_i \cup i} q_{lm}(k) \right|^2}

    with :math:`e^{i l \phi}` for :math:`\sqrt{4 \pi / (2 l + 1)} \, Y_l^m` in two dimensions;
    :cite:`Lechner2008`, with the solid-angle nearest neighbors of `neighbors.sann`. These are
    the input of the unsupervised order parameter of :cite:`Boattini2020`; see
    `learning.StructuralOrder`.

    Parameters
    ----------
    l
        Orders of the spherical harmonics, from 1; default 1 to 8 (Boattini 2020).

    Raises
    ------
    InputError
        If l does not consist of distinct positive integers.
    """

    l: tuple[int, ...] = tuple(range(1, 9))

    def __post_init__(self) -> None:
        l = np.atleast_1d(np.asarray(self.l))
        if l.ndim != 1 or l.dtype.kind not in "iu" or (l < 1).any() or len(set(l)) < len(l):
            raise InputError(f"l: expected different integers from 1, got {self.l!r}")
        object.__setattr__(self, "l", tuple(l.tolist()))

    def labels(self, state: str = "initial") -> np.recarray:
        """Return the labels of the columns, by l."""
        return make_labels("bond order", 3, state, [{"l": l} for l in self.l])

    def compute(self, configuration: Configuration, state: str = "initial") -> Features:
        """Return q of every particle, (N, orders), from 0 to 1."""
        configuration = as_configuration(configuration)
        # Imported at need, as scipy takes long.
        from scipy.special import sph_harm_y

        table = sann(configuration)
        x, y, z = table.vectors.T
        polar, azimuth = np.arctan2(np.hypot(x, y), z), np.arctan2(y, x)
        values = np.zeros((len(configuration), len(self.l)))
        if configuration.dimension == 2:
            for column, l in enumerate(self.l):
                values[:, column] = np.abs(_averaged(np.exp(1j * l * azimuth), table)) ** 2
            return Features(np.sqrt(values), self.labels(state))
        for column, l in enumerate(self.l):
            # |q_l,-m| = |q_lm|, so that terms with m > 0 count twice.
            for m in range(l + 1):
                averaged = _averaged(sph_harm_y(l, m, polar, azimuth), table)
                values[:, column] += (1 if m == 0 else 2) * np.abs(averaged) ** 2
            values[:, column] *= 4 * np.pi / (2 * l + 1)
        return Features(np.sqrt(values), self.labels(state))


def _averaged(harmonic: np.ndarray, table: NeighborTable) -> np.ndarray:
    """Return the mean of a harmonic over neighbors, averaged over a particle and its neighbors."""
    counts, starts = table.counts, table.offsets[:-1]
    q = np.add.reduceat(harmonic, starts) / counts
    total = np.add.reduceat(q[table.neighbors], starts)
    return np.asarray((q + total) / (counts + 1))
