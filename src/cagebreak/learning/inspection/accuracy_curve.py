"""Accuracy of a classifier of active particles, over the number of features and of configurations.

Whole configurations are held out. Every choice, including the order of features, is made on the
other ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin, clone

from cagebreak._frames import to_frame
from cagebreak.bootstrap import interval, resamples
from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats, Integers, as_columns, require_choice
from cagebreak.learning.classification import Labeled
from cagebreak.learning.folds import configuration_folds
from cagebreak.learning.inspection.forward_selection import forward_selection
from cagebreak.learning.inspection.sequential_selection import sequential_selection
from cagebreak.learning.learner import traits
from cagebreak.learning.linear_model.logistic import LogisticRegressionCV
from cagebreak.learning.near_copies import Axes, require_different
from cagebreak.learning.preprocessing import Standardizer
from cagebreak.learning.statistics import Statistics, decompose
from cagebreak.seeding import Seed, stream

if TYPE_CHECKING:
    from pandas import DataFrame

N_RESAMPLES = 1000
_SCORES: list[Any] = [("accuracy", "f8"), ("low", "f8"), ("high", "f8")]


def _basis(statistics: Statistics, n: int) -> Floats:
    return np.eye(statistics.n_features)[:, :n]


def _forward(statistics: Statistics, n: int) -> Floats:
    order = forward_selection(statistics, n).order
    return np.eye(statistics.n_features)[:, order[order >= 0]]


def _principal(statistics: Statistics, n: int) -> Floats:
    _, vectors, _ = decompose(statistics)
    return vectors[:, ::-1][:, :n]


ORDERS: dict[str, Callable[[Statistics, int], Floats]] = {
    "basis": _basis,
    "forward": _forward,
    "principal": _principal,
}
"""The matrix (F, n) of each order, which maps standardized features to the first n of the order."""


def accuracy_curve(
    data: Sequence[Labeled],
    sizes: ArrayLike,
    order: str | ArrayLike = "basis",
    learner: ClassifierMixin | None = None,
    folds: int = 10,
    *,
    seed: Seed,
) -> DataFrame:
    """Return the accuracy over the number of features; :cite:`Rottler2024`, figs. 3 and 5.

    Parameters
    ----------
    data
        Configurations; those without particles are left out.
    sizes : (S,) array of integers
        Numbers of features.
    order
        "basis", the order of the columns; "forward", that of `forward_selection` with being active
        as the target; "sequential", that of `sequential_selection`, the paper's; "principal",
        principal components in the order of falling variance; or the columns, (F,) integers. The
        training configurations of each fold determine the order.
    learner
        A classifier of scikit-learn; by default `LogisticRegressionCV`, without standardization of
        principal components, which would amplify the small ones.
    folds
        Number of folds of configurations.
    seed
        Seed of the folds and of the bootstrap.

    Returns
    -------
    DataFrame
        A row for each size: `n_features`; `accuracy`, the fraction of particles that are
        classified correctly; `low` and `high`, its 95 % bootstrap interval over configurations.

    Raises
    ------
    InputError
        If there are not two configurations, configurations are nearly equal (`near_copies`), a size
        or the order does not fit, or a training set lacks a class.
    """
    data = _usable(data)
    numbers = np.asarray(sizes)
    n_features = data[0].features.shape[1]
    if numbers.ndim != 1 or not len(numbers) or numbers.min() < 1 or numbers.max() > n_features:
        raise InputError(f"sizes: expected integers from 1 to {n_features}, got {sizes!r}")
    if learner is None:
        principal = isinstance(order, str) and order == "principal"
        learner = LogisticRegressionCV(standardize=not principal)
    fold = configuration_folds(len(data), folds, seed=seed)
    right = np.zeros((len(numbers), len(data)))
    for k in range(fold.max() + 1):
        training = [one for one, held_out_in in zip(data, fold, strict=True) if held_out_in != k]
        X, y, groups = _rows(training)
        standardizer = Standardizer().fit(X)
        X = standardizer.standardize(X)
        columns = _columns(order, X, y, groups, int(numbers.max()), seed)
        ordered = X @ columns
        for s, size in enumerate(numbers):
            fitted = _fit(learner, ordered[:, :size], y, groups)
            for i in np.flatnonzero(fold == k):
                Z = standardizer.standardize(data[i].features) @ columns[:, :size]
                right[s, i] = (fitted.predict(Z) == data[i].active).sum()
    table = np.zeros(len(numbers), [("n_features", "i8"), *_SCORES])
    table["n_features"] = numbers
    _score(table, right, data, seed)
    return to_frame(table)


def accuracy_against_data(
    data: Sequence[Labeled],
    sizes: ArrayLike,
    columns: Any = slice(None),
    learner: ClassifierMixin | None = None,
    folds: int = 10,
    *,
    seed: Seed,
) -> DataFrame:
    """Return the accuracy over the number of training configurations; supplement, fig. 6.

    The training configurations are drawn at random from those outside the fold of the
    configuration that is predicted.

    Parameters
    ----------
    data
        Configurations; those without particles are left out.
    sizes : (S,) array of integers
        Numbers of training configurations.
    columns
        The features to learn from: indices, a mask or a slice.
    learner, folds, seed
        See `accuracy_curve`; the seed is also that of the draws.

    Returns
    -------
    DataFrame
        A row for each size: `n_configurations`; `n_particles`, in training, on average;
        `accuracy`, `low` and `high` as of `accuracy_curve`.

    Raises
    ------
    InputError
        If there are not two configurations, configurations are nearly equal (`near_copies`), a size
        exceeds those outside a fold, or a training set lacks a class.
    """
    data = _usable(data)
    numbers = np.asarray(sizes)
    fold = configuration_folds(len(data), folds, seed=seed)
    fewest = len(data) - int(np.bincount(fold).max())
    if numbers.ndim != 1 or not len(numbers) or numbers.min() < 1 or numbers.max() > fewest:
        raise InputError(f"sizes: expected integers from 1 to {fewest}, got {sizes!r}")
    chosen = as_columns("columns", columns, data[0].features.shape[1])
    right, particles = np.zeros((len(numbers), len(data))), np.zeros(len(numbers))
    for k in range(fold.max() + 1):
        drawn = stream(seed, "training", k).permutation(np.flatnonzero(fold != k))
        for s, size in enumerate(numbers):
            X, y, groups = _rows([data[i] for i in drawn[:size]])
            fitted = _fit(learner, X[:, chosen], y, groups)
            particles[s] += len(X) / (fold.max() + 1)
            for i in np.flatnonzero(fold == k):
                predicted = fitted.predict(data[i].features[:, chosen])
                right[s, i] = (predicted == data[i].active).sum()
    table = np.zeros(len(numbers), [("n_configurations", "i8"), ("n_particles", "f8"), *_SCORES])
    table["n_configurations"], table["n_particles"] = numbers, particles
    _score(table, right, data, seed)
    return to_frame(table)


def _usable(data: Sequence[Labeled]) -> list[Labeled]:
    """Return the configurations with particles, which fit each other and differ."""
    usable = {i: one for i, one in enumerate(data) if len(one)}
    if len(usable) < 2:
        raise InputError(f"data: expected two configurations with particles, got {len(usable)}")
    widths = {one.features.shape[1] for one in usable.values()}
    if len(widths) != 1:
        raise InputError(f"data: expected as many features everywhere, got {sorted(widths)}")
    within = {i: _within_classes(one) for i, one in usable.items()}
    axes = Axes.of(next(iter(within.values())))
    particles = {i: one.particles for i, one in usable.items() if one.particles is not None}
    require_different(
        {i: axes.project(X) for i, X in within.items()},
        lambda i, j: True,
        "data[{}]".format,
        way_on="make them one configuration",
        particles=particles if len(particles) == len(usable) else None,
    )
    return list(usable.values())


def _within_classes(one: Labeled) -> Floats:
    """Return the features about the mean of their class, which is alike in all configurations."""
    X = one.features.copy()
    for of_class in (one.active, ~one.active):
        if of_class.any():
            X[of_class] -= X[of_class].mean(axis=0)
    return X


def _rows(data: Sequence[Labeled]) -> tuple[Floats, np.ndarray, Integers]:
    X = np.concatenate([one.features for one in data])
    y = np.concatenate([one.active for one in data])
    if y.all() or not y.any():
        raise InputError("data: expected active and inactive particles in training, got one kind")
    return X, y, np.repeat(np.arange(len(data)), [len(one) for one in data])


def _columns(
    order: str | ArrayLike, X: Floats, y: np.ndarray, groups: Integers, n: int, seed: Seed
) -> Floats:
    """Return the matrix (F, n) that maps standardized features to the first n of the order."""
    if isinstance(order, str):
        require_choice("order", order, (*ORDERS, "sequential"))
        if order == "sequential":
            return np.eye(X.shape[1])[:, sequential_selection(X, y, groups, n, seed=seed).order]
        statistics = Statistics.from_arrays(X, y[:, None].astype(np.float64))
        return ORDERS[order](statistics, n)
    chosen = as_columns("order", np.asarray(order), X.shape[1])
    if len(chosen) < n:
        raise InputError(f"order: expected {n} columns at least, got {len(chosen)}")
    return np.eye(X.shape[1])[:, chosen[:n]]


def _fit(learner: ClassifierMixin | None, X: Floats, y: np.ndarray, groups: Integers) -> Any:
    learner = clone(learner) if learner is not None else LogisticRegressionCV()
    if traits(learner).groups and len(set(groups.tolist())) > 1:
        return learner.fit(X, y, groups=groups)
    return learner.fit(X, y)


def _score(table: np.ndarray, right: Floats, data: Sequence[Labeled], seed: Seed) -> None:
    """Fill in accuracies from the numbers of correctly classified particles, (S, C)."""
    count = np.array([len(one) for one in data], dtype=np.float64)
    table["accuracy"] = right.sum(axis=1) / count.sum()
    weights = resamples(len(data), N_RESAMPLES, seed=seed)
    drawn = weights @ right.T / (weights @ count)[:, None]
    table["low"], table["high"] = interval(drawn, len(data))
