"""Samples: the features and targets of one configuration each, read one at a time."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from cagebreak.configuration import SPECIES_NAMES, Configuration, as_configuration
from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats, Integers, as_table, require_finite
from cagebreak.learning.preprocessing import Moments

SYMMETRIC = 1e-6
"""Largest difference of two components of a symmetric tensor, of the largest component."""


@dataclass(frozen=True, eq=False)
class Graph:
    """A configuration as the input of a graph network.

    Parameters
    ----------
    configuration : Configuration
        The N particles are the nodes. An edge joins each pair within the cutoff of the network.
    features : (N, F) array, optional
        Node features in addition to the species; default none.
    rows : (n,) array of integers, optional
        Indices of the particles to predict; default all.
    vectors : (N, V, 3) array, optional
        V vectors of each particle, such as its displacement to the cage state, for
        `EquivariantNetwork`; default none. In a plane the third component is 0.
    tensors : (N, W, 3, 3) array, optional
        W symmetric tensors of each particle, such as the covariance of its motion in the cage, for
        `EquivariantNetwork`; default none.

    Raises
    ------
    InputError
        If a shape does not fit, a number is not finite, a row is not a particle, or a tensor is not
        symmetric.
    """

    configuration: Configuration
    features: Floats = None  # type: ignore[assignment]
    rows: Integers = None  # type: ignore[assignment]
    vectors: Floats = None  # type: ignore[assignment]
    tensors: Floats = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        configuration = as_configuration(self.configuration, "graph.configuration")
        n = len(configuration)
        values = np.empty((n, 0)) if self.features is None else self.features
        features = as_table("graph.features", values, n)
        require_finite("graph.features", features, features.sum(axis=0))
        rows = np.arange(n) if self.rows is None else np.asarray(self.rows)
        if rows.ndim != 1 or rows.dtype.kind not in "iu" or not np.isin(rows, range(n)).all():
            raise InputError(f"graph.rows: expected particles from 0 to {n - 1}, got {self.rows!r}")
        tensors = _geometric("graph.tensors", self.tensors, n, (3, 3))
        asymmetry = np.abs(tensors - tensors.swapaxes(2, 3)).max(initial=0.0)
        if asymmetry > SYMMETRIC * np.abs(tensors).max(initial=0.0):
            raise InputError(
                f"graph.tensors: expected symmetric ones, got components that differ by "
                f"{asymmetry:.3g}"
            )
        object.__setattr__(self, "configuration", configuration)
        object.__setattr__(self, "features", features)
        object.__setattr__(self, "rows", rows)
        object.__setattr__(self, "vectors", _geometric("graph.vectors", self.vectors, n, (3,)))
        object.__setattr__(self, "tensors", tensors)


@dataclass(frozen=True, eq=False)
class Sample:
    """Features and targets of one configuration, with a row for each particle.

    Parameters
    ----------
    features : (n, F) array
    targets : (n, T) array
        The propensity, or another target, at each of T times.
    species : (n,) array of integers, optional
        Species of each row; 0 is A. A separate model is fitted to each species. Default all A.
    halves : (2, n, T) array, optional
        The targets from the two halves of the runs, for the noise ceiling.
    graph : Graph, optional
        The whole configuration with the features of all particles, for graph networks. Its `rows`
        are the rows of this sample.
    configuration : Configuration, optional
        The n particles of the rows, for learners with spatially correlated errors.

    Raises
    ------
    InputError
        If shapes do not fit each other, or a species is not the number of a letter.
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

        if self.configuration is not None:
            configuration = as_configuration(self.configuration)
            if len(configuration) != len(features):
                raise InputError(
                    f"configuration: expected {len(features)} particles, got {len(configuration)}"
                )
            object.__setattr__(self, "configuration", configuration)

    def rows(self) -> dict[str, Integers]:
        """Return the rows of each species that is present; the keys are letters."""
        if self.species is None:
            return {SPECIES_NAMES[0]: np.arange(len(self.features))}
        return {
            SPECIES_NAMES[number]: np.flatnonzero(self.species == number)
            for number in np.unique(self.species)
        }

    def particles(self, rows: Integers) -> Configuration | None:
        """Return the particles of some rows; None without a configuration."""
        return None if self.configuration is None else self.configuration[rows]


def _geometric(name: str, values: Any, n: int, shape: tuple[int, ...]) -> Floats:
    """Return vectors or tensors of n particles, (n, M, *shape), checked; M is 0 for None."""
    if values is None:
        return np.empty((n, 0, *shape))
    array: Floats = np.asarray(values, dtype=np.float64)
    if array.ndim != 2 + len(shape) or (len(array), *array.shape[2:]) != (n, *shape):
        expected = ", ".join(map(str, (n, "M", *shape)))
        raise InputError(f"{name}: expected shape ({expected}), got {array.shape}")
    require_finite(name, array.reshape(n, -1), array.sum(axis=0).ravel())
    return array


def take_rows(table: Floats, rows: Integers) -> Floats:
    """Return some rows of a table, in ascending order; a view if none between them is left out."""
    if len(rows) and rows[-1] - rows[0] == len(rows) - 1:
        return table[rows[0] : rows[-1] + 1]
    return table[rows]


class Samples(Protocol):
    """A sequence of samples, each read when it is accessed."""

    def __len__(self) -> int:
        """Return the number of configurations."""

    def __getitem__(self, index: int, /) -> Sample:
        """Return the sample of a configuration."""


class Share:
    """Some of the samples, each read when it is accessed."""

    def __init__(self, samples: Samples, indices: Sequence[int]) -> None:
        self.samples, self.indices = samples, indices

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: int) -> Sample:
        return self.samples[self.indices[index]]


def shared_out(work: Any, samples: Any, argument: Any, executor: Executor | None) -> list[Any]:
    """Return ``work(samples, indices, argument)`` for each worker's share of the samples."""
    if executor is None:
        return [work(samples, range(len(samples)), argument)]
    workers = getattr(executor, "_max_workers", None) or os.cpu_count() or 1
    shares = [range(k, len(samples), workers) for k in range(min(workers, len(samples)))]
    futures = [executor.submit(work, samples, share, argument) for share in shares]
    return [future.result() for future in futures]


def moments_of(samples: Samples, indices: Sequence[int], species: str) -> Moments:
    """Return the moments of the features of a species in some of the samples.

    Raises
    ------
    InputError
        If there are no samples, or as of `in_turn`.
    """
    total = None
    for _, sample in in_turn(Share(samples, indices)):
        rows = sample.rows().get(species, np.arange(0))
        new = Moments.of(take_rows(sample.features, rows))
        total = new if total is None else total + new
    if total is None:
        raise InputError("samples: expected at least one configuration, got none")
    return total


def in_turn(samples: Samples, indices: Iterable[int] | None = None) -> Iterator[tuple[int, Sample]]:
    """Yield samples, by default all, each with its index, and check that they fit each other.

    Raises
    ------
    InputError
        If the number of features or targets differs from the first of them, or a number is not
        finite.
    """
    first = expected = None
    for i in range(len(samples)) if indices is None else map(int, indices):
        sample = samples[i]
        widths = (sample.features.shape[1], sample.targets.shape[1])
        if expected is None:
            first, expected = i, widths
        if widths != expected:
            raise InputError(
                f"samples[{i}]: expected {expected[0]} features and {expected[1]} targets, as in "
                f"samples[{first}], got {widths[0]} and {widths[1]}"
            )
        for what, table in (("features", sample.features), ("targets", sample.targets)):
            require_finite(f"samples[{i}].{what}", table, table.sum(axis=0))
        yield i, sample
