"""Sizes in descriptors: classes of size in place of species, and the diameter itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cagebreak.configuration import Configuration, as_configuration
from cagebreak.descriptors.base import Descriptor, Features, make_labels
from cagebreak.errors import ConfigurationError, InputError
from cagebreak.models.model import MANY, Model

N_CLASSES = 3
"""Classes of size of the sets of descriptors (chosen: small, medium and large particles)."""


def size_classes(model: Model, n_classes: int = N_CLASSES) -> tuple[float, ...]:
    """Return the diameters between classes of equally many particles of a model, (n_classes - 1,).

    Raises
    ------
    InputError
        If species of the model have diameters, not particles.
    """
    if model.sizes is None:
        raise InputError(f"model: expected one with a diameter for each particle, got {model.name}")
    quantiles = model.sizes.quantiles(MANY)
    return tuple(np.quantile(quantiles, np.arange(1, n_classes) / n_classes).tolist())


def n_classes_of(model: Model) -> int:
    """Return the number of classes of size, or of species if the model has no sizes."""
    return model.n_species if model.sizes is None else N_CLASSES


def classified(configuration: Configuration, model: Model) -> Configuration:
    """Return particles whose species are their classes of size, if the model has sizes.

    Raises
    ------
    ConfigurationError
        If the model has sizes and the configuration has no diameters.
    """
    if model.sizes is None:
        return configuration
    return _by_class(configuration, size_classes(model))


def _by_class(configuration: Configuration, edges: tuple[float, ...]) -> Configuration:
    classes = np.searchsorted(edges, own_diameters(configuration), side="right")
    return configuration.replace(species=classes, diameters=None)


def own_diameters(configuration: Configuration) -> np.ndarray:
    """Return the diameters of the particles, (N,).

    Raises
    ------
    ConfigurationError
        If they have none.
    """
    if configuration.diameters is None:
        raise ConfigurationError(
            "configuration.diameters: expected one of each particle, got none; of species they are "
            "no descriptor"
        )
    return configuration.diameters


@dataclass(frozen=True)
class BySize:
    """A descriptor of neighbors by class of size, in place of species.

    Parameters
    ----------
    descriptor
        One that distinguishes species, of at least as many as there are classes.
    edges
        Diameters between the classes, ascending, in sigma. Labels call the smallest particles A,
        the next B, and so on.

    Raises
    ------
    InputError
        If the edges do not ascend.
    """

    descriptor: Descriptor
    edges: tuple[float, ...]

    def __post_init__(self) -> None:
        edges = tuple(np.atleast_1d(np.asarray(self.edges, dtype=np.float64)).tolist())
        if not all(a < b for a, b in zip((0.0, *edges), edges, strict=False)):
            raise InputError(f"edges: expected ascending positive diameters, got {self.edges!r}")
        object.__setattr__(self, "edges", edges)

    def labels(self, state: str = "initial") -> np.recarray:
        """Return the labels of the columns: the descriptor's, whose species are classes."""
        return self.descriptor.labels(state)

    def compute(self, configuration: Configuration, state: str = "initial") -> Features:
        """Return the features of every particle, (N, F).

        Raises
        ------
        ConfigurationError
            If the configuration has no diameters.
        """
        of_classes = _by_class(as_configuration(configuration), self.edges)
        return self.descriptor.compute(of_classes, state)


@dataclass(frozen=True)
class Diameter:
    """The diameter of a particle, in sigma. Label: kind "diameter"."""

    def labels(self, state: str = "initial") -> np.recarray:
        """Return the label of the column."""
        return make_labels("diameter", 1, state, [{}])

    def compute(self, configuration: Configuration, state: str = "initial") -> Features:
        """Return the diameter of every particle, (N, 1).

        Raises
        ------
        ConfigurationError
            If the configuration has no diameters.
        """
        diameters = own_diameters(as_configuration(configuration))
        return Features(diameters[:, None], self.labels(state))
