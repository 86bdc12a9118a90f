"""Squared errors of ridge regression on held-out blocks of rows, for many alphas and weights."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from cagebreak.learning._validation import Floats
from cagebreak.learning.linear_model.base import Means, errors_on
from cagebreak.learning.linear_model.ridge_solvers import RidgePath, WeightedRidge, scaled
from cagebreak.learning.statistics import Statistics


class _Fold(NamedTuple):
    """The rows held out, and what is needed of the others."""

    rows: Statistics
    learned: Means
    paths: "_ScaledPaths | WeightedRidge"


class HeldOutErrors:
    """Errors on each block in turn, of the fits to the other blocks.

    The reductions of X'X are kept, so that further alphas cost little. They take half of the memory
    of X'X for each block.

    Parameters
    ----------
    blocks
        At least two.
    center
        As of `RidgeCV`.
    candidates : list of (F,) arrays
        Sets of factors of the features.
    """

    def __init__(
        self, blocks: Sequence[Statistics], center: str, candidates: Sequence[Floats]
    ) -> None:
        self._candidates, self._folds = candidates, []
        self._count = sum(block.count for block in blocks)
        weighted = (np.array(candidates) != 1.0).any(axis=0)
        for held_out, rows in enumerate(blocks):
            # The training blocks are summed anew, since subtraction would lose digits.
            others = [block for k, block in enumerate(blocks) if k != held_out]
            training = others[0]
            if len(others) > 1 or training.center != center:
                training = Statistics.pooled(others, center)
            several = len(candidates) > 1 and not weighted.all()
            paths = (
                WeightedRidge(training, weighted) if several else _ScaledPaths(training, candidates)
            )
            self._folds.append(_Fold(rows, Means.of(training), paths))

    def at(self, alphas: Floats) -> Floats:
        """Return the mean squared errors (K, A, T) of K candidates and A alphas."""
        shape = (len(self._candidates), len(alphas), self._folds[0].rows.n_targets)
        total = np.zeros(shape)
        for rows, learned, paths in self._folds:
            of_candidates = paths.paths(self._candidates, alphas)
            for of_candidate, coefficients in zip(total, of_candidates, strict=True):
                of_candidate += errors_on(rows, coefficients, learned)
        return total / self._count


class _ScaledPaths:
    """Solutions for some sets of factors, with a reduction of X'X for each."""

    def __init__(self, training: Statistics, candidates: Sequence[Floats]) -> None:
        self._of_candidates = [RidgePath(scaled(training, factors)) for factors in candidates]

    def paths(self, candidates: Sequence[Floats], alphas: Floats) -> Iterator[Floats]:
        """Yield the coefficients (F, A, T) of the unscaled features, for each candidate."""
        for of_candidate, factors in zip(self._of_candidates, candidates, strict=True):
            coefficients = of_candidate.path(alphas)
            yield coefficients if (factors == 1.0).all() else factors[:, None, None] * coefficients
