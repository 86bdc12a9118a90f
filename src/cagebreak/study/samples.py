"""What a study's learners learn from, one configuration at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cagebreak.descriptors import Features
from cagebreak.study.recipe import Recipe
from cagebreak.study.stages import load_features, load_propensity
from cagebreak.study.store import Store

if TYPE_CHECKING:
    from cagebreak.learning import Sample


@dataclass(frozen=True)
class StudySamples:
    """The configurations of a study, read when they are asked for: `learning.Samples`.

    Parameters
    ----------
    store
    recipe
    species
        Number of that whose particles are rows.
    sources
        Those whose descriptors are columns, side by side.
    columns
        Which of these are read.
    target
        What is to be predicted, one of `stages.TARGETS`.
    """

    store: Store
    recipe: Recipe
    species: int
    sources: Sequence[str]
    columns: NDArray[np.int64]
    target: str

    def __len__(self) -> int:
        return self.recipe.preparation.n_configurations

    def __getitem__(self, c: int, /) -> "Sample":
        # scikit-learn takes a second to import: only who learns pays for it.
        from cagebreak.learning import Sample

        propensity, _ = load_propensity(self.store, c, self.target)
        rows = np.flatnonzero(propensity.species == self.species)
        features = Features.concatenate(
            [load_features(self.store, source, c) for source in self.sources]
        )
        return Sample(
            features=features.values[np.ix_(rows, self.columns)],
            targets=propensity.mean[:, rows].T,
            species=propensity.species[rows],
            halves=propensity.halves[:, :, rows].swapaxes(1, 2),
        )
