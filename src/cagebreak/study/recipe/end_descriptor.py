"""The descriptors that a study computes at the ends of short runs."""

from dataclasses import dataclass

import numpy as np

from cagebreak.configuration import Configuration
from cagebreak.descriptors import Features, Generations, papers
from cagebreak.descriptors.recommended import FORCE_TOLERANCE, inherent_features, inherent_labels
from cagebreak.models.model import Model
from cagebreak.states import inherent_state

DESCRIBED = ("inherent", "positions")
"""What can be described at the ends of short runs."""
LAST = 2
"""The last generation of the descriptors (chosen: that of the papers)."""


@dataclass(frozen=True)
class EndDescriptor:
    """Descriptors that are cheap enough for the end of every short run.

    Parameters
    ----------
    model
    described
        "inherent": of the inherent state, the structure and scalars of the quick recommended set up
        to generation 2. "positions": of positions as they are, the set of :cite:`Alkemade2022` up
        to generation 2; it is cheaper, and the mean over runs averages vibrations.
    """

    model: Model
    described: str

    def labels(self) -> np.recarray:
        """Return the labels of the columns."""
        if self.described == "positions":
            return self._of_positions.labels()
        return inherent_labels(self.model, LAST)

    def compute(self, configuration: Configuration) -> Features:
        """Return the features of a configuration, (N, G).

        Raises
        ------
        ConfigurationError
            If the configuration is not of the model.
        NotConvergedError
            If the inherent state does not converge.
        """
        if self.described == "positions":
            return self._of_positions.compute(configuration)
        state = inherent_state(configuration, self.model, force_tolerance=FORCE_TOLERANCE)
        return inherent_features(state, self.model, LAST)

    @property
    def _of_positions(self) -> Generations:
        return papers.alkemade2022(self.model, generations=LAST)
