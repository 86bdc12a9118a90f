"""What documents say of a comparison of learners, from its tables of scores and of moments."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

import cagebreak as cb
from cagebreak.bootstrap import interval, resamples
from cagebreak.learning.scores import configuration_pearson, paired_difference, pooled_pearson
from cagebreak.seeding import seed_sequence
from support.claims import default, holds, row, table

SEED = seed_sequence(1, "fit")  # of the bootstrap in a study whose seed is 1
DIFFERENCE = ["difference", "difference_low", "difference_high"]
MOMENTS = ["n", "mean_predicted", "mean_measured", "predicted2", "measured2", "product"]


def signed(value: float) -> str:
    """Return a difference as documents print it: +0.012, −0.021, and 0 where it rounds to zero."""
    text = f"{value:+.3f}".replace("-", "−")
    return text if float(f"{value:.3f}") else "0"


def spread(low: float, high: float) -> str:
    """Return the interval of a difference: −0.029 to −0.012."""
    return f"{signed(low)} to {signed(high)}"


def with_spread(difference: float, low: float, high: float) -> str:
    """Return a difference with its interval: −0.021 (−0.029 to −0.012)."""
    return f"{signed(difference)} ({spread(low, high)})"


def beyond(difference: float) -> str:
    """Return a difference in words: 0.003 below, 0.014 above."""
    return f"{abs(difference):.3f} {'above' if difference > 0 else 'below'}"


def between(differences: Iterable[float]) -> str:
    """Return the range of differences in words: between 0.003 below and 0.014 above."""
    return f"between {beyond(min(differences))} and {beyond(max(differences))}"


def below(differences: Iterable[float]) -> str:
    """Return the range of negative differences: 0.016 to 0.021 below."""
    if max(differences) >= 0:
        raise ValueError(f"differences: expected negative ones, got {max(differences)}")
    return f"{-max(differences):.3f} to {-min(differences):.3f} below"


class Comparison:
    """Scores of learners, and the moments that determine them.

    Parameters
    ----------
    stem
        Path of the tables, without ".csv" and ".configurations.csv".
    """

    def __init__(self, stem: Path) -> None:
        self.scores = table(stem.with_name(f"{stem.name}.csv"))
        self.moments = table(stem.with_name(f"{stem.name}.configurations.csv"))
        self.times = np.unique(self.scores.time)

    def of(self, learner: str, species: str = "A") -> pd.DataFrame:
        """Return the scores of a learner, by time."""
        chosen = (self.scores.learner == learner) & (self.scores.species == species)
        return self.scores[chosen].set_index("time", drop=False).sort_index()

    def at(self, learner: str, time: float, species: str = "A") -> pd.Series:
        """Return the score of a learner at a time."""
        return row(self.scores, learner=learner, species=species, time=time)

    def moments_of(self, learner: str, species: str = "A") -> np.ndarray:
        """Return the moments of a learner in each configuration (C, 6, T)."""
        chosen = (self.moments.learner == learner) & (self.moments.species == species)
        rows = self.moments[chosen].sort_values(["configuration", "time"])
        return rows[MOMENTS].to_numpy().reshape(-1, len(self.times), 6).swapaxes(1, 2)

    def paired(
        self, first: str, second: str, species: str = "A", score: str = "pooled"
    ) -> np.ndarray:
        """Return the difference between two learners and its bounds, for each time (T, 3)."""
        moments = self.moments_of(first, species), self.moments_of(second, species)
        return np.transpose(paired_difference(*moments, seed=SEED, score=score))

    def follows(self) -> bool:
        """Return whether the moments give every r, mean, interval and difference of the scores."""
        return all(self._follows(species) for species in self.scores.species.unique())

    def _follows(self, species: str) -> bool:
        learners = self.scores.learner[self.scores.species == species].unique()
        moments = {learner: self.moments_of(learner, species) for learner in learners}
        n = len(moments[learners[0]])
        drawn = resamples(n, 2000, seed=SEED)
        for suffix, score in (("", pooled_pearson), ("_configuration", configuration_pearson)):
            names = [f"{name}{suffix}" for name in ["r", "low", "high", *DIFFERENCE]]
            r = {learner: score(moments[learner]) for learner in learners}
            resampled = {learner: score(moments[learner], drawn) for learner in learners}
            for learner in learners:
                differences = resampled[learner] - resampled[learners[0]]
                numbers = [r[learner], *interval(resampled[learner], n)]
                numbers += [r[learner] - r[learners[0]], *interval(differences, n)]
                stored = self.of(learner, species)[names].to_numpy().T
                if not np.allclose(stored, numbers, rtol=0, atol=1e-9, equal_nan=True):
                    return False
        return True


def as_printed(study, folder):
    """Yield what the rows of table II as printed cost."""
    rows = cb.GraphNetwork.alkemade2022(1)
    yield f"for up to {rows.epochs} epochs with a patience of {rows.patience}"
    epochs = table(folder / "table2.epochs.csv")
    each = epochs.seconds / epochs.epochs
    yield f"An epoch takes {each.min():.0f} to {each.max():.0f} CPU s"
    yield holds("so 500 epochs take half an hour", round(rows.epochs * each.mean() / 1800) == 1)
    yield holds("about five hours for one fold", round(12 * rows.epochs * each.mean() / 3600) == 5)
    held_out = study.n_configurations // study.recipe.learning.outer_folds
    training = study.n_configurations - held_out
    learned = training - round(default(cb.GraphNetwork, "validation") * training)
    yield f"with the {learned} configurations of a fold"
