"""Pair functions: a linear model on a purified cluster expansion as functions of a distance."""

from __future__ import annotations

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

    :cite:`Rottler2024`, eqs. 12-13. A neighbor of species zeta at distance r adds
    :math:`u_1(r; \zeta)` to the prediction, or to the log-odds of being active for a classifier, as
    a pair potential adds to an energy. Triplets and quadruplets contribute separately, because the
    expansion is purified.

    Parameters
    ----------
    descriptor
        The expansion that computed the features.
    learner
        A fitted learner, with `coef_` (F,) of features standardized by its `standardizer_`.
    r : (M,) array
        Distances, in units of sigma.
    columns
        The columns of the descriptor that the learner was fitted to.

    Raises
    ------
    InputError
        If the descriptor has terms of three bodies and is not purified, or the learner was fitted
        to another number of features.
    """
    if descriptor.order > 1 and not descriptor.purified:
        raise InputError("descriptor: expected a purified expansion, got a plain one")
    labels = descriptor.labels()
    fitted = np.arange(len(labels))[columns]
    if np.shape(learner.coef_) != fitted.shape:
        raise InputError(
            f"learner: expected coefficients ({len(fitted)},), got {np.shape(learner.coef_)}"
        )
    slopes = np.zeros(len(labels))
    slopes[fitted] = learner.coef_ * inverse(learner.standardizer_.scale_)
    of_pairs = slopes[labels.body == 2].reshape(descriptor.n_species, descriptor.n_max)
    return of_pairs @ descriptor.radial(r)
