"""What held-out configurations are predicted from: short runs of their own, or halves."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Self

import numpy as np
from threadpoolctl import threadpool_limits

from cagebreak._progress import each
from cagebreak.configuration import Configuration
from cagebreak.descriptors.coarse_grained.short_runs import MeanMotion, ShortRuns
from cagebreak.errors import ImportedFilesWarning
from cagebreak.learning._validation import Floats
from cagebreak.learning.short_runs import (
    EndColumns,
    HeldOutSample,
    RunCollection,
    RunSample,
    from_halves,
    with_own_runs,
)
from cagebreak.seeding import Seed, seed_sequence, stream
from cagebreak.study.analysis.hybrid.ensembles import Ensemble, StudyEnsembles, start_of
from cagebreak.study.analysis.hybrid.measurement import Measurement
from cagebreak.study.analysis.jobs import in_order

Read = Callable[[], Iterable[RunSample]]

OTHER_MOTION = 0.1
"""Logarithm of the ratio of mean motion beyond which simulated runs are others than imported ones,
if it exceeds four standard errors as well (chosen)."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """What the training configurations are predicted from when they are held out.

    Parameters
    ----------
    samples
        Yields the configurations.
    n_others
        Number of runs whose mean is compared with predictions, the same for all configurations.
    """

    samples: Callable[[], Iterator[HeldOutSample]]
    n_others: int

    @classmethod
    def of_halves(cls, read: Read, runs: RunCollection, n_runs: int, seed: Seed) -> Self:
        """Take features with the noise of n runs, and the mean over the others, from two halves.

        Parameters
        ----------
        read
            Yields the samples of `runs`, in their order.
        runs
        n_runs
            Number of short runs, n.
        seed
        """
        n_others = int(runs.n_runs.min()) - n_runs

        def samples() -> Iterator[HeldOutSample]:
            for c, sample in enumerate(read()):
                yield from_halves(sample, n_runs, n_others, stream(seed, "held out", c))

        return cls(samples, n_others)

    @classmethod
    def of_own_runs(
        cls, read: Read, runs: RunCollection, motion: Sequence[Floats], seed: Seed
    ) -> Self:
        """Take the features of other short runs, and the mean over all runs of the ensembles.

        Parameters
        ----------
        read, runs, seed
            As of `of_halves`; features of the runs of the ensembles are not used.
        motion
            Features of the short runs of each configuration, (n, V).
        """
        n_others = int(runs.n_runs.min())

        def samples() -> Iterator[HeldOutSample]:
            for c, (sample, own) in enumerate(zip(read(), motion, strict=True)):
                yield with_own_runs(sample, own, n_others, stream(seed, "held out", c))

        return cls(samples, n_others)


def simulated_motion(
    ensembles: Sequence[Ensemble] | StudyEnsembles,
    measurement: Measurement,
    short_runs: ShortRuns,
    *,
    species: int,
    n_runs: int,
    until: float,
    seed: Seed,
    n_columns: int,
    ends: tuple[EndColumns, int] | None = None,
) -> list[Floats]:
    """Simulate short runs of each configuration; return the features of its particles, (n, V).

    They are none of the runs of the ensembles: run r of configuration c has the address
    ("calibration", c, "run", r).

    Parameters
    ----------
    ensembles
    measurement
        Simulates the runs, as those of a configuration that is predicted.
    short_runs
        Describes their motion.
    species
        Number of the species.
    n_runs, until
        Number and length of the runs.
    seed
    n_columns
        V. Columns of later times and of other ends are 0: they have no coefficients.
    ends
        The columns of predictions at the ends of runs, and which of the lengths that have such
        columns is `until`. None if they are no input.
    """
    times, number = short_runs.up_to(until).times, len(ensembles)
    run = partial(_short_runs, measurement, times, n_runs, ends is not None)
    todo = ((start_of(ensembles, c), seed_sequence(seed, "calibration", c)) for c in range(number))
    features = []
    for motion, at_ends in each("short runs", in_order(run, todo), number):
        rows = np.flatnonzero(motion.start.species == species)
        columns = np.zeros((len(rows), n_columns))
        of_motion = columns_to(short_runs, motion, until)[rows]
        columns[:, : of_motion.shape[1]] = of_motion
        if ends is not None:
            of_ends, which = ends
            columns[:, of_ends.of_length(which)] = of_ends.fits.predict_all(at_ends[rows])
        features.append(columns)
    return features


def warn_of_other_motion(
    runs: RunCollection, motion: Sequence[Floats], feature: int, until: float
) -> None:
    """Warn if short runs move particles farther or less far than imported runs of the same length.

    Their dynamics is then another one.

    Parameters
    ----------
    runs
        Of the imported runs.
    motion
        Features of the short runs of each configuration, (n, V).
    feature
        The motion at `until`, among all F + V features.
    until
        Length of the short runs, in tau.
    """
    units = runs.collection.standardizer
    imported = np.array([part.x_mean[feature] for part in runs.collection.parts])
    imported = units.mean_[feature] + units.scale_[feature] * imported
    simulated = np.array([own[:, feature - runs.n_structure].mean() for own in motion])
    ratios = np.log(simulated / imported)
    mean, error = ratios.mean(), ratios.std(ddof=1) / math.sqrt(len(ratios))
    if abs(mean) > max(OTHER_MOTION, 4 * error):
        warnings.warn(
            f"the short runs that were simulated move particles {math.exp(mean):.2g} times as far "
            f"to {until:.3g} tau as the imported runs do: expected runs at constant energy, of "
            "this model and in its units; intervals and predictions with short runs that are "
            "simulated are then wrong; give cb.hybrid a list of Ensemble, which simulates nothing",
            ImportedFilesWarning,
            stacklevel=3,
        )


def _short_runs(
    measurement: Measurement,
    times: Sequence[float],
    n_runs: int,
    ends: bool,
    start: Configuration,
    seed: Seed,
) -> tuple[MeanMotion, Floats | None]:
    """Return `Measurement.short_runs`; sums do not depend on the number of threads."""
    with threadpool_limits(limits=1, user_api="blas"):
        return measurement.short_runs(start, times, n_runs, seed, ends)


def columns_to(short_runs: ShortRuns, motion: MeanMotion, until: float) -> Floats:
    """Return the columns of motion in runs to `until`, (N, V); those of later times are 0."""
    labels = short_runs.labels()
    columns = np.zeros((len(motion.start), len(labels)))
    columns[:, labels.time <= until * (1 + 1e-9)] = short_runs.up_to(until).compute(motion).values
    return columns
