"""Means over configurations, with bootstrap intervals."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cagebreak.bootstrap import as_groups, interval, resamples
from cagebreak.seeding import seed_sequence
from cagebreak.study.recipe.recipe import Recipe


def mean_of_configurations(
    recipe: Recipe, values: ArrayLike, name: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean (...) over configurations of values (C, ...), and its interval (2, ...).

    `name` is the address of the resamples.
    """
    array = np.asarray(values, dtype=np.float64)
    n = len(array)
    seed = seed_sequence(recipe.study.seed, name)
    drawn = resamples(n, recipe.learning.bootstrap, seed=seed, groups=recipe.groups)
    # A resample has as many groups as there are; they may have unequal numbers of configurations.
    resampled = np.tensordot(drawn / drawn.sum(axis=1, keepdims=True), array, axes=1)
    n_independent = int(as_groups(recipe.groups, n).max()) + 1
    return array.mean(axis=0), interval(resampled, n_independent)
