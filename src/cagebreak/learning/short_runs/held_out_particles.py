"""Held-out predictions of single particles from n short runs, beside the mean of other runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from cagebreak.learning._validation import Floats
from cagebreak.learning.model_selection.subset_cross_validation import fold_of
from cagebreak.learning.short_runs.run_collection import RunCollection
from cagebreak.learning.short_runs.run_ridge import Inputs, RunRidge
from cagebreak.seeding import Seed

LEAST_FOLDS = 3
"""Folds from which on one may be left out: the others choose the penalties."""


class HeldOutSample(NamedTuple):
    """What the particles of a configuration are predicted from, and what was measured of them."""

    structure: Floats
    """Features that have no noise of runs, (n, F)."""
    motion: Floats
    """Features from short runs, (n, V)."""
    measured: Floats
    """The mean over other runs, (n, T)."""


class Predicted(NamedTuple):
    """Predictions of the particles of a configuration, and what was measured."""

    predicted: Floats
    """By the fit that has not seen the configuration, (n, T)."""
    measured: Floats
    """As of `HeldOutSample`."""


def features_of(
    runs: RunCollection, c: int, sample: HeldOutSample, members: Sequence[int]
) -> Floats:
    """Return the features of configuration c, for a fit to some configurations, (n, F + V).

    Predictions at the ends of runs are those that `RunCollection.for_training` chooses.
    """
    motion = sample.motion
    if runs.ends is not None:
        fit = runs.ends.fits.unseen(c, members)
        motion = motion[:, runs.ends.used(runs.n_noisy, fit)]
    return np.hstack([sample.structure, motion])


def held_out_particles(
    samples: Iterable[HeldOutSample],
    runs: RunCollection,
    inputs: Inputs,
    *,
    seed: Seed,
    folds: int = 5,
) -> Iterator[Predicted]:
    """Yield what is predicted of each configuration by the fit of the fold that holds it out.

    Parameters
    ----------
    samples
        The configurations of `runs`, in their order.
    runs, inputs, seed, folds
        As of `RunRidge.fit`. There have to be `LEAST_FOLDS` folds.
    """
    fold = fold_of(runs.collection, folds, seed)
    fits = [
        RunRidge.fit(runs, inputs, seed=seed, folds=folds, left_out=k)
        for k in range(int(fold.max()) + 1)
    ]
    for c, sample in enumerate(samples):
        members = np.flatnonzero(fold != fold[c]).tolist()
        features = features_of(runs, c, sample, members)
        yield Predicted(fits[fold[c]].predict(features), sample.measured)
