"""The descriptors that predict best of all we have tried, in three sizes."""

from dataclasses import dataclass

import numpy as np

from cagebreak import potentials
from cagebreak.configuration import Configuration
from cagebreak.descriptors import papers
from cagebreak.descriptors.base import Features, make_labels
from cagebreak.descriptors.cage_average import STATE, CageAverage, CageScalars
from cagebreak.descriptors.coarse_grained.surroundings import (
    labels_with_surroundings,
    with_surroundings,
)
from cagebreak.descriptors.generations import average_over_neighbors, labels_of_generations
from cagebreak.errors import InputError
from cagebreak.models.model import Model
from cagebreak.seeding import Seed
from cagebreak.states.cage import cage_state
from cagebreak.states.cage_sampler import CageState
from cagebreak.states.inherent import InherentState, inherent_state

SIZES: dict[str, tuple[tuple[int, int] | None, int]] = {
    "quick": (None, 1),
    "medium": ((1000, 3000), 2),
    "full": ((2000, 30_000), 2),
}
"""Sweeps of Monte Carlo and chains of each size; chosen, as all here is."""
SAMPLES = 30
"""Samples of each chain over which descriptors are averaged."""
GENERATIONS = 3
"""The last generation of the averaged descriptors."""
GENERATIONS_INHERENT = 4
"""The last generation of the descriptors of the inherent state, where there is no Monte Carlo."""
FORCE_TOLERANCE = 1e-3
"""Of the inherent state, in eps / sigma: a thousandth of a force between neighbors."""


@dataclass(frozen=True)
class Recommended:
    """A set of descriptors of the inherent state, the cage, and where particles are now.

    Made by `recommended`. Learn from it with ``RidgeCV(center="configuration",
    weights=(1, 3, 10))`` and the groups of `feature_groups`: a thousand descriptors and a hundred
    scalars are not to be penalized alike.

    Parameters
    ----------
    model
    sweeps
        Relaxing and measured, of each chain of the cage state; None for no Monte Carlo.
    chains
        Independent runs of the cage state, pooled.
    """

    model: Model
    sweeps: tuple[int, int] | None
    chains: int = 1

    def labels(self) -> np.recarray:
        """Return the labels of the columns."""
        n_species = self.model.n_species
        base = papers.alkemade2023(self.model, generations=0)
        scalars = labels_with_surroundings(_inherent_labels(), n_species)
        initial = base.labels("initial")
        if self.sweeps is None:
            first = labels_of_generations(base.labels("inherent"), GENERATIONS_INHERENT)
            return np.concatenate([first, scalars, initial]).view(np.recarray)
        first = labels_of_generations(base.labels(STATE), GENERATIONS)
        cage = labels_with_surroundings(CageScalars(self.model).labels(), n_species)
        return np.concatenate([first, cage, scalars, initial]).view(np.recarray)

    def compute(self, configuration: Configuration, *, seed: Seed) -> Features:
        """Find the states of a configuration and describe them, (N, F).

        Parameters
        ----------
        configuration
        seed
            Of the Monte Carlo; the quick set draws nothing.

        Raises
        ------
        ConfigurationError
            If the configuration is not of the model.
        NotConvergedError
            If the inherent state is not found.
        """
        inherent = inherent_state(configuration, self.model, force_tolerance=FORCE_TOLERANCE)
        cage = None
        if self.sweeps is not None:
            cage = cage_state(
                configuration, self.model, seed=seed, sweeps=self.sweeps, samples=SAMPLES,
                chains=self.chains,
            )  # fmt: skip
        return self.describe(inherent, cage)

    def describe(self, inherent: InherentState, cage: CageState | None = None) -> Features:
        """Return the features of states that are known already, (N, F).

        Raises
        ------
        InputError
            If the set needs a cage state and there is none, or none with samples.
        """
        model = self.model
        base = papers.alkemade2023(model, generations=0)
        scalars = _inherent_scalars(inherent, model)
        at = inherent.configuration
        around = with_surroundings(scalars, at, model.n_species)
        # What decides while particles still fly freely, and costs nothing later.
        initial = base.compute(inherent.start, "initial")
        if self.sweeps is None:
            first = base.compute(at, "inherent")
            wide = average_over_neighbors(first, at, base.r_c, GENERATIONS_INHERENT)
            return Features.concatenate([wide, around, initial])
        if cage is None:
            raise InputError("cage: expected a cage state, got None")
        first = CageAverage(base).compute(cage)
        wide = average_over_neighbors(first, cage.configuration, base.r_c, GENERATIONS)
        caged = with_surroundings(
            CageScalars(model).compute(cage), cage.configuration, model.n_species
        )
        return Features.concatenate([wide, caged, around, initial])


def recommended(model: Model, size: str = "full") -> Recommended:
    """Return the set of descriptors to start with.

    Parameters
    ----------
    model
    size
        "quick": the inherent state and no Monte Carlo, about a second; "medium": descriptors
        averaged over samples of the cage state, and its moments, energies and forces, from 4000
        sweeps; "full": the same from 32,000 sweeps.

    Raises
    ------
    InputError
        If there is no such size.
    """
    if size not in SIZES:
        raise InputError(f"size: expected one of {', '.join(SIZES)}, got {size!r}")
    return Recommended(model, *SIZES[size])


def feature_groups(labels: np.recarray) -> np.ndarray:
    """Return the family of each column, (F,): 1 for the scalars of a particle, 0 for the rest."""
    return (labels.body == 1).astype(np.int64)


def _inherent_labels() -> np.recarray:
    kinds = ("energy", "laplacian", "displacement")
    parts = [make_labels(kind, 1, "inherent", [{"n": 0}]) for kind in kinds]
    return np.concatenate(parts).view(np.recarray)


def _inherent_scalars(inherent: InherentState, model: Model) -> Features:
    energies, _, laplacians = potentials.energies_forces_laplacians(inherent.configuration, model)
    columns = [energies, laplacians, inherent.displacement]
    return Features(np.stack(columns, axis=1), _inherent_labels())
