r"""What structure predicts where short runs lead.

Structure x predicts the propensity y at a later time. A short run leads to another structure, which
predicts again. The feature of a particle is the mean over the runs,

.. math::
    p = \frac{1}{n} \sum_{k=1}^{n} w' x_k

with the structure :math:`x_k` at the end of run k, and the coefficients w of a ridge regression of
y on the structure at the start. It is linear in the runs, as motion is.

A feature of this kind must not have seen what it is to predict (stacking,
:cite:`Wolpert1992`): w is learned from other configurations than the one it is applied to, and
from none that a test holds out. Nested cross-validation holds out up to two folds, so that there is
a fit for each set of up to three folds that it leaves out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats, Integers
from cagebreak.learning.linear_model.ridge import RidgeCV
from cagebreak.learning.preprocessing import CLIP, Standardizer
from cagebreak.learning.statistics import Statistics, deviations, inverse

ALPHAS = tuple(10.0**decade for decade in range(-5, 11))
"""Penalties to choose from (chosen: all that the search of `RidgeCV` may reach)."""
MOST_LEFT_OUT = 3
"""Two folds of the nested cross-validation, and the own fold of a configuration."""


def clipped_about_mean(structure: Floats, clip: float) -> Floats:
    """Return features clipped at so many of their deviations from their mean in these rows."""
    n = structure.shape[1]
    return Standardizer.of(np.zeros(n), np.ones(n), clip).about_mean(structure)


@dataclass(frozen=True, eq=False)
class EndFits:
    """Fits of structure, each of which leaves out a set of folds.

    Parameters
    ----------
    coefficients : (K, G, E) array
        For each of the K sets of folds, of the deviations of G descriptors from their mean in a
        configuration, for E targets.
    left_out
        The sets; the first is empty.
    fold : (C,) array
        The fold of each configuration.
    clip
        Bound of the descriptors, in deviations of their configuration.
    """

    coefficients: Floats
    left_out: Sequence[frozenset[int]]
    fold: Integers
    clip: float

    @classmethod
    def fit(
        cls, samples: Iterable[tuple[Floats, Floats]], fold: Integers, clip: float = CLIP
    ) -> EndFits:
        """Fit the structure of configurations to their targets.

        Parameters
        ----------
        samples
            Structure (n, G) and targets (n, E) of each configuration.
        fold
        clip

        Raises
        ------
        InputError
            If there are fewer than four folds.
        """
        n_folds = int(fold.max()) + 1
        if n_folds <= MOST_LEFT_OUT:
            raise InputError(
                f"folds: expected at least {MOST_LEFT_OUT + 1} folds and groups of configurations "
                f"to learn from the ends of runs, got {n_folds}"
            )
        parts = [
            Statistics.from_arrays(clipped_about_mean(structure, clip), targets)
            for structure, targets in samples
        ]
        left_out = [
            frozenset(folds)
            for n in range(MOST_LEFT_OUT + 1)
            for folds in combinations(range(n_folds), n)
        ]
        coefficients = []
        for folds in left_out:
            kept = [part for part, own in zip(parts, fold, strict=True) if own not in folds]
            # The units are also of these alone: the penalty depends on them.
            factors = inverse(deviations(Statistics.pooled(kept, "configuration")))
            scaled = [part.scaled(factors, part.x_mean) for part in kept]
            ridge = RidgeCV(ALPHAS, center="configuration", clip=clip).fit_statistics(scaled)
            coefficients.append(np.atleast_2d(ridge.coef_).T * factors[:, None])
        return cls(np.array(coefficients), tuple(left_out), fold, clip)

    @property
    def n_targets(self) -> int:
        """Number of targets, E."""
        return int(self.coefficients.shape[2])

    def predict(self, structure: Floats) -> Floats:
        """Return what the fit to all configurations predicts of some structure, (n, E)."""
        return self._predicted(structure, self.coefficients[0])

    def predict_all(self, structure: Floats) -> Floats:
        """Return the predictions of all fits, (n, K E), about their means."""
        return self._predicted(structure, np.hstack(list(self.coefficients)))

    def _predicted(self, structure: Floats, coefficients: Floats) -> Floats:
        clipped = clipped_about_mean(structure, self.clip)
        predicted: Floats = (clipped - clipped.mean(axis=0)) @ coefficients
        return predicted

    def unseen(self, c: int, members: Iterable[int]) -> int:
        """Return the number of the fit for configuration c in training with some configurations.

        It has learned neither from the fold of c nor from a fold without any of the `members`.
        """
        trained = {int(self.fold[i]) for i in members}
        others = set(self.fold.tolist()) - trained
        return self.left_out.index(frozenset(others | {int(self.fold[c])}))
