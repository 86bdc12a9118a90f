"""Descriptors of the motion of particles in cells that are wider than their cages."""

from dataclasses import dataclass

import numpy as np

from cagebreak.descriptors.base import Features, make_labels
from cagebreak.descriptors.caged.cage_average import motion, motion_labels
from cagebreak.models.model import Model
from cagebreak.states.cage_sampler import CageState

RADIUS = 0.8
"""Radius of the spheres, in sigma: of the trials in results/collective the only one beside Voronoi
cells."""
ERROR_FLOOR = 1e-4
"""Added to the standard error of the mean position, in sigma, before its logarithm; chosen."""

STATE = "wide"
"""The `state` in labels."""


@dataclass(frozen=True)
class WideCage:
    """Scalars of the motion in spheres that reach beyond the Voronoi cell, by `kind` of the label.

    Where walls recede, a particle shows how easily it leaves its cage.

    - ``displacement``, ``variance``, ``acceptance`` and ``cell_rejection``: as in `CageScalars`.
    - ``error``: the logarithm of the standard error of the mean position, plus `ERROR_FLOOR`, in
      sigma: slow motion, such as that from one cage to another.

    Parameters
    ----------
    model
        Gives the dimension.
    """

    model: Model

    def labels(self, state: str = STATE) -> np.recarray:
        """Return the labels of the columns."""
        columns = [*motion_labels(self.model.dimension), ("error", 0)]
        parts = [make_labels(kind, 1, state, [{"n": n}]) for kind, n in columns]
        return np.concatenate(parts).view(np.recarray)

    def compute(self, wide: CageState, /, state: str = STATE) -> Features:
        """Return the scalars of every particle, (N, F).

        Parameters
        ----------
        wide
            ``cage_state(..., cell=RADIUS)``.
        """
        columns = [*motion(wide, self.model.dimension), np.log(wide.error + ERROR_FLOOR)]
        return Features(np.stack(columns, axis=1), self.labels(state))
