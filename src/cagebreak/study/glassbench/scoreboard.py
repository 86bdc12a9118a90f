"""The scoreboard: a fit to the training set, its scores on the test set, and those of others."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from cagebreak._frames import metric_columns
from cagebreak._progress import shown
from cagebreak.bootstrap import interval, resamples
from cagebreak.configuration import SPECIES_NAMES, species_index
from cagebreak.descriptors.recommended import feature_groups
from cagebreak.dynamics.propensity import spearman_brown
from cagebreak.learning import Metrics, RidgeCV, Sample
from cagebreak.learning.folds import configuration_folds
from cagebreak.learning.metrics import in_configurations
from cagebreak.learning.model_selection.nested_fits import Outer, overview
from cagebreak.learning.model_selection.outer_fold import hold_out
from cagebreak.learning.scores import (
    configuration_pearson,
    mean_over_configurations,
    pair_moments,
    pooled_pearson,
)
from cagebreak.seeding import seed_sequence
from cagebreak.study.glassbench.features import FeatureFiles
from cagebreak.study.glassbench.split import Split
from cagebreak.study.recipe.selections import LEARNED

Floats = NDArray[np.float64]

METRICS = ("spearman", "roc_auc", "average_precision", "matthews_corrcoef", "active_share")
"""Scores beside Pearson r."""

LOWEST = ("bonds",)
"""Targets whose active particles have the lowest values."""

FOLDS = 5
"""Folds of the training set, of which alpha and the weights are chosen."""
ONE_COPY = "leave one of the files out"
"""What is advised if two configurations are nearly equal."""
RESAMPLES = 2000
CONFIDENCE = 0.95

PREDICTED = {
    "BOTAN": "BOTAN",
    "CAGE": "cage-state ridge",
    "GlassMLP": "GlassMLP",
    "SE3": "SE(3) network",
}
"""Names of the methods in published tables, by the names of their predictions in files."""

METHOD = "cagebreak"
OURS, STORED, PUBLISHED = "fit", "predictions in the test files", "published"
"""Where a row of the scoreboard is from."""

COLUMNS = [
    *(("method", "U64"), ("origin", "U32"), ("descriptors", "U96")),
    *(("target", "U16"), ("species", "U1"), ("time", "f8")),
    *((name + end, "f8") for end in ("", "_configuration") for name in ("r", "low", "high")),
    ("ceiling", "f8"),
    *metric_columns(METRICS),
    *((name, "f8") for name in ("alpha", "n_features", "n_train", "n_test")),
]
"""Columns of the scoreboard; a number that is not known is NaN."""


class _Samples:
    """The particles of some species in the files of a benchmark, each read when it is accessed.

    `n_read` is the number of files that were read so far.
    """

    def __init__(self, features: FeatureFiles, species: Sequence[int], target: str) -> None:
        self.features, self.species, self.target = features, species, target
        self.n_read = 0

    def __len__(self) -> int:
        return len(self.features.split.all_files)

    def __getitem__(self, index: int) -> Sample:
        self.n_read += 1
        path = self.features.split.all_files[index]
        observed = self.features.split.observe(path)
        species = observed.configuration.species
        rows = np.flatnonzero(np.isin(species, self.species))
        halves = None
        if observed.halves is not None and self.target == "displacement":
            halves = observed.halves[:, :, rows].swapaxes(1, 2)
        return Sample(
            self.features.load(path)[rows],
            observed.targets[self.target][:, rows].T,
            species[rows],
            halves,
        )


def fit_and_score(
    features: FeatureFiles, species: Sequence[str], seed: int, curves: np.ndarray
) -> np.ndarray:
    """Return the rows of the scoreboard, in the order of targets, species, methods and times.

    Parameters
    ----------
    features
        Descriptors of all files, which are done.
    species
        Letters of the species to learn.
    seed
        Seed of the folds and of the bootstrap.
    curves
        Published values, as of `published.curves`.
    """
    split = features.split
    tables = []
    numbers = [species_index(letter, split.model.n_species) for letter in species]
    for target in split.targets:
        for letter, fitted in zip(species, _fit(features, numbers, target, seed), strict=True):
            tables.append(fitted)
            if target == "displacement" and letter == SPECIES_NAMES[0]:
                tables += _stored(split, seed)
                tables += _published(split, curves)
    return np.concatenate(tables)


def _fit(
    features: FeatureFiles, species: Sequence[int], target: str, seed: int
) -> list[np.ndarray]:
    """Fit to the training set, and return the scores of each species on the test set."""
    split, how = features.split, features.how
    n_train, n_test = (len(split.files[name]) for name in ("train", "test"))
    samples = _Samples(features, species, target)
    # The test set is the one fold that is held out; alpha is chosen on the others.
    folds = 1 + configuration_folds(n_train, FOLDS, seed=seed_sequence(seed, "fit"))
    fold = np.concatenate([np.zeros(n_test, np.int64), folds])
    labels = how.labels
    energy = np.flatnonzero(
        (labels.kind == "energy") & (labels.state == "inherent") & (labels.species == "")
    )
    learned: Mapping[str, Any] = LEARNED
    outer = Outer(
        RidgeCV(folds=FOLDS, seed=seed, **learned),
        samples,
        fold,
        {"all": np.arange(len(labels))},
        feature_groups(labels),
        configuration_mean=int(energy[0]),
        keeps_predictions=True,
        name_of=lambda c: str(split.all_files[c]),
        way_on=ONE_COPY,
    )
    # All are read once for an overview, training twice for the fit, tests for the prediction.
    total = 2 * n_test + 3 * n_train
    with (
        threadpool_limits(limits=1, user_api="blas"),
        shown(f"fit of {target}", lambda: samples.n_read / total),
    ):
        result = hold_out(outer, 0, overview(outer))
    tables = []
    for letter in (SPECIES_NAMES[number] for number in species):
        key = (letter, "all")
        predicted, measured = [], []
        for _, of_predicted, of_measured in result.particles(key):
            predicted.append(of_predicted)
            measured.append(of_measured)
        halves = result.halves[letter]
        table = scored(predicted, measured, split.times, target, seed)
        if halves.any():
            table["ceiling"] = np.sqrt(spearman_brown(pooled_pearson(halves)))
        record = result.records[key]
        table["alpha"], table["n_features"] = record.alpha, len(labels)
        table["method"], table["origin"], table["species"] = METHOD, OURS, letter
        table["descriptors"], table["n_train"] = how.name, n_train
        tables.append(table)
    return tables


def _stored(split: Split, seed: int) -> list[np.ndarray]:
    """Return the scores of the predictions of A particles that all test files have."""
    observed = [split.observe(path) for path in split.files["test"]]
    tables = []
    for name, method in PREDICTED.items():
        if not all(name in each.predictions for each in observed):
            continue
        predicted, measured = [], []
        for each in observed:
            rows = np.flatnonzero(each.configuration.species == 0)
            values = each.predictions[name]
            # Predictions are of all particles, or of A alone.
            predicted.append((values if values.shape[1] == len(rows) else values[:, rows]).T)
            measured.append(each.targets["displacement"][:, rows].T)
        table = scored(predicted, measured, split.times, "displacement", seed)
        table["method"], table["origin"], table["species"] = method, STORED, SPECIES_NAMES[0]
        tables.append(table)
    return tables


def _published(split: Split, curves: np.ndarray) -> list[np.ndarray]:
    """Return a row for each published method and time; the table is of three dimensions."""
    if split.model.dimension != 3:
        return []
    tables = []
    is_near = np.isclose(curves["temperature"], split.model.temperature)
    near = curves[is_near]
    for method in dict.fromkeys(near["method"].tolist()):
        table = _empty(split.times, "displacement")
        table["method"], table["origin"], table["species"] = method, PUBLISHED, SPECIES_NAMES[0]
        for row in near[near["method"] == method]:
            column = "r" if row["averaging"] == "pooled" else "r_configuration"
            table[column][np.isclose(split.times, row["time"], rtol=0.01)] = row["pearson"]
        known = np.isfinite(table["r"]) | np.isfinite(table["r_configuration"])
        tables.append(table[known])
    return tables


def _empty(times: Sequence[float], target: str) -> np.ndarray:
    table = np.zeros(len(times), COLUMNS)
    for name, kind in COLUMNS:
        if kind == "f8":
            table[name] = np.nan
    table["time"], table["target"] = times, target
    return table


def scored(
    predicted: Sequence[Floats],
    measured: Sequence[Floats],
    times: Sequence[float],
    target: str,
    seed: int,
) -> np.ndarray:
    """Return the scores of predictions (n, T) of each test configuration, with intervals."""
    n = len(predicted)
    table = _empty(times, target)
    table["n_test"] = n
    moments = np.array([pair_moments(x, y) for x, y in zip(predicted, measured, strict=True)])
    weights = resamples(n, RESAMPLES, seed=seed_sequence(seed, "fit"))
    scores: tuple[tuple[str, Callable[..., Floats]], ...] = (
        ("", pooled_pearson),
        ("_configuration", configuration_pearson),
    )
    for suffix, score in scores:
        table["r" + suffix] = score(moments)
        bounds = interval(score(moments, weights), n, CONFIDENCE)
        table["low" + suffix], table["high" + suffix] = bounds
    metrics = Metrics(METRICS, lowest=target in LOWEST)
    for name, values in in_configurations(metrics, predicted, measured, np.arange(n)).items():
        table[name] = mean_over_configurations(values)
        bounds = interval(mean_over_configurations(values, weights), n, CONFIDENCE)
        table["low_" + name], table["high_" + name] = bounds
    return table
