"""What a study's learners learn from, one configuration at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

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
    n_configurations
    species
        Numbers of those whose particles are rows.
    """

    store: Store
    n_configurations: int
    species: Sequence[int]

    def __len__(self) -> int:
        return self.n_configurations

    def __getitem__(self, c: int, /) -> "Sample":
        # scikit-learn takes a second to import: only who learns pays for it.
        from cagebreak.learning import Sample

        propensity, _ = load_propensity(self.store, c)
        rows = np.flatnonzero(np.isin(propensity.species, self.species))
        return Sample(
            features=load_features(self.store, c).values[rows],
            targets=propensity.mean[:, rows].T,
            species=propensity.species[rows],
            halves=propensity.halves[:, :, rows].swapaxes(1, 2),
        )
