"""Descriptors of the motion of particles in cells that are wider than their cages."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cagebreak.descriptors.base import Features, make_labels
from cagebreak.descriptors.caged.cage_average import motion, motion_labels, require_samples
from cagebreak.errors import InputError
from cagebreak.models.model import Model
from cagebreak.states.cage_sampler import CageState

RADIUS = 0.8
"""Radius of the spheres, in sigma: of the trials in results/collective the only one beside Voronoi
cells."""
ESCAPE = 0.5
"""Distance from the start beyond which a particle has escaped, in sigma; chosen: about the radius
of a Voronoi cell."""
ERROR_FLOOR = 1e-4
"""Added to the standard error of the mean position, in sigma, before its logarithm; chosen."""

STATE = "wide"
"""The `state` in labels."""


def in_wide_cells(how: Mapping[str, Any], chains: int) -> dict[str, Any]:
    """Return the arguments of `cage_states` for so many chains in wide cells.

    `how` are those for the cage state. If its chains are of both kinds, those in wide cells are of
    trajectories.
    """
    sweeps = None if how.get("trajectories") else how.get("sweeps")
    return {**how, "sweeps": sweeps, "chains": chains, "cell": RADIUS}


@dataclass(frozen=True)
class WideCage:
    """Scalars of the motion in spheres that reach beyond the Voronoi cell, by `kind` of the label.

    Where walls recede, a particle shows how easily it leaves its cage.

    - ``displacement``, ``variance``, ``acceptance`` and ``cell_rejection``: as in `CageScalars`.
    - ``error``: the logarithm of the standard error of the mean position, plus `ERROR_FLOOR`, in
      sigma: slow motion, such as that from one cage to another.
    - ``distance``: the mean distance from the start over the samples, in sigma; ``escape``: the
      share of samples in which it exceeds `ESCAPE`.

    Parameters
    ----------
    model
        Gives the dimension.
    """

    model: Model

    def labels(self, state: str = STATE) -> np.recarray:
        """Return the labels of the columns."""
        columns = motion_labels(self.model.dimension)
        columns += [(kind, 0) for kind in ("error", "distance", "escape")]
        parts = [make_labels(kind, 1, state, [{"n": n}]) for kind, n in columns]
        return np.concatenate(parts).view(np.recarray)

    def compute(self, wide: CageState, /, state: str = STATE) -> Features:
        """Return the scalars of every particle, (N, F).

        Parameters
        ----------
        wide
            ``cage_state(..., cell=RADIUS, samples=...)``.

        Raises
        ------
        InputError
            If the cage state has no samples, or no standard errors: those of a single chain compare
            two halves of what was measured.
        """
        require_samples(wide)
        if not np.isfinite(wide.error).all():
            raise InputError(
                "wide: expected finite standard errors, of several chains or of more than one "
                f"measured sweep, got {wide.sweeps[1]} measured"
            )
        moved = wide.samples - wide.start.unwrapped
        # Relative to the center of mass, as the mean positions are.
        masses = np.asarray(self.model.masses)[wide.start.species]
        moved -= (masses @ moved / masses.sum())[:, None]
        distances = np.linalg.norm(moved, axis=2)
        columns = [
            *motion(wide, self.model.dimension),
            np.log(wide.error + ERROR_FLOOR),
            distances.mean(axis=0),
            (distances > ESCAPE).mean(axis=0),
        ]
        return Features(np.stack(columns, axis=1), self.labels(state))
