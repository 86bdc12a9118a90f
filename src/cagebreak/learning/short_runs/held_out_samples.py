r"""What held-out configurations are predicted from, and what is compared with it.

**Runs of their own.** If n short runs of a configuration were simulated beside the R runs of its
ensemble, they are what a prediction has, and the mean over all R runs, which are independent of
them, is what was measured.

**Halves of one ensemble.** If there are no others than the R runs, of which only the means
:math:`x_a, x_b` over two halves of :math:`n_a` and :math:`n_b` are known, features and targets are
weighted means of both,

.. math::
    x = w_a x_a + w_b x_b, \quad y = v_a y_a + v_b y_b, \qquad
    w_{a, b} = \frac{n_{a, b}}{R} \pm s \frac{\sqrt{n_a n_b}}{R}, \quad
    v_{a, b} = \frac{n_{a, b}}{R} \mp \frac{1}{s} \frac{\sqrt{n_a n_b}}{R}, \quad
    s^2 = \frac{R}{n} - 1 .

The weights of each sum to one. The covariance of the noise of x is that of a mean over n runs, that
of y is that of a mean over the other R - n, and the noise of x is not correlated with that of y.
With n of one half, x is that half, and y is the other; the sign of s chooses which. For other n the
distribution of the noise is not that of so many runs: only its second moments are. That of few runs
has longer tails, and intervals that these features calibrate are then too wide.

Configurations may differ in R. Their targets are to have the noise of the same number M of runs, of
the smallest R, or R - n. Where a target is of m > M runs, noise is added to y, with a random sign
:math:`\pm` for each particle, so that it is not correlated with x or y:

.. math::
    \pm \sqrt{\frac{1}{M} - \frac{1}{m}} \; \frac{y_a - y_b}{\sqrt{1 / n_a + 1 / n_b}} .
"""

from __future__ import annotations

import numpy as np

from cagebreak.learning._validation import Floats
from cagebreak.learning.short_runs.held_out_particles import HeldOutSample
from cagebreak.learning.short_runs.run_collection import RunSample


def with_own_runs(
    sample: RunSample, motion: Floats, n_others: int, random: np.random.Generator
) -> HeldOutSample:
    """Return a configuration whose short runs are none of its ensemble.

    Parameters
    ----------
    sample
        The ensemble, of R runs.
    motion : (n, V) array
        The features of the short runs.
    n_others
        Number of runs M, up to R, whose noise the measured mean is to have.
    random
        Of the signs of the noise that it lacks.
    """
    n_runs = sum(sample.n_runs)
    share = np.array(sample.n_runs) / n_runs
    measured = _measured(sample, share, n_runs, n_others, random)
    return HeldOutSample(sample.structure, motion, measured)


def from_halves(
    sample: RunSample, n_runs: int, n_others: int, random: np.random.Generator
) -> HeldOutSample:
    """Return a configuration whose short runs are made of the halves of its ensemble.

    Parameters
    ----------
    sample
        The ensemble, of R runs.
    n_runs
        Number n of short runs, up to R.
    n_others
        Number of runs M, up to R - n, whose noise the measured mean is to have; with 0 there is
        nothing to compare with, and it is NaN.
    random
        Of the signs of the noise that it lacks.
    """
    motion = np.tensordot(feature_weights(sample.n_runs, n_runs), sample.runs, 1)
    if n_others == 0:
        return HeldOutSample(sample.structure, motion, np.full(sample.targets.shape[1:], np.nan))
    weights, left = target_weights(sample.n_runs, n_runs), sum(sample.n_runs) - n_runs
    measured = _measured(sample, weights, left, n_others, random)
    return HeldOutSample(sample.structure, motion, measured)


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


def _measured(
    sample: RunSample, weights: Floats, n_own: int, n_others: int, random: np.random.Generator
) -> Floats:
    """Return weighted targets, (n, T), of the noise of `n_own` runs, with that of `n_others`."""
    y: Floats = np.tensordot(weights, sample.targets, 1)
    lacking = 1 / n_others - 1 / n_own
    if lacking > 0:
        of_halves = sum(1 / n for n in sample.n_runs)
        sign = random.choice([-1.0, 1.0], size=(len(y), 1))
        y = y + np.sqrt(lacking / of_halves) * sign * (sample.targets[0] - sample.targets[1])
    return y
