"""Nested cross-validation of ridge regression on subsets of features, from statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats, Integers, as_columns, as_penalties
from cagebreak.learning.collection import Collection, widest
from cagebreak.learning.folds import configuration_folds
from cagebreak.learning.linear_model.base import intercepts, prediction_moments, squared_errors
from cagebreak.learning.linear_model.ridge_solvers import SubsetRidge
from cagebreak.learning.statistics import Statistics
from cagebreak.seeding import Seed

ALPHAS = tuple(10.0**decade for decade in range(-2, 8))
"""Penalties to choose from (chosen: the range of the best alphas of large feature sets)."""


def held_out_moments(
    collection: Collection,
    subsets: Mapping[str, Any],
    *,
    seed: Seed,
    alphas: Sequence[float] = ALPHAS,
    folds: int = 5,
    center: str = "global",
) -> dict[str, Floats]:
    """Return the moments of held-out predictions of each configuration, for subsets of features.

    The cross-validation is nested. For each outer fold, subset and target, alpha minimizes the
    squared error of an inner cross-validation on the other folds. The model trained without folds i
    and j serves twice: fold j is its inner test fold for outer fold i, and fold i for outer fold j.
    K folds therefore need K (K + 1) / 2 models.

    Parameters
    ----------
    collection
        Statistics of the configurations.
    subsets
        Named selections of features: indices, masks or slices.
    seed
        Seed of the folds.
    alphas
        Penalties to choose from, for features of unit variance in training, as in `RidgeCV`.
    folds
        Number of folds; one for each configuration if there are fewer configurations.
    center
        As in `RidgeCV`.

    Returns
    -------
    dict
        For each subset the moments (C, 6, T) of prediction and target in each configuration. They
        determine every r and its bootstrap.

    Raises
    ------
    InputError
        If there are fewer than three groups of configurations or folds, a subset has no feature, or
        an alpha is not a number from 0.
    """
    if len(collection) < 3:
        raise InputError(f"collection: expected at least 3 configurations, got {len(collection)}")
    strengths = as_penalties(alphas)
    indices = {
        name: as_columns(f"subsets[{name!r}]", columns, collection.n_features)
        for name, columns in subsets.items()
    }
    fold = fold_of(collection, folds, seed)
    n_folds = int(fold.max()) + 1
    if n_folds < 3:
        raise InputError(f"groups: expected at least 3 of them, and folds, got {n_folds}")
    members = [np.flatnonzero(fold == k).tolist() for k in range(n_folds)]
    blocks = [Statistics.pooled((collection.parts[i] for i in rows), center) for rows in members]
    extremes = [widest(collection.extremes[rows]) for rows in members]

    errors = {name: np.zeros((n_folds, len(strengths), collection.n_targets)) for name in indices}
    for pair in combinations(range(n_folds), 2):
        training = Statistics.pooled([b for k, b in enumerate(blocks) if k not in pair], center)
        models = SubsetRidge(training, strengths)
        tests = {k: collection.bounded(blocks[k], extremes[k], training) for k in pair}
        for name, columns in indices.items():
            coefficients = models.coefficients(columns)
            offset = intercepts(coefficients, training)
            for held_out, test in (pair, pair[::-1]):
                moments = prediction_moments(tests[test], coefficients, offset)
                errors[name][held_out] += squared_errors(moments, center)

    targets = np.arange(collection.n_targets)
    predictions = {name: np.zeros((len(collection), 6, len(targets))) for name in indices}
    for held_out in range(n_folds):
        training = Statistics.pooled([b for k, b in enumerate(blocks) if k != held_out], center)
        models = SubsetRidge(training, strengths)
        parts = {i: collection.held_out(i, training) for i in members[held_out]}
        for name, columns in indices.items():
            best = errors[name][held_out].argmin(axis=0)
            coefficients = models.coefficients(columns)[:, best, targets]
            offset = intercepts(coefficients, training)
            for i, part in parts.items():
                predictions[name][i] = prediction_moments(part, coefficients, offset)
    return predictions


def fold_of(collection: Collection, folds: int, seed: Seed) -> Integers:
    """Return the fold in which each configuration is held out, (C,).

    Raises
    ------
    InputError
        If there are fewer than two configurations, or they are one group.
    """
    if len(collection) < 2:
        raise InputError(f"collection: expected at least 2 configurations, got {len(collection)}")
    if collection.n_groups < 2:
        raise InputError("groups: expected at least 2, got one that has all configurations")
    return configuration_folds(len(collection), folds, seed=seed, groups=collection.groups)
