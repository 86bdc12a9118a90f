"""Learning curves: accuracy against the number of configurations and of runs, extrapolated."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import least_squares

from cagebreak._frames import to_frame
from cagebreak._progress import each
from cagebreak.bootstrap import as_groups, interval, resamples
from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats, Integers
from cagebreak.learning.collection import Collection
from cagebreak.learning.linear_model.base import prediction_moments
from cagebreak.learning.linear_model.ridge import AlphaWarning, RidgeCV, outside_range
from cagebreak.learning.model_selection.subset_cross_validation import ALPHAS, fold_of
from cagebreak.learning.scores import ceiling_corrected, pooled_pearson
from cagebreak.learning.statistics import Statistics, deviations, inverse
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
"""Bounds of gamma: least squares has 1, a ridge less; below 0.2 the limit is undetermined."""


class Extrapolation(NamedTuple):
    r"""The parameters of a fitted learning curve; see `LearningCurve.extrapolate`.

    `limit`, `rate` and `exponent` are tuples (value, low, high).
    """

    limit: tuple[float, float, float]
    """r with the noiseless target in the limit of infinitely many configurations."""
    rate: tuple[float, float, float]
    """The prefactor k."""
    exponent: tuple[float, float, float]
    """The exponent gamma."""
    noise: float
    """s, the noise variance of one run over the variance of the noiseless target."""


class Advice(NamedTuple):
    """The better use of twice the budget, runs or configurations; see `LearningCurve.advise`."""

    now: float
    """r with the noiseless target, for the present configurations and runs."""
    more_runs: float
    """r for twice the budget, spent on more runs of each configuration."""
    more_configurations: float
    """r for twice the budget, spent on more configurations with the same number of runs."""
    gain: tuple[float, float, float]
    """more_configurations - more_runs, and its interval (value, low, high)."""
    text: str
    """The advice in words."""


@dataclass(frozen=True, eq=False)
class LearningCurve:
    """Accuracy against the number of training configurations and the number of their runs.

    Parameters
    ----------
    rows : structured array
        The rows of `table`.
    moments : (S, C, 6, T) array
        Moments of held-out predictions and targets for each of S training set sizes, averaged over
        draws. The targets are those from all runs.
    halves : (C, 6, T) array
        Moments of the targets from the two halves of all runs.
    sizes : (S,) array
        Numbers of training configurations.
    runs, truth : (T,) arrays
        The arguments of `learning_curve`.
    seed
        Seed of the bootstrap.
    groups : (C,) array of integers, optional
        As of `Collection`.
    """

    rows: np.ndarray
    moments: Floats
    halves: Floats
    sizes: Integers
    runs: Integers
    truth: Integers
    seed: Seed
    groups: Integers | None = None

    @property
    def _n_groups(self) -> int:
        return int(as_groups(self.groups, self.moments.shape[1]).max()) + 1

    @cached_property
    def table(self) -> DataFrame:
        """A row for each training set size and target; see `learning_curve`."""
        return to_frame(self.rows)

    def extrapolate(
        self, target: int = 0, n_resamples: int = 500, confidence: float = 0.95
    ) -> Extrapolation:
        r"""Fit the decay of the error with the numbers of configurations n and of runs R.

        .. math:: 1 - r^2 = u + k\,\left(\frac{u + s / R}{n}\right)^{\gamma}

        r is the correlation with the noiseless target. u is the share of the variance of this
        target that the features cannot explain, with any amount of data. s is the noise variance of
        one run over the variance of the noiseless target; it is computed from the halves. The
        second term is the estimation error. It comes from the part of the training targets that the
        fit cannot explain, u + s / R, and falls with n. The exponent is 1 for least squares, and
        smaller if a penalty trades bias for variance. If all targets have the same number of runs,
        the dependence on R is an assumption of the model that the data cannot test.

        Parameters
        ----------
        target
            A target from all runs.
        n_resamples, confidence
            Number of resamples and confidence level of the bootstrap over test configurations.

        Raises
        ------
        InputError
            If there are fewer than three numbers of configurations, or no halves.
        """
        fitted, resampled, noise = self._fits(target, n_resamples)
        bounds = interval(resampled, self._n_groups, confidence)
        u, k, gamma = fitted
        if gamma < 1.01 * RATES[0]:
            warnings.warn(
                f"gamma is {gamma:.3g}, at its lower end: r still grows, the limit is a guess",
                stacklevel=2,
            )
        limits = np.sqrt(1 - bounds[::-1, 0])  # The limit falls with u, so the bounds swap.
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
        """Compare two uses of twice the budget: more runs, or more configurations.

        Parameters
        ----------
        target
            A target from all runs.
        cost
            Cost of preparing a configuration (equilibration, descriptors), in units of one run.
        n_resamples, confidence
            Number of resamples and confidence level of the bootstrap over test configurations.

        Raises
        ------
        InputError
            As in `extrapolate`, or if the cost is negative.
        """
        if not cost >= 0:
            raise InputError(f"cost: expected a number of runs from 0, got {cost!r}")
        fitted, resampled, noise = self._fits(target, n_resamples)
        n, runs = self.moments.shape[1], int(self.runs[target])
        budget = n * (cost + runs)
        increased_runs = budget / n + runs  # For twice the budget and the same configurations.

        def accuracy(parameters: Floats, n: float, runs: float) -> Floats:
            return np.sqrt(np.maximum(1 - _error(parameters, n, runs, noise), 0.0))

        def gain(parameters: Floats) -> Floats:
            return accuracy(parameters, 2 * n, runs) - accuracy(parameters, n, increased_runs)

        gains = np.array([gain(parameters) for parameters in resampled])
        low, high = interval(gains, self._n_groups, confidence)
        now, by_runs = accuracy(fitted, n, runs), accuracy(fitted, n, increased_runs)
        by_configurations, best = accuracy(fitted, 2 * n, runs), gain(fitted)
        if np.isnan([low, high]).any():
            verdict = "no advice: these data give no interval of the difference"
        elif low > 0:
            verdict = "more configurations"
        elif high < 0:
            verdict = "more runs"
        else:
            verdict = "either: these data do not tell them apart"
        text = (
            f"{verdict}. With {n} configurations of {runs} runs r is {now:.3f} (noiseless "
            f"target); for twice the cost, {increased_runs:.3g} runs each give {by_runs:.3f}, "
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
        """Return (u, k, gamma), their values in each resample (B, 3), and the noise s."""
        columns = np.flatnonzero(self.truth == target)
        if target not in columns:
            raise InputError(f"target: expected one with all runs, got {target!r}")
        if len(self.sizes) < 3:
            raise InputError(f"sizes: expected at least 3 to extrapolate, got {len(self.sizes)}")
        r_of_halves = float(pooled_pearson(self.halves[..., target]))
        if not r_of_halves > 0:
            raise InputError("halves: expected targets whose halves correlate; without, no ceiling")
        noise = 0.5 * float(self.runs[target]) * (1 / r_of_halves - 1)

        def squared(weights: Floats | None) -> Floats:
            r = np.stack([pooled_pearson(m[..., columns], weights) for m in self.moments])
            r_halves = pooled_pearson(self.halves[..., target], weights)
            reliability = 2 * r_halves / (1 + r_halves)
            return np.moveaxis(r**2, 0, -2) / np.asarray(reliability)[..., None, None]

        runs = self.runs[columns]
        weights = resamples(self.moments.shape[1], n_resamples, seed=self.seed, groups=self.groups)
        fitted = _fit(1 - squared(None), self.sizes, runs, noise)
        resampled = [
            _fit(errors, self.sizes, runs, noise, fitted) for errors in 1 - squared(weights)
        ]
        return fitted, np.array(resampled), noise


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
    """Score ridge regression against the numbers of training configurations and of their runs.

    Parameters
    ----------
    collection
        Statistics of the configurations. The noise ceiling needs the `halves`.
    seed
        Seed of the folds, of the training configurations drawn, and of the bootstrap.
    sizes
        Numbers of training configurations; by default powers of 2, and the largest number that
        every fold leaves for training.
    runs : (T,) array of integers, optional
        Number of runs that each target averages. To measure the effect of runs, the samples of
        `collection` have, besides the targets from all runs, targets from the first 1, 2, 4, ...
        runs. Default 1 for every target.
    truth : (T,) array of integers, optional
        For each target, the index of the target from all runs that its predictions are scored
        against. By default each target is scored against itself.
    n_draws
        Number of draws of training configurations for each size and fold.
    alphas, folds
        As in `held_out_moments`. Alpha is chosen by cross-validation within the configurations
        drawn, or by generalized cross-validation if there is only one.
    n_resamples, confidence
        Number of resamples and confidence level of the bootstrap over test configurations.

    Returns
    -------
    LearningCurve
        Its table has the columns `n_configurations`, `n_runs`, `target` (the one from all runs),
        `time`, `r` pooled over all held-out particles, and its interval `low` to `high`.
        `r_corrected`, `low_corrected` and `high_corrected` are divided by the noise ceiling
        (`ceiling_corrected`).

    Raises
    ------
    InputError
        If an argument does not fit, or a size exceeds the number of training configurations.
    """
    n_targets, n = collection.n_targets, len(collection)
    fold = fold_of(collection, folds, seed)
    most = int(min((fold != k).sum() for k in range(fold.max() + 1)))
    if sizes is None:
        sizes = sorted({*(2**k for k in range(12) if 2**k < most), most})
    counts = np.asarray(sizes)
    if counts.ndim != 1 or not len(counts) or counts.dtype.kind not in "iu":
        raise InputError(f"sizes: expected numbers of configurations, got {sizes!r}")
    if counts.min() < 1 or counts.max() > most:
        raise InputError(f"sizes: expected from 1 to {most}, not held out, got {sizes!r}")
    n_runs = _integers("runs", runs, np.ones(n_targets, dtype=np.int64))
    full = _integers("truth", truth, np.arange(n_targets))
    if full.min() < 0 or full.max() >= n_targets:
        raise InputError(f"truth: expected targets from 0 to {n_targets - 1}, got {truth!r}")
    moments = np.zeros((len(counts), n, 6, n_targets))
    group = as_groups(collection.groups, n).tolist()
    beyond: list[Floats] = []
    fits = list(product(enumerate(counts.tolist()), range(int(fold.max()) + 1), range(n_draws)))
    for (s, size), k, draw in each("learning curve", fits, len(fits)):
        outside = np.flatnonzero(fold != k)
        drawn = stream(seed, "learning curve", size, k, draw).permutation(outside)[:size].tolist()
        training = Statistics.pooled(collection.parts[i] for i in drawn)
        factors = inverse(deviations(training))
        # Configurations of one group are held out together when alpha is chosen.
        parts: dict[int, list[Statistics]] = {}
        for i in drawn:
            parts.setdefault(group[i], []).append(collection.parts[i].scaled(factors))
        learner = RidgeCV(alphas=alphas, folds=max(min(len(parts), 5), 2))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", AlphaWarning)  # One for all fits follows.
            learner.fit_statistics([Statistics.pooled(part) for part in parts.values()])
        beyond.append(learner.alpha_[learner.outside_])
        w = factors[:, None] * learner.coef_.T
        for i in np.flatnonzero(fold == k).tolist():
            rows = collection.held_out(i, training).select(targets=full)
            moments[s, i] += prediction_moments(rows, w, learner.intercept_) / n_draws
    if any(map(len, beyond)):
        text = outside_range(alphas, np.concatenate(beyond), n_targets * len(beyond))
        warnings.warn(text, AlphaWarning, stacklevel=2)
    halves = collection.halves
    if halves is None:
        halves = np.full((n, 6, n_targets), np.nan)
    weights = resamples(n, n_resamples, seed=seed, groups=collection.groups)
    table = np.zeros((len(counts), n_targets), TABLE)
    table["n_configurations"] = counts[:, None]
    table["n_runs"], table["target"], table["time"] = n_runs, full, collection.times
    for row, size_moments in zip(table, moments, strict=True):
        row["r"] = pooled_pearson(size_moments)
        resampled = pooled_pearson(size_moments, weights)
        row["low"], row["high"] = interval(resampled, collection.n_groups, confidence)
        corrected = ceiling_corrected(
            size_moments,
            halves[..., full],
            seed=seed,
            n_resamples=n_resamples,
            confidence=confidence,
            groups=collection.groups,
        )
        for name, values in zip(("r", "low", "high"), corrected, strict=True):
            row[f"{name}_corrected"] = values
    return LearningCurve(
        table.ravel(), moments, halves, counts, n_runs, full, seed, collection.groups
    )


def _error(parameters: Floats, n: ArrayLike, runs: ArrayLike, noise: float) -> Floats:
    u, k, gamma = parameters
    return u + k * ((u + noise / np.asarray(runs)) / np.asarray(n, dtype=float)) ** gamma


def _fit(
    errors: Floats, sizes: Integers, runs: Integers, noise: float, start: Floats | None = None
) -> Floats:
    """Return u, k and gamma fitted to errors (S, columns)."""
    n, r = sizes[:, None], runs[None, :]
    if start is None:
        start = np.array([0.9 * max(float(errors.min()), 0.01), 0.5, 0.7])
    else:
        start = np.clip(start, 1e-6, None)

    def residuals(parameters: Floats) -> Floats:
        return (_error(parameters, n, r, noise) - errors).ravel()

    bounds = ([0.0, 0.0, RATES[0]], [1.0, np.inf, RATES[1]])
    return least_squares(residuals, start, bounds=bounds).x


def _integers(name: str, values: ArrayLike | None, default: Integers) -> Integers:
    if values is None:
        return default
    integers = np.asarray(values)
    if integers.shape != default.shape or integers.dtype.kind not in "iu":
        raise InputError(f"{name}: expected {len(default)} integers, got {values!r}")
    return integers.astype(np.int64)
