"""One outer fold of a cross-validation: what its fits predict of the configurations held out."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from time import process_time
from typing import NamedTuple, Self

import numpy as np

from cagebreak.learning._validation import Floats, Integers
from cagebreak.learning.learner import FitRecord, fit_record, traits
from cagebreak.learning.linear_model.ridge import AlphaWarning
from cagebreak.learning.model_selection.configuration_mean import ConfigurationMean
from cagebreak.learning.model_selection.nested_fits import (
    FITTERS,
    Fits,
    Outer,
    Overview,
    fit_configuration_means,
    predict,
)
from cagebreak.learning.samples import Sample, in_turn
from cagebreak.learning.scores import pair_moments


class HeldOut(NamedTuple):
    """Predictions and targets of the configurations that are held out in a fold."""

    configurations: Integers
    """Their indices, (C,)."""
    moments: Mapping[tuple[str, str], Floats]
    """`scores.pair_moments` of prediction and target, (C, 6, T), by species and selection."""
    halves: Mapping[str, Floats]
    """`pair_moments` of the targets from the two halves of the runs, (C, 6, T), by species."""
    records: Mapping[tuple[str, str], FitRecord]
    """Records of the fits, by species and selection."""
    training_seconds: float
    """CPU time of all fits."""
    inference_seconds: Mapping[tuple[str, str], float]
    """CPU time of the predictions, by species and selection."""
    predicted: Mapping[tuple[str, str], Floats]
    """Predictions (n, T) of the configuration to be shown, by species and selection."""


@dataclass(frozen=True, eq=False)
class Fold:
    """What is fitted to all folds but one.

    Parameters
    ----------
    outer, seen
    fits
        By species and selection.
    means
        Fits of the configurations' means, by species, if these are learned separately.
    """

    outer: Outer
    seen: Overview
    fits: Fits
    means: Mapping[str, ConfigurationMean]

    @classmethod
    def without(cls, outer: Outer, k: int, seen: Overview) -> Self:
        """Fit to all folds but fold k."""
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", AlphaWarning
            )  # One warning for all fits is given later.
            fits = FITTERS[traits(outer.learner).learns_from](outer, k, seen)
        return cls(outer, seen, fits, fit_configuration_means(outer, k, seen))

    def predict(self, i: int, sample: Sample, species: str, name: str) -> Floats:
        """Return the predictions (n, T) of a species of configuration i, whose sample is given."""
        rows, columns = sample.rows()[species], self.outer.columns[name]
        predicted = predict(self.fits[species, name], sample, rows, columns)
        predicted = predicted.reshape(len(rows), -1)
        if species in self.means:
            mean = self.means[species].predict(self.seen.means[species][i][0])
            predicted = predicted - predicted.mean(axis=0) + mean
        return predicted


def hold_out(outer: Outer, k: int, seen: Overview, shown: int | None = None) -> HeldOut:
    """Fit to all folds but fold k, and predict its configurations.

    The predictions of configuration `shown` are kept, if it is among them.
    """
    start = process_time()
    fold = Fold.without(outer, k, seen)
    fits = fold.fits
    # Several species may share a fit, whose record is the same.
    by_fit = {id(fit): fit_record(fit) for fit in fits.values()}
    training_seconds = process_time() - start
    training_seconds += sum(record.earlier_seconds for record in by_fit.values())
    configurations = np.flatnonzero(outer.fold == k)
    shape = (len(configurations), 6, outer.samples[0].targets.shape[1])
    moments = {key: np.zeros(shape) for key in fits}
    halves = {species: np.zeros(shape) for species in seen.moments}
    seconds = dict.fromkeys(fits, 0.0)
    kept: dict[tuple[str, str], Floats] = {}
    for place, (i, sample) in enumerate(in_turn(outer.samples, configurations)):
        for species, rows in sample.rows().items():
            Y = sample.targets[rows]
            for name in outer.columns:
                start = process_time()
                predicted = fold.predict(i, sample, species, name)
                seconds[species, name] += process_time() - start
                moments[species, name][place] = pair_moments(predicted, Y)
                if i == shown:
                    kept[species, name] = predicted
            if i in seen.halves.get(species, ()):
                halves[species][place] = seen.halves[species][i]
    records = {key: by_fit[id(fit)] for key, fit in fits.items()}
    return HeldOut(configurations, moments, halves, records, training_seconds, seconds, kept)
