"""Fits of one outer fold of a cross-validation, for each species and selection of features."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import clone

from cagebreak.bootstrap import as_groups
from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats, Integers
from cagebreak.learning.learner import traits
from cagebreak.learning.model_selection.configuration_mean import ConfigurationMean
from cagebreak.learning.model_selection.fold_statistics import FoldStatistics, missing
from cagebreak.learning.near_copies import GROUP_THEM, Projections
from cagebreak.learning.preprocessing import Moments
from cagebreak.learning.samples import Graph, Sample, Samples, in_turn, take_rows
from cagebreak.learning.scores import pair_moments

Fits = dict[tuple[str, str], Any]
"""Fitted learners of one fold, by species and name of the selection."""
SMALL = 2_000_000
"""Numbers in samples that are always kept in memory (chosen: 16 MB)."""


@dataclass(frozen=True, eq=False)
class Outer:
    """A cross-validation, whose outer folds are fitted one by one.

    Parameters
    ----------
    learner
    samples
    fold : (C,) array of integers
        The fold in which each configuration is held out.
    columns
        Indices of the features of each selection, by name.
    feature_groups
        The family of each feature, if families are given.
    groups
        The group of each configuration, which a learner leaves together when it divides the
        training data; default a group for each.
    configuration_mean
        As of `learning.evaluate`.
    keeps_predictions
        Whether the results of a fold have the predictions of single particles.
    name_of, way_on
        What an error calls a configuration, given by index, and what it advises, if two that are
        nearly equal are in different folds.
    """

    learner: Any
    samples: Samples
    fold: Integers
    columns: Mapping[str, Integers]
    feature_groups: Integers | None = None
    groups: ArrayLike | None = None
    configuration_mean: int | None = None
    keeps_predictions: bool = False
    name_of: Callable[[int], str] = "samples[{}]".format
    way_on: str = GROUP_THEM

    @property
    def n_folds(self) -> int:
        """Number of folds."""
        return int(self.fold.max()) + 1

    def with_small_samples(self) -> Self:
        """Return the cross-validation with its samples in memory, if they take little of it.

        They do if they are smaller than K - 1 times the Gram blocks of one fold of K.
        """
        first = self.samples[0]
        width = first.features.shape[1] + first.targets.shape[1]
        n_spare = max(SMALL, (self.n_folds - 1) ** 2 * width**2)
        if len(self.samples) * len(first.features) * width > n_spare:
            return self
        return replace(self, samples=[sample for _, sample in in_turn(self.samples)])

    def families(self, name: str) -> dict[str, Integers]:
        """Return the argument of a fit to a selection that names the families of its features."""
        if self.feature_groups is None or not traits(self.learner).feature_groups:
            return {}
        return {"feature_groups": self.feature_groups[self.columns[name]]}


class Overview(NamedTuple):
    """What all folds need of each configuration, by species and index of the configuration."""

    moments: dict[str, dict[int, Moments]]
    """Moments of the features."""
    halves: dict[str, dict[int, Floats]]
    """`scores.pair_moments` of the targets from the two halves of the runs, if there are any."""
    means: dict[str, dict[int, tuple[float, Floats]]]
    """Mean of the feature `configuration_mean`, and mean targets, if this feature is given."""
    statistics: FoldStatistics | None = None
    """Statistics of the folds, for a learner that is fitted to these."""


def overview(outer: Outer) -> Overview:
    """Read all configurations once.

    Raises
    ------
    InputError
        If samples do not fit each other, or are nearly equal in different folds (`near_copies`).
    """
    result = Overview(defaultdict(dict), defaultdict(dict), defaultdict(dict))
    projections = Projections()
    column = outer.configuration_mean
    for i, sample in in_turn(outer.samples):
        projections.add(i, sample)
        for species, rows in sample.rows().items():
            result.moments[species][i] = Moments.of(take_rows(sample.features, rows))
            if sample.halves is not None:
                result.halves[species][i] = pair_moments(*sample.halves[:, rows])
            if column is not None:
                x = float(sample.features[rows, column].mean())
                result.means[species][i] = (x, sample.targets[rows].mean(axis=0))
    projections.require_distinct(
        lambda i, j: outer.fold[i] != outer.fold[j], outer.name_of, outer.way_on
    )
    if traits(outer.learner).learns_from != "statistics":
        return result
    statistics = FoldStatistics(outer.learner, outer.samples, outer.fold, result.moments)
    return result._replace(statistics=statistics)


def fit_linear(outer: Outer, k: int, seen: Overview) -> Fits:
    """Fit a linear learner to statistics, reading one training configuration at a time.

    There is a block of (F + T)^2 numbers for each training fold and species, in the units of the
    outer fold, and half as many in common units. The memory does not depend on the number of
    configurations.
    """
    assert seen.statistics is not None
    fits: Fits = {}
    for species, ordered in seen.statistics.training(k).items():
        standardizer = seen.statistics.standardizer(species, k)
        for name, indices in outer.columns.items():
            everything = np.array_equal(indices, np.arange(ordered[0].n_features))
            selected = ordered if everything else [block.select(indices) for block in ordered]
            fits[species, name] = clone(outer.learner).fit_statistics(
                selected,
                standardizer.select(indices),
                **outer.families(name),
            )
    return fits


def fit_rows(outer: Outer, k: int, seen: Overview) -> Fits:
    """Fit any regressor to the rows of the training configurations, which are all in memory."""
    group = as_groups(outer.groups, len(outer.samples))
    data: dict[str, list[tuple[int, Floats, Floats]]] = defaultdict(list)
    for i, sample in in_turn(outer.samples, np.flatnonzero(outer.fold != k)):
        for species, rows in sample.rows().items():
            data[species].append((i, sample.features[rows], sample.targets[rows]))
    fits: Fits = {}
    for species in seen.moments:
        training = data[species]
        if not training:
            raise missing(species, k)
        X = np.concatenate([x for _, x, _ in training])
        Y = np.concatenate([y for _, _, y in training])
        arguments: dict[str, Integers] = {}
        if traits(outer.learner).groups:
            arguments["groups"] = np.concatenate(
                [np.full(len(x), group[i]) for i, x, _ in training]
            )
        for name, indices in outer.columns.items():
            fits[species, name] = clone(outer.learner).fit(
                X[:, indices], Y, **arguments, **outer.families(name)
            )
    return fits


def fit_graphs(outer: Outer, k: int, seen: Overview) -> Fits:
    """Fit a learner to the graphs of the training configurations, which are all in memory.

    There is one fit for each species, or a single fit if the learner shares species.
    """
    group = as_groups(outer.groups, len(outer.samples))
    training = [sample for _, sample in in_turn(outer.samples, np.flatnonzero(outer.fold != k))]
    present = sorted(seen.moments)
    arguments = {"groups": group[outer.fold != k]} if traits(outer.learner).groups else {}
    shared = traits(outer.learner).share_species
    fits: Fits = {}
    for letters in [present] if shared else [[letter] for letter in present]:
        rows = [
            np.sort(
                np.concatenate(
                    [np.arange(0), *(r for s, r in sample.rows().items() if s in letters)]
                )
            )
            for sample in training
        ]
        if not any(len(r) for r in rows):
            raise missing(letters[0], k)
        Y = [sample.targets[r] for sample, r in zip(training, rows, strict=True)]
        for name, indices in outer.columns.items():
            X = [_graph(sample, r, indices) for sample, r in zip(training, rows, strict=True)]
            fitted = clone(outer.learner).fit(X, Y, **arguments)
            fits |= {(letter, name): fitted for letter in letters}
    return fits


FITTERS: dict[str, Callable[[Outer, int, Overview], Fits]] = {
    "statistics": fit_linear,
    "rows": fit_rows,
    "graphs": fit_graphs,
}
"""The function that fits one fold, for each value of `learner.Traits.learns_from`."""


def predict(fitted: Any, sample: Sample, rows: Integers, columns: Integers) -> Floats:
    """Return the predictions of a fit for some rows of a sample, (n,) or (n, T)."""
    predicted: Floats
    if traits(fitted).learns_from == "graphs":
        (predicted,) = fitted.predict([_graph(sample, rows, columns)])
        return predicted
    if np.array_equal(columns, np.arange(sample.features.shape[1])):
        X = take_rows(sample.features, rows)
    else:
        X = sample.features[np.ix_(rows, columns)]
    predicted = fitted.predict(X)
    return predicted


def _graph(sample: Sample, rows: Integers, columns: Integers) -> Graph:
    graph = sample.graph
    if graph is None:
        raise InputError("samples: expected samples with a graph for this learner, got none")
    return replace(graph, features=graph.features[:, columns], rows=graph.rows[rows])


def fit_configuration_means(outer: Outer, k: int, seen: Overview) -> dict[str, ConfigurationMean]:
    """Fit the mean targets of the training configurations, for each species."""
    fits = {}
    for species, means in seen.means.items():
        used = [i for i in means if outer.fold[i] != k]
        x, y = zip(*(means[i] for i in used), strict=True)
        fits[species] = ConfigurationMean(np.array(x), np.array(y))
    return fits
