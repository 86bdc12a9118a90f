"""Samples of a study for learners: features and targets, one configuration at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Configuration
from cagebreak.dynamics.propensity import Propensity
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.stages.descriptors import load_features
from cagebreak.study.stages.propensity import load_propensity
from cagebreak.study.stages.quantities import TARGETS
from cagebreak.study.stages.states import load_state
from cagebreak.study.store import Store

if TYPE_CHECKING:
    from cagebreak.learning import Sample


@dataclass(frozen=True, eq=False)
class StudySamples:
    """The configurations of a study as `learning.Samples`, each read from disk on access.

    Parameters
    ----------
    store
    recipe
    species
        Numbers of the species whose particles are the rows.
    sources
        Sources whose descriptors, side by side, are the columns.
    columns
        Indices of the columns that are kept, the features.
    target
        The quantity to predict, one of `quantities.TARGETS`.
    times
        Indices of the times whose propensities are the targets; all by default.
    graph_of
        The state whose positions form a graph of the configuration; by default None, no graph.
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
        # scikit-learn takes a second to import, so it is imported only for learning.
        from cagebreak.learning import Graph, Sample

        propensity, _ = load_propensity(self.store, c, self.target)
        rows = np.flatnonzero(np.isin(propensity.species, self.species))
        values = load_features(self.recipe, self.store, self.sources, c).values
        graph = None
        if self.graph_of is not None:
            state = load_state(self.store, self.graph_of, c)
            configuration = state if isinstance(state, Configuration) else state.configuration
            graph = Graph(configuration, values[:, self.columns], rows)
        return Sample(
            features=values[np.ix_(rows, self.columns)],
            targets=propensity.mean[self.times][:, rows].T,
            species=propensity.species[rows],
            halves=_halves(propensity, self.times, rows),
            graph=graph,
        )


def _halves(
    propensity: Propensity, times: NDArray[np.int64] | slice, rows: NDArray[np.int64]
) -> NDArray[np.float64] | None:
    """Return the propensity from the halves of the runs, (2, n, T); None with one run."""
    if propensity.n_runs == 1:
        return None
    return propensity.halves[:, times][:, :, rows].swapaxes(1, 2)
