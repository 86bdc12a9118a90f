"""Transfer: training at one state point or model, prediction at another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin, clone

from cagebreak._frames import to_frame, with_whole_names
from cagebreak.bootstrap import as_groups, interval, resamples
from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats, Integers
from cagebreak.learning.learner import traits
from cagebreak.learning.linear_model.base import LinearLearner
from cagebreak.learning.linear_model.ridge import RidgeCV
from cagebreak.learning.linear_model.whitening import whiten
from cagebreak.learning.model_selection.evaluate import evaluate
from cagebreak.learning.near_copies import require_distinct
from cagebreak.learning.preprocessing import Moments, Standardizer
from cagebreak.learning.samples import Sample, Samples, in_turn
from cagebreak.learning.scores import (
    ceiling,
    configuration_pearson,
    n_independent,
    pair_moments,
    pooled_pearson,
)
from cagebreak.learning.statistics import Statistics
from cagebreak.seeding import Seed

if TYPE_CHECKING:
    from pandas import DataFrame

TABLE = [
    ("train", "U32"),
    ("test", "U32"),
    ("species", "U1"),
    ("target", "i8"),
    ("time", "f8"),
    ("r", "f8"),
    ("low", "f8"),
    ("high", "f8"),
    ("r_configuration", "f8"),
    ("low_configuration", "f8"),
    ("high_configuration", "f8"),
    ("ceiling", "f8"),
]


@dataclass(frozen=True, eq=False)
class Source:
    """The samples of one state point or model, with the labels and units of their columns.

    Parameters
    ----------
    samples
        ``samples[i]`` is the `Sample` of configuration i.
    labels : (F,) structured array
        Labels of the features.
    units : mapping
        Units of lengths and times, e.g. ``{"length": "sigma_AA"}``.
    times : (T,) array, optional
        Times of the targets; default 0, 1, ... Targets of two sources correspond by index, so that
        their times may differ, as relaxation times do.
    groups : (C,) array of integers, optional
        The group of each configuration, as of `learning.evaluate`.
    """

    samples: Samples
    labels: np.ndarray
    units: Mapping[str, str] = field(default_factory=dict)
    times: ArrayLike | None = None
    groups: ArrayLike | None = None


def transfer(
    sources: Mapping[str, Source],
    learner: RegressorMixin | None = None,
    *,
    seed: Seed,
    folds: int = 5,
    n_resamples: int = 2000,
    confidence: float = 0.95,
) -> DataFrame:
    """Return the scores of a model fitted to each source, on every source.

    The score of a source on itself comes from cross-validation (`learning.evaluate`), that on
    another source from a fit to all configurations of the first. The features of the test source
    are standardized with mean, deviation and clipping of the training source. Pearson r does not
    depend on the mean and scale of the predictions, which may be wrong at another state point.

    Parameters
    ----------
    sources
        The sources by name.
    learner
        Any scikit-learn regressor; default `RidgeCV()`.
    seed
        Seed of the folds and of the bootstrap.
    folds, n_resamples, confidence
        As in `learning.evaluate`.

    Returns
    -------
    DataFrame
        A row for each `train`, `test`, `species` and `target`: the `time` in the test source, the
        scores of `learning.evaluate` with bootstrap intervals over the test configurations, and the
        noise `ceiling` of the test source.

    Raises
    ------
    InputError
        If there are fewer than two sources, their labels, units, numbers of targets or species do
        not match, or configurations are nearly equal (`near_copies`): in two sources, or in
        different folds of one.
    """
    if len(sources) < 2:
        raise InputError(f"sources: expected at least 2, got {len(sources)}")
    learner = RidgeCV() if learner is None else learner
    names = list(sources)
    for name in names:
        if not len(sources[name].samples):
            raise InputError(f"sources[{name!r}].samples: expected configurations, got none")
    for name in names[1:]:
        _require_match(names[0], sources[names[0]], name, sources[name])
    _require_distinct_sources(sources)
    rows = []
    for train in names:
        source = sources[train]
        scores = evaluate(
            learner,
            source.samples,
            seed=seed,
            times=source.times,
            folds=folds,
            n_resamples=n_resamples,
            confidence=confidence,
            groups=source.groups,
        ).rows
        for species in np.unique(scores["species"]):
            species_scores = scores[scores["species"] == species]
            table = _empty(train, train, species, len(species_scores))
            for name, _ in TABLE[4:]:
                table[name] = species_scores[name]
            rows.append(table)
        fits = _fit_all(learner, source)
        for test in names:
            if test == train:
                continue
            predictions = _predicted(fits, sources[test], train, test)
            for species, (moments, halves) in predictions.items():
                rows.append(
                    _scored(
                        train,
                        test,
                        species,
                        moments,
                        halves,
                        sources[test],
                        seed,
                        n_resamples,
                        confidence,
                    )
                )
    return to_frame(np.concatenate(rows))


def _require_distinct_sources(sources: Mapping[str, Source]) -> None:
    """Raise if configurations of different sources are nearly equal."""
    places = [(name, i) for name, source in sources.items() for i in range(len(source.samples))]
    require_distinct(
        _Joined([source.samples for source in sources.values()]),
        lambda a, b: places[a][0] != places[b][0],
        lambda a: "sources[{!r}].samples[{}]".format(*places[a]),
        "leave one of them out",
    )


class _Joined:
    """The samples of several sources, one after the other."""

    def __init__(self, parts: Sequence[Samples]) -> None:
        self._ends = np.cumsum([len(samples) for samples in parts])
        self._parts = parts

    def __len__(self) -> int:
        return int(self._ends[-1])

    def __getitem__(self, index: int) -> Sample:
        part = int(np.searchsorted(self._ends, index, side="right"))
        return self._parts[part][index - int(self._ends[part])]


def _fit_all(learner: RegressorMixin, source: Source) -> dict[str, RegressorMixin]:
    """Return a fit to all configurations for each species."""
    if traits(learner).learns_from == "statistics":
        return _fit_statistics(learner, source)
    samples = source.samples
    group = as_groups(source.groups, len(samples))
    data: dict[str, list[tuple[Floats, Floats, Integers]]] = {}
    for i, sample in in_turn(samples):
        for species, rows in sample.rows().items():
            parts = data.setdefault(species, [])
            of_rows = np.full(len(rows), group[i])
            parts.append((sample.features[rows], sample.targets[rows], of_rows))
    fits: dict[str, RegressorMixin] = {}
    for species, parts in data.items():
        X, Y, groups = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        arguments = {"groups": groups} if traits(learner).groups else {}
        fits[species] = clone(learner).fit(X, Y, **arguments)
    return fits


def _fit_statistics(learner: LinearLearner, source: Source) -> dict[str, RegressorMixin]:
    """Return a fit to the statistics of all groups of configurations for each species."""
    samples = source.samples
    groups = as_groups(source.groups, len(samples)).tolist()
    moments: dict[str, Moments] = {}
    for _, sample in in_turn(samples):
        for species, rows in sample.rows().items():
            of_rows = Moments.of(sample.features[rows])
            moments[species] = moments[species] + of_rows if species in moments else of_rows
    standardizers = {
        species: Standardizer.from_moments(total, learner.clip)
        for species, total in moments.items()
    }
    parts: dict[str, dict[int, Statistics]] = {species: {} for species in moments}
    for i, sample in in_turn(samples):
        for species, rows in sample.rows().items():
            Z, Y = standardizers[species].standardize(sample.features[rows]), sample.targets[rows]
            matrix = learner.whitening_of(sample.particles(rows), len(rows))
            empty = Statistics(Z.shape[1], Y.shape[1], learner.center)
            parts[species].setdefault(groups[i], empty).add(*whiten(matrix, Z, Y))
    return {
        species: clone(learner).fit_statistics(list(of_species.values()), standardizers[species])
        for species, of_species in parts.items()
    }


def _predicted(
    fits: Mapping[str, Any], source: Source, train: str, test: str
) -> dict[str, tuple[Floats, Floats]]:
    """Return for each species the moments of predictions and targets, and of the halves.

    Both are (C, 6, T).
    """
    shape = (len(source.samples), 6, source.samples[0].targets.shape[1])
    moments_of: dict[str, tuple[Floats, Floats]] = {}
    for i, sample in in_turn(source.samples):
        for species, rows in sample.rows().items():
            if species not in fits:
                raise InputError(
                    f"sources[{test!r}]: has particles of species {species}, "
                    f"sources[{train!r}] has none"
                )
            moments, halves = moments_of.setdefault(species, (np.zeros(shape), np.zeros(shape)))
            Y = sample.targets[rows]
            predicted = fits[species].predict(sample.features[rows]).reshape(Y.shape)
            moments[i] = pair_moments(predicted, Y)
            if sample.halves is not None:
                halves[i] = pair_moments(*sample.halves[:, rows])
    return moments_of


def _scored(
    train: str,
    test: str,
    species: str,
    moments: Floats,
    halves: Floats,
    source: Source,
    seed: Seed,
    n_resamples: int,
    confidence: float,
) -> np.ndarray:
    table = _empty(train, test, species, moments.shape[2])
    table["time"] = table["target"] if source.times is None else np.asarray(source.times)
    weights = resamples(len(moments), n_resamples, seed=seed, groups=source.groups)
    n_groups = n_independent(moments, source.groups)
    for score, suffix in ((pooled_pearson, ""), (configuration_pearson, "_configuration")):
        table["r" + suffix] = score(moments)
        bounds = interval(score(moments, weights), n_groups, confidence)
        table["low" + suffix], table["high" + suffix] = bounds
    table["ceiling"] = ceiling(halves, len(table))
    return table


def _empty(train: str, test: str, species: str, n_targets: int) -> np.ndarray:
    table = np.zeros(n_targets, with_whole_names(TABLE, train=[train], test=[test]))
    table["train"], table["test"], table["species"] = train, test, species
    table["target"] = np.arange(n_targets)
    return table


def _require_match(first: str, a: Source, second: str, b: Source) -> None:
    """Raise if labels, units or the numbers of columns of two sources differ."""
    if a.labels.dtype != b.labels.dtype or a.labels.shape != b.labels.shape:
        raise InputError(
            f"sources[{second!r}].labels: expected {len(a.labels)} features with the fields of "
            f"sources[{first!r}], got {len(b.labels)}"
        )
    # Labels are compared by their bytes, since a label that does not apply is NaN.
    differ = [k for k in range(len(a.labels)) if a.labels[k].tobytes() != b.labels[k].tobytes()]
    if differ:
        k = differ[0]
        raise InputError(
            f"sources[{second!r}].labels: expected the descriptors of sources[{first!r}]; "
            f"{len(differ)} differ, column {k} is {b.labels[k]} and not {a.labels[k]}"
        )
    if dict(a.units) != dict(b.units):
        raise InputError(
            f"sources[{second!r}].units: expected {dict(a.units)} as of sources[{first!r}], "
            f"got {dict(b.units)}"
        )
    sample_a, sample_b = a.samples[0], b.samples[0]
    for what, x, y in (
        ("features", sample_a.features, sample_b.features),
        ("targets", sample_a.targets, sample_b.targets),
    ):
        if x.shape[1] != y.shape[1]:
            raise InputError(
                f"sources[{second!r}]: expected {x.shape[1]} {what} as of sources[{first!r}], "
                f"got {y.shape[1]}"
            )
