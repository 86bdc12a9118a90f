"""What is learned from: configurations, read one at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from cagebreak.configuration import SPECIES_NAMES, Configuration
from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats, Integers, as_table, require_finite


@dataclass(frozen=True, eq=False)
class Graph:
    """A configuration as a graph network sees it.

    Parameters
    ----------
    configuration : Configuration
        Its N particles are the nodes; those nearer than the network's cut-off share an edge.
    features : (N, F) array, optional
        Of every particle, besides its species, which is always given; none if omitted.
    rows : (n,) array of integers, optional
        The particles that are predicted; all if omitted.

    Raises
    ------
    InputError
        If a shape does not fit, a number is not finite, or there is no such particle.
    """

    configuration: Configuration
    features: Floats = None  # type: ignore[assignment]
    rows: Integers = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        n = len(self.configuration)
        given = np.empty((n, 0)) if self.features is None else self.features
        features = as_table("graph.features", given, n)
        require_finite("graph.features", features, features.sum(axis=0))
        rows = np.arange(n) if self.rows is None else np.asarray(self.rows)
        if rows.ndim != 1 or rows.dtype.kind not in "iu" or not np.isin(rows, range(n)).all():
            raise InputError(f"graph.rows: expected particles from 0 to {n - 1}, got {self.rows!r}")
        object.__setattr__(self, "features", features)
        object.__setattr__(self, "rows", rows)


@dataclass(frozen=True, eq=False)
class Sample:
    """One configuration to learn from: a row for each particle.

    Parameters
    ----------
    features : (n, F) array
    targets : (n, T) array
        The propensity, or whatever is to be predicted, at each of T times.
    species : (n,) array of integers, optional
        0 is A; each species is learned for itself. All A if omitted.
    halves : (2, n, T) array, optional
        The targets from either half of the runs; they give the noise ceiling.
    graph : Graph, optional
        The whole configuration, with the features of all its particles, for learners that look
        at neighbors; its `rows` are those of this sample.
    configuration : Configuration, optional
        The n particles of the rows, for learners that know of errors correlated in space.

    Raises
    ------
    InputError
        If shapes do not fit each other, or a species is no natural number with a letter.
    """

    features: Floats
    targets: Floats
    species: Integers | None = None
    halves: Floats | None = None
    graph: Graph | None = None
    configuration: Configuration | None = None

    def __post_init__(self) -> None:
        features = as_table("features", self.features)
        targets = as_table("targets", self.targets, len(features))
        object.__setattr__(self, "features", features)
        object.__setattr__(self, "targets", targets)
        if self.species is not None:
            species = np.asarray(self.species)
            if species.shape != (len(features),):
                raise InputError(f"species: expected shape ({len(features)},), got {species.shape}")
            if not np.isin(species, range(len(SPECIES_NAMES))).all():
                raise InputError(f"species: expected 0, 1, ..., got {np.unique(species)}")
            object.__setattr__(self, "species", species.astype(np.int64))
        if self.halves is not None:
            halves = np.asarray(self.halves, dtype=np.float64)
            if halves.shape != (2, *targets.shape):
                raise InputError(
                    f"halves: expected shape {(2, *targets.shape)}, got {halves.shape}"
                )
            object.__setattr__(self, "halves", halves)
        if self.graph is not None:
            if len(self.graph.rows) != len(features):
                raise InputError(
                    f"graph.rows: expected {len(features)} particles, got {len(self.graph.rows)}"
                )
            if self.graph.features.shape[1] != features.shape[1]:
                raise InputError(
                    f"graph.features: expected {features.shape[1]} columns, "
                    f"got {self.graph.features.shape[1]}"
                )

        if self.configuration is not None and len(self.configuration) != len(features):
            raise InputError(
                f"configuration: expected {len(features)} particles, got {len(self.configuration)}"
            )

    def rows(self) -> dict[str, Integers]:
        """Return the rows of each species present, by its letter."""
        if self.species is None:
            return {SPECIES_NAMES[0]: np.arange(len(self.features))}
        return {
            SPECIES_NAMES[number]: np.flatnonzero(self.species == number)
            for number in np.unique(self.species)
        }

    def place(self, rows: Integers) -> Configuration | None:
        """Return the particles of some rows, if it is known where they are."""
        whole = self.configuration
        if whole is None:
            return None
        return Configuration(whole.positions[rows], whole.species[rows], whole.box)


class Samples(Protocol):
    """A sequence of configurations, each read when it is asked for."""

    def __len__(self) -> int:
        """Return the number of configurations."""

    def __getitem__(self, index: int, /) -> Sample:
        """Read a configuration."""


def in_turn(samples: Samples) -> Iterator[tuple[int, Sample]]:
    """Read the samples one at a time, once each, and check that they fit each other.

    Raises
    ------
    InputError
        If a sample has another number of features or targets than the first, or a number is not
        finite.
    """
    expected = None
    for i in range(len(samples)):
        sample = samples[i]
        found = (sample.features.shape[1], sample.targets.shape[1])
        expected = expected or found
        if found != expected:
            raise InputError(
                f"samples[{i}]: expected {expected[0]} features and {expected[1]} targets, as in "
                f"samples[0], got {found[0]} and {found[1]}"
            )
        for what, table in (("features", sample.features), ("targets", sample.targets)):
            require_finite(f"samples[{i}].{what}", table, table.sum(axis=0))
        yield i, sample
