"""Descriptors of the cage: averages over the samples of a cage state, and scalars."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cagebreak import potentials
from cagebreak.configuration import Configuration
from cagebreak.descriptors.base import Descriptor, Features, make_labels
from cagebreak.errors import InputError
from cagebreak.models.model import Model
from cagebreak.states.cage_sampler import CageState

REJECTION_FLOOR = 1e-3
"""Added to the share of trials that the cell rejects before its logarithm is taken; chosen."""

STATE = "sampled"
"""The `state` in labels of averages over samples; "cage" stands for the mean positions."""


def require_samples(cage: CageState) -> None:
    """Raise an `InputError` if a cage state was made without samples."""
    if not len(cage.samples):
        raise InputError("cage: expected a cage state with samples; cage_state(..., samples=30)")


def samples_of(cage: CageState) -> list[Configuration]:
    """Return the samples of a cage state as configurations.

    Raises
    ------
    InputError
        If it was made without samples.
    """
    require_samples(cage)
    return [cage.configuration.replace(positions=positions) for positions in cage.samples]


@dataclass(frozen=True)
class CageAverage:
    """Descriptors averaged over the samples of a cage state.

    A descriptor of the mean positions sees a single structure. The average over the samples also
    sees how the neighbors of a particle move while it is caged.

    Parameters
    ----------
    descriptor
        The descriptor to average, of generation 0: `average_over_neighbors` adds generations later.
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
    r"""Scalars of a particle and its cage, by `kind` of the label.

    - ``displacement``: the distance from the start to the mean position, in sigma.
    - ``variance``: :math:`\ln \mathrm{tr}\, C` of the covariance C of the position (n = -1), and
      the logarithms of the eigenvalues of C, n = 0, 1, 2 in ascending order (in two dimensions 0
      and 1); C in sigma^2.
    - ``acceptance``: the share of accepted trials.
    - ``cell_rejection``: the logarithm of the share of trials that the cell rejects, plus
      `REJECTION_FLOOR`.

    Models that are not hard have these too, in units of eps and sigma:

    - ``energy``: mean over the samples (n = 0) and value at the mean positions (n = 1);
      ``energy var``: the logarithm of the variance over the samples.
    - ``force``: magnitude of the mean force (n = 0) and of the force at the mean positions (n = 1);
      ``force var``: the logarithm of the mean square force.
    - ``laplacian`` and ``laplacian var``: likewise, of the Laplacian of the energy; not of models
      of LAMMPS.

    Parameters
    ----------
    model
        Gives the pair potential.
    """

    model: Model

    def labels(self, state: str = STATE) -> np.recarray:
        """Return the labels of the columns."""
        columns = motion_labels(self.model.dimension)
        if not self.model.is_hard:
            for kind in ("energy", "force", *(() if self.model.lammps else ("laplacian",))):
                columns += [(kind, 0), (f"{kind} var", 0), (kind, 1)]
        parts = [make_labels(kind, 1, state, [{"n": n}]) for kind, n in columns]
        return np.concatenate(parts).view(np.recarray)

    def compute(self, cage: CageState, /, state: str = STATE) -> Features:
        """Return the scalars of every particle, (N, F).

        Raises
        ------
        InputError
            If the cage state has no samples.
        """
        columns = motion(cage, self.model.dimension)
        if not self.model.is_hard:
            columns += _mechanics(cage, self.model)
        return Features(np.stack(columns, axis=1), self.labels(state))


def motion_labels(dimension: int) -> list[tuple[str, int]]:
    """Return kind and n of the columns of `motion`."""
    variances = [("variance", n) for n in range(-1, dimension)]
    return [("displacement", 0), *variances, ("acceptance", 0), ("cell_rejection", 0)]


def motion(cage: CageState, dimension: int) -> list[NDArray[np.float64]]:
    """Return columns of the motion in a cage: displacement, variance and how trials end."""
    # A particle that never moved has a variance of 0, whose logarithm is infinite.
    tiny = np.finfo(float).tiny
    eigenvalues = np.linalg.eigvalsh(cage.covariance[:, :dimension, :dimension])
    return [
        cage.displacement,
        np.log(np.maximum(cage.variance, tiny)),
        *np.log(np.maximum(eigenvalues, tiny)).T,
        cage.acceptance,
        np.log(cage.cell_rejection + REJECTION_FLOOR),
    ]


def _mechanics(cage: CageState, model: Model) -> list[NDArray[np.float64]]:
    """Return columns of energy, force and Laplacian: mean, log variance, at mean positions."""
    # LAMMPS gives no Laplacians.
    measure: Callable[..., tuple[NDArray[np.float64], ...]] = potentials.energies_forces_laplacians
    if model.lammps is not None:
        measure = potentials.energies_and_forces
    sums = [measure(sample, model) for sample in samples_of(cage)]
    energies, forces, *laplacians = map(np.array, zip(*sums, strict=True))
    mean_energies, mean_forces, *mean_laplacians = measure(cage.configuration, model)
    tiny = np.finfo(float).tiny
    columns = [
        energies.mean(axis=0),
        np.log(np.maximum(energies.var(axis=0), tiny)),
        mean_energies,
        np.linalg.norm(forces.mean(axis=0), axis=1),
        np.log(np.maximum((forces**2).sum(axis=2).mean(axis=0), tiny)),
        np.linalg.norm(mean_forces, axis=1),
    ]
    for of_samples, of_mean in zip(laplacians, mean_laplacians, strict=True):
        columns += [
            of_samples.mean(axis=0),
            np.log(np.maximum(of_samples.var(axis=0), tiny)),
            of_mean,
        ]
    return columns
