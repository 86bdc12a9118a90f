"""The recommended descriptors: those that predicted best in our studies, in four sizes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cagebreak import potentials
from cagebreak.configuration import Configuration, as_configuration
from cagebreak.descriptors import papers
from cagebreak.descriptors.base import Features, make_labels
from cagebreak.descriptors.caged.cage_average import STATE, CageAverage, CageScalars
from cagebreak.descriptors.caged.coordination import Coordination
from cagebreak.descriptors.caged.wide_cage import WideCage, in_wide_cells
from cagebreak.descriptors.coarse_grained.surroundings import (
    labels_with_surroundings,
    with_surroundings,
)
from cagebreak.descriptors.generations import average_over_neighbors, labels_of_generations
from cagebreak.descriptors.polydisperse.by_size import classified, n_classes_of
from cagebreak.errors import InputError
from cagebreak.models.model import Model
from cagebreak.seeding import Seed, seed_sequence
from cagebreak.states.cage import cage_states
from cagebreak.states.cage_sampler import CageState
from cagebreak.states.inherent import InherentState, inherent_state

SIZES: dict[str, dict[str, Any]] = {
    "quick": {"sweeps": None},
    "medium": {"sweeps": (1000, 3000), "chains": 2},
    "full": {"sweeps": (2000, 30_000), "chains": 2},
    "extended": {
        "sweeps": (2000, 30_000),
        "trajectories": (100, 900),
        "chains": 2,
        "wide_chains": 2,
    },
}
"""Parameters of `Recommended` by size; all values here are chosen."""
SAMPLES = 30
"""Samples of each chain over which descriptors are averaged."""
DENSER = 2
"""How many times as many samples the extended set has, for the coordination and for wide cells."""
GENERATIONS = 3
"""The last generation of the averaged descriptors."""
GENERATIONS_INHERENT = 4
"""The last generation of the descriptors of the inherent state, where there is no Monte Carlo."""
FORCE_TOLERANCE = 1e-3
"""Of the inherent state, in eps / sigma: about 1/1000 of a typical force between neighbors."""


@dataclass(frozen=True)
class Recommended:
    """Descriptors of the inherent state, the cage state and the initial positions.

    `recommended` makes it. ``RidgeCV(center="configuration", weights=(1, 3, 10))`` with the groups
    of `feature_groups` learns from it: the thousand structural descriptors and the hundred scalars
    need different penalties. A model of LAMMPS has no columns of Laplacians.

    Parameters
    ----------
    model
        Gives the pair potential, the diameters and the temperature.
    sweeps
        Sweeps that relax and that are measured in each chain of the cage state.
    chains
        Number of independent runs of the cage state, pooled.
    trajectories
        Trajectories of each chain in place of sweeps; with sweeps as well, there are `chains` runs
        of each kind. With neither there is no cage state: the inherent state is described instead.
    wide_chains
        Number of runs in wide cells (`WideCage`), of trajectories if there are any. With any, their
        scalars and the coordination are described too.
    """

    model: Model
    sweeps: tuple[int, int] | None = None
    chains: int = 1
    trajectories: tuple[int, int] | None = None
    wide_chains: int = 0

    @property
    def has_cage(self) -> bool:
        """Whether the cage state is described."""
        return self.sweeps is not None or self.trajectories is not None

    @property
    def samples(self) -> int:
        """Number of samples of each chain."""
        return SAMPLES * (DENSER if self.wide_chains else 1)

    def labels(self) -> np.recarray:
        """Return the labels of the columns."""
        n_species = n_classes_of(self.model)
        base = papers.alkemade2023(self.model, generations=0)
        initial = base.labels("initial")
        if not self.has_cage:
            inherent = inherent_labels(self.model, GENERATIONS_INHERENT)
            return np.concatenate([inherent, initial]).view(np.recarray)
        scalars = labels_with_surroundings(_inherent_labels(self.model), n_species)
        first = labels_of_generations(base.labels(STATE), GENERATIONS)
        described = [CageScalars(self.model).labels()]
        if self.wide_chains:
            described += [Coordination(self.model).labels(), WideCage(self.model).labels()]
        cage = [labels_with_surroundings(labels, n_species) for labels in described]
        return np.concatenate([first, *cage, scalars, initial]).view(np.recarray)

    def compute(self, configuration: Configuration, *, seed: Seed) -> Features:
        """Return the features of a configuration, (N, F); its states are computed for them.

        Parameters
        ----------
        configuration
            N particles in a box of any shape.
        seed
            Of the cage state; unused without one.

        Raises
        ------
        ConfigurationError
            If the configuration is not of the model.
        NotConvergedError
            If the inherent state does not converge.
        """
        configuration = as_configuration(configuration)
        inherent = inherent_state(configuration, self.model, force_tolerance=FORCE_TOLERANCE)
        cage = wide = None
        if self.has_cage:
            how = {
                "sweeps": self.sweeps,
                "trajectories": self.trajectories,
                "chains": self.chains,
                "samples": self.samples,
            }
            cage = self._sampled(configuration, seed, how)
            if self.wide_chains:
                of_wide = in_wide_cells(how, self.wide_chains)
                wide = self._sampled(configuration, seed_sequence(seed, "wide"), of_wide)
        return self.describe(inherent, cage, wide)

    def _sampled(
        self, configuration: Configuration, seed: Seed, how: Mapping[str, Any]
    ) -> CageState:
        with cage_states(configuration, self.model, [seed], **how) as states:
            return next(states)

    def describe(
        self,
        inherent: InherentState,
        cage: CageState | None = None,
        wide: CageState | None = None,
    ) -> Features:
        """Return the features of given states, (N, F).

        Parameters
        ----------
        inherent
        cage
            With samples.
        wide
            Of the same configuration in wide cells; see `WideCage`.

        Raises
        ------
        InputError
            If the set needs a cage state, and `cage` is None or has no samples, or one in wide
            cells, and `wide` is None.
        """
        model, n_species = self.model, n_classes_of(self.model)
        base = papers.alkemade2023(model, generations=0)
        # The initial positions predict best at the shortest times.
        initial = base.compute(inherent.start, "initial")
        if not self.has_cage:
            of_inherent = inherent_features(inherent, model, GENERATIONS_INHERENT)
            return Features.concatenate([of_inherent, initial])
        if cage is None:
            raise InputError("cage: expected a cage state, got None")
        few = cage
        if self.wide_chains:
            # Structure and energies are read in as many samples as in the other sizes.
            few = replace(cage, samples=cage.samples[::-DENSER])
        first = CageAverage(base).compute(few)
        structure = average_over_neighbors(first, cage.configuration, base.r_c, GENERATIONS)
        described = [CageScalars(model).compute(few)]
        if self.wide_chains:
            if wide is None:
                raise InputError("wide: expected a cage state in wide cells, got None")
            described += [Coordination(model).compute(cage), WideCage(model).compute(wide)]
        there = classified(cage.configuration, model)
        cage_scalars = [with_surroundings(each, there, n_species) for each in described]
        inherent_scalars = _with_surroundings(inherent, model)
        return Features.concatenate([structure, *cage_scalars, inherent_scalars, initial])


def recommended(model: Model, size: str = "full") -> Recommended:
    """Return the recommended set of descriptors.

    Parameters
    ----------
    model
        Gives the pair potential, the diameters and the temperature.
    size
        "quick": descriptors of the inherent state, without Monte Carlo, in about a second.
        "medium": descriptors averaged over samples of the cage state, and its moments, energies
        and forces, from two chains of 4000 sweeps. "full": the same from two chains of 32,000.
        "extended": the same from two more chains, of 1000 trajectories, and beside it the
        coordination, and the motion in wide cells from two chains of trajectories. Hard spheres
        have 32,000 sweeps in place of trajectories, models of LAMMPS trajectories alone.

    Raises
    ------
    InputError
        If `size` is none of these.
    """
    if size not in SIZES:
        raise InputError(f"size: expected one of {', '.join(SIZES)}, got {size!r}")
    parameters = dict(SIZES[size])
    if "trajectories" in parameters and (model.is_hard or model.lammps is not None):
        # All chains are of one kind: hard spheres have no forces, and LAMMPS has no single moves.
        del parameters["trajectories" if model.is_hard else "sweeps"]
        parameters["chains"] *= 2
    return Recommended(model, **parameters)


def feature_groups(labels: np.recarray) -> np.ndarray:
    """Return the group of each column, (F,): 1 for the scalars of a particle, 0 for the rest."""
    return (labels.body == 1).astype(np.int64)


def inherent_features(inherent: InherentState, model: Model, generations: int) -> Features:
    """Return structure and scalars of an inherent state, (N, F).

    Parameters
    ----------
    inherent
    model
        Gives the pair potential, the diameters and the temperature.
    generations
        The last generation of the averages of structure.
    """
    structure = papers.alkemade2023(model, generations=generations).compute(
        inherent.configuration, "inherent"
    )
    return Features.concatenate([structure, _with_surroundings(inherent, model)])


def inherent_labels(model: Model, generations: int) -> np.recarray:
    """Return the labels of `inherent_features`."""
    structure = papers.alkemade2023(model, generations=generations).labels("inherent")
    scalars = labels_with_surroundings(_inherent_labels(model), n_classes_of(model))
    return np.concatenate([structure, scalars]).view(np.recarray)


def _with_surroundings(inherent: InherentState, model: Model) -> Features:
    scalars = _inherent_scalars(inherent, model)
    return with_surroundings(
        scalars, classified(inherent.configuration, model), n_classes_of(model)
    )


def _inherent_labels(model: Model) -> np.recarray:
    # LAMMPS gives no Laplacians.
    kinds = ("energy", *(() if model.lammps else ("laplacian",)), "displacement")
    parts = [make_labels(kind, 1, "inherent", [{"n": 0}]) for kind in kinds]
    return np.concatenate(parts).view(np.recarray)


def _inherent_scalars(inherent: InherentState, model: Model) -> Features:
    minimum = inherent.configuration
    if model.lammps is None:
        energies, _, laplacians = potentials.energies_forces_laplacians(minimum, model)
        columns = [energies, laplacians, inherent.displacement]
    else:
        columns = [potentials.energies(minimum, model), inherent.displacement]
    return Features(np.stack(columns, axis=1), _inherent_labels(model))
