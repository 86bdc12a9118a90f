"""Comparison of learners on the same configurations: scores and paired differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin

from cagebreak._frames import to_frame, with_whole_names
from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats, Integers
from cagebreak.learning.model_selection.evaluate import evaluate
from cagebreak.learning.samples import Samples
from cagebreak.learning.scores import COUNT, SCORES, paired_difference, pooled_pearson
from cagebreak.seeding import Seed

if TYPE_CHECKING:
    from pandas import DataFrame

DIFFERENCES = [
    (f"difference{bound}{suffix}", "f8")
    for suffix in ("", "_configuration")
    for bound in ("", "_low", "_high")
]
"""By how much r of one learner exceeds that of another, with its interval: pooled, and as mean over
configurations."""

PAIRS = [
    ("time", "f8"),
    ("species", "U1"),
    ("features", "U64"),
    ("first", "U32"),
    ("second", "U32"),
    *DIFFERENCES,
]
"""Columns of the table of differences of all pairs."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """Scores of several learners and the paired differences between them.

    Parameters
    ----------
    rows, difference_rows : structured arrays
        What `table` and `differences` hold; the columns of the second are `PAIRS`.
    moments : dict
        By (learner, species, features), as in `Scores`.
    """

    rows: np.ndarray
    difference_rows: np.ndarray
    moments: dict[tuple[str, str, str], Floats]

    @cached_property
    def table(self) -> DataFrame:
        """The rows of `learning.evaluate`, of one learner after the other."""
        return to_frame(self.rows)

    @cached_property
    def differences(self) -> DataFrame:
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
    pairs = []
    for first, second in combinations(scores, 2):
        for (species, features), moments in scores[first].moments.items():
            table = scores[first].rows
            rows = (table["species"] == species) & (table["features"] == features)
            of_pair = differences(
                moments,
                scores[second].moments[species, features],
                seed=seed,
                n_resamples=n_resamples,
                confidence=confidence,
                groups=settings.get("groups"),
            )
            names = {"features": [features], "first": [first], "second": [second]}
            pair = np.zeros(len(of_pair), with_whole_names(PAIRS, **names))
            for name, _ in DIFFERENCES:
                pair[name] = of_pair[name]
            pair["time"], pair["species"], pair["features"] = table["time"][rows], species, features
            pair["first"], pair["second"] = first, second
            pairs.append(pair)
    return Comparison(
        np.concatenate([of_learner.rows for of_learner in scores.values()]),
        np.concatenate(pairs) if pairs else np.zeros(0, PAIRS),
        {
            (name, *key): moments
            for name, of_learner in scores.items()
            for key, moments in of_learner.moments.items()
        },
    )


def differences(
    first: Floats,
    second: Floats,
    *,
    seed: Seed,
    n_resamples: int = 2000,
    confidence: float = 0.95,
    groups: ArrayLike | None = None,
) -> np.ndarray:
    """Return by how much r of the first learner exceeds that of the second, with its interval.

    The bootstrap draws the same configurations for both (`scores.paired_difference`).

    Parameters
    ----------
    first, second : (C, 6, T) arrays
        Moments of prediction and target in each configuration, as in `Scores`.
    seed, n_resamples, confidence
        Of the bootstrap over configurations.
    groups : (C,) array of integers, optional
        As of `learning.evaluate`.

    Returns
    -------
    (T,) structured array
        With the columns `DIFFERENCES`.

    Raises
    ------
    InputError
        If the moments are of different configurations or targets.
    """
    table = np.zeros(first.shape[2], DIFFERENCES)
    for score, suffix in zip(SCORES, ("", "_configuration"), strict=True):
        difference, low, high = paired_difference(
            first,
            second,
            seed=seed,
            score=score,
            n_resamples=n_resamples,
            confidence=confidence,
            groups=groups,
        )
        table[f"difference{suffix}"] = difference
        table[f"difference_low{suffix}"], table[f"difference_high{suffix}"] = low, high
    return table


_MOMENT_NAMES = ["n", "mean_predicted", "mean_measured", "predicted2", "measured2", "product"]
MOMENTS = [
    ("time", "f8"),
    ("species", "U1"),
    ("learner", "U32"),
    ("configuration", "i8"),
    ("r", "f8"),
    *((name, "f8") for name in _MOMENT_NAMES),
]
"""r in each configuration and its moments (`scores.pair_moments`), which determine every score."""


def moments_table(
    species: str, learner: str, times: Sequence[float], moments: Floats
) -> np.ndarray:
    """Return moments (C, 6, T) of a learner as a table, a row for each configuration and time."""
    n_configurations, _, n_times = moments.shape
    dtype = with_whole_names(MOMENTS, learner=[learner])
    table = np.zeros((n_configurations, n_times), dtype)
    table["time"], table["species"], table["learner"] = times, species, learner
    table["configuration"] = np.arange(n_configurations)[:, None]
    for k, name in enumerate(_MOMENT_NAMES):
        table[name] = moments[:, k]
    table["r"] = [pooled_pearson(of_configuration[None]) for of_configuration in moments]
    return table[moments[:, COUNT] > 0]


def with_differences(
    table: np.ndarray,
    moments: np.ndarray,
    *,
    seed: Seed,
    n_resamples: int,
    groups: Integers | None = None,
) -> np.ndarray:
    """Return a table of scores with the columns `DIFFERENCES`, computed anew if it has them.

    The differences are those of each learner from the first learner of the same species
    (`differences`).

    Parameters
    ----------
    table : structured array
        The rows of `learning.evaluate`, of one learner after the other.
    moments : structured array
        As of `moments_table`, of all learners.
    seed, n_resamples
        Of the bootstrap over configurations.
    groups : (C,) array of integers, optional
        As of `learning.evaluate`.
    """
    names = [name for name, _ in DIFFERENCES]
    plain = [column for column in table.dtype.descr if column[0] not in names]
    wider = np.zeros(len(table), [*plain, *DIFFERENCES])
    for name in table.dtype.names or ():
        wider[name] = table[name]
    times = np.unique(moments["time"])
    for species in np.unique(table["species"]):
        of_species = table["species"] == species
        learners = list(dict.fromkeys(table["learner"][of_species].tolist()))
        of_first = _moments(moments, species, learners[0])
        for learner in learners:
            of_learner = _moments(moments, species, learner)
            rows = of_species & (table["learner"] == learner)
            of_times = differences(
                of_learner,
                of_first,
                seed=seed,
                n_resamples=n_resamples,
                groups=None if groups is None else groups[: len(of_first)],
            )
            time_of_rows = np.searchsorted(times, table["time"][rows])
            of_rows = of_times[time_of_rows]
            for name in names:
                wider[name][rows] = of_rows[name]
    return wider


def _moments(table: np.ndarray, species: str, learner: str) -> Floats:
    """Return the moments (C, 6, T) of a learner; of a configuration without the species, zeros."""
    times, time = np.unique(table["time"], return_inverse=True)
    moments = np.zeros((table["configuration"].max() + 1, len(_MOMENT_NAMES), len(times)))
    rows = (table["species"] == species) & (table["learner"] == learner)
    for k, name in enumerate(_MOMENT_NAMES):
        moments[table["configuration"][rows], k, time[rows]] = table[name][rows]
    return moments
