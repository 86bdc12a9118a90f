"""What a study's learners learn from, one configuration at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Configuration
from cagebreak.descriptors import Features
from cagebreak.errors import InputError
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.stages.descriptors import load_features
from cagebreak.study.stages.propensity import TARGETS, load_propensity
from cagebreak.study.stages.states import load_state
from cagebreak.study.store import Store

if TYPE_CHECKING:
    from cagebreak.learning import Sample


def nearest(known: NDArray[np.float64], times: Sequence[float]) -> list[int]:
    """Return which of the known times is nearest to each of others, by their ratio.

    Raises
    ------
    InputError
        If there are none, or one is not above 0.
    """
    if not len(times) or not all(time > 0 for time in times):
        raise InputError(f"times: expected numbers above 0, got {times!r}")
    return [int(np.argmin(np.abs(np.log(known / time)))) for time in times]


@dataclass(frozen=True)
class StudySamples:
    """The configurations of a study, read when they are asked for: `learning.Samples`.

    Parameters
    ----------
    store
    recipe
    species
        Numbers of those whose particles are rows.
    sources
        Those whose descriptors are columns, side by side.
    columns
        Which of these are read.
    target
        What is to be predicted, one of `stored.TARGETS`.
    times
        Which of the times are targets.
    graph_of
        The state whose positions make a graph of the configuration; None makes none.
    """

    store: Store
    recipe: Recipe
    species: Sequence[int]
    sources: Sequence[str]
    columns: NDArray[np.int64]
    target: str = TARGETS[0]
    times: NDArray[np.int64] | slice = field(default_factory=lambda: slice(None))
    graph_of: str | None = None

    def __len__(self) -> int:
        return self.recipe.preparation.n_configurations

    def __getitem__(self, c: int, /) -> "Sample":
        # scikit-learn takes a second to import: only who learns pays for it.
        from cagebreak.learning import Graph, Sample

        propensity, _ = load_propensity(self.store, c, self.target)
        rows = np.flatnonzero(np.isin(propensity.species, self.species))
        values = Features.concatenate(
            [load_features(self.store, source, c) for source in self.sources]
        ).values
        graph = None
        if self.graph_of is not None:
            state = load_state(self.store, self.graph_of, c)
            there = state if isinstance(state, Configuration) else state.configuration
            graph = Graph(there, values[:, self.columns], rows)
        return Sample(
            features=values[np.ix_(rows, self.columns)],
            targets=propensity.mean[self.times][:, rows].T,
            species=propensity.species[rows],
            halves=propensity.halves[:, self.times][:, :, rows].swapaxes(1, 2),
            graph=graph,
        )
