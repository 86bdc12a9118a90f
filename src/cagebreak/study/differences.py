"""By how much each learner of a comparison exceeds the first, on the same configurations."""

from collections.abc import Sequence

import numpy as np

from cagebreak.learning._checks import Floats
from cagebreak.learning.scores import COUNT, pooled_pearson
from cagebreak.learning.uncertainty import SCORES, paired_difference
from cagebreak.seeding import Seed

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

DIFFERENCES = [
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
    """Return a table of scores with the columns `DIFFERENCES`, renewed if it has them.

    They are by how much r, pooled and as mean over configurations, exceeds that of the first
    learner of the same species, with the interval of a bootstrap that draws the same configurations
    for both (`learning.uncertainty.paired_difference`).
    """
    new = [name for name, _ in DIFFERENCES]
    plain = [column for column in table.dtype.descr if column[0] not in new]
    wider = np.zeros(len(table), [*plain, *DIFFERENCES])
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
