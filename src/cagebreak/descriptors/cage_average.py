"""What a particle's cage is like: numbers averaged over the samples of a cage state."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cagebreak import potentials
from cagebreak.configuration import Configuration
from cagebreak.descriptors.base import Descriptor, Features, make_labels
from cagebreak.errors import InputError
from cagebreak.models.model import Model
from cagebreak.states.cage_sampler import CageState

WALL_FLOOR = 1e-3
"""Added to the share of trials rejected by the wall before its logarithm; chosen."""

STATE = "sampled"
"""What labels call the samples of a cage state, as distinct from its mean positions."""


def samples_of(cage: CageState) -> list[Configuration]:
    """Return the samples of a cage state as configurations.

    Raises
    ------
    InputError
        If it was made without samples.
    """
    if not len(cage.samples):
        raise InputError("cage: expected a cage state with samples; cage_state(..., samples=30)")
    return [cage.configuration.replace(positions=positions) for positions in cage.samples]


@dataclass(frozen=True)
class CageAverage:
    """Descriptors averaged over the samples of a cage state.

    A descriptor of the mean positions knows one structure; its average over the samples knows what
    a particle's neighbors do while it is caged.

    Parameters
    ----------
    descriptor
        What is averaged: of generation 0, since averages over neighbors commute with it.
    """

    descriptor: Descriptor

    def labels(self, state: str = STATE) -> np.recarray:
        """Return the labels of the columns: the descriptor's."""
        return self.descriptor.labels(state)

    def compute(self, cage: CageState, /, state: str = STATE) -> Features:
        """Return the averages, (N, F).

        Raises
        ------
        InputError
            If the cage state has no samples.
        """
        samples = samples_of(cage)
        total = self.descriptor.compute(samples[0], state).values
        for sample in samples[1:]:
            total += self.descriptor.compute(sample, state).values
        return Features(total / len(samples), self.labels(state))


@dataclass(frozen=True)
class CageScalars:
    r"""Numbers that say how a particle is caged, by `kind` of the label.

    - ``displacement``: from the start to the mean position; its distance, in sigma.
    - ``variance``: :math:`\ln \mathrm{tr}\, C` of the covariance C of the position, and the
      logarithms of its eigenvalues, n = 0, 1, 2 from the smallest.
    - ``acceptance`` of trials, and ``wall``: the logarithm of the share that the cell rejects.

    For models with an energy also, over the samples and at the mean positions (n = 1):

    - ``energy``: mean, and ``energy var``: the logarithm of its variance;
    - ``force``: the size of the mean force, and ``force var``: the logarithm of its mean
      square;
    - ``laplacian``: mean, and ``laplacian var``: the logarithm of its variance.

    Parameters
    ----------
    model
    """

    model: Model

    def labels(self, state: str = STATE) -> np.recarray:
        """Return the labels of the columns."""
        columns = [("displacement", 0), ("variance", -1), *(("variance", n) for n in range(3))]
        columns += [("acceptance", 0), ("wall", 0)]
        if self.model.pair.form != "hard_log":
            for kind in ("energy", "force", "laplacian"):
                columns += [(kind, 0), (f"{kind} var", 0), (kind, 1)]
        parts = [make_labels(kind, 1, state, [{"n": n}]) for kind, n in columns]
        return np.concatenate(parts).view(np.recarray)

    def compute(self, cage: CageState, /, state: str = STATE) -> Features:
        """Return the scalars, (N, F).

        Raises
        ------
        InputError
            If the cage state has no samples.
        """
        # A particle that never moved has a variance of 0; its logarithm is bounded.
        tiny = np.finfo(float).tiny
        eigenvalues = np.maximum(np.linalg.eigvalsh(cage.covariance), tiny)
        columns = [
            cage.displacement,
            np.log(np.maximum(cage.variance, tiny)),
            *np.log(eigenvalues).T,
            cage.acceptance,
            np.log(cage.wall + WALL_FLOOR),
        ]
        if self.model.pair.form != "hard_log":
            columns += _mechanics(cage, self.model)
        return Features(np.stack(columns, axis=1), self.labels(state))


def _mechanics(cage: CageState, model: Model) -> list[NDArray[np.float64]]:
    """Return energy, force and Laplacian: mean and variance over samples, and at the mean."""
    samples = samples_of(cage)
    sums = [potentials.energies_forces_laplacians(sample, model) for sample in samples]
    energies, forces, laplacians = (np.array(each) for each in zip(*sums, strict=True))
    at_mean = potentials.energies_forces_laplacians(cage.configuration, model)
    tiny = np.finfo(float).tiny
    return [
        energies.mean(axis=0),
        np.log(np.maximum(energies.var(axis=0), tiny)),
        at_mean[0],
        np.linalg.norm(forces.mean(axis=0), axis=1),
        np.log(np.maximum((forces**2).sum(axis=2).mean(axis=0), tiny)),
        np.linalg.norm(at_mean[1], axis=1),
        laplacians.mean(axis=0),
        np.log(np.maximum(laplacians.var(axis=0), tiny)),
        at_mean[2],
    ]
