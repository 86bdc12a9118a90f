"""The net force on a particle as a descriptor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cagebreak.configuration import Configuration, as_configuration
from cagebreak.descriptors.base import Features, make_labels
from cagebreak.errors import InputError
from cagebreak.models.model import Model
from cagebreak.potentials.pair_potentials import forces


@dataclass(frozen=True)
class NetForce:
    r"""Magnitude of the force on a particle, :math:`|F_i| = |\nabla_i U|`, in eps / sigma.

    The force is that of the configuration itself; in an inherent state it is zero. It predicts the
    propensity at short times (:cite:`Alkemade2023`, figure 5).

    Parameters
    ----------
    model
        Gives the pair potential.

    Raises
    ------
    InputError
        If the particles are hard, since they feel no force between collisions.
    """

    model: Model

    def __post_init__(self) -> None:
        if self.model.is_hard:
            raise InputError(
                "model: expected particles that act on each other at a distance, got "
                f"{self.model.name}, between whose collisions there is no force"
            )

    def labels(self, state: str = "initial") -> np.recarray:
        """Return the label of the one column."""
        return make_labels("force", 2, state, [{}])

    def compute(self, configuration: Configuration, state: str = "initial") -> Features:
        """Return the magnitude of the force on every particle, (N, 1), in eps / sigma.

        Raises
        ------
        ConfigurationError
            If a species is not the model's, or two particles coincide.
        """
        configuration = as_configuration(configuration)
        magnitude = np.sqrt((forces(configuration, self.model) ** 2).sum(axis=1))
        return Features(magnitude[:, None], self.labels(state))
