"""Nested cross-validation of ridge regression on many subsets of features, from statistics."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats, Integers, as_columns
from cagebreak.learning.collection import Collection
from cagebreak.learning.folds import configuration_folds
from cagebreak.learning.linear_model.base import intercepts, prediction_moments, squared_errors
from cagebreak.learning.linear_model.ridge_solvers import SubsetRidge
from cagebreak.learning.statistics import Statistics
from cagebreak.seeding import Seed

ALPHAS = tuple(10.0**decade for decade in range(-2, 8))
"""Strengths to choose from (chosen: where the best of large sets lie)."""


def held_out_moments(
    collection: Collection,
    subsets: Mapping[str, Any],
    *,
    seed: Seed,
    alphas: Sequence[float] = ALPHAS,
    folds: int = 5,
    center: str = "global",
) -> dict[str, Floats]:
    """Predict every configuration once while it is held out, by each subset of the features.

    Alpha is chosen for each fold, subset and target by the squared error on the remaining folds
    held out in turn. Leaving out folds i and j serves both: j to choose for i, and i for j. So K
    folds take K (K + 1) / 2 decompositions.

    Parameters
    ----------
    collection
    subsets
        Named selections of features: indices, masks or slices.
    seed
        Of the folds.
    alphas
        Penalties of features brought to unit deviation, as of `RidgeCV`.
    folds
        One for each configuration if there are fewer.
    center
        As of `RidgeCV`.

    Returns
    -------
    dict
        By name: the moments (C, 6, T) of prediction and target in each configuration, from which
        every r and its bootstrap follow.

    Raises
    ------
    InputError
        If there are fewer than three configurations, or a subset has no feature.
    """
    if len(collection) < 3:
        raise InputError(f"collection: expected at least 3 configurations, got {len(collection)}")
    strengths = np.asarray(alphas, dtype=float)
    chosen = {
        name: as_columns(f"subsets[{name!r}]", columns, collection.n_features)
        for name, columns in subsets.items()
    }
    fold = fold_of(collection, folds, seed)
    n_folds = int(fold.max()) + 1
    blocks = [
        Statistics.pooled((collection.parts[int(i)] for i in np.flatnonzero(fold == k)), center)
        for k in range(n_folds)
    ]

    errors = {name: np.zeros((n_folds, len(strengths), collection.n_targets)) for name in chosen}
    for pair in combinations(range(n_folds), 2):
        training = Statistics.pooled([b for k, b in enumerate(blocks) if k not in pair], center)
        models = SubsetRidge(training, strengths)
        for name, columns in chosen.items():
            coefficients = models.coefficients(columns)
            offset = intercepts(coefficients, training)
            for held_out, judged in (pair, pair[::-1]):
                moments = prediction_moments(blocks[judged], coefficients, offset)
                errors[name][held_out] += squared_errors(moments, center)

    targets = np.arange(collection.n_targets)
    found = {name: np.zeros((len(collection), 6, len(targets))) for name in chosen}
    for held_out in range(n_folds):
        training = Statistics.pooled([b for k, b in enumerate(blocks) if k != held_out], center)
        models = SubsetRidge(training, strengths)
        for name, columns in chosen.items():
            best = errors[name][held_out].argmin(axis=0)
            coefficients = models.coefficients(columns)[:, best, targets]
            offset = intercepts(coefficients, training)
            for i in np.flatnonzero(fold == held_out).tolist():
                found[name][i] = prediction_moments(collection.parts[i], coefficients, offset)
    return found


def fold_of(collection: Collection, folds: int, seed: Seed) -> Integers:
    """Return the fold in which each configuration is held out, (C,).

    Raises
    ------
    InputError
        If there are fewer than two configurations.
    """
    if len(collection) < 2:
        raise InputError(f"collection: expected at least 2 configurations, got {len(collection)}")
    return configuration_folds(len(collection), folds, seed=seed)
