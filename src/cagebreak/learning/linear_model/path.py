"""Base class of linear learners that choose a model from a path, for each target."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Self

import numpy as np

from cagebreak.learning._validation import Floats, Integers
from cagebreak.learning.linear_model.base import (
    LinearLearner,
    errors_on,
    intercepts,
    prediction_moments,
    squared_errors,
)
from cagebreak.learning.preprocessing import Standardizer
from cagebreak.learning.scores import YY
from cagebreak.learning.statistics import Statistics


class PathLearner(LinearLearner):
    """A linear learner that chooses the best model of a path for each target.

    The best model has the smallest squared error on held-out configurations. With one configuration
    or without groups, it has the smallest generalized cross-validation error
    ``n E / (n - 1 - d)^2``, with the squared error in training E and the number of coefficients or
    components d. This error assumes independent particles, although neighbors are correlated.
    """

    candidates_: Floats

    @abstractmethod
    def _candidates(self, everything: Statistics) -> Floats:
        """Return the hyperparameters to choose from for each target, (K, T)."""

    @abstractmethod
    def _path(self, statistics: Statistics, candidates: Floats) -> Floats:
        """Return the coefficients (F, K, T) of the candidates (K, T)."""

    @abstractmethod
    def _size(self, path: Floats, candidates: Floats) -> Floats:
        """Return the effective number of coefficients of each model, (K, T)."""

    @abstractmethod
    def _keep(self, chosen: Floats) -> None:
        """Set the fitted attribute to the candidate chosen for each target, (T,)."""

    def fit_statistics(
        self, parts: Sequence[Statistics], standardizer: Standardizer | None = None
    ) -> Self:
        """Fit to statistics instead of rows; see `LinearLearner.fit_statistics`."""
        self._check_parameters()
        blocks = self._blocks(self._checked(parts, standardizer))
        everything = Statistics.pooled(blocks, self.center)
        candidates = self._candidates(everything)
        path = self._path(everything, candidates)
        targets = np.arange(everything.n_targets)
        best: Integers = np.zeros(everything.n_targets, dtype=np.int64)
        self.candidates_, self.errors_ = candidates, None
        if len(candidates) > 1:
            self.errors_ = self._errors(blocks, everything, candidates, path)
            best = self.errors_.argmin(axis=0)
        self._keep(candidates[best, targets])
        self._set(path[:, best, targets], everything, standardizer)
        return self

    def _errors(
        self,
        blocks: Sequence[Statistics],
        everything: Statistics,
        candidates: Floats,
        path: Floats,
    ) -> Floats:
        """Return the mean squared error of each candidate on held-out rows, (K, T)."""
        if len(blocks) == 1:
            return self._generalized_errors(everything, candidates, path)
        total = np.zeros(candidates.shape)
        for held_out, rows in enumerate(blocks):
            # The training blocks are summed anew, since subtraction would lose digits.
            training = Statistics.pooled(
                (block for k, block in enumerate(blocks) if k != held_out), self.center
            )
            models = self._path(training, candidates)
            total += errors_on(rows, models, training)
        return total / everything.count

    def _generalized_errors(
        self, everything: Statistics, candidates: Floats, path: Floats
    ) -> Floats:
        moments = prediction_moments(everything, path, intercepts(path, everything))
        freedom = everything.count - 1 - self._size(path, candidates)
        error = everything.count * squared_errors(moments, self.center)
        # Models without degrees of freedom left are excluded.
        errors = np.divide(error, freedom**2, out=np.full(error.shape, np.inf), where=freedom > 0)
        return np.where(moments[YY] > 0, errors, 0.0)
