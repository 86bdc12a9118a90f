"""Folds of cross-validation: whole configurations, never single particles.

Particles of one configuration share their surroundings; a fold that split them would test on what
it was trained on.
"""

import numpy as np

from cagebreak.errors import InputError
from cagebreak.learning._validation import Integers
from cagebreak.seeding import Seed, stream


def configuration_folds(n_configurations: int, n_folds: int, *, seed: Seed) -> Integers:
    """Return the fold in which each configuration is held out, (n_configurations,).

    The folds differ by at most one configuration in size. With fewer configurations than folds
    each configuration is a fold of its own.

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
