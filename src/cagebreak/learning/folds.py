"""Folds of cross-validation, made of whole configurations.

Neighboring particles are correlated. Folds of single particles would leak information from the
training data to the test data.
"""

import numpy as np

from cagebreak.errors import InputError
from cagebreak.learning._validation import Integers
from cagebreak.seeding import Seed, stream


def configuration_folds(n_configurations: int, n_folds: int, *, seed: Seed) -> Integers:
    """Return the fold in which each configuration is held out, (n_configurations,).

    The sizes of the folds differ by at most one. With fewer configurations than folds, each
    configuration is a fold.

    Raises
    ------
    InputError
        If there is no configuration or fewer than two folds.
    """
    if n_configurations < 1:
        raise InputError(f"n_configurations: expected at least 1, got {n_configurations}")
    if n_folds < 2:
        raise InputError(f"n_folds: expected at least 2, got {n_folds}")
    order = stream(seed, "folds").permutation(n_configurations)
    folds = np.empty(n_configurations, dtype=np.int64)
    folds[order] = np.arange(n_configurations) % min(n_folds, n_configurations)
    return folds
