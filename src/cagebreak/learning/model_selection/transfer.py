"""Train at one state point or on one model, predict another."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin, clone

from cagebreak._frames import to_frame
from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats
from cagebreak.learning.collection import collect
from cagebreak.learning.learner import traits
from cagebreak.learning.linear_model.ridge import RidgeCV
from cagebreak.learning.model_selection.evaluate import evaluate
from cagebreak.learning.samples import Samples, in_turn
from cagebreak.learning.scores import (
    COUNT,
    ceiling,
    configuration_pearson,
    interval,
    pair_moments,
    pooled_pearson,
    resamples,
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
    """Configurations of one state point or model, and what their columns mean.

    Parameters
    ----------
    samples
        ``samples[i]`` is the `Sample` of configuration i.
    labels : (F,) structured array
        Of the features.
    units : mapping
        What lengths and times are measured in, e.g. ``{"length": "sigma_AA"}``.
    times : (T,) array, optional
        Of the targets; 0, 1, ... if omitted. They may differ from source to source, as relaxation
        times do: targets are matched in their order.
    """

    samples: Samples
    labels: np.ndarray
    units: Mapping[str, str] = field(default_factory=dict)
    times: ArrayLike | None = None


def transfer(
    sources: Mapping[str, Source],
    learner: RegressorMixin | None = None,
    *,
    seed: Seed,
    folds: int = 5,
    n_resamples: int = 2000,
    confidence: float = 0.95,
) -> "DataFrame":
    """Return how well a fit to each source predicts each other, and itself.

    A source predicts itself by cross-validation (`learning.evaluate`), and another by a fit to
    all its configurations. Mean, deviation and clipping of the features are those of the source
    trained on: what is rare there must not explode elsewhere. Pearson r does not see a wrong
    level or scale, which differ from state to state.

    Parameters
    ----------
    sources
        By name.
    learner
        Any scikit-learn regressor; `RidgeCV()` if omitted.
    seed
        Of the folds and of the bootstrap.
    folds, n_resamples, confidence
        As of `learning.evaluate`.

    Returns
    -------
    DataFrame
        A row for each `train`, `test`, `species` and `target`: `time` (that of the test source),
        the scores of `learning.evaluate` with bootstrap intervals over the test configurations,
        and the `ceiling` of the test source.

    Raises
    ------
    InputError
        If there are fewer than two sources, or their labels, units, numbers of targets or species
        do not match.
    """
    if len(sources) < 2:
        raise InputError(f"sources: expected at least 2, got {len(sources)}")
    learner = RidgeCV() if learner is None else learner
    names = list(sources)
    for name in names[1:]:
        _require_match(names[0], sources[names[0]], name, sources[name])
    rows = []
    for train in names:
        own = sources[train]
        scores = evaluate(
            learner,
            own.samples,
            seed=seed,
            times=own.times,
            folds=folds,
            n_resamples=n_resamples,
            confidence=confidence,
        ).rows
        for species in np.unique(scores["species"]):
            mine = scores[scores["species"] == species]
            table = _empty(train, train, species, len(mine))
            for column in TABLE[4:]:
                table[column[0]] = mine[column[0]]
            rows.append(table)
        fits = _fit_all(learner, own.samples)
        for test in names:
            if test != train:
                found = _predicted(fits, sources[test], train, test)
                rows += [
                    _scored(
                        train, test, species, *each, sources[test], seed, n_resamples, confidence
                    )
                    for species, each in found.items()
                ]
    return to_frame(np.concatenate(rows))


def _fit_all(learner: RegressorMixin, samples: Samples) -> dict[str, RegressorMixin]:
    """Return a fit to all configurations for each species."""
    rows: dict[str, list[tuple[Floats, Floats]]] = {}
    takes = traits(learner)
    linear = takes.learns_from == "statistics"
    for _, sample in in_turn(samples):
        for species, chosen in sample.rows().items():
            of_species = rows.setdefault(species, [])
            if not linear:  # Only those that cannot learn from statistics take memory.
                of_species.append((sample.features[chosen], sample.targets[chosen]))
    fits: dict[str, RegressorMixin] = {}
    for species, parts in rows.items():
        if linear:
            found = collect(samples, species=species, clip=learner.clip)
            blocks = [Statistics.pooled([part], learner.center) for part in found.parts]
            fits[species] = clone(learner).fit_statistics(blocks, found.standardizer)
            continue
        extra = {}
        if takes.groups:
            extra["groups"] = np.repeat(np.arange(len(parts)), [len(x) for x, _ in parts])
        X, Y = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        fits[species] = clone(learner).fit(X, Y, **extra)
    return fits


def _predicted(
    fits: Mapping[str, Any], source: Source, train: str, test: str
) -> dict[str, tuple[Floats, Floats]]:
    """Return, by species, the moments of predictions and targets and of the halves, (C, 6, T)."""
    shape = (len(source.samples), 6, source.samples[0].targets.shape[1])
    found: dict[str, tuple[Floats, Floats]] = {}
    for i, sample in in_turn(source.samples):
        for species, rows in sample.rows().items():
            if species not in fits:
                raise InputError(
                    f"sources[{test!r}]: has particles of species {species}, "
                    f"sources[{train!r}] has none"
                )
            moments, halves = found.setdefault(species, (np.zeros(shape), np.zeros(shape)))
            Y = sample.targets[rows]
            predicted = fits[species].predict(sample.features[rows]).reshape(Y.shape)
            moments[i] = pair_moments(predicted, Y)
            if sample.halves is not None:
                halves[i] = pair_moments(*sample.halves[:, rows])
    return found


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
    drawn = resamples(len(moments), n_resamples, seed=seed)
    present = int((moments[:, COUNT, 0] > 0).sum())
    for score, suffix in ((pooled_pearson, ""), (configuration_pearson, "_configuration")):
        table["r" + suffix] = score(moments)
        bounds = interval(score(moments, drawn), present, confidence)
        table["low" + suffix], table["high" + suffix] = bounds
    table["ceiling"] = ceiling(halves, len(table))
    return table


def _empty(train: str, test: str, species: str, n_targets: int) -> np.ndarray:
    table = np.zeros(n_targets, TABLE)
    table["train"], table["test"], table["species"] = train, test, species
    table["target"] = np.arange(n_targets)
    return table


def _require_match(first: str, a: Source, second: str, b: Source) -> None:
    if a.labels.dtype != b.labels.dtype or a.labels.shape != b.labels.shape:
        raise InputError(
            f"sources[{second!r}].labels: expected {len(a.labels)} features with the fields of "
            f"sources[{first!r}], got {len(b.labels)}"
        )
    # By their bytes: a label that does not apply may be NaN, which equals nothing.
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
    ours, theirs = a.samples[0], b.samples[0]
    for what, x, y in (
        ("features", ours.features, theirs.features),
        ("targets", ours.targets, theirs.targets),
    ):
        if x.shape[1] != y.shape[1]:
            raise InputError(
                f"sources[{second!r}]: expected {x.shape[1]} {what} as of sources[{first!r}], "
                f"got {y.shape[1]}"
            )
