"""One outer fold of a cross-validation: what its fits predict of the configurations held out."""

import warnings
from collections.abc import Iterator, Mapping
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
from cagebreak.learning.scores import COUNT, pair_moments


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
    all_predicted: Mapping[tuple[str, str], Floats] | None = None
    """Predictions (n, T) of the particles, one configuration after the other, by species and
    selection; None unless `Outer.keeps_predictions`."""
    all_measured: Mapping[str, Floats] | None = None
    """Targets (n, T) of the same particles, by species."""

    def particles(self, key: tuple[str, str]) -> Iterator[tuple[int, Floats, Floats]]:
        """Yield each configuration with its predictions and targets, for a species and selection.

        The outer cross-validation must keep predictions.
        """
        assert self.all_predicted is not None
        assert self.all_measured is not None
        ends = np.cumsum(self.moments[key][:, COUNT, 0].astype(np.int64))[:-1]
        pairs = (
            np.split(rows, ends) for rows in (self.all_predicted[key], self.all_measured[key[0]])
        )
        yield from zip(self.configurations.tolist(), *pairs, strict=True)


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
    none = np.empty((0, shape[2]))
    all_predicted = {key: [none] for key in fits}
    all_measured = {species: [none] for species in seen.moments}
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
                if outer.keeps_predictions:
                    all_predicted[species, name].append(predicted)
            if outer.keeps_predictions:
                all_measured[species].append(Y)
            if i in seen.halves.get(species, ()):
                halves[species][place] = seen.halves[species][i]
    records = {key: by_fit[id(fit)] for key, fit in fits.items()}
    result = HeldOut(configurations, moments, halves, records, training_seconds, seconds, kept)
    if not outer.keeps_predictions:
        return result
    return result._replace(
        all_predicted={key: np.concatenate(parts) for key, parts in all_predicted.items()},
        all_measured={species: np.concatenate(parts) for species, parts in all_measured.items()},
    )
