"""Several learners on the same configurations: their scores, and their differences."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from sklearn.base import RegressorMixin

from cagebreak.errors import InputError
from cagebreak.learning._checks import Floats
from cagebreak.learning.evaluate import Scores, evaluate
from cagebreak.learning.samples import Samples
from cagebreak.learning.uncertainty import paired_difference
from cagebreak.seeding import Seed

DIFFERENCES = [
    ("time", "f8"),
    ("species", "U1"),
    ("features", "U64"),
    ("first", "U32"),
    ("second", "U32"),
    ("difference", "f8"),
    ("low", "f8"),
    ("high", "f8"),
    ("difference_configuration", "f8"),
    ("low_configuration", "f8"),
    ("high_configuration", "f8"),
]


@dataclass(frozen=True, eq=False)
class Comparison:
    """Scores of several learners and the paired differences between them.

    Parameters
    ----------
    table : structured array
        The rows of `learning.evaluate`, of one learner after the other.
    differences : structured array
        For each pair, species, selection and time: by how much r of `first` exceeds that of
        `second`, pooled and as mean over configurations, with intervals of a bootstrap that
        draws the same configurations for both.
    moments : dict
        By (learner, species, features), as in `Scores`.
    """

    table: np.ndarray
    differences: np.ndarray
    moments: dict[tuple[str, str, str], Floats]


def compare(
    learners: Mapping[str, RegressorMixin],
    samples: Samples,
    *,
    seed: Seed,
    n_resamples: int = 2000,
    confidence: float = 0.95,
    **settings: Any,
) -> Comparison:
    """Evaluate several learners on the same folds and compare every pair of them.

    Parameters
    ----------
    learners
        By name: `Ridge`, `ARD`, `ElasticNet`, `PCARegression`, `PartialLeastSquares`, or any
        scikit-learn regressor.
    samples, seed, n_resamples, confidence, **settings
        As of `learning.evaluate`.

    Raises
    ------
    InputError
        If there are no learners, or as of `learning.evaluate`.
    """
    if not learners:
        raise InputError("learners: expected at least one, got none")
    scores = {
        name: evaluate(
            learner,
            samples,
            seed=seed,
            n_resamples=n_resamples,
            confidence=confidence,
            name=name,
            **settings,
        )
        for name, learner in learners.items()
    }
    pairs = [
        _differences(first, second, scores, seed, n_resamples, confidence)
        for first, second in combinations(scores, 2)
    ]
    return Comparison(
        np.concatenate([each.table for each in scores.values()]),
        np.concatenate(pairs) if pairs else np.zeros(0, DIFFERENCES),
        {
            (name, *key): value
            for name, each in scores.items()
            for key, value in each.moments.items()
        },
    )


def _differences(
    first: str,
    second: str,
    scores: Mapping[str, Scores],
    seed: Seed,
    n_resamples: int,
    confidence: float,
) -> np.ndarray:
    parts = []
    ours, theirs = scores[first], scores[second]
    for (species, features), moments in ours.moments.items():
        table = ours.table
        mine = table[(table["species"] == species) & (table["features"] == features)]
        rows = np.zeros(len(mine), DIFFERENCES)
        rows["time"], rows["species"], rows["features"] = mine["time"], species, features
        rows["first"], rows["second"] = first, second
        for score, suffix in (("pooled", ""), ("configuration", "_configuration")):
            found = paired_difference(
                moments,
                theirs.moments[species, features],
                seed=seed,
                score=score,
                n_resamples=n_resamples,
                confidence=confidence,
            )
            names = ("difference", "low", "high")
            for name, values in zip(names, found, strict=True):
                rows[name + suffix] = values
        parts.append(rows)
    return np.concatenate(parts)
