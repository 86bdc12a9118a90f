r"""Ridge regression on structure and on the motion of n runs together.

Columns s of structure and x of runs have the penalties :math:`\alpha` and :math:`\alpha / f^2`.
Elimination of the coefficients of structure leaves a small system for those of the runs,

.. math::
    (X'X - X'S K S'X + N / n + \alpha f^{-2}) w = X'y - X'S K S'y, \qquad K = (S'S + \alpha)^{-1}

in which alone the number of runs n, the columns of runs that are used and f appear. All of these
are therefore compared at the cost of one factorization for each alpha and training set.

The regression is of deviations from the mean of a configuration. The mean of a configuration is
predicted from the mean of one feature (`ConfigurationMean`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np

from cagebreak._progress import each
from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats, Integers, as_penalties
from cagebreak.learning.collection import SPARE, widest
from cagebreak.learning.model_selection.configuration_mean import ConfigurationMean, MeanNoise
from cagebreak.learning.model_selection.subset_cross_validation import fold_of
from cagebreak.learning.preprocessing import Moments, Standardizer
from cagebreak.learning.scores import X_MEAN, XX, XY, Y_MEAN, YY
from cagebreak.learning.short_runs.elimination import Elimination
from cagebreak.learning.short_runs.run_collection import RunCollection, clipped_about_mean
from cagebreak.learning.statistics import Statistics, deviations, inverse
from cagebreak.seeding import Seed

ALPHAS = tuple(10.0**decade for decade in range(0, 7))
"""Penalties to choose from (chosen: the range of the best alphas of large feature sets)."""
FACTORS = (1.0, 3.0, 10.0, 30.0)
"""Factors f of the columns of runs to choose from (chosen: few columns need a smaller penalty)."""


class Inputs(NamedTuple):
    """What a prediction is made from."""

    structure: bool
    """Whether the features of structure are among the inputs."""
    columns: Integers
    """Columns of runs, numbered from 0."""
    n_runs: int
    """Number of runs whose mean these columns are."""
    mean_of: int | None = None
    """The feature, of all F + V, from whose mean the mean of a configuration is predicted; without
    one it is the mean of training."""


class HeldOutRuns(NamedTuple):
    """Held-out predictions from sets of inputs, by name."""

    moments: dict[str, Floats]
    """The moments (C, 6, T) of prediction and noiseless target in each configuration."""
    pooled: dict[str, Floats]
    """The same for r pooled over configurations; see `RunCollection.with_noise_of_means`."""
    errors: dict[str, Floats]
    """The smallest squared error of the inner cross-validation of each outer fold, (K, T)."""
    fold: Integers
    """The fold in which each configuration is held out, (C,)."""

    def best(self, names: Sequence[str]) -> tuple[Floats, Floats, Integers]:
        """Choose among sets of inputs, in each outer fold, by the error of its inner folds.

        Returns
        -------
        moments, pooled : (C, 6, T) arrays
        chosen : (K, T) array of integers
            Which of `names` each fold has chosen.
        """
        chosen = np.array([self.errors[name] for name in names]).argmin(axis=0)
        moments, pooled = (np.empty_like(self.moments[names[0]]) for _ in range(2))
        for k, targets in enumerate(chosen):
            for t, number in enumerate(targets.tolist()):
                rows, name = self.fold == k, names[number]
                moments[rows, :, t] = self.moments[name][rows, :, t]
                pooled[rows, :, t] = self.pooled[name][rows, :, t]
        return moments, pooled, chosen


class _Training:
    """Some configurations as training data: units, pooled statistics and noise."""

    def __init__(self, runs: RunCollection, members: Sequence[int]) -> None:
        self.runs = runs = runs.for_training(members)
        whole = runs.collection
        self.pooled = pooled = Statistics.pooled((whole.parts[i] for i in members), "configuration")
        self.factors = inverse(deviations(pooled))
        self.scaled = pooled.scaled(self.factors)
        self._of_runs = np.outer(*2 * [self.factors[runs.n_structure :]])
        self._members = members

    def extra(self, n_runs: int, members: Sequence[int] | None = None) -> Floats:
        """Return the additional noise of features of n runs, summed over configurations."""
        rows = self._members if members is None else members
        total: Floats = sum(self.runs.extra(c, n_runs) for c in rows) * self._of_runs
        return total

    def test(self, members: Sequence[int]) -> Statistics:
        """Return the statistics of configurations held out, in the units of training."""
        whole = self.runs.collection
        rows = Statistics.pooled((whole.parts[i] for i in members), "configuration")
        bounded = whole.bounded(rows, widest(whole.extremes[list(members)]), self.pooled)
        return bounded.scaled(self.factors)

    def units(self) -> Standardizer:
        """Return means and deviations of the features in these configurations alone."""
        whole, moments = self.runs.collection, Moments.none(self.runs.collection.n_features)
        for i in self._members:
            part = whole.parts[i]
            moments = moments + Moments(int(part.count), part.x_mean, np.diag(part.xx_lower).copy())
        mean, scale = whole.standardizer.mean_, whole.standardizer.scale_
        own = Standardizer.from_moments(moments, whole.standardizer.clip)
        return Standardizer.of(mean + scale * own.mean_, scale * own.scale_, own.clip)

    def configuration_mean(
        self, inputs: Inputs, units: Standardizer | None = None
    ) -> ConfigurationMean:
        """Return the fit of the mean targets of configurations, in their units or in others."""
        runs, members, m = self.runs, self._members, inputs.mean_of
        whole = runs.collection
        y = np.array([whole.parts[i].y_mean for i in members])
        x = np.array([_level(runs, inputs, i) for i in members])
        noise = np.array([runs.noise_of_mean(m, i) for i in members])
        if units is not None and m is not None:
            old, by = whole.standardizer, inverse(units.scale_)[m]
            x = (old.mean_[m] + old.scale_[m] * x - units.mean_[m]) * by
            noise *= old.scale_[m] * by
        of_y, n_runs = runs.target_mean_noise[members], runs.n_runs[members]
        return ConfigurationMean(x, y, MeanNoise(noise, of_y, n_runs, inputs.n_runs))


def held_out_runs(
    runs: RunCollection,
    inputs: Mapping[str, Inputs],
    *,
    seed: Seed,
    alphas: Sequence[float] = ALPHAS,
    factors: Sequence[float] = FACTORS,
    folds: int = 5,
) -> HeldOutRuns:
    """Return the moments of held-out predictions of each configuration, for sets of inputs.

    The cross-validation is nested, as in `held_out_moments`: for each outer fold, set of inputs and
    target, alpha and the factor of the columns of runs minimize the squared error of an inner
    cross-validation on the other folds. The targets of the moments have no noise, so that r is that
    with the noiseless propensity.

    Parameters
    ----------
    runs
    inputs
        Sets of inputs by name.
    seed
        Seed of the folds.
    alphas
        Penalties to choose from, for features of unit variance in training.
    factors
        Factors of the columns of runs to choose from.
    folds
        Number of folds; one for each configuration if there are fewer configurations.

    Returns
    -------
    HeldOutRuns

    Raises
    ------
    InputError
        If there are fewer than three groups of configurations or folds, or a set of inputs is
        empty or needs more runs than there are.
    """
    strengths = as_penalties(alphas)
    _check_inputs(runs.for_training(range(len(runs.collection))), inputs)
    fold = fold_of(runs.collection, folds, seed)
    n_folds = int(fold.max()) + 1
    if n_folds < 3:
        raise InputError(f"groups: expected at least 3 of them, and folds, got {n_folds}")
    members = [np.flatnonzero(fold == k).tolist() for k in range(n_folds)]
    n_targets = runs.collection.n_targets
    shape = (n_folds, len(strengths), len(factors), n_targets)
    errors = {name: np.zeros(shape) for name in inputs}
    pairs = list(combinations(range(n_folds), 2))
    for pair in each("training sets", pairs, len(pairs)):
        rest = np.flatnonzero(~np.isin(fold, pair)).tolist()
        training = _Training(runs, rest)
        tests = {k: training.test(members[k]) for k in pair}
        for a, names, elimination in _eliminations(training, inputs, strengths):
            reduced = {k: elimination.reduce(tests[k]) for k in pair}
            for name in names:
                _, columns, n_runs, _ = inputs[name]
                extra = training.extra(n_runs)
                of_folds = {k: training.extra(n_runs, members[k]) for k in pair}
                for f, factor in enumerate(factors):
                    w = elimination.solve(columns, extra, factor)
                    for held_out, test in (pair, pair[::-1]):
                        moments = reduced[test].moments(w, of_folds[test])
                        errors[name][held_out, a, f] += _squared_errors(moments)
    n_configurations = len(runs.collection)
    results = {name: np.zeros((n_configurations, 6, n_targets)) for name in inputs}
    noise = {name: np.zeros((n_configurations, n_targets)) for name in inputs}
    for k in range(n_folds):
        training = _Training(runs, np.flatnonzero(fold != k).tolist())
        parts = {i: training.test([i]) for i in members[k]}
        best = {name: _best(errors[name][k]) for name in inputs}
        means = {name: training.configuration_mean(of_name) for name, of_name in inputs.items()}
        for a, names, elimination in _eliminations(training, inputs, strengths, best):
            of_parts = {i: elimination.reduce(part) for i, part in parts.items()}
            for name in names:
                _, columns, n_runs, _ = inputs[name]
                extra = training.extra(n_runs)
                for f in np.unique(best[name][1]):
                    targets = (best[name][0] == a) & (best[name][1] == f)
                    if not targets.any():
                        continue
                    w = elimination.solve(columns, extra, factors[f])
                    for i, part in of_parts.items():
                        moments = part.moments(w, training.extra(n_runs, [i]))
                        results[name][i][:, targets] = moments[:, targets]
        for name, of_name in inputs.items():
            for i in members[k]:
                level = _level(runs, of_name, i)
                results[name][i, X_MEAN] = means[name].predict(level)
                of_mean = runs.noise_of_mean(of_name.mean_of, i)
                noise[name][i] = means[name].derivative(level) * of_mean
                results[name][i, Y_MEAN] = runs.collection.parts[i].y_mean
    smallest = {name: errors[name].min(axis=(1, 2)) for name in inputs}
    pooled = {
        name: runs.with_noise_of_means(results[name], inputs[name].n_runs, noise[name])
        for name in inputs
    }
    return HeldOutRuns(results, pooled, smallest, fold)


@dataclass(frozen=True, eq=False)
class RunRidge:
    """Ridge regression on structure and motion, fitted to all configurations of a collection.

    Parameters
    ----------
    coefficients : (F + V, T) array
        Of the deviations of features from the mean of the configuration, in their own units, those
        of structure first.
    alpha, factor : (T,) arrays
        The penalty of each target, and the factor of the columns of runs.
    inputs
    units
        Means and deviations of the features, and the bound of those of structure.
    n_structure
        F.
    mean
        The fit of the mean of a configuration.
    """

    coefficients: Floats
    alpha: Floats
    factor: Floats
    inputs: Inputs
    units: Standardizer
    n_structure: int
    mean: ConfigurationMean

    @classmethod
    def fit(
        cls,
        runs: RunCollection,
        inputs: Inputs,
        *,
        seed: Seed,
        alphas: Sequence[float] = ALPHAS,
        factors: Sequence[float] = FACTORS,
        folds: int = 5,
        left_out: int | None = None,
    ) -> RunRidge:
        """Fit to all configurations; alpha and the factor are chosen by cross-validation.

        The parameters are those of `held_out_runs`; `left_out` is the number of a fold that the fit
        does not see.

        Raises
        ------
        InputError
            As of `held_out_runs`, but two folds are enough beside one that is left out.
        """
        strengths = as_penalties(alphas)
        named = {"": inputs}
        fold = fold_of(runs.collection, folds, seed)
        seen = fold != left_out
        everything = _Training(runs, np.flatnonzero(seen).tolist())
        _check_inputs(everything.runs, named)
        errors = np.zeros((len(strengths), len(factors), runs.collection.n_targets))
        for k in np.unique(fold[seen]):
            training = _Training(runs, np.flatnonzero(seen & (fold != k)).tolist())
            members = np.flatnonzero(fold == k).tolist()
            test = training.test(members)
            extra, of_test = training.extra(inputs.n_runs), training.extra(inputs.n_runs, members)
            for a, _, elimination in _eliminations(training, named, strengths):
                reduced = elimination.reduce(test)
                for f, factor in enumerate(factors):
                    w = elimination.solve(inputs.columns, extra, factor)
                    errors[a, f] += _squared_errors(reduced.moments(w, of_test))
        best = _best(errors)
        training, collection = everything, everything.runs.collection
        extra = training.extra(inputs.n_runs)
        shape = (collection.n_features, collection.n_targets)
        scaled = np.zeros(shape)
        for a, _, elimination in _eliminations(training, named, strengths, {"": best}):
            for f in np.unique(best[1]):
                targets = (best[0] == a) & (best[1] == f)
                w = elimination.solve(inputs.columns, extra, factors[f])
                scaled[:, targets] = elimination.coefficients(w)[:, targets]
        units = collection.standardizer
        coefficients = scaled * (training.factors * inverse(units.scale_))[:, None]
        of_targets = strengths[best[0]], np.asarray(factors)[best[1]]
        mean = training.configuration_mean(inputs)
        if left_out is not None:
            # The bounds of features must not depend on the fold that is left out.
            units = training.units()
            mean = training.configuration_mean(inputs, units)
        return cls(coefficients, *of_targets, inputs, units, runs.n_structure, mean)

    def predict(self, features: Floats) -> Floats:
        """Return the predictions (n, T) of the features (n, F + V) of a configuration.

        Features of structure stay within the bounds of `Collection.bounded`, as held-out ones do.
        """
        clipped = self._clipped(features)
        mean = clipped.mean(axis=0)
        level = 0.0
        if (m := self.inputs.mean_of) is not None and self.units.scale_[m] > 0:
            level = float((mean[m] - self.units.mean_[m]) / self.units.scale_[m])
        rows = self._bounded(clipped)
        predicted: Floats = (rows - rows.mean(axis=0)) @ self.coefficients
        predicted += self.mean.predict(level)
        return predicted

    @property
    def used(self) -> Integers:
        """The features that are inputs, of all F + V."""
        first = self.n_structure
        structure = np.arange(first if self.inputs.structure else 0)
        return np.concatenate([structure, first + self.inputs.columns])

    def standardized(self, features: Floats) -> Floats:
        """Return the features that are inputs, clipped, in units of their deviation in training."""
        units, used = self.units, self.used
        in_units: Floats = (self._clipped(features) - units.mean_) * inverse(units.scale_)
        return in_units[:, used]

    def _clipped(self, features: Floats) -> Floats:
        structure, runs = np.split(features, [self.n_structure], axis=1)
        return np.hstack([clipped_about_mean(structure, self.units.clip), runs])

    def _bounded(self, features: Floats) -> Floats:
        """Return features, those of structure scaled down if they leave the training by far."""
        scale = self.units.scale_
        largest = np.abs(features - self.units.mean_).max(axis=0, initial=0.0)
        # A constant feature has no coefficient.
        beyond = (scale > 0) & (largest / SPARE > self.units.clip * np.maximum(scale, 1e-300))
        beyond[self.n_structure :] = False
        result = features.copy()
        result[:, beyond] *= SPARE * self.units.clip * scale[beyond] / largest[beyond]
        return result


def _check_inputs(runs: RunCollection, inputs: Mapping[str, Inputs]) -> None:
    for name, (structure, columns, n_runs, _) in inputs.items():
        if not (structure and runs.n_structure) and not len(columns):
            raise InputError(f"inputs[{name!r}]: expected structure or columns of runs, got none")
        if not np.isin(columns, np.arange(runs.n_noisy)).all():
            raise InputError(
                f"inputs[{name!r}]: expected columns from 0 to {runs.n_noisy - 1}, got {columns!r}"
            )
        runs.require_runs(n_runs)


def _eliminations(
    training: _Training,
    inputs: Mapping[str, Inputs],
    alphas: Floats,
    best: Mapping[str, tuple[Integers, Integers]] | None = None,
) -> Iterator[tuple[int, list[str], Elimination]]:
    """Yield each alpha's number, the inputs that it may serve, and what is left of the features."""
    for structure in (False, True):
        names = [name for name, each_ in inputs.items() if each_.structure == structure]
        for a, alpha in enumerate(alphas):
            served = [n for n in names if best is None or (best[n][0] == a).any()]
            if served:
                n = training.runs.n_structure
                yield a, served, Elimination(training.scaled, n, structure, float(alpha))


def _best(errors: Floats) -> tuple[Integers, Integers]:
    """Return the indices (T,) of the alpha and the factor with the smallest errors (A, F, T)."""
    flat = errors.reshape(-1, errors.shape[-1]).argmin(axis=0)
    alpha, factor = np.unravel_index(flat, errors.shape[:2])
    return alpha, factor


def _squared_errors(moments: Floats) -> Floats:
    """Return squared errors, which may be negative: their noiseless squares are estimates."""
    errors: Floats = moments[XX] - 2.0 * moments[XY] + moments[YY]
    return errors


def _level(runs: RunCollection, inputs: Inputs, c: int) -> float:
    """Return the mean of the feature that predicts the mean of configuration c."""
    return 0.0 if inputs.mean_of is None else float(runs.collection.parts[c].x_mean[inputs.mean_of])
