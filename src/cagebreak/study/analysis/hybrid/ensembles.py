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
from cagebreak.learning.short_runs import EndFits, RunSample
from cagebreak.study.analysis.hybrid.ends import Ends
from cagebreak.study.recipe import selections
from cagebreak.study.recipe.descriptors import RECOMMENDED
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.stages.descriptors import load_features
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
