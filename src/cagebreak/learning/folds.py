"""Folds of cross-validation, made of whole configurations.

Neighboring particles are correlated. Folds of single particles would leak information from the
training data to the test data. Configurations that share their structure, such as two frames of one
cage, are correlated in the same way: they form a group, and a group is in one fold.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cagebreak.bootstrap import as_groups
from cagebreak.errors import InputError
from cagebreak.learning._validation import Integers
from cagebreak.seeding import Seed, stream


def configuration_folds(
    n_configurations: int, n_folds: int, *, seed: Seed, groups: ArrayLike | None = None
) -> Integers:
    """Return the fold in which each configuration is held out, (n_configurations,).

    The numbers of groups in the folds differ by at most one. With fewer groups than folds, each
    group is a fold.

    Parameters
    ----------
    n_configurations
    n_folds
    seed
    groups : (n_configurations,) array of integers, optional
        The group of each configuration; by default each configuration is a group of its own.

    Raises
    ------
    InputError
        If there is no configuration, fewer than two folds, or not one group per configuration.
    """
    if n_configurations < 1:
        raise InputError(f"n_configurations: expected at least 1, got {n_configurations}")
    if n_folds < 2:
        raise InputError(f"n_folds: expected at least 2, got {n_folds}")
    number = as_groups(groups, n_configurations)
    n_groups = int(number.max()) + 1
    order = stream(seed, "folds").permutation(n_groups)
    folds = np.empty(n_groups, dtype=np.int64)
    folds[order] = np.arange(n_groups) % min(n_folds, n_groups)
    return folds[number]
