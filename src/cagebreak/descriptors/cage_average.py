"""Descriptors of the cage: averages over the samples of a cage state, scalars, coordination."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cagebreak import potentials
from cagebreak.configuration import Configuration
from cagebreak.descriptors.base import Descriptor, Features, make_labels
from cagebreak.errors import InputError
from cagebreak.models.model import Model
from cagebreak.neighbors import neighbor_table
from cagebreak.states.cage_sampler import CageState

REJECTION_FLOOR = 1e-3
"""Added to the share of trials that the cell rejects before its logarithm is taken; chosen."""

FIRST_SHELL = 1.4
"""Distance within which a particle is a neighbor, over sigma_ij; chosen: past the first shell."""
VARIANCE_FLOOR = 1e-3
"""Added to the variance of the number of neighbors before its logarithm is taken; chosen."""

STATE = "sampled"
"""The `state` in labels of averages over samples; "cage" stands for the mean positions."""


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
        columns = [("displacement", 0), ("variance", -1)]
        columns += [("variance", n) for n in range(self.model.dimension)]
        columns += [("acceptance", 0), ("cell_rejection", 0)]
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
        # A particle that never moved has a variance of 0, whose logarithm is infinite.
        tiny = np.finfo(float).tiny
        d = self.model.dimension
        eigenvalues = np.maximum(np.linalg.eigvalsh(cage.covariance[:, :d, :d]), tiny)
        columns = [
            cage.displacement,
            np.log(np.maximum(cage.variance, tiny)),
            *np.log(eigenvalues).T,
            cage.acceptance,
            np.log(cage.cell_rejection + REJECTION_FLOOR),
        ]
        if not self.model.is_hard:
            columns += _mechanics(cage, self.model)
        return Features(np.stack(columns, axis=1), self.labels(state))


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


@dataclass(frozen=True)
class CageCoordination:
    r"""Neighbors that come and go while a particle is caged, by `kind` of the label.

    Particle j is a neighbor of i in a sample if :math:`r_{ij}` is below `FIRST_SHELL` times the
    sigma of their species. Let :math:`p_{ij}` be the share of the samples in which it is.

    - ``coordination``: the mean number of neighbors, :math:`\sum_j p_{ij}`.
    - ``coordination var``: the logarithm of the variance of the number over the samples, plus
      `VARIANCE_FLOOR`.
    - ``exchange``: :math:`\sum_j p_{ij} (1 - p_{ij})`, the neighbors that come and go.
    - ``kept``: the mean share of the neighbors in the start that are neighbors in a sample; 1 for a
      particle without neighbors.

    A particle counts once, even if several of its images are near. `with_surroundings` adds the
    averages over neighbors. The recommended set does not have these columns;
    ``results/collective`` measures what they add to it.

    Parameters
    ----------
    model
        Gives sigma of each pair of species.
    """

    model: Model

    def labels(self, state: str = STATE) -> np.recarray:
        """Return the labels of the columns."""
        kinds = ("coordination", "coordination var", "exchange", "kept")
        parts = [make_labels(kind, 1, state, [{"n": 0}]) for kind in kinds]
        return np.concatenate(parts).view(np.recarray)

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
        """Return the neighbors j of each particle i as i N + j, in ascending order."""
        reaches = FIRST_SHELL * np.asarray(self.model.pair.sigma)
        table = neighbor_table(configuration, float(reaches.max()))
        i, j = table.pairs.T
        near = table.distances < reaches[configuration.species[i], configuration.species[j]]
        near &= i != j
        return np.unique(i[near] * len(configuration) + j[near])
