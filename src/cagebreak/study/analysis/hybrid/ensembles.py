"""Ensembles of runs as samples for learning: what is described, and what is predicted."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from cagebreak.configuration import SPECIES_NAMES, Configuration
from cagebreak.descriptors import Features
from cagebreak.descriptors.base import same_labels
from cagebreak.descriptors.coarse_grained.short_runs import MeanMotion, ShortRuns
from cagebreak.dynamics.propensity import Propensity
from cagebreak.errors import InputError
from cagebreak.learning.short_runs import EndFits, RunSample
from cagebreak.study.analysis.hybrid.ends import Ends
from cagebreak.study.recipe import selections
from cagebreak.study.recipe.descriptors import RECOMMENDED
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.stages.descriptors import load_features
from cagebreak.study.stages.ends import load_ends
from cagebreak.study.stages.equilibrate import load_configuration
from cagebreak.study.stages.propensity import load_propensity
from cagebreak.study.store import Store


class Ensemble(NamedTuple):
    """A configuration, its descriptors, and what its particles did in runs."""

    start: Configuration
    structure: Features
    """Descriptors of all particles, (N, F); with no columns there is no structure."""
    motion: Mapping[str, Propensity]
    """Means over runs by quantity, at the same times: "displacement", "d2min", ..."""
    ends: Ends | None = None
    """Structure at the ends of the runs, if it is described."""


@dataclass(frozen=True, eq=False)
class StudyEnsembles:
    """The configurations of a study, each read from disk on access.

    Parameters
    ----------
    recipe
    store
    quantities
        Quantities that the runs have measured.
    features
        The selection of structural descriptors, as in `Study.fit`.
    ends
        Whether to read the structure at the ends of short runs.
    """

    recipe: Recipe
    store: Store
    quantities: Sequence[str]
    features: Any
    ends: bool = False

    def __len__(self) -> int:
        return self.recipe.preparation.n_configurations

    def __getitem__(self, c: int, /) -> Ensemble:
        if not 0 <= c < len(self):
            raise IndexError(c)
        motion = {name: load_propensity(self.store, c, name)[0] for name in self.quantities}
        joined = load_features(self.recipe, self.store, self.recipe.sources, c)
        columns = selections.columns(self.recipe.labels(), self.features)
        structure = Features(joined.values[:, columns], joined.labels[columns].view(np.recarray))
        ends = Ends(*load_ends(self.recipe, self.store, c)) if self.ends else None
        return Ensemble(self.start(c), structure, motion, ends)

    def start(self, c: int) -> Configuration:
        """Return configuration c alone."""
        return load_configuration(self.store, c)


def start_of(ensembles: Sequence[Ensemble] | StudyEnsembles, c: int) -> Configuration:
    """Return configuration c, and read nothing else of a study."""
    return ensembles.start(c) if isinstance(ensembles, StudyEnsembles) else ensembles[c].start


def default_features(recipe: Recipe) -> selections.Selection:
    """Return the selection of the recommended set, or else of all columns of the states."""
    return {"set": RECOMMENDED} if RECOMMENDED in recipe.sources else {}


def samples(
    ensembles: Sequence[Ensemble] | StudyEnsembles,
    short_runs: ShortRuns,
    species: int,
    target: str,
    times: Sequence[int],
    fits: EndFits | None = None,
    lengths: Sequence[float] = (),
    motion: bool = True,
) -> Iterator[RunSample]:
    """Yield the particles of a species of each configuration, from the halves of its runs.

    Parameters
    ----------
    ensembles
    short_runs
        Describes the motion of each half.
    species
        Number of the species.
    target
        The quantity to predict.
    times
        Indices of its times.
    fits
        Fits to the structure at the start, which predict from that at the ends of runs.
    lengths
        Of the runs whose ends they predict from.
    motion
        Whether to describe it, which takes longest; without it there are no features of runs.

    Raises
    ------
    InputError
        If a configuration has no particle of the species, or as of `checked`.
    """
    expected: Ensemble | None = None
    for c in range(len(ensembles)):
        ensemble = ensembles[c]
        expected = checked(f"ensembles[{c}]", ensemble, target, expected)
        start, structure, measured, ends = ensemble
        first = measured[target]
        rows = np.flatnonzero(first.species == species)
        if not len(rows):
            raise InputError(
                f"ensembles[{c}]: expected particles of species {SPECIES_NAMES[species]}, got none"
            )
        halves = [
            short_runs.compute(
                MeanMotion(start, first.times, {name: p.halves[h] for name, p in measured.items()})
            ).values[rows]
            if motion
            else np.zeros((len(rows), 0))
            for h in (0, 1)
        ]
        if motion and fits is not None:
            assert ends is not None
            for h, of_half in enumerate(halves):
                at_ends = [fits.predict_all(ends.means[until][h][rows]) for until in lengths]
                halves[h] = np.hstack([of_half, *at_ends])
        yield RunSample(
            structure.values[rows],
            np.stack(halves),
            first.halves[:, times][:, :, rows].swapaxes(1, 2),
            ((first.n_runs + 1) // 2, first.n_runs // 2),
        )


def ends_and_targets(
    ensembles: Sequence[Ensemble] | StudyEnsembles, target: str
) -> Iterator[tuple[Ends | None, Propensity]]:
    """Yield the structure at the ends of runs, and the target, of each configuration.

    Raises
    ------
    InputError
        As of `checked`.
    """
    expected: Ensemble | None = None
    for c in range(len(ensembles)):
        ensemble = ensembles[c]
        expected = checked(f"ensembles[{c}]", ensemble, target, expected)
        yield ensemble.ends, ensemble.motion[target]


def checked(name: str, ensemble: Ensemble, target: str, first: Ensemble | None = None) -> Ensemble:
    """Return the first of some ensembles, after a check of another one against it.

    Parameters
    ----------
    name
        Of the ensemble, in messages.
    ensemble
    target
        A quantity that it must have.
    first
        The first of the ensembles; None if this is the first.

    Raises
    ------
    InputError
        If it is no `Ensemble`, the target is not measured, there are fewer than two runs,
        quantities differ in their particles or numbers of runs, a number is not finite, or the
        dimension, the descriptors or the times are not those of the first.
    """
    if not isinstance(ensemble, Ensemble):
        raise InputError(f"{name}: expected an Ensemble, got {type(ensemble).__name__}")
    start, structure, motion, _ = ensemble
    first = ensemble if first is None else first
    if target not in motion:
        expected = f"a quantity of {name}" + (f", {', '.join(motion)}" if motion else "")
        raise InputError(f"target: expected {expected}, got {target!r}")
    times, n_runs = first.motion[target].times, motion[target].n_runs
    if n_runs < 2:
        raise InputError(
            f"{name}: expected two runs or more, since motion and target are of different runs, "
            f"got {n_runs}"
        )
    if start.dimension != first.start.dimension:
        raise InputError(
            f"{name}.start: expected {first.start.dimension} dimensions, as of the first, got "
            f"{start.dimension}"
        )
    if structure.values.shape[0] != len(start):
        raise InputError(
            f"{name}.structure: expected {len(start)} particles, got {structure.values.shape[0]}"
        )
    if not np.isfinite(structure.values).all():
        raise InputError(f"{name}.structure: expected finite numbers, got NaN or infinity")
    if not same_labels(structure.labels, first.structure.labels):
        raise InputError(
            f"{name}.structure: expected the {first.structure.n_features} descriptors of the first "
            f"in their order, got {structure.n_features}, or others"
        )
    for quantity, of_runs in motion.items():
        shape, found = (2, len(times), len(start)), of_runs.sums.shape
        if found != shape or not np.allclose(of_runs.times, times, rtol=1e-6):
            raise InputError(
                f"{name}.motion[{quantity!r}]: expected sums of shape {shape} at the times of the "
                f"first, {times.tolist()}, got {found} at {of_runs.times.tolist()}"
            )
        if of_runs.n_runs != n_runs or not np.isfinite(of_runs.sums).all():
            raise InputError(
                f"{name}.motion[{quantity!r}]: expected finite sums over {n_runs} runs, as of "
                f"{target!r}, got {of_runs.n_runs}"
            )
        if not np.array_equal(of_runs.species, start.species):
            raise InputError(
                f"{name}.motion[{quantity!r}]: expected the species of {name}.start, got others: "
                "are the runs of another configuration, or its particles in another order?"
            )
    return first
