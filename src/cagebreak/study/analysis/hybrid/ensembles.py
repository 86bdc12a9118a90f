"""Ensembles of runs as samples for learning: what is described, and what is predicted."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from cagebreak.configuration import Configuration
from cagebreak.descriptors import Features
from cagebreak.descriptors.coarse_grained.short_runs import MeanMotion, ShortRuns
from cagebreak.dynamics.propensity import Propensity
from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats
from cagebreak.learning.short_runs import EndFits, RunSample
from cagebreak.study.recipe import selections
from cagebreak.study.recipe.descriptors import RECOMMENDED
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.stages.descriptors import load_features
from cagebreak.study.stages.equilibrate import load_configuration
from cagebreak.study.stages.propensity import load_propensity
from cagebreak.study.store import Store


class Ends(NamedTuple):
    """Structure at the start and at the ends of short runs, by the same descriptor."""

    start: Floats
    """Descriptors of all particles of the configuration, (N, G)."""
    means: Mapping[float, Floats]
    """Means of the descriptors at the ends, over the runs of each half, (2, N, G), by the length of
    the runs in tau. The halves are those of the motion."""


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
    """

    recipe: Recipe
    store: Store
    quantities: Sequence[str]
    features: Any

    def __len__(self) -> int:
        return self.recipe.preparation.n_configurations

    def __getitem__(self, c: int, /) -> Ensemble:
        if not 0 <= c < len(self):
            raise IndexError(c)
        motion = {name: load_propensity(self.store, c, name)[0] for name in self.quantities}
        joined = load_features(self.recipe, self.store, self.recipe.sources, c)
        columns = selections.columns(self.recipe.labels(), self.features)
        structure = Features(joined.values[:, columns], joined.labels[columns].view(np.recarray))
        return Ensemble(load_configuration(self.store, c), structure, motion)


def default_features(recipe: Recipe) -> selections.Selection:
    """Return the selection of the recommended set, or else of all columns of the states."""
    return {"set": RECOMMENDED} if RECOMMENDED in recipe.sources else {}


def end_samples(
    ensembles: Sequence[Ensemble] | StudyEnsembles, species: int, target: str, times: Sequence[int]
) -> Iterator[tuple[Floats, Floats]]:
    """Yield the structure at the start of runs, and the targets, of particles of a species.

    Raises
    ------
    InputError
        If the ends of runs are not described alike in all configurations, or shapes do not fit.
    """
    expected: tuple[int, list[float]] | None = None
    for c in range(len(ensembles)):
        start, _, motion, ends = ensembles[c]
        name = f"ensembles[{c}].ends"
        if ends is None:
            raise InputError(f"{name}: expected the structure at the ends of runs, got none")
        n_columns = ends.start.shape[1]
        expected = expected or (n_columns, list(ends.means))
        if expected != (n_columns, list(ends.means)):
            raise InputError(
                f"{name}: expected {expected[0]} descriptors at {expected[1]} tau, as of the "
                f"first, got {n_columns} at {list(ends.means)}"
            )
        shape = (2, len(start), n_columns)
        for until, means in ends.means.items():
            if means.shape != shape or not np.isfinite(means).all():
                raise InputError(
                    f"{name}.means[{until:g}]: expected finite numbers of shape {shape}, got "
                    f"{means.shape}"
                )
        rows = np.flatnonzero(motion[target].species == species)
        yield ends.start[rows], motion[target].mean[times][:, rows].T


def samples(
    ensembles: Sequence[Ensemble] | StudyEnsembles,
    short_runs: ShortRuns,
    species: int,
    target: str,
    times: Sequence[int],
    ends: EndFits | None = None,
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
    ends
        Fits to the structure at the start, which predict from that at the ends of runs.

    Raises
    ------
    InputError
        If a configuration has fewer than two runs, or a quantity is not measured.
    """
    for c in range(len(ensembles)):
        start, structure, motion, at_ends = ensembles[c]
        if target not in motion:
            raise InputError(f"target: expected one of {', '.join(motion)}, got {target!r}")
        first = motion[target]
        if first.n_runs < 2:
            raise InputError(
                f"ensembles[{c}]: expected two runs or more, since motion and target are of "
                f"different runs, got {first.n_runs}"
            )
        rows = np.flatnonzero(first.species == species)
        halves = [
            short_runs.compute(
                MeanMotion(start, first.times, {name: p.halves[h] for name, p in motion.items()})
            ).values[rows]
            for h in (0, 1)
        ]
        if ends is not None:
            assert at_ends is not None
            for h, of_half in enumerate(halves):
                led_to = [ends.predict_all(mean[h][rows]) for mean in at_ends.means.values()]
                halves[h] = np.hstack([of_half, *led_to])
        yield RunSample(
            structure.values[rows],
            np.stack(halves),
            first.halves[:, times][:, :, rows].swapaxes(1, 2),
            ((first.n_runs + 1) // 2, first.n_runs // 2),
        )
