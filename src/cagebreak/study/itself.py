"""A feature by itself: the correlation of one number a particle with what is to be predicted."""

from typing import Self

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin

from cagebreak.errors import InputError


class Itself(RegressorMixin, BaseEstimator):
    """Predict a single feature to be the target, so that r is the correlation of the two.

    "No linear regression is required" (Alkemade 2023, fig. 2); r keeps its sign.
    """

    def fit(self, X: np.ndarray, y: np.ndarray) -> Self:
        """Take note of the number of targets.

        Raises
        ------
        InputError
            If there are several features.
        """
        if X.shape[1] != 1:
            raise InputError(f"X: expected a single feature, got {X.shape[1]}")
        self.n_targets_ = y.shape[1]
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the feature, once for each target."""
        return np.repeat(X, self.n_targets_, axis=1)
