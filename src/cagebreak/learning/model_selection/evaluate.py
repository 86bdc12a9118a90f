"""How well a learner predicts configurations it has not seen: nested cross-validation."""

from collections.abc import Callable, Mapping
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
from cagebreak.learning.linear_model.base import LinearLearner
from cagebreak.learning.model_selection.configuration_mean import ConfigurationMean
from cagebreak.learning.model_selection.nested_fits import (
    Fit,
    Fits,
    fit_graphs,
    fit_levels,
    fit_linear,
    fit_rows,
    predict,
    takes_graphs,
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
    """What a learner has cost, all folds together."""

    training_seconds: float
    """CPU time of all fits, the reading of the samples included, and what earlier processes spent
    on trainings that went on from their checkpoints."""
    inference_seconds: float
    """CPU time to predict every configuration once, without reading."""
    parameters: int
    """Of one fit, for all targets together; 0 if it does not say."""


@dataclass(frozen=True, eq=False)
class Scores:
    """The accuracy of a learner on configurations held out.

    Parameters
    ----------
    rows : structured array
        What `table` holds.
    moments : dict
        By (species, features): the moments (C, 6, T) of prediction and target in each
        configuration (`scores.pair_moments`), from which every score and the bootstrap of every
        difference between two learners follow.
    costs : dict
        By (species, features): the `Costs`. Selections and species that are learned together by
        one reading share what it took.
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
    level: int | None = None,
    folds: int = 5,
    n_resamples: int = 2000,
    confidence: float = 0.95,
    name: str | None = None,
) -> Scores:
    """Predict every configuration once while it is held out, and score the predictions.

    The configurations are divided into folds. For each fold a clone of the learner is fitted to
    the others; all that is chosen or estimated (alpha, mean, deviation, bounds of clipping) comes
    from them alone. Each species is learned for itself.

    `RidgeCV`, `ARDRegression`, `ElasticNetCV`, `PCARegression` and `PLSRegression` learn from
    statistics: three readings of the samples, one configuration at a time, serve all selections and
    targets, and memory does not grow with their number. Their inner cross-validation leaves out the
    remaining folds in turn, pooled to ``learner.folds`` of them if these are fewer. Any other
    scikit-learn regressor is given the rows of the training configurations, X (n, F) and y (n, T),
    and as `groups` their configurations if its `fit` knows the argument; one that takes a single
    target is to be wrapped in `sklearn.multioutput.MultiOutputRegressor`. A `GraphLearner`, or an
    `Ensemble` of them, is given the graphs of the training configurations, and every sample must
    have one.

    Parameters
    ----------
    learner
        A scikit-learn regressor, a `GraphLearner` or an `Ensemble`; it is cloned, not changed.
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
        The family of each feature, handed on to a learner that knows them; see `RidgeCV`.
    level
        A column of the features. The mean prediction over a configuration is then replaced by
        what a `ConfigurationMean` makes of the mean of this column; meant for a learner that is
        centered per configuration. Changes the pooled r alone.
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
    if columns is None:
        columns = {"all": slice(None)}
    chosen = {key: as_columns(f"columns[{key!r}]", columns[key], n_features) for key in columns}
    fold = configuration_folds(len(samples), folds, seed=seed)
    drawn = resamples(len(samples), n_resamples, seed=seed)

    if feature_groups is not None:
        feature_groups = np.asarray(feature_groups)
        if feature_groups.shape != (n_features,):
            raise InputError(
                f"feature_groups: expected shape ({n_features},), got {feature_groups.shape}"
            )
    if level is not None and not 0 <= level < n_features:
        raise InputError(f"level: expected a column from 0 to {n_features - 1}, got {level!r}")

    began = process_time()
    fits = _fitter(learner)(learner, samples, fold, chosen, feature_groups)
    training_seconds = process_time() - began
    each = {id(fit): fit for fit in fits.values()}  # one may serve several species
    training_seconds += sum(getattr(fit, "earlier_seconds_", 0.0) for fit in each.values())
    levels = None if level is None else fit_levels(samples, fold, level)
    moments, halves, seconds = _predict_held_out(fits, samples, fold, chosen, level, levels)
    rows = []
    for (species, features), of_pair in moments.items():
        alphas = [
            getattr(fits[Fit(k, species, features)], "alpha_", np.nan)
            for k in range(int(fold.max()) + 1)
        ]
        table = np.zeros(n_targets, dtype=COLUMNS)
        table["time"], table["species"], table["features"] = times, species, features
        table["learner"] = name or _name(learner)
        table["alpha"] = np.median(np.array(alphas), axis=0)
        table["n_features"] = len(chosen[features])
        table["n_configurations"] = n_present = int((of_pair[:, COUNT, 0] > 0).sum())
        table["ceiling"] = np.sqrt(spearman_brown(pooled_pearson(halves[species])))
        for score, suffix in ((pooled_pearson, ""), (configuration_pearson, "_configuration")):
            table["r" + suffix] = score(of_pair)
            low, high = interval(score(of_pair, drawn), n_present, confidence)
            table["low" + suffix], table["high" + suffix] = low, high
        rows.append(table)
    costs = {
        key: Costs(training_seconds, seconds[key], _parameters(fits[Fit(0, *key)]))
        for key in moments
    }
    return Scores(np.concatenate(rows), moments, costs)


def _predict_held_out(
    fits: Fits,
    samples: Samples,
    fold: Integers,
    columns: Mapping[str, Integers],
    level: int | None,
    levels: Mapping[tuple[int, str], ConfigurationMean] | None,
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
                if level is not None and levels is not None:
                    of_level = sample.features[rows, level]
                    mean = levels[int(fold[i]), species].predict(of_level.mean())
                    predicted = predicted - predicted.mean(axis=0) + mean
                moments[species, features][i] = pair_moments(predicted, Y)
            if sample.halves is not None:
                halves[species][i] = pair_moments(*sample.halves[:, rows])
    return moments, halves, seconds


def _parameters(fitted: Any) -> int:
    if hasattr(fitted, "n_parameters_"):
        return int(fitted.n_parameters_)
    linear = (getattr(fitted, name, np.zeros(0)) for name in ("coef_", "intercept_"))
    return sum(np.size(values) for values in linear)


def _fitter(learner: Any) -> Callable[..., Fits]:
    if isinstance(learner, LinearLearner):
        return fit_linear
    return fit_graphs if takes_graphs(learner) else fit_rows


def _name(learner: RegressorMixin) -> str:
    final = learner[-1] if isinstance(learner, Pipeline) else learner
    return type(final).__name__
