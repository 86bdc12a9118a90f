"""Accuracy against the number of configurations and of runs, and what more of either would give."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import least_squares

from cagebreak._frames import to_frame
from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats, Integers
from cagebreak.learning.collection import Collection
from cagebreak.learning.linear_model.base import prediction_moments
from cagebreak.learning.linear_model.ridge import RidgeCV
from cagebreak.learning.model_selection.subset_cross_validation import ALPHAS, fold_of
from cagebreak.learning.scores import ceiling_corrected, interval, pooled_pearson, resamples
from cagebreak.seeding import Seed, stream

if TYPE_CHECKING:
    from pandas import DataFrame

TABLE = [
    ("n_configurations", "i8"),
    ("n_runs", "i8"),
    ("target", "i8"),
    ("time", "f8"),
    ("r", "f8"),
    ("low", "f8"),
    ("high", "f8"),
    ("r_corrected", "f8"),
    ("low_corrected", "f8"),
    ("high_corrected", "f8"),
]
RATES = (0.2, 1.0)
"""Of gamma: least squares learns as 1 / n, a ridge more slowly; below 0.2 no limit can be told."""


class Extrapolation(NamedTuple):
    r"""What a learning curve tends to; see `LearningCurve.extrapolate`.

    Each of `limit`, `rate` and `exponent` is (value, low, high).
    """

    limit: tuple[float, float, float]
    """r with the noiseless target for ever more configurations."""
    rate: tuple[float, float, float]
    """k."""
    exponent: tuple[float, float, float]
    """gamma."""
    noise: float
    """s: variance of one run over that of the noiseless target."""


class Advice(NamedTuple):
    """Whether to spend on runs or on configurations; see `LearningCurve.advise`."""

    now: float
    """r with the noiseless target, of all configurations and runs there are."""
    more_runs: float
    """The same, had the budget gone into more runs of each configuration."""
    more_configurations: float
    """The same, had it gone into more configurations of as many runs."""
    gain: tuple[float, float, float]
    """more_configurations - more_runs, and its interval."""
    text: str


@dataclass(frozen=True, eq=False)
class LearningCurve:
    """Accuracy against the number of training configurations and of runs of each.

    Parameters
    ----------
    rows : structured array
        What `table` holds.
    moments : (S, C, 6, T) array
        Of predictions held out for each of S numbers of configurations, averaged over draws;
        the targets are those with all runs.
    halves : (C, 6, T) array
        Of the targets with all runs.
    sizes : (S,) array
    runs, truth : (T,) arrays
    seed
        Of the bootstrap.
    """

    rows: np.ndarray
    moments: Floats
    halves: Floats
    sizes: Integers
    runs: Integers
    truth: Integers
    seed: Seed

    @cached_property
    def table(self) -> "DataFrame":
        """A row for each target, number of configurations and of runs; see `learning_curve`."""
        return to_frame(self.rows)

    def extrapolate(
        self, target: int = 0, n_resamples: int = 500, confidence: float = 0.95
    ) -> Extrapolation:
        r"""Fit how the error falls with the numbers of configurations n and of runs R.

        .. math:: 1 - r^2 = u + k\,\left(\frac{u + s / R}{n}\right)^{\gamma}

        r is that with the noiseless target, u the part of its variance that the features cannot
        explain however much there is to learn from, s the noise of one run over that variance
        (from the halves). What is learned wrongly comes from all that the fit cannot explain in
        its training targets, u and the noise, spread over n: a rate of 1 for least squares, and
        a slower one where a penalty trades bias for variance. With one number of runs the form in
        R is the model's, not seen in the data.

        Parameters
        ----------
        target
            A target with all runs.
        n_resamples, confidence
            Of the bootstrap over the configurations tested on.

        Raises
        ------
        InputError
            If there are fewer than three numbers of configurations, or no halves.
        """
        fitted, drawn, noise = self._fits(target, n_resamples)
        bounds = interval(drawn, self.moments.shape[1], confidence)
        u, k, gamma = fitted
        if gamma < 1.01 * RATES[0]:
            warnings.warn(
                f"gamma is {gamma:.3g}, at its lower end: r still grows, the limit is a guess",
                stacklevel=2,
            )
        limits = np.sqrt(1 - bounds[::-1, 0])  # A small u is a high limit.
        return Extrapolation(
            (float(np.sqrt(1 - u)), float(limits[0]), float(limits[1])),
            (float(k), float(bounds[0, 1]), float(bounds[1, 1])),
            (float(gamma), float(bounds[0, 2]), float(bounds[1, 2])),
            float(noise),
        )

    def advise(
        self,
        target: int = 0,
        cost: float = 1.0,
        n_resamples: int = 500,
        confidence: float = 0.95,
    ) -> Advice:
        """Say what doubling the budget gives, spent on runs or on configurations.

        Parameters
        ----------
        target
            A target with all runs.
        cost
            Of preparing a configuration (equilibration, descriptors), in runs.
        n_resamples, confidence
            Of the bootstrap over the configurations tested on.

        Raises
        ------
        InputError
            As of `extrapolate`, or if the cost is negative.
        """
        if not cost >= 0:
            raise InputError(f"cost: expected a number of runs from 0, got {cost!r}")
        fitted, drawn, noise = self._fits(target, n_resamples)
        n, runs = self.moments.shape[1], int(self.runs[target])
        budget = n * (cost + runs)
        richer = budget / n + runs  # Runs of each configuration for the budget twice.

        def reached(parameters: Floats, n: float, runs: float) -> Floats:
            return np.sqrt(np.maximum(1 - _error(parameters, n, runs, noise), 0.0))

        def gain(parameters: Floats) -> Floats:
            return reached(parameters, 2 * n, runs) - reached(parameters, n, richer)

        low, high = interval(np.array([gain(each) for each in drawn]), n, confidence)
        now, by_runs = reached(fitted, n, runs), reached(fitted, n, richer)
        by_configurations, best = reached(fitted, 2 * n, runs), gain(fitted)
        if low > 0:
            verdict = "more configurations"
        elif high < 0:
            verdict = "more runs"
        else:
            verdict = "either: these data do not tell them apart"
        text = (
            f"{verdict}. With {n} configurations of {runs} runs r is {now:.3f} (noiseless "
            f"target); for twice the cost, {richer:.3g} runs each give {by_runs:.3f}, "
            f"{2 * n} configurations {by_configurations:.3f}; difference {best:+.3f} "
            f"({low:+.3f} to {high:+.3f})."
        )
        return Advice(
            float(now),
            float(by_runs),
            float(by_configurations),
            (float(best), float(low), float(high)),
            text,
        )

    def _fits(self, target: int, n_resamples: int) -> tuple[Floats, Floats, float]:
        """Return u, k and gamma, their values in resamples (B, 3), and the noise s."""
        columns = np.flatnonzero(self.truth == target)
        if target not in columns:
            raise InputError(f"target: expected one with all runs, got {target!r}")
        if len(self.sizes) < 3:
            raise InputError(f"sizes: expected at least 3 to extrapolate, got {len(self.sizes)}")
        of_halves = float(pooled_pearson(self.halves[..., target]))
        if not of_halves > 0:
            raise InputError("halves: expected targets whose halves correlate; without, no ceiling")
        noise = 0.5 * float(self.runs[target]) * (1 / of_halves - 1)

        def squared(weights: Floats | None) -> Floats:
            r = np.stack([pooled_pearson(each[..., columns], weights) for each in self.moments])
            top = pooled_pearson(self.halves[..., target], weights)
            reliability = 2 * top / (1 + top)
            return np.moveaxis(r**2, 0, -2) / np.asarray(reliability)[..., None, None]

        runs = self.runs[columns]
        drawn = resamples(self.moments.shape[1], n_resamples, seed=self.seed)
        fitted = _fit(1 - squared(None), self.sizes, runs, noise)
        spread = [_fit(each, self.sizes, runs, noise, fitted) for each in 1 - squared(drawn)]
        return fitted, np.array(spread), noise


def learning_curve(
    collection: Collection,
    *,
    seed: Seed,
    sizes: Sequence[int] | None = None,
    runs: ArrayLike | None = None,
    truth: ArrayLike | None = None,
    n_draws: int = 3,
    alphas: Sequence[float] = ALPHAS,
    folds: int = 5,
    n_resamples: int = 2000,
    confidence: float = 0.95,
) -> LearningCurve:
    """Learn from fewer configurations, and from fewer runs of each, and score on those held out.

    Parameters
    ----------
    collection
        The noise ceiling needs its `halves`.
    seed
        Of the folds, of what is drawn, and of the bootstrap.
    sizes
        Numbers of configurations to train on; by default about doubling, up to all that are not
        held out.
    runs : (T,) array of integers, optional
        How many runs each target is the mean of. Give targets from fewer runs beside those from
        all (`collection` of samples whose targets are the means over the first 1, 2, 4, ...) to
        see what runs are worth. Taken as 1 if omitted: one number of runs, in units of itself.
    truth : (T,) array of integers, optional
        For each target that from all runs, which its prediction is scored against; itself if
        omitted.
    n_draws
        How often configurations are drawn for each size and fold.
    alphas, folds, n_resamples, confidence
        As of `held_out_moments`; alpha is chosen within the configurations drawn, by generalized
        cross-validation if there is one alone.

    Returns
    -------
    LearningCurve
        Its table has the columns `n_configurations`, `n_runs`, `target` (that with all runs),
        `time`, `r` pooled over all particles held out, `low`, `high`, and the same corrected for
        the ceiling (`ceiling_corrected`).

    Raises
    ------
    InputError
        If an argument does not fit, or a size exceeds what is not held out.
    """
    n_targets, n = collection.n_targets, len(collection)
    fold = fold_of(collection, folds, seed)
    most = int(min((fold != k).sum() for k in range(fold.max() + 1)))
    if sizes is None:
        sizes = sorted({*(2**k for k in range(12) if 2**k < most), most})
    wanted = np.asarray(sizes)
    if wanted.ndim != 1 or not len(wanted) or wanted.dtype.kind not in "iu":
        raise InputError(f"sizes: expected numbers of configurations, got {sizes!r}")
    if wanted.min() < 1 or wanted.max() > most:
        raise InputError(f"sizes: expected from 1 to {most}, not held out, got {sizes!r}")
    of_target = _integers("runs", runs, np.ones(n_targets, dtype=np.int64))
    full = _integers("truth", truth, np.arange(n_targets))
    if full.min() < 0 or full.max() >= n_targets:
        raise InputError(f"truth: expected targets from 0 to {n_targets - 1}, got {truth!r}")
    moments = np.zeros((len(wanted), n, 6, n_targets))
    for s, size in enumerate(wanted.tolist()):
        for k in range(int(fold.max()) + 1):
            outside = np.flatnonzero(fold != k)
            for draw in range(n_draws):
                order = stream(seed, "learning curve", size, k, draw).permutation(outside)
                parts = [collection.parts[i] for i in order[:size].tolist()]
                learner = RidgeCV(alphas=alphas, folds=max(min(size, 5), 2)).fit_statistics(parts)
                w = learner.coef_.T
                for i in np.flatnonzero(fold == k).tolist():
                    rows = collection.parts[i].select(targets=full)
                    moments[s, i] += prediction_moments(rows, w, learner.intercept_) / n_draws
    halves = collection.halves
    of_truth = np.full((n, 6, n_targets), np.nan) if halves is None else halves
    drawn = resamples(n, n_resamples, seed=seed)
    table = np.zeros((len(wanted), n_targets), TABLE)
    table["n_configurations"] = wanted[:, None]
    table["n_runs"], table["target"], table["time"] = of_target, full, collection.times
    for row, of_size in zip(table, moments, strict=True):
        row["r"] = pooled_pearson(of_size)
        row["low"], row["high"] = interval(pooled_pearson(of_size, drawn), n, confidence)
        corrected = ceiling_corrected(
            of_size,
            of_truth[..., full],
            seed=seed,
            n_resamples=n_resamples,
            confidence=confidence,
        )
        for name, values in zip(("r", "low", "high"), corrected, strict=True):
            row[f"{name}_corrected"] = values
    return LearningCurve(table.ravel(), moments, of_truth, wanted, of_target, full, seed)


def _error(parameters: Floats, n: ArrayLike, runs: ArrayLike, noise: float) -> Floats:
    u, k, gamma = parameters
    return u + k * ((u + noise / np.asarray(runs)) / np.asarray(n, dtype=float)) ** gamma


def _fit(
    errors: Floats, sizes: Integers, runs: Integers, noise: float, start: Floats | None = None
) -> Floats:
    """Return u, k and gamma of errors (S, columns)."""
    n, r = sizes[:, None], runs[None, :]
    first = np.array([0.9 * max(float(errors.min()), 0.01), 0.5, 0.7])

    def missed(parameters: Floats) -> Floats:
        return (_error(parameters, n, r, noise) - errors).ravel()

    bounds = ([0.0, 0.0, RATES[0]], [1.0, np.inf, RATES[1]])
    return least_squares(missed, first if start is None else np.clip(start, 1e-6, None),
                         bounds=bounds).x  # fmt: skip


def _integers(name: str, values: ArrayLike | None, usual: Integers) -> Integers:
    if values is None:
        return usual
    given = np.asarray(values)
    if given.shape != usual.shape or given.dtype.kind not in "iu":
        raise InputError(f"{name}: expected {len(usual)} integers, got {values!r}")
    return given.astype(np.int64)
