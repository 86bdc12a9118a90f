"""What lies beneath a cage: the inherent states of its samples, and how they differ."""

from dataclasses import dataclass
from typing import cast

import numpy as np

from cagebreak import potentials
from cagebreak.descriptors.base import Features, make_labels
from cagebreak.descriptors.cage_average import STATE, samples_of
from cagebreak.errors import InputError, NotConvergedError
from cagebreak.models import Model
from cagebreak.states.cage_sampler import CageState
from cagebreak.states.inherent import InherentState, inherent_state

KINDS = (
    "basin energy",
    "basin energy var",
    "basin laplacian",
    "basin variance",
    "basin jump",
    "basin to cage",
    "basin to start",
)
FORCE_TOLERANCE = 0.03
"""Largest force left, in eps / sigma; chosen: positions are then known to 0.001 sigma mostly."""
FLOOR = 1e-3
"""In sigma, below which differences between basins are rounding; chosen."""


@dataclass(frozen=True)
class Basins:
    r"""Numbers that say how the inherent states beneath a cage differ from one another.

    A caged system visits many basins of the energy, and those who are elsewhere in one than in the
    other are those that can rearrange. Samples of the cage state are brought to their inherent
    states, K of them; for each particle (`kind` of the label):

    - ``basin energy`` and ``basin laplacian``: means, and ``basin energy var``: the logarithm of
      the variance;
    - ``basin variance``: :math:`\ln(\langle |r - \langle r \rangle|^2 \rangle + \delta^2)` of its
      position, with :math:`\delta` = `FLOOR`;
    - ``basin jump``: the logarithm of its largest distance from the median position, plus
      :math:`\delta`;
    - ``basin to cage`` and ``basin to start``: distance of the mean from the cage's, and from the
      start.

    All positions are about the centre of mass. Our own, after no paper.

    Parameters
    ----------
    model
    n_samples
        How many samples are brought down, K; evenly chosen.
    """

    model: Model
    n_samples: int = 10

    def labels(self, state: str = STATE) -> np.recarray:
        """Return the labels of the columns."""
        return np.concatenate([make_labels(kind, 1, state, [{}]) for kind in KINDS]).view(
            np.recarray
        )

    def compute(self, cage: CageState, /, state: str = STATE) -> Features:
        """Return the numbers of every particle, (N, F).

        Raises
        ------
        InputError
            If the cage state has fewer samples.
        """
        samples = samples_of(cage)
        if not 2 <= self.n_samples <= len(samples):
            raise InputError(
                f"n_samples: expected 2 to {len(samples)}, as the cage state has; "
                f"got {self.n_samples}"
            )
        # The later of each interval, so that the first is as far from the start as the others.
        chosen = (np.arange(1, self.n_samples + 1) * len(samples)) // self.n_samples - 1
        start = cage.start.unwrapped
        positions = np.empty((self.n_samples, *start.shape))
        energies, laplacians = np.empty((2, *positions.shape[:2]))
        for k, sample in enumerate(chosen):
            try:
                basin = inherent_state(samples[sample], self.model, force_tolerance=FORCE_TOLERANCE)
            except NotConvergedError as error:
                basin = cast(InherentState, error.state)
            sums = potentials.energies_forces_laplacians(basin.configuration, self.model)
            energies[k], laplacians[k] = sums.energies, sums.laplacians
            moved = basin.configuration.unwrapped - start
            positions[k] = moved - moved.mean(axis=0)
        mean = positions.mean(axis=0)
        caged = cage.configuration.unwrapped - start
        from_median = np.linalg.norm(positions - np.median(positions, axis=0), axis=2)
        tiny = np.finfo(float).tiny
        columns = [
            energies.mean(axis=0),
            np.log(np.maximum(energies.var(axis=0), tiny)),
            laplacians.mean(axis=0),
            np.log(((positions - mean) ** 2).sum(axis=2).mean(axis=0) + FLOOR**2),
            np.log(from_median.max(axis=0) + FLOOR),
            np.linalg.norm(mean - (caged - caged.mean(axis=0)), axis=1),
            np.linalg.norm(mean, axis=1),
        ]
        return Features(np.stack(columns, axis=1), self.labels(state))
