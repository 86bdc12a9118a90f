"""A descriptor as a transformer of scikit-learn, from configurations to rows of features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from cagebreak.configuration import as_configuration, species_index
from cagebreak.configuration.interchange import is_accepted, require_frames
from cagebreak.descriptors.base import Descriptor, column_names
from cagebreak.descriptors.cage import Source, StateDescriptor, configuration_of, state_of
from cagebreak.descriptors.generations import Generations
from cagebreak.errors import InputError
from cagebreak.states import CageState, InherentState


class DescriptorTransformer(TransformerMixin, BaseEstimator):
    """Transform configurations to the features of their particles, for pipelines of scikit-learn.

    The rows of all configurations follow each other: ``transform`` returns (n, F), where n is the
    number of particles of the species in all configurations. The targets that a pipeline is fitted
    to have the same n rows. Nothing is learned in `fit` but the labels of the columns.

    Cross-validation must hold out whole configurations, which scikit-learn cannot do with
    configurations as X, because X and y have different lengths. Transform the configurations first
    and give `groups` to the cross-validation, or use `cagebreak.learning.evaluate`.

    Parameters
    ----------
    descriptor : Descriptor
        Such as `Radial` or one of the sets in `papers`.
    species : str, optional
        The species whose particles are rows, ``"A"``; every particle if omitted.
    state : str, optional
        The state in the labels: "initial", "inherent" or "cage". If omitted, "initial" for
        configurations, and the kind of state for states.

    Attributes
    ----------
    labels_ : (F,) record array
        The labels of the columns.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline  # doctest: +SKIP
    >>> transformer = cb.DescriptorTransformer(cb.papers.alkemade2023(model), species="A")
    >>> pipeline = make_pipeline(transformer, cb.RidgeCV())  # doctest: +SKIP
    >>> y = np.concatenate([p.mean[-1, p.species == 0] for p in propensities])  # doctest: +SKIP
    >>> groups = transformer.groups(configurations)  # doctest: +SKIP
    >>> pipeline.fit(configurations, y, ridgecv__groups=groups)  # doctest: +SKIP
    """

    labels_: np.recarray

    def __init__(
        self, descriptor: Descriptor, species: str | None = None, state: str | None = None
    ) -> None:
        self.descriptor = descriptor
        self.species = species
        self.state = state

    def fit(self, configurations: Sequence[Source], y: Any = None) -> Self:
        """Find the labels of the columns.

        Parameters
        ----------
        configurations
            Configurations, or what `cagebreak.inherent_state` or `cagebreak.cage_state` returned
            for each.
        y
            Ignored.

        Raises
        ------
        InputError
            If the descriptor is none, there is no such species, or `configurations` is no sequence
            of configurations, or of states of one kind.
        """
        if not isinstance(self.descriptor, Descriptor) or isinstance(self.descriptor, type):
            raise InputError(f"descriptor: expected a descriptor, got {self.descriptor!r}")
        if self.species is not None:
            species_index(self.species)
        sources = _sources(configurations)
        self.labels_ = self.descriptor.labels(self._state(sources[0]))
        return self

    def transform(self, configurations: Sequence[Source]) -> NDArray[np.float64]:
        """Return the features of the particles of all configurations, (n, F).

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If `fit` has not been called.
        InputError
            As of `fit`; or if no particle is of the species, or the labels are not those of `fit`.
        ConfigurationError
            If the descriptor cannot describe a configuration.
        """
        check_is_fitted(self, "labels_")
        sources = _sources(configurations)
        chosen = self._particles(sources)
        state, fitted = self._state(sources[0]), str(self.labels_.state[0])
        if state != fitted:
            raise InputError(
                f"configurations: expected the state {fitted!r}, as in fit, got {state!r}"
            )
        if not isinstance(self.descriptor, StateDescriptor | Generations):
            sources = [configuration_of(source) for source in sources]
        parts = [
            self.descriptor.compute(source, state).values[rows]
            for source, rows in zip(sources, chosen, strict=True)
        ]
        return np.concatenate(parts)

    def groups(self, configurations: Sequence[Source]) -> NDArray[np.int64]:
        """Return the number of the configuration, from 0, that each row of `transform` is of, (n,).

        Raises
        ------
        InputError
            As of `transform`.
        """
        chosen = self._particles(_sources(configurations))
        return np.repeat(np.arange(len(chosen)), [len(rows) for rows in chosen])

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return the names of the columns, (F,); see `Features.names`.

        Parameters
        ----------
        input_features
            Ignored: configurations have no columns.
        """
        check_is_fitted(self, "labels_")
        return np.array(column_names(self.labels_), dtype=object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.no_validation = True
        return tags

    def _state(self, source: Source) -> str:
        return self.state or state_of(source)

    def _particles(self, sources: list[Source]) -> list[NDArray[np.int64]]:
        """Return the particles of each configuration that are rows."""
        species = [configuration_of(source).species for source in sources]
        if self.species is None:
            return [np.arange(len(of_one)) for of_one in species]
        index = species_index(self.species)
        chosen = [np.flatnonzero(of_one == index) for of_one in species]
        if not any(map(len, chosen)):
            raise InputError(
                f"configurations: expected particles of species {self.species}, got none"
            )
        return chosen


def _sources(configurations: Any) -> list[Source]:
    """Return checked configurations, or states of one kind."""
    if isinstance(configurations, Source) or not isinstance(configurations, Sequence):
        raise InputError(
            "configurations: expected a list of configurations or of states, "
            f"got {type(configurations).__name__}"
        )
    if not configurations:
        raise InputError("configurations: expected at least one, got an empty list")
    require_frames("configurations", configurations)
    sources: list[Source] = []
    for i, given in enumerate(configurations):
        if not isinstance(given, Source) and not is_accepted(given):
            raise InputError(
                f"configurations[{i}]: expected a Configuration, {InherentState.__name__} or "
                f"{CageState.__name__}, got {type(given).__name__}"
            )
        is_state = isinstance(given, InherentState | CageState)
        source = given if is_state else as_configuration(given, f"configurations[{i}]")
        if type(source) is not type((sources or [source])[0]):
            raise InputError(
                f"configurations[{i}]: expected a {type(sources[0]).__name__}, "
                f"as configurations[0], got a {type(source).__name__}"
            )
        sources.append(source)
    return sources
