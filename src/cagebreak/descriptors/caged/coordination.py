"""The coordination of particles in the samples of a cage state."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Configuration
from cagebreak.descriptors.base import Features, make_labels
from cagebreak.descriptors.caged.cage_average import STATE, samples_of
from cagebreak.models.model import Model
from cagebreak.neighbors import neighbor_table
from cagebreak.potentials.sizes import contacts_of, longest_contact
from cagebreak.states.cage_sampler import CageState

FIRST_SHELL = 1.4
"""Distance within which two particles are neighbors, over their contact distance: about the first
minimum of g(r)."""
VARIANCE_FLOOR = 1e-3
"""Added to the variance of the number before its logarithm is taken; chosen."""


@dataclass(frozen=True)
class Coordination:
    r"""Neighbors within the first shell, over the samples of a cage state; labels have n.

    - n = 0: the mean number of neighbors.
    - n = 1: the logarithm of the variance of the number, plus `VARIANCE_FLOOR`.
    - n = 2: :math:`\sum_j p_j (1 - p_j)`, where :math:`p_j` is the share of samples in which j is a
      neighbor: how many come and go.
    - n = 3: the mean of :math:`p_j` over the neighbors at the start; 1 if there are none.

    Parameters
    ----------
    model
        Gives the contact distances.
    """

    model: Model

    def labels(self, state: str = STATE) -> np.recarray:
        """Return the labels of the columns."""
        return make_labels("coordination", 1, state, [{"n": n} for n in range(4)])

    def compute(self, cage: CageState, /, state: str = STATE) -> Features:
        """Return the columns of every particle, (N, 4).

        Raises
        ------
        InputError
            If the cage state has no samples.
        """
        samples, n = samples_of(cage), len(cage.start)
        of_samples = [self._neighbors(sample) for sample in samples]
        numbers = np.array([np.bincount(pairs // n, minlength=n) for pairs in of_samples])
        pairs, counts = np.unique(np.concatenate(of_samples), return_counts=True)
        share, particles = counts / len(samples), pairs // n
        at_start = self._neighbors(cage.start)
        first = np.bincount(at_start // n, minlength=n)
        stayed = np.bincount(particles, share * np.isin(pairs, at_start), minlength=n)
        columns = [
            numbers.mean(axis=0),
            np.log(numbers.var(axis=0) + VARIANCE_FLOOR),
            np.bincount(particles, share * (1 - share), minlength=n),
            np.divide(stayed, first, out=np.ones(n), where=first > 0),
        ]
        return Features(np.stack(columns, axis=1), self.labels(state))

    def _neighbors(self, configuration: Configuration) -> NDArray[np.int64]:
        """Return the neighbors j of each particle i as i N + j."""
        reach = FIRST_SHELL * longest_contact(configuration, self.model)
        table = neighbor_table(configuration, reach)
        i, j = table.pairs.T
        near = table.distances < FIRST_SHELL * contacts_of(configuration, self.model, i, j)
        # In a small box a particle is its own neighbor, and another one more than once.
        near &= i != j
        return np.unique(i[near] * len(configuration) + j[near])
