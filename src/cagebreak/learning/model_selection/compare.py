"""Several learners on the same configurations: their scores, and their differences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import RegressorMixin

from cagebreak._frames import to_frame
from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats
from cagebreak.learning.model_selection.evaluate import Scores, evaluate
from cagebreak.learning.samples import Samples
from cagebreak.learning.scores import COUNT, SCORES, paired_difference, pooled_pearson
from cagebreak.seeding import Seed

if TYPE_CHECKING:
    from pandas import DataFrame

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
    rows, difference_rows : structured arrays
        What `table` and `differences` hold.
    moments : dict
        By (learner, species, features), as in `Scores`.
    """

    rows: np.ndarray
    difference_rows: np.ndarray
    moments: dict[tuple[str, str, str], Floats]

    @cached_property
    def table(self) -> "DataFrame":
        """The rows of `learning.evaluate`, of one learner after the other."""
        return to_frame(self.rows)

    @cached_property
    def differences(self) -> "DataFrame":
        """Paired differences of r, a row for each pair, species, selection and time.

        By how much r of `first` exceeds that of `second`, pooled and as mean over configurations,
        with intervals of a bootstrap that draws the same configurations for both.
        """
        return to_frame(self.difference_rows)


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
        By name: `RidgeCV`, `ARDRegression`, `ElasticNetCV`, `PCARegression`, `PLSRegression`, or
        any scikit-learn regressor.
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
        np.concatenate([each.rows for each in scores.values()]),
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
        table = ours.rows
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


_OF_PAIRS = ["n", "mean_predicted", "mean_measured", "predicted2", "measured2", "product"]
MOMENTS = np.dtype(
    [
        ("time", "f8"),
        ("species", "U1"),
        ("learner", "U32"),
        ("configuration", "i8"),
        ("r", "f8"),
        *((name, "f8") for name in _OF_PAIRS),
    ]
)
"""r in each configuration and what it is made of (`scores.pair_moments`), from which every other
score follows too."""

OVER_FIRST = [
    (f"{kind}{suffix}", "f8")
    for suffix in ("", "_configuration")
    for kind in ("difference", "difference_low", "difference_high")
]


def moments_table(
    species: str, learner: str, times: Sequence[float], moments: Floats
) -> np.ndarray:
    """Return moments (C, 6, T) of a learner as a tidy table, a row for each configuration, time."""
    n_configurations, _, n_times = moments.shape
    table = np.zeros((n_configurations, n_times), MOMENTS)
    table["time"], table["species"], table["learner"] = times, species, learner
    table["configuration"] = np.arange(n_configurations)[:, None]
    for k, name in enumerate(_OF_PAIRS):
        table[name] = moments[:, k]
    table["r"] = [pooled_pearson(of_one[None]) for of_one in moments]
    return table[moments[:, COUNT] > 0]


def with_differences(
    table: np.ndarray, moments: np.ndarray, *, seed: Seed, n_resamples: int
) -> np.ndarray:
    """Return a table of scores with the columns `OVER_FIRST`, renewed if it has them.

    They are by how much r, pooled and as mean over configurations, exceeds that of the first
    learner of the same species, with the interval of a bootstrap that draws the same configurations
    for both (`learning.uncertainty.paired_difference`).
    """
    new = [name for name, _ in OVER_FIRST]
    plain = [column for column in table.dtype.descr if column[0] not in new]
    wider = np.zeros(len(table), [*plain, *OVER_FIRST])
    for name in table.dtype.names or ():
        wider[name] = table[name]
    for species in np.unique(table["species"]):
        learners = list(dict.fromkeys(table["learner"][table["species"] == species].tolist()))
        of_first = _moments(moments, species, learners[0])
        for learner in learners:
            of_learner = _moments(moments, species, learner)
            mine = (wider["species"] == species) & (wider["learner"] == learner)
            place = np.searchsorted(np.unique(moments["time"]), wider["time"][mine])
            for score, suffix in zip(SCORES, ("", "_configuration"), strict=True):
                found = paired_difference(
                    of_learner, of_first, seed=seed, score=score, n_resamples=n_resamples
                )
                for kind, values in zip(("", "_low", "_high"), found, strict=True):
                    wider[f"difference{kind}{suffix}"][mine] = values[place]
    return wider


def _moments(table: np.ndarray, species: str, learner: str) -> Floats:
    """Return the moments (C, 6, T) of a learner; of a configuration without the species, zeros."""
    times, at = np.unique(table["time"], return_inverse=True)
    moments = np.zeros((table["configuration"].max() + 1, len(_OF_PAIRS), len(times)))
    mine = (table["species"] == species) & (table["learner"] == learner)
    for k, name in enumerate(_OF_PAIRS):
        moments[table["configuration"][mine], k, at[mine]] = table[name][mine]
    return moments
