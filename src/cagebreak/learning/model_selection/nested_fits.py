"""Fits of the outer cross-validation, one for each fold, species and selection of features."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np
from sklearn.base import RegressorMixin, clone

from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats, Integers, as_groups
from cagebreak.learning.learner import traits
from cagebreak.learning.linear_model.base import LinearLearner
from cagebreak.learning.linear_model.whitening import whiten
from cagebreak.learning.model_selection.configuration_mean import ConfigurationMean
from cagebreak.learning.preprocessing import Moments, Standardizer
from cagebreak.learning.samples import Graph, Sample, Samples, in_turn
from cagebreak.learning.statistics import Statistics


class Fit(NamedTuple):
    """The key of a fit: the fold held out, the species, and the name of the selection."""

    held_out: int
    species: str
    features: str


Fits = dict[Fit, Any]
"""Fitted learners."""


class Fitter(Protocol):
    """Fits a learner for each fold, species and selection."""

    def __call__(
        self,
        learner: Any,
        samples: Samples,
        fold: Integers,
        columns: Mapping[str, Integers],
        feature_groups: Integers | None = None,
        groups: Integers | None = None,
    ) -> Fits:
        """Return the fits.

        `fold` holds the fold in which each configuration is held out, `groups` its group, which a
        learner leaves together when it divides the training data; default a group for each.
        """


def fit_linear(
    learner: LinearLearner,
    samples: Samples,
    fold: Integers,
    columns: Mapping[str, Integers],
    feature_groups: Integers | None = None,
    groups: Integers | None = None,
) -> Fits:
    """Fit a linear learner to statistics, reading one configuration at a time.

    The samples are read twice, for the moments of the features and then for the statistics. The
    standardizer depends on the training data. Each outer fold therefore has its own statistics,
    with a block for each of its training folds: K (K - 1) blocks of (F + T)^2 numbers for each
    species. The memory does not depend on the number of configurations.
    """
    n_folds = int(fold.max()) + 1
    moments: dict[str, dict[int, Moments]] = defaultdict(dict)
    for i, sample in in_turn(samples):
        for species, rows in sample.rows().items():
            new = Moments.of(sample.features[rows])
            by_fold = moments[species]
            by_fold[fold[i]] = by_fold[fold[i]] + new if fold[i] in by_fold else new

    standardizers = {
        (k, species): Standardizer.from_moments(
            _sum(species, k, [by_fold[j] for j in sorted(by_fold) if j != k]), learner.clip
        )
        for species, by_fold in moments.items()
        for k in range(n_folds)
    }

    parts: dict[tuple[int, str], dict[int, Statistics]] = defaultdict(dict)
    for i, sample in in_turn(samples):
        for species, rows in sample.rows().items():
            X, Y = sample.features[rows], sample.targets[rows]
            matrix = learner.whitening_of(sample.particles(rows), len(rows))
            for k in range(n_folds):
                if k == fold[i]:
                    continue
                blocks = parts[k, species]
                if fold[i] not in blocks:
                    blocks[fold[i]] = Statistics(X.shape[1], Y.shape[1], learner.center)
                blocks[fold[i]].add(*whiten(matrix, standardizers[k, species].standardize(X), Y))

    uses_feature_groups = traits(learner).feature_groups
    fits: Fits = {}
    for (k, species), blocks in parts.items():
        # Blocks are in the order of the folds, so that sums do not depend on the samples' order.
        ordered = [blocks[j] for j in sorted(blocks)]
        for name, indices in columns.items():
            arguments = {}
            if feature_groups is not None and uses_feature_groups:
                arguments["feature_groups"] = feature_groups[indices]
            fits[Fit(k, species, name)] = clone(learner).fit_statistics(
                [block.select(indices) for block in ordered],
                standardizers[k, species].select(indices),
                **arguments,
            )
    return fits


def fit_rows(
    learner: RegressorMixin,
    samples: Samples,
    fold: Integers,
    columns: Mapping[str, Integers],
    feature_groups: Integers | None = None,
    groups: Integers | None = None,
) -> Fits:
    """Fit any regressor to the rows of the training configurations, which are all in memory."""
    group = as_groups(groups, len(samples))
    data: dict[str, list[tuple[int, Floats, Floats]]] = defaultdict(list)
    for i, sample in in_turn(samples):
        for species, rows in sample.rows().items():
            data[species].append((i, sample.features[rows], sample.targets[rows]))
    learner_traits = traits(learner)
    fits: Fits = {}
    for species, configurations in data.items():
        for k in range(int(fold.max()) + 1):
            training = [entry for entry in configurations if fold[entry[0]] != k]
            if not training:
                raise _missing(species, k)
            X = np.concatenate([x for _, x, _ in training])
            Y = np.concatenate([y for _, _, y in training])
            arguments: dict[str, Integers] = {}
            if learner_traits.groups:
                arguments["groups"] = np.concatenate(
                    [np.full(len(x), group[i]) for i, x, _ in training]
                )
            for name, indices in columns.items():
                if feature_groups is not None and learner_traits.feature_groups:
                    arguments["feature_groups"] = feature_groups[indices]
                fits[Fit(k, species, name)] = clone(learner).fit(X[:, indices], Y, **arguments)
    return fits


def fit_graphs(
    learner: Any,
    samples: Samples,
    fold: Integers,
    columns: Mapping[str, Integers],
    feature_groups: Integers | None = None,
    groups: Integers | None = None,
) -> Fits:
    """Fit a learner to the graphs of the training configurations, which are all in memory.

    There is one fit for each species, or a single fit if the learner shares species.
    """
    group = as_groups(groups, len(samples))
    configurations = [sample for _, sample in in_turn(samples)]
    present = sorted({species for sample in configurations for species in sample.rows()})
    shared = traits(learner).share_species
    fits: Fits = {}
    for k in range(int(fold.max()) + 1):
        training = [sample for i, sample in enumerate(configurations) if fold[i] != k]
        arguments = {"groups": group[fold != k]} if traits(learner).groups else {}
        for letters in [present] if shared else [[letter] for letter in present]:
            rows = [
                np.sort(np.concatenate([r for s, r in sample.rows().items() if s in letters]))
                for sample in training
            ]
            if not any(len(r) for r in rows):
                raise _missing(letters[0], k)
            Y = [sample.targets[r] for sample, r in zip(training, rows, strict=True)]
            for name, indices in columns.items():
                X = [_graph(sample, r, indices) for sample, r in zip(training, rows, strict=True)]
                fitted = clone(learner).fit(X, Y, **arguments)
                fits |= {Fit(k, letter, name): fitted for letter in letters}
    return fits


FITTERS: dict[str, Fitter] = {"statistics": fit_linear, "rows": fit_rows, "graphs": fit_graphs}
"""The fitter for each value of `learner.Traits.learns_from`."""


def predict(fitted: Any, sample: Sample, rows: Integers, columns: Integers) -> Floats:
    """Return the predictions of a fit for some rows of a sample, (n,) or (n, T)."""
    predicted: Floats
    if traits(fitted).learns_from == "graphs":
        (predicted,) = fitted.predict([_graph(sample, rows, columns)])
        return predicted
    predicted = fitted.predict(sample.features[np.ix_(rows, columns)])
    return predicted


def _graph(sample: Sample, rows: Integers, columns: Integers) -> Graph:
    graph = sample.graph
    if graph is None:
        raise InputError("samples: expected samples with a graph for this learner, got none")
    return Graph(graph.configuration, graph.features[:, columns], graph.rows[rows])


def fit_configuration_means(
    samples: Samples, fold: Integers, column: int
) -> dict[tuple[int, str], ConfigurationMean]:
    """Fit the mean targets of the training configurations, for each fold and species."""
    x: dict[str, Floats] = {}
    y: dict[str, Floats] = {}
    for i, sample in in_turn(samples):
        for species, rows in sample.rows().items():
            x.setdefault(species, np.full(len(samples), np.nan))[i] = sample.features[
                rows, column
            ].mean()
            means = y.setdefault(species, np.full((len(samples), sample.targets.shape[1]), np.nan))
            means[i] = sample.targets[rows].mean(axis=0)
    return {
        (k, species): ConfigurationMean.of_training(x[species], y[species], fold != k)
        for species in x
        for k in range(int(fold.max()) + 1)
    }


def _sum(species: str, held_out: int, moments: list[Moments]) -> Moments:
    if not moments:
        raise _missing(species, held_out)
    return sum(moments[1:], start=moments[0])


def _missing(species: str, held_out: int) -> InputError:
    return InputError(
        f"samples: expected particles of species {species} outside fold {held_out}, got none"
    )
