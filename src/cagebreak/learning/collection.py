"""Collections: the sufficient statistics of each configuration of a data set."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike

from cagebreak._hdf5 import UNREADABLE, dataset_in, group_in, read_array, require_finite
from cagebreak._sealed import creating, opened
from cagebreak.bootstrap import as_groups
from cagebreak.errors import FileFormatError, InputError
from cagebreak.learning._hdf5 import read_labels, write_labels
from cagebreak.learning._validation import Floats, Integers, as_columns
from cagebreak.learning.near_copies import Axes, Rows, require_different, require_other_statistics
from cagebreak.learning.preprocessing import CLIP, Standardizer
from cagebreak.learning.samples import Sample, Samples, Share, in_turn, moments_of, shared_out
from cagebreak.learning.scores import merged, pair_moments
from cagebreak.learning.statistics import Statistics, deviations

KIND = "statistics of configurations"
ROWS_OF_BLOCKS = 128
"""Rows of a configuration that are compared with others if `blocks` bound the memory (chosen)."""
SPARE = 2.0
"""Largest value of a feature held out, in units of `clip` training deviations (chosen: features
that are alike in all configurations then stay as they are)."""


@dataclass(frozen=True, eq=False)
class Collection:
    """Statistics of features and targets, for each of C configurations.

    `collect` makes one. Selection, ablation, collinearity, learning curves and every linear fit,
    with cross-validation and bootstrap over configurations, need only a collection, not the data.

    No statistics of a configuration depend on another one. Its features are clipped at `clip` of
    its own deviations from its own mean. The means and deviations of `standardizer` are units, the
    same for all configurations: they cancel when training configurations alone standardize the
    features, which is a scaling of the statistics. A feature of a configuration held out that
    reaches beyond twice `clip` deviations of the training is scaled down (`bounded`).

    Parameters
    ----------
    parts : sequence of Statistics
        Globally centered statistics of each configuration, or of each group of configurations.
    standardizer : Standardizer
        The units of the features, and `clip`.
    times : (T,) array
        Times of the targets.
    halves : (C, 6, T) array, optional
        Moments of the targets from the two halves of the runs, for the noise ceiling.
    about : mapping
        Description of the rows, e.g. ``{"species": "A", "length": "sigma"}``; saved with them.
    extremes : (C, 2, F) array, optional
        Lowest and highest value of each feature in each configuration; default -`clip` and `clip`.
    groups : (C,) array of integers, optional
        The group of each configuration, as of `learning.evaluate`; by default each is its own.

    Raises
    ------
    InputError
        If there is no part, the parts differ in their columns, or an array does not fit them.
    """

    parts: Sequence[Statistics]
    standardizer: Standardizer
    times: Floats
    halves: Floats | None = None
    about: Mapping[str, str] = field(default_factory=dict)
    extremes: Floats = None  # type: ignore[assignment]
    groups: Integers | None = None

    def __post_init__(self) -> None:
        if len(self.parts) == 0:
            raise InputError("parts: expected at least one configuration, got none")
        first = self.parts[0]
        for part in self.parts:
            first._require_same_columns(part)
        times = np.asarray(self.times, dtype=np.float64)
        if times.shape != (first.n_targets,):
            raise InputError(f"times: expected shape ({first.n_targets},), got {times.shape}")
        shape = (len(self.parts), 2, first.n_features)
        clip = np.array([[-1.0], [1.0]]) * self.standardizer.clip
        extremes = np.broadcast_to(clip, shape) if self.extremes is None else self.extremes
        if extremes.shape != shape:
            raise InputError(f"extremes: expected shape {shape}, got {extremes.shape}")
        moments = (len(self.parts), 6, first.n_targets)
        if self.halves is not None and self.halves.shape != moments:
            raise InputError(f"halves: expected shape {moments}, got {self.halves.shape}")
        object.__setattr__(self, "times", times)
        object.__setattr__(self, "extremes", extremes)
        if self.groups is not None:
            object.__setattr__(self, "groups", as_groups(self.groups, len(self.parts)))

    def __len__(self) -> int:
        return len(self.parts)

    @property
    def n_groups(self) -> int:
        """Number of groups of configurations, which are held out and resampled as a whole."""
        return int(as_groups(self.groups, len(self)).max()) + 1

    @property
    def n_features(self) -> int:
        """Number of features, F."""
        return self.parts[0].n_features

    @property
    def n_targets(self) -> int:
        """Number of targets, T."""
        return self.parts[0].n_targets

    @property
    def labels(self) -> np.ndarray | None:
        """The labels of the features, (F,)."""
        return self.parts[0].labels

    def pooled(self, weights: ArrayLike | None = None, center: str = "global") -> Statistics:
        """Return the pooled statistics of all configurations, with optional weights (C,)."""
        if weights is None:
            return Statistics.pooled(self.parts, center)
        weights = np.asarray(weights, dtype=np.float64)
        if weights.shape != (len(self),):
            raise InputError(f"weights: expected shape ({len(self)},), got {weights.shape}")
        weighted = (
            part.weighted(weight)
            for part, weight in zip(self.parts, weights.tolist(), strict=True)
            if weight > 0
        )
        return Statistics.pooled(weighted, center)

    def held_out(self, index: int, training: Statistics) -> Statistics:
        """Return the statistics of a configuration, `bounded` as its training data."""
        return self.bounded(self.parts[index], self.extremes[index], training)

    def bounded(self, rows: Statistics, extremes: Floats, training: Statistics) -> Statistics:
        """Return rows whose features stay within twice `clip` deviations of the training.

        A feature that is nearly constant in training, such as a shell that is nearly always empty,
        would otherwise decide the prediction where it is not. Any other feature stays as it is.

        Parameters
        ----------
        rows
            Statistics of rows held out.
        extremes : (2, F) array
            Lowest and highest value of each feature in the rows.
        training
            Statistics of the training rows.
        """
        clip = self.standardizer.clip
        if not np.isfinite(clip):
            return rows
        largest = np.abs(extremes - training.x_mean).max(axis=0)
        limit = SPARE * clip * deviations(training)
        beyond = largest > limit
        if not beyond.any():
            return rows
        factors = np.divide(limit, largest, out=np.ones_like(limit), where=beyond)
        return rows.scaled(factors, training.x_mean)

    def weighted(self, weights: ArrayLike) -> Self:
        """Return the collection with the rows of each configuration weighted, by weights (C,)."""
        weights = np.asarray(weights, dtype=np.float64)
        if weights.shape != (len(self),) or not (weights > 0).all():
            raise InputError(f"weights: expected ({len(self)},) positive numbers, got {weights!r}")
        pairs = zip(self.parts, weights.tolist(), strict=True)
        return replace(self, parts=[part.weighted(weight) for part, weight in pairs])

    def select(self, features: Any = None, targets: Any = None) -> Self:
        """Return the collection of some features and targets; see `Statistics.select`."""
        standardizer, extremes = self.standardizer, self.extremes
        if features is not None:
            kept = as_columns("features", features, self.n_features)
            standardizer, extremes = standardizer.select(kept), extremes[:, :, kept]
        columns = np.arange(self.n_targets) if targets is None else targets
        return replace(
            self,
            parts=[part.select(features, targets) for part in self.parts],
            standardizer=standardizer,
            times=self.times[columns],
            halves=None if self.halves is None else self.halves[:, :, columns],
            extremes=extremes,
        )

    def __add__(self, other: Collection) -> Self:
        """Return the configurations of both operands, whose standardizers must be equal.

        Raises
        ------
        InputError
            If features, times, standardizers or `about` differ, or a configuration is in both.
        """
        if not self.standardizer.equals(other.standardizer):
            raise InputError(
                "other: expected features standardized alike; give both a standardizer"
            )
        if not np.array_equal(self.times, other.times) or dict(self.about) != dict(other.about):
            raise InputError("other: expected the same times, and the same said about it")
        require_other_statistics(self.parts, other.parts)
        halves = None
        if self.halves is not None and other.halves is not None:
            halves = np.concatenate([self.halves, other.halves])
        extremes = np.concatenate([self.extremes, other.extremes])
        groups = None
        if self.groups is not None or other.groups is not None:
            first_groups, second_groups = (as_groups(c.groups, len(c)) for c in (self, other))
            groups = np.concatenate([first_groups, second_groups + len(self)])
        parts = [*self.parts, *other.parts]
        return replace(self, parts=parts, halves=halves, extremes=extremes, groups=groups)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the collection to an HDF5 file, completely or not at all.

        For each configuration, `gram` holds the lower triangle of the Gram matrix of [X Y] row by
        row, `mean` the mean of [X Y], and `count` the number of rows.
        """
        packed = [part.packed() for part in self.parts]
        with creating(path, {"format": f"cagebreak {KIND} 1"}) as file:
            file.attrs["kind"] = KIND
            file.attrs["n_targets"] = self.n_targets
            for name, text in self.about.items():
                file.attrs[f"about {name}"] = text
            file["count"] = np.array([count for count, _, _ in packed])
            file["mean"] = np.array([mean for _, mean, _ in packed])
            gram = file.create_dataset("gram", (len(packed), len(packed[0][2])), "f8")
            for row, (_, _, triangle) in enumerate(packed):
                gram[row] = triangle
            file["times"] = self.times
            file["x_mean"], file["x_scale"] = self.standardizer.mean_, self.standardizer.scale_
            file["x_mean"].attrs["clip"] = self.standardizer.clip
            file["extremes"] = self.extremes
            if self.halves is not None:
                file["halves"] = self.halves
            if self.groups is not None:
                file["groups"] = self.groups
            if self.labels is not None:
                write_labels(file.create_group("labels", track_order=True), self.labels)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read what `save` has written.

        Raises
        ------
        FileFormatError
            If the file is not an HDF5 file of a collection.
        """
        try:
            with opened(path) as file:
                if file.attrs["kind"] != KIND:
                    raise ValueError(f"it holds {file.attrs['kind']!r}")
                labels = read_labels(group_in(file, "labels")) if "labels" in file else None
                mean = read_array(file, "mean", (None, None))
                n, width = mean.shape
                n_targets = int(file.attrs["n_targets"])
                gram = dataset_in(file, "gram", (n, width * (width + 1) // 2))
                counts, times = read_array(file, "count", (n,)), read_array(file, "times")
                # Earlier versions clipped at bounds of all configurations, and had no extremes.
                present = {"halves", "extremes", "groups"} & set(file)
                arrays: Any = {name: read_array(file, name) for name in present}
                require_finite(count=counts, times=times, **arrays)
                rows = zip(counts.tolist(), mean, gram, strict=True)
                parts = []
                for count, of_part, triangle in rows:
                    require_finite(mean=of_part, gram=triangle)
                    parts.append(Statistics.unpacked(count, of_part, triangle, n_targets, labels))
                x_mean = read_array(file, "x_mean", (width - n_targets,))
                x_scale = read_array(file, "x_scale", (width - n_targets,))
                require_finite(x_mean=x_mean, x_scale=x_scale)
                clip = float(file["x_mean"].attrs["clip"])
                standardizer = Standardizer.of(x_mean, x_scale, clip)
                about = {
                    name.removeprefix("about "): str(text)
                    for name, text in file.attrs.items()
                    if name.startswith("about ")
                }
                return cls(parts, standardizer, times, about=about, **arrays)
        except FileNotFoundError:
            raise
        except UNREADABLE as error:
            raise FileFormatError(f"{path}: expected a saved collection, {error}") from error


def collect(
    samples: Samples | Iterable[Sample],
    *,
    species: str = "A",
    labels: np.ndarray | None = None,
    times: ArrayLike | None = None,
    standardizer: Standardizer | None = None,
    clip: float = CLIP,
    blocks: int | None = None,
    executor: Executor | None = None,
    about: Mapping[str, str] | None = None,
    groups: ArrayLike | None = None,
) -> Collection:
    """Read configurations one at a time, and return the statistics of each.

    Parameters
    ----------
    samples
        The samples. A sequence is read twice, first for the units. With `standardizer` it is read
        once, in order, and may be any iterable, such as a generator.
    species
        Letter of the species whose particles are the rows.
    labels : (F,) structured array, optional
        Labels of the features.
    times : (T,) array, optional
        Times of the targets; default 0, 1, ...
    standardizer
        Units of the features; by default means and deviations over all configurations, which
        cancel in every fit.
    clip
        Bound of the features, in deviations of their configuration; that of `standardizer` if it
        is given. Default 6; ``inf`` disables clipping.
    blocks
        Number of parts. Configuration i is added to part i modulo this number, so that memory grows
        by 8 kB a configuration only. By default each configuration is a part.
    executor
        Any `concurrent.futures.Executor`. Each of its workers reads a share of the samples, which
        must then be a sequence that can be pickled.
    about
        See `Collection`.
    groups : (C,) array of integers, optional
        The group of each configuration, as of `learning.evaluate`; not with `blocks`.

    Raises
    ------
    InputError
        If no particle is of the species, `groups` does not fit, samples do not fit each other,
        configurations of different groups or parts are nearly equal (`near_copies`), or `samples`
        is an iterator and `standardizer` is not given.
    """
    sequence = hasattr(samples, "__len__") and hasattr(samples, "__getitem__")
    if not sequence and (standardizer is None or executor is not None):
        raise InputError("samples: expected a sequence; an iterator only with a standardizer")
    if blocks is not None and blocks < 1:
        raise InputError(f"blocks: expected at least 1, got {blocks!r}")
    if groups is not None:
        if blocks is not None or not sequence:
            raise InputError("groups: expected none for an iterator or with blocks")
        groups = as_groups(groups, len(samples))  # type: ignore[arg-type]
    if standardizer is None:
        moments = shared_out(moments_of, samples, species, executor)
        total = sum(moments[1:], start=moments[0])
        standardizer = Standardizer.from_moments(total, clip)
    # All workers compare configurations along the same axes.
    axes = None if executor is None else _axes(samples, species, standardizer)
    argument = (species, standardizer, blocks, axes)
    if sequence:
        reductions = shared_out(_statistics_of, samples, argument, executor)
    else:
        reductions = [_statistics_of(samples, None, argument)]
    parts: dict[int, _Part] = {}
    projected: dict[int, Rows] = {}
    for of_blocks, of_configurations in reductions:
        projected |= of_configurations
        for block, part in of_blocks.items():
            parts[block] = parts[block].joined(part) if block in parts else part
    group = np.arange(max(projected, default=0) + 1) if groups is None else np.asarray(groups)
    held_out = group if blocks is None else group % blocks
    require_different(
        dict(sorted(projected.items())),
        lambda i, j: held_out[i] != held_out[j],
        of=f" of species {species}",
    )
    if not parts:
        raise InputError(f"samples: expected particles of species {species}, got none")
    ordered = [parts[block] for block in sorted(parts)]
    first = ordered[0].statistics
    if labels is not None and labels.shape != (first.n_features,):
        raise InputError(f"labels: expected shape ({first.n_features},), got {labels.shape}")
    for part in ordered:
        part.statistics.labels = labels
    target_times = np.arange(first.n_targets) if times is None else times
    halves = [part.halves for part in ordered if part.halves is not None]
    return Collection(
        [part.statistics for part in ordered],
        standardizer,
        np.asarray(target_times, dtype=np.float64),
        np.stack(halves) if len(halves) == len(ordered) else None,
        {"species": species, **(about or {})},
        np.stack([part.extremes for part in ordered]),
        None if groups is None else np.asarray(groups)[sorted(parts)],
    )


def widest(extremes: Floats) -> Floats:
    """Return the extremes (2, F) of the union of several sets of rows, (n, 2, F)."""
    return np.stack([extremes[:, 0].min(axis=0), extremes[:, 1].max(axis=0)])


class _Part(NamedTuple):
    """What is kept of one configuration, or of several."""

    statistics: Statistics
    extremes: Floats
    halves: Floats | None

    def joined(self, other: _Part) -> _Part:
        """Return what is kept of the rows of both."""
        halves = self.halves if other.halves is None else other.halves
        if self.halves is not None and other.halves is not None:
            halves = merged(self.halves, other.halves)
        extremes = widest(np.stack([self.extremes, other.extremes]))
        return _Part(self.statistics + other.statistics, extremes, halves)


def _axes(samples: Any, species: str, standardizer: Standardizer) -> Axes | None:
    """Return the axes of the first configuration with particles of the species."""
    for _, sample in in_turn(samples):
        if len(rows := sample.rows().get(species, np.arange(0))):
            return Axes.of(standardizer.about_mean(sample.features[rows]))
    return None


def _statistics_of(
    samples: Any,
    indices: range | None,
    argument: tuple[str, Standardizer, int | None, Axes | None],
) -> tuple[dict[int, _Part], dict[int, Rows]]:
    """Return what is kept of each part, and the rows of each configuration along the axes."""
    numbered: Iterable[tuple[int, Sample]] = enumerate(samples)
    if indices is not None:
        numbered = ((indices[k], sample) for k, sample in in_turn(Share(samples, indices)))
    blocks: dict[int, _Part] = {}
    projected: dict[int, Rows] = {}
    species, standardizer, n_blocks, axes = argument
    for i, sample in numbered:
        rows = sample.rows().get(species, np.arange(0))
        if not len(rows):
            continue
        Z = standardizer.about_mean(sample.features[rows])
        axes = Axes.of(Z) if axes is None else axes
        compared = Z if n_blocks is None else Z[:: -(-len(Z) // ROWS_OF_BLOCKS)]
        projected[i] = axes.project(compared)
        statistics = Statistics.from_arrays(Z, sample.targets[rows])
        halves = None if sample.halves is None else pair_moments(*sample.halves[:, rows])
        part = _Part(statistics, np.stack([Z.min(axis=0), Z.max(axis=0)]), halves)
        block = i if n_blocks is None else i % n_blocks
        blocks[block] = blocks[block].joined(part) if block in blocks else part
    return blocks, projected
