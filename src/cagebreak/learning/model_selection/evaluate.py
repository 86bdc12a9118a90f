"""Scores of a learner on held-out configurations, by nested cross-validation."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin
from sklearn.pipeline import Pipeline

from cagebreak._frames import SCORES, metric_columns, to_frame, with_whole_names
from cagebreak._html import card, curves
from cagebreak._progress import each
from cagebreak.bootstrap import interval, require_bootstrap, resamples
from cagebreak.dynamics.propensity import spearman_brown
from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats, Integers, as_columns
from cagebreak.learning.folds import configuration_folds
from cagebreak.learning.linear_model.ridge import AlphaWarning
from cagebreak.learning.metrics import POOLED, Metrics, in_configurations, pooled_spearman
from cagebreak.learning.model_selection.nested_fits import Outer, overview
from cagebreak.learning.model_selection.outer_fold import HeldOut, hold_out
from cagebreak.learning.samples import Samples
from cagebreak.learning.scores import (
    COUNT,
    configuration_pearson,
    mean_over_configurations,
    n_independent,
    pooled_pearson,
)
from cagebreak.seeding import Seed

if TYPE_CHECKING:
    from pandas import DataFrame


class Costs(NamedTuple):
    """The cost of a learner, summed over the folds."""

    training_seconds: float
    """CPU time of all fits and of reading the samples. If a training resumed from a checkpoint, the
    time that earlier processes spent on it is included."""
    inference_seconds: float
    """CPU time of one prediction of every configuration, without reading the samples."""
    parameters: int
    """Number of parameters of one fit, summed over the targets; 0 if unknown."""


@dataclass(frozen=True, eq=False, repr=False)
class Scores:
    """The scores of a learner on held-out configurations.

    Parameters
    ----------
    rows : structured array
        The rows of `table`.
    moments : dict
        The moments (C, 6, T) of prediction and target in each configuration
        (`scores.pair_moments`), by (species, features). They determine every score, and the
        bootstrap of differences between two learners.
    costs : dict
        The `Costs` by (species, features). Selections and species that are learned together all
        have their total training time.
    metrics : dict
        The metrics that were asked for, by (species, features) and name, in each configuration
        (C, T); all but the pooled one.
    """

    rows: np.ndarray
    moments: dict[tuple[str, str], Floats]
    costs: dict[tuple[str, str], Costs]
    metrics: dict[tuple[str, str], dict[str, Floats]] = field(default_factory=dict)

    def __repr__(self) -> str:
        facts = ", ".join(f"{name} {value}" for name, value in self._facts().items())
        return f"Scores({facts})"

    def _repr_html_(self) -> str:
        lines = {}
        rows = self.rows[np.argsort(self.rows["time"], kind="stable")]
        for species, features in self.moments:
            of_one = (rows["species"] == species) & (rows["features"] == features)
            lines[f"{species} {features}"] = rows["r"][of_one]
            times = rows["time"][of_one]  # the same for all
        return card("Scores", self._facts(), curves("r over time", times, lines, (0.0, 1.0)))

    def _facts(self) -> dict[str, str]:
        species, features = (
            list(dict.fromkeys(names)) for names in zip(*self.moments, strict=True)
        )
        facts = {
            "learner": ", ".join(np.unique(self.rows["learner"])),
            "species": ", ".join(species),
            "features": ", ".join(features),
            "times": str(len(np.unique(self.rows["time"]))),
        }
        if np.isfinite(self.rows["r"]).any():
            best = self.rows[np.nanargmax(self.rows["r"])]
            facts["best r"] = f"{best['r']:.3f} ({best['species']} {best['features']})"
        return facts

    @cached_property
    def table(self) -> DataFrame:
        """A row for each species, selection of features and time; see `evaluate`."""
        return to_frame(self.rows)


def evaluate(
    learner: RegressorMixin,
    samples: Samples,
    *,
    seed: Seed,
    columns: Mapping[str, Any] | None = None,
    times: ArrayLike | None = None,
    feature_groups: ArrayLike | None = None,
    configuration_mean: int | None = None,
    folds: int = 5,
    n_resamples: int = 2000,
    confidence: float = 0.95,
    name: str | None = None,
    groups: ArrayLike | None = None,
    metrics: str | Sequence[str] | Metrics = (),
) -> Scores:
    """Score a learner by nested cross-validation over configurations.

    The configurations are divided into folds. For each fold, a clone of the learner is fitted to
    the other folds and predicts the configurations of this fold. Everything that is chosen or
    estimated (alpha, means, deviations, bounds of clipping) comes from the training folds. A
    separate model is fitted to each species.

    The data that a learner is fitted to depends on its kind (`cagebreak.learning.learner.Traits`):

    - `RidgeCV`, `ARDRegression`, `ElasticNetCV`, `PCARegression` and `PLSRegression` are fitted to
      sufficient statistics (`FoldStatistics`). The samples are read one configuration at a time, a
      few times for all selections and targets, so that memory does not grow with the number of
      configurations. The inner cross-validation holds out the training folds in turn; they are
      pooled into ``learner.folds`` folds if there are more.
    - A graph network, or an `Ensemble` of them, is fitted to the graphs of the training
      configurations. Every sample must have a graph.
    - Any other scikit-learn regressor is fitted to the rows of the training configurations, X
      (n, F) and y (n, T). `sklearn.multioutput.MultiOutputRegressor` adapts a regressor of a single
      target.

    If the `fit` of a learner has the argument `groups`, it receives the group of the configuration
    of each row or graph.

    Parameters
    ----------
    learner
        A scikit-learn regressor, a graph network or an `Ensemble`; it is cloned, not changed.
    samples
        ``samples[i]`` is the `Sample` of configuration i; it is read each time it is accessed.
    seed
        Seed of the folds and of the bootstrap.
    columns
        Named selections of features: indices, masks or slices. Default all features, named "all".
    times : (T,) array, optional
        Times of the targets; default 0, 1, ...
    feature_groups : (F,) array of integers, optional
        The family of each feature, for a learner whose `fit` has this argument; see `RidgeCV`.
    configuration_mean
        Index of a feature, for a learner that is centered per configuration. The mean prediction
        over a configuration is replaced by the prediction of a `ConfigurationMean` from the mean of
        this feature. This changes the pooled r only.
    folds
        Number of outer folds; one for each configuration if there are fewer configurations.
    n_resamples
        Number of bootstrap resamples of the configurations.
    confidence
        Confidence level of the intervals. The bootstrap keeps the fits fixed: the intervals include
        the variation between test configurations, not between training sets.
    name
        Name of the learner in the table; default its class.
    groups : (C,) array of integers, optional
        The group of each configuration. Configurations that share their structure, such as frames
        of one cage, are a group: they are held out together, and drawn together in the bootstrap.
        By default each configuration is a group of its own.
    metrics
        Names of further scores, such as ``("spearman", "average_precision")``, or `Metrics` with
        their settings. The predictions of all particles are then in memory at once.

    Returns
    -------
    Scores
        The columns of its table are:

        - `time`, `species`, `learner`, `features`;
        - `r`, `low`, `high`: Pearson r pooled over all particles, and its interval;
        - `r_configuration`, `low_configuration`, `high_configuration`: the mean over configurations
          of r within each, and its interval;
        - `ceiling`: the noise ceiling of the pooled r, NaN without halves;
        - `alpha`: the median over folds, NaN if the learner has no alpha;
        - `alpha_outside`: the share of folds whose alpha lies outside the range that the learner
          was given; an `AlphaWarning` counts them, and names their species and features;
        - `n_features`: the number of features in the selection;
        - `n_configurations`: the number of configurations that have particles of the species;
        - each metric under its name, with the bounds `low_` and `high_` of its interval.

        A score is NaN if the prediction or the target does not vary.

    Raises
    ------
    InputError
        If there are fewer than two configurations, samples do not fit each other, a number is not
        finite, configurations in different folds are nearly equal (`near_copies`), or no training
        configuration of a fold has particles of a species.
    """
    return plan(
        learner,
        samples,
        seed=seed,
        columns=columns,
        times=times,
        feature_groups=feature_groups,
        configuration_mean=configuration_mean,
        folds=folds,
        n_resamples=n_resamples,
        confidence=confidence,
        name=name,
        groups=groups,
        metrics=metrics,
    ).run()


@dataclass(frozen=True, eq=False)
class Evaluation:
    """An evaluation whose folds are held out one by one, in any order and process.

    Parameters
    ----------
    outer
        The cross-validation.
    times, seed, n_resamples, confidence, name, metrics
        As of `evaluate`.
    """

    outer: Outer
    times: Floats
    seed: Seed
    n_resamples: int
    confidence: float
    name: str
    metrics: Metrics

    def run(self) -> Scores:
        """Hold out each fold, and return the scores."""
        outer = self.outer.with_small_samples()
        seen = overview(outer)
        folds = each("evaluation", range(outer.n_folds), outer.n_folds)
        return self.scores([hold_out(outer, k, seen) for k in folds])

    def scores(self, results: Sequence[HeldOut]) -> Scores:
        """Return the scores from the results of all folds."""
        outer = self.outer
        n = len(outer.samples)
        weights = resamples(n, self.n_resamples, seed=self.seed, groups=outer.groups)
        # Selections and species that are learned together may share a fit.
        training_seconds = sum(result.training_seconds for result in results)
        _warn_if_outside(results)
        keys = [(s, name) for s in sorted(results[0].halves) for name in outer.columns]
        columns = [*SCORES, *metric_columns(self.metrics.names)]
        dtype = with_whole_names(columns, learner=[self.name], features=outer.columns)
        tables, all_moments, costs, all_metrics = [], {}, {}, {}
        for species, features in keys:
            records = [result.records[species, features] for result in results]
            moments = _joined(n, results, [result.moments[species, features] for result in results])
            halves = _joined(n, results, [result.halves[species] for result in results])
            table = np.zeros(len(self.times), dtype)
            table["time"], table["species"], table["features"] = self.times, species, features
            table["learner"] = self.name
            table["alpha"] = np.median(np.array([record.alpha for record in records]), axis=0)
            outside = np.array([record.outside for record in records], dtype=float)
            table["alpha_outside"] = outside.mean(axis=0)
            table["n_features"] = len(outer.columns[features])
            n_groups = n_independent(moments, outer.groups)
            _score(table, moments, halves, weights, n_groups, self.confidence)
            if self.metrics.names:
                key = (species, features)
                all_metrics[key] = self._measure(table, key, results, weights, n_groups)
            tables.append(table)
            all_moments[species, features] = moments
            seconds = sum(result.inference_seconds[species, features] for result in results)
            costs[species, features] = Costs(training_seconds, seconds, records[0].n_parameters)
        return Scores(np.concatenate(tables), all_moments, costs, all_metrics)

    def _measure(
        self,
        table: np.ndarray,
        key: tuple[str, str],
        results: Sequence[HeldOut],
        weights: Floats,
        n_groups: int,
    ) -> dict[str, Floats]:
        """Fill the metrics into a table; return those of each configuration."""
        outer = self.outer
        none = np.empty((0, len(self.times)))
        predicted, measured = [none] * len(outer.samples), [none] * len(outer.samples)
        for result in results:
            for i, of_predicted, of_measured in result.particles(key):
                predicted[i], measured[i] = of_predicted, of_measured
        values = in_configurations(self.metrics, predicted, measured, outer.fold, outer.groups)
        for name in self.metrics.names:
            if name == POOLED:
                score, resampled = pooled_spearman(predicted, measured, weights)
            else:
                score = mean_over_configurations(values[name])
                resampled = mean_over_configurations(values[name], weights)
            table[name] = score
            low, high = interval(resampled, n_groups, self.confidence)
            table["low_" + name], table["high_" + name] = low, high
        return values


def _joined(n: int, results: Sequence[HeldOut], moments: Sequence[Floats]) -> Floats:
    """Return the moments (n, 6, T) of all configurations from those of each fold."""
    joined = np.zeros((n, *moments[0].shape[1:]))
    for result, of_fold in zip(results, moments, strict=True):
        joined[result.configurations] = of_fold
    return joined


def plan(
    learner: RegressorMixin,
    samples: Samples,
    *,
    seed: Seed,
    columns: Mapping[str, Any] | None = None,
    times: ArrayLike | None = None,
    feature_groups: ArrayLike | None = None,
    configuration_mean: int | None = None,
    folds: int = 5,
    n_resamples: int = 2000,
    confidence: float = 0.95,
    name: str | None = None,
    groups: ArrayLike | None = None,
    metrics: str | Sequence[str] | Metrics = (),
) -> Evaluation:
    """Check the arguments of `evaluate`, and divide its configurations into folds.

    Raises
    ------
    InputError
        As of `evaluate`, but for what only reading all samples shows.
    """
    require_bootstrap(n_resamples, confidence, seed)
    if len(samples) < 2:
        raise InputError(f"samples: expected at least 2 configurations, got {len(samples)}")
    first = samples[0]
    n_features, n_targets = first.features.shape[1], first.targets.shape[1]
    times = np.asarray(np.arange(n_targets) if times is None else times, dtype=np.float64)
    if times.shape != (n_targets,):
        raise InputError(f"times: expected shape ({n_targets},), got {times.shape}")
    columns = {"all": slice(None)} if columns is None else columns
    indices = {key: as_columns(f"columns[{key!r}]", columns[key], n_features) for key in columns}
    families = _families(feature_groups, n_features)
    if configuration_mean is not None and not 0 <= configuration_mean < n_features:
        raise InputError(
            f"configuration_mean: expected a column from 0 to {n_features - 1}, "
            f"got {configuration_mean!r}"
        )
    fold = configuration_folds(len(samples), folds, seed=seed, groups=groups)
    if fold.max() == 0:
        raise InputError("groups: expected at least 2, got one that has all configurations")
    asked = Metrics.of(metrics)
    keeps = bool(asked.names)
    outer = Outer(learner, samples, fold, indices, families, groups, configuration_mean, keeps)
    return Evaluation(outer, times, seed, n_resamples, confidence, name or _name(learner), asked)


def _warn_if_outside(results: Sequence[HeldOut]) -> None:
    """Warn, once for all fits, if an alpha lies outside the range that the learner was given."""
    n = 0
    beyond: list[Floats] = []
    where: dict[str, list[str]] = {}
    for species, features in results[0].records:
        for result in results:
            record = result.records[species, features]
            alphas, outside = np.broadcast_arrays(np.atleast_1d(record.alpha), record.outside)
            n += alphas.size
            if outside.any():
                beyond.append(alphas[outside])
                where.setdefault(species, []).append(features)
    if beyond:
        low, high = np.concatenate(beyond).min(), np.concatenate(beyond).max()
        names = "; ".join(
            f"species {species}, features {', '.join(map(repr, dict.fromkeys(features)))}"
            for species, features in where.items()
        )
        warnings.warn(
            f"alphas: {sum(map(len, beyond))} of {n} chosen alphas lie outside the range that the "
            f"learner was given, at {low:.3g}{f' to {high:.3g}' if high > low else ''} ({names}); "
            "see the column alpha_outside",
            AlphaWarning,
            stacklevel=3,
        )


def _families(feature_groups: ArrayLike | None, n_features: int) -> Integers | None:
    """Return the family of each feature after a check of its shape."""
    if feature_groups is None:
        return None
    families = np.asarray(feature_groups)
    if families.shape != (n_features,):
        raise InputError(f"feature_groups: expected shape ({n_features},), got {families.shape}")
    return families


def _score(
    table: np.ndarray,
    moments: Floats,
    halves: Floats,
    weights: Floats,
    n_groups: int,
    confidence: float,
) -> None:
    """Fill the scores of moments (C, 6, T), their intervals and the ceiling into a table."""
    table["n_configurations"] = (moments[:, COUNT, 0] > 0).sum()
    table["ceiling"] = np.sqrt(spearman_brown(pooled_pearson(halves)))
    for score, suffix in ((pooled_pearson, ""), (configuration_pearson, "_configuration")):
        table["r" + suffix] = score(moments)
        low, high = interval(score(moments, weights), n_groups, confidence)
        table["low" + suffix], table["high" + suffix] = low, high


def _name(learner: RegressorMixin) -> str:
    final = learner[-1] if isinstance(learner, Pipeline) else learner
    return type(final).__name__
