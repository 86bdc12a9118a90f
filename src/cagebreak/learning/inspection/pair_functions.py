"""What a linear model on a purified cluster expansion looks like: functions of a distance."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cagebreak.descriptors import AtomicClusterExpansion
from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats
from cagebreak.learning.statistics import inverse


def pair_functions(
    descriptor: AtomicClusterExpansion, learner: Any, r: ArrayLike, columns: Any = slice(None)
) -> Floats:
    r"""Return the pair functions of a fitted model, (species, M).

    .. math:: u_1(r; \zeta) = \sum_n \theta_{\zeta n} R_n(r)

    Rottler and Ortner 2024, eqs. 12-13: a neighbor of species zeta at r adds so much to what is
    predicted (of a classifier: to the log-odds of being active), like a pair potential to an
    energy. Triplets and quadruplets add theirs apart from it, as the expansion is purified.

    Parameters
    ----------
    descriptor
        The expansion whose features were learned from.
    learner
        Fitted, with `coef_` (F,) of features standardized by its `standardizer_`.
    r : (M,) array
        Distances, in units of sigma.
    columns
        Which of the columns of the descriptor were learned from.

    Raises
    ------
    InputError
        If the descriptor is not purified but has terms of three bodies, or the learner has learned
        from another number of features.
    """
    if descriptor.order > 1 and not descriptor.purified:
        raise InputError("descriptor: expected a purified expansion, got a plain one")
    labels = descriptor.labels()
    learned = np.arange(len(labels))[columns]
    if np.shape(learner.coef_) != learned.shape:
        raise InputError(
            f"learner: expected coefficients ({len(learned)},), got {np.shape(learner.coef_)}"
        )
    slopes = np.zeros(len(labels))
    slopes[learned] = learner.coef_ * inverse(learner.standardizer_.scale_)
    of_pairs = slopes[labels.body == 2].reshape(descriptor.n_species, descriptor.n_max)
    return of_pairs @ descriptor.radial(r)
