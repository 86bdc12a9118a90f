"""Scores of a learner on configurations held out, by nested cross-validation."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from time import process_time
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin
from sklearn.pipeline import Pipeline

from cagebreak._frames import to_frame
from cagebreak.dynamics.propensity import spearman_brown
from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats, Integers, as_columns
from cagebreak.learning.folds import configuration_folds
from cagebreak.learning.learner import fit_record, traits
from cagebreak.learning.model_selection.configuration_mean import ConfigurationMean
from cagebreak.learning.model_selection.nested_fits import (
    FITTERS,
    Fit,
    Fits,
    fit_configuration_means,
    predict,
)
from cagebreak.learning.samples import Samples, in_turn
from cagebreak.learning.scores import (
    COUNT,
    configuration_pearson,
    interval,
    pair_moments,
    pooled_pearson,
    resamples,
)
from cagebreak.seeding import Seed

if TYPE_CHECKING:
    from pandas import DataFrame

COLUMNS = [
    ("time", "f8"),
    ("species", "U1"),
    ("learner", "U32"),
    ("features", "U64"),
    ("r", "f8"),
    ("low", "f8"),
    ("high", "f8"),
    ("r_configuration", "f8"),
    ("low_configuration", "f8"),
    ("high_configuration", "f8"),
    ("ceiling", "f8"),
    ("alpha", "f8"),
    ("n_features", "i8"),
    ("n_configurations", "i8"),
]


class Costs(NamedTuple):
    """The cost of a learner, of all folds together."""

    training_seconds: float
    """CPU time of all fits and of reading the samples, with that of earlier processes on trainings
    that resumed from checkpoints."""
    inference_seconds: float
    """CPU time to predict every configuration once, without reading."""
    parameters: int
    """Number of parameters of one fit, for all targets together; 0 if unknown."""


@dataclass(frozen=True, eq=False)
class Scores:
    """The scores of a learner on configurations held out.

    Parameters
    ----------
    rows : structured array
        What `table` holds.
    moments : dict
        By (species, features): the moments (C, 6, T) of prediction and target in each
        configuration (`scores.pair_moments`), which determine every score and the bootstrap of
        differences between two learners.
    costs : dict
        By (species, features): the `Costs`. Selections and species that are learned in one reading
        share the time of all.
    """

    rows: np.ndarray
    moments: dict[tuple[str, str], Floats]
    costs: dict[tuple[str, str], Costs]

    @cached_property
    def table(self) -> "DataFrame":
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
) -> Scores:
    """Predict every configuration once while it is held out, and score the predictions.

    The configurations are divided into folds. For each fold a clone of the learner is fitted to
    the others; all that is chosen or estimated (alpha, mean, deviation, bounds of clipping) comes
    from them alone. Each species has a fit of its own.

    `RidgeCV`, `ARDRegression`, `ElasticNetCV`, `PCARegression` and `PLSRegression` learn from
    statistics: three readings of the samples, one configuration at a time, serve all selections and
    targets, and memory does not grow with the number of configurations. Their inner
    cross-validation leaves out the remaining folds in turn, pooled to ``learner.folds`` if these
    are fewer. Any other scikit-learn regressor is given the rows of the training configurations, X
    (n, F) and y (n, T), and their configurations if its `fit` has the argument `groups`; wrap one
    for single targets in `sklearn.multioutput.MultiOutputRegressor`. A graph network, or an
    `Ensemble` of them, is given the graphs of the training configurations; every sample must have
    one. See `cagebreak.learning.learner.Traits`.

    Parameters
    ----------
    learner
        A scikit-learn regressor, a graph network or an `Ensemble`; it is cloned, not changed.
    samples
        ``samples[i]`` is the `Sample` of configuration i, read anew at each call.
    seed
        Of the folds and of the bootstrap.
    columns
        Named selections of features: indices, masks or slices. All features, named "all", if
        omitted.
    times : (T,) array, optional
        Of the targets; 0, 1, ... if omitted.
    feature_groups : (F,) array of integers, optional
        The family of each feature, for a learner whose `fit` has this argument; see `RidgeCV`.
    configuration_mean
        A column of the features. The mean prediction over a configuration is replaced by the
        prediction of a `ConfigurationMean` from the mean of this column, for a learner that is
        centered per configuration. Only the pooled r changes.
    folds
        Of the outer cross-validation; one for each configuration if there are fewer.
    n_resamples, confidence
        Of the bootstrap over configurations. It holds the predictions fixed: the intervals are
        those of the configurations tested on, not of those trained on.
    name
        Of the learner in the table; its class if omitted.

    Returns
    -------
    Scores
        With a table of the columns `time`, `species`, `learner`, `features`; `r`, `low`, `high`:
        Pearson r pooled over all particles, and its interval; `r_configuration`,
        `low_configuration`, `high_configuration`: the same for the mean of the r of each
        configuration; `ceiling`: of the pooled r, from the halves, or NaN without; `alpha`: the
        median over folds, NaN if the learner has none; `n_features`: of the selection;
        `n_configurations`: with particles of the species. A score is NaN where the prediction or
        the target does not vary.

    Raises
    ------
    InputError
        If there are fewer than two configurations, samples do not fit each other, a number is not
        finite, or a species is missing from all configurations that a fold is trained on.
    """
    if len(samples) < 2:
        raise InputError(f"samples: expected at least 2 configurations, got {len(samples)}")
    first = samples[0]
    n_features, n_targets = first.features.shape[1], first.targets.shape[1]
    times = np.arange(n_targets) if times is None else np.asarray(times, dtype=np.float64)
    if times.shape != (n_targets,):
        raise InputError(f"times: expected shape ({n_targets},), got {times.shape}")
    columns = {"all": slice(None)} if columns is None else columns
    chosen = {key: as_columns(f"columns[{key!r}]", columns[key], n_features) for key in columns}
    families = _families(feature_groups, n_features)
    if configuration_mean is not None and not 0 <= configuration_mean < n_features:
        raise InputError(
            f"configuration_mean: expected a column from 0 to {n_features - 1}, "
            f"got {configuration_mean!r}"
        )
    fold = configuration_folds(len(samples), folds, seed=seed)
    drawn = resamples(len(samples), n_resamples, seed=seed)

    began = process_time()
    fitter = FITTERS[traits(learner).learns_from]
    fits = fitter(learner, samples, fold, chosen, families)
    training_seconds = process_time() - began
    records = {id(fit): fit_record(fit) for fit in fits.values()}  # one may serve several species
    training_seconds += sum(record.earlier_seconds for record in records.values())
    means = None
    if configuration_mean is not None:
        fitted_means = fit_configuration_means(samples, fold, configuration_mean)
        means = _Means(configuration_mean, fitted_means)
    moments, halves, seconds = _predict_held_out(fits, samples, fold, chosen, means)
    tables, costs = [], {}
    for (species, features), of_pair in moments.items():
        of_folds = [
            records[id(fits[Fit(k, species, features)])] for k in range(int(fold.max()) + 1)
        ]
        table = np.zeros(n_targets, dtype=COLUMNS)
        table["time"], table["species"], table["features"] = times, species, features
        table["learner"] = name or _name(learner)
        table["alpha"] = np.median(np.array([record.alpha for record in of_folds]), axis=0)
        table["n_features"] = len(chosen[features])
        _score(table, of_pair, halves[species], drawn, confidence)
        tables.append(table)
        costs[species, features] = Costs(
            training_seconds, seconds[species, features], of_folds[0].n_parameters
        )
    return Scores(np.concatenate(tables), moments, costs)


class _Means(NamedTuple):
    """Fits of the mean target of a configuration, by fold and species, to the mean of a column."""

    column: int
    fits: Mapping[tuple[int, str], ConfigurationMean]


def _families(feature_groups: ArrayLike | None, n_features: int) -> Integers | None:
    """Return the family of each feature, checked."""
    if feature_groups is None:
        return None
    families = np.asarray(feature_groups)
    if families.shape != (n_features,):
        raise InputError(f"feature_groups: expected shape ({n_features},), got {families.shape}")
    return families


def _score(
    table: np.ndarray, moments: Floats, halves: Floats, drawn: Floats, confidence: float
) -> None:
    """Fill in the scores of moments (C, 6, T), their intervals and the ceiling."""
    table["n_configurations"] = n_present = int((moments[:, COUNT, 0] > 0).sum())
    table["ceiling"] = np.sqrt(spearman_brown(pooled_pearson(halves)))
    for score, suffix in ((pooled_pearson, ""), (configuration_pearson, "_configuration")):
        table["r" + suffix] = score(moments)
        low, high = interval(score(moments, drawn), n_present, confidence)
        table["low" + suffix], table["high" + suffix] = low, high


def _predict_held_out(
    fits: Fits,
    samples: Samples,
    fold: Integers,
    columns: Mapping[str, Integers],
    means: _Means | None,
) -> tuple[dict[tuple[str, str], Floats], dict[str, Floats], dict[tuple[str, str], float]]:
    """Return the moments of predictions and targets, those of the halves, and the CPU time."""
    shape = (len(samples), 6, samples[0].targets.shape[1])
    moments = {
        (species, features): np.zeros(shape)
        for species in sorted({fit.species for fit in fits})
        for features in columns
    }
    halves = {species: np.zeros(shape) for species, _ in moments}
    seconds = dict.fromkeys(moments, 0.0)
    for i, sample in in_turn(samples):
        for species, rows in sample.rows().items():
            Y = sample.targets[rows]
            for features, chosen in columns.items():
                fitted = fits[Fit(int(fold[i]), species, features)]
                began = process_time()
                predicted = predict(fitted, sample, rows, chosen).reshape(Y.shape)
                seconds[species, features] += process_time() - began
                if means is not None:
                    feature = sample.features[rows, means.column].mean()
                    mean = means.fits[int(fold[i]), species].predict(feature)
                    predicted = predicted - predicted.mean(axis=0) + mean
                moments[species, features][i] = pair_moments(predicted, Y)
            if sample.halves is not None:
                halves[species][i] = pair_moments(*sample.halves[:, rows])
    return moments, halves, seconds


def _name(learner: RegressorMixin) -> str:
    final = learner[-1] if isinstance(learner, Pipeline) else learner
    return type(final).__name__
