r"""Held-out predictions of single particles from the mean of n runs, beside the mean of the others.

Only the means :math:`x_a, x_b` over the two halves of the runs are known, of :math:`n_a` and
:math:`n_b` of all R runs. Features and targets are weighted means of both,

.. math::
    x = w_a x_a + w_b x_b, \quad y = v_a y_a + v_b y_b, \qquad
    w_{a, b} = \frac{n_{a, b}}{R} \pm s \frac{\sqrt{n_a n_b}}{R}, \quad
    v_{a, b} = \frac{n_{a, b}}{R} \mp \frac{1}{s} \frac{\sqrt{n_a n_b}}{R}, \quad
    s^2 = \frac{R}{n} - 1 .

The weights of each sum to one. The covariance of the noise of x is that of a mean over n runs, that
of y is that of a mean over the other R - n, and the noise of x is not correlated with that of y.
With n of one half, x is that half, and y is the other; the sign of s chooses which. For other n the
distribution of the noise is not quite that of so many runs: only its second moments are.

Configurations may differ in R. Their targets are to have the noise of the same number M of runs, of
the smallest R less n. Where R - n is larger, noise is added to y, with a random sign
:math:`\pm` for each particle, so that it is not correlated with x or y:

.. math::
    \pm \sqrt{\frac{1}{M} - \frac{1}{R - n}} \; \frac{y_a - y_b}{\sqrt{1 / n_a + 1 / n_b}} .
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from cagebreak.learning._validation import Floats
from cagebreak.learning.model_selection.subset_cross_validation import fold_of
from cagebreak.learning.short_runs.run_collection import RunCollection, RunSample
from cagebreak.learning.short_runs.run_ridge import Inputs, RunRidge
from cagebreak.seeding import Seed, stream

LEAST_FOLDS = 3
"""Folds from which on one may be left out: the others choose the penalties."""


class Predicted(NamedTuple):
    """Predictions of the particles of a configuration, and what was measured."""

    predicted: Floats
    """From structure and n runs, by the fit that has not seen the configuration, (n, T)."""
    measured: Floats
    """The mean over the other runs, over as many as the fewest of all configurations, (n, T)."""


def feature_weights(n_of_halves: tuple[int, int], n_runs: int) -> Floats:
    """Return the weights w of the halves (2,), for features of n of the runs, or of all."""
    share, apart, s = _parts(n_of_halves, n_runs)
    return share + s * apart


def target_weights(n_of_halves: tuple[int, int], n_runs: int) -> Floats:
    """Return the weights v of the halves (2,), for targets of the runs that n of them leave."""
    share, apart, s = _parts(n_of_halves, n_runs)
    return share - apart / s


def _parts(n_of_halves: tuple[int, int], n_runs: int) -> tuple[Floats, Floats, float]:
    n = np.array(n_of_halves, dtype=np.float64)
    apart = np.sqrt(n.prod()) / n.sum() * np.array([1.0, -1.0])
    s = float(np.sqrt(n.sum() / n_runs - 1))
    # Either sign has these moments: this one makes n of the smaller half that half.
    return n / n.sum(), apart, -s if n_runs == n[1] < n[0] else s


def features_of(
    runs: RunCollection, c: int, sample: RunSample, n_runs: int, members: Sequence[int]
) -> Floats:
    """Return the features of configuration c, for a fit to some configurations, (n, F + V).

    They have the noise of a mean over n runs. Predictions at the ends of runs are those that
    `RunCollection.for_training` chooses.
    """
    of_runs = np.tensordot(feature_weights(sample.n_runs, n_runs), sample.runs, 1)
    if runs.ends is not None:
        fit = runs.ends.fits.unseen(c, members)
        of_runs = of_runs[:, runs.ends.used(runs.n_noisy, fit)]
    return np.hstack([sample.structure, of_runs])


def held_out_particles(
    read: Callable[[], Iterable[RunSample]],
    runs: RunCollection,
    inputs: Inputs,
    *,
    seed: Seed,
    folds: int = 5,
) -> Iterator[Predicted]:
    """Yield what is predicted of each configuration by the fit of the fold that holds it out.

    Parameters
    ----------
    read
        Yields the samples of `runs`, in their order.
    runs, inputs, seed, folds
        As of `RunRidge.fit`. There have to be `LEAST_FOLDS` folds, and more runs of every
        configuration than `inputs.n_runs`.
    """
    fold = fold_of(runs.collection, folds, seed)
    fits = [
        RunRidge.fit(runs, inputs, seed=seed, folds=folds, left_out=k)
        for k in range(int(fold.max()) + 1)
    ]
    for c, sample in enumerate(read()):
        members = np.flatnonzero(fold != fold[c]).tolist()
        features = features_of(runs, c, sample, inputs.n_runs, members)
        random = stream(seed, "held out", c)
        measured = _measured(sample, inputs.n_runs, int(runs.n_runs.min()), random)
        yield Predicted(fits[fold[c]].predict(features), measured)


def _measured(sample: RunSample, n_runs: int, fewest: int, random: np.random.Generator) -> Floats:
    """Return the targets y, (n, T), with the noise of `fewest` runs less n."""
    y: Floats = np.tensordot(target_weights(sample.n_runs, n_runs), sample.targets, 1)
    lacking = 1 / (fewest - n_runs) - 1 / (sum(sample.n_runs) - n_runs)
    if lacking > 0:
        of_halves = sum(1 / n for n in sample.n_runs)
        sign = random.choice([-1.0, 1.0], size=(len(y), 1))
        y = y + np.sqrt(lacking / of_halves) * sign * (sample.targets[0] - sample.targets[1])
    return y
