"""Forward selection of the features that together classify best, by cross-validated accuracy."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats, Integers, as_table
from cagebreak.learning.folds import configuration_folds
from cagebreak.learning.preprocessing import Standardizer
from cagebreak.seeding import Seed

STEPS, CLOSE = 25, 1e-6
"""Largest number of Newton steps of a fit, and the change of a coefficient that ends it (chosen).

A fit starts from that without the new feature, and about four steps suffice.
"""


class SequentialSelection(NamedTuple):
    """The order in which features were chosen, and the accuracy after each choice."""

    order: Integers
    """The features in the order in which they were chosen, (n,)."""
    accuracy: Floats
    """Fraction of held-out particles that the first k features classify correctly, (n,).

    The order was chosen for it: it overestimates the accuracy on other data.
    """


def sequential_selection(
    X: ArrayLike,
    y: ArrayLike,
    groups: ArrayLike,
    n: int,
    alpha: float = 1.0,
    folds: int = 5,
    *,
    seed: Seed,
) -> SequentialSelection:
    """Choose features one by one, each time the one that most improves the accuracy.

    The accuracy is that of logistic regression on held-out configurations: the sequential feature
    selection of :cite:`Rottler2024`, fig. 5. Of equally good features the first is chosen.

    Parameters
    ----------
    X : (m, F) array
    y : (m,) array of bool
        Whether each particle is active.
    groups : (m,) array
        The configuration each row belongs to.
    n
        Number of features to choose, at most F.
    alpha
        Penalty of the logistic regression, as in `LogisticRegressionCV`; default 1, which is
        scikit-learn's (chosen: the paper states none).
    folds
        Number of folds; one for each configuration if there are fewer configurations.
    seed
        Seed of the division into folds.

    Raises
    ------
    InputError
        If a shape does not fit, there are not two configurations, n or alpha is out of range, or
        the training rows of a fold lack a class.
    """
    table = as_table("X", X)
    active, labels = np.asarray(y), np.asarray(groups)
    if active.dtype != np.bool_ or active.shape != (len(table),):
        raise InputError(f"y: expected bools ({len(table)},), got {active.dtype} {active.shape}")
    if labels.shape != (len(table),):
        raise InputError(f"groups: expected shape ({len(table)},), got {labels.shape}")
    if not 1 <= n <= table.shape[1]:
        raise InputError(f"n: expected a number of features from 1 to {table.shape[1]}, got {n!r}")
    if not alpha > 0:
        raise InputError(f"alpha: expected a positive number, got {alpha!r}")
    parts = _parts(table, active, labels, folds, seed)
    order: list[int] = []
    accuracy = np.zeros(n)
    for k in range(n):
        left = np.setdiff1d(np.arange(table.shape[1]), order)
        right, fits = np.zeros(len(left)), []
        for part in parts:
            of_part, fitted = part.candidates(order, left, alpha)
            right += of_part
            fits.append(fitted)
        best = int(right.argmax())
        for part, fitted in zip(parts, fits, strict=True):
            part.start = fitted[best]
        order.append(int(left[best]))
        accuracy[k] = right[best] / len(table)
    return SequentialSelection(np.array(order), accuracy)


class _Part:
    """A fold: training and test rows, standardized, and the fit to the features chosen so far."""

    def __init__(self, X: Floats, y: np.ndarray, test: np.ndarray) -> None:
        standardizer = Standardizer().fit(X[~test])
        self.training = standardizer.standardize(X[~test])
        self.test = standardizer.standardize(X[test])
        self.active, self.active_test = y[~test].astype(np.float64), y[test]
        self.start = np.zeros(1)
        """Intercept and coefficients of the features chosen so far."""

    def candidates(self, chosen: list[int], left: Integers, alpha: float) -> tuple[Floats, Floats]:
        """Return how many test rows each further feature classifies correctly, and the fits.

        The first has the shape (L,), the fits (L, k + 2): intercept, chosen, further feature.
        """
        fits = _newton(
            np.insert(self.training[:, chosen], 0, 1.0, axis=1),
            self.training[:, left],
            self.active,
            np.append(self.start, 0.0),
            alpha,
        )
        known = np.insert(self.test[:, chosen], 0, 1.0, axis=1)
        decision = known @ fits[:, :-1].T + self.test[:, left] * fits[:, -1]
        return ((decision > 0) == self.active_test[:, None]).sum(axis=0).astype(float), fits


def _parts(X: Floats, y: np.ndarray, groups: np.ndarray, folds: int, seed: Seed) -> list[_Part]:
    configurations, group = np.unique(groups, return_inverse=True)
    if len(configurations) < 2:
        raise InputError("groups: expected two configurations to choose features on, got one")
    fold = configuration_folds(len(configurations), folds, seed=seed)[group]
    for k in range(fold.max() + 1):
        if len(set(y[fold != k].tolist())) < 2:
            raise InputError(f"y: expected both classes outside fold {k}, got one")
    return [_Part(X, y, fold == k) for k in range(fold.max() + 1)]


def _newton(known: Floats, further: Floats, active: Floats, start: Floats, alpha: float) -> Floats:
    """Return the fits of one further column each beside the known ones, (L, K + 1).

    The first known column is of ones, and its coefficient has no penalty.
    """
    n_known, n_further = known.shape[1], further.shape[1]
    fits = np.tile(start, (n_further, 1))
    penalty = np.full(n_known + 1, alpha)
    penalty[0] = 0.0
    upper = np.triu_indices(n_known)
    products = known[:, upper[0]] * known[:, upper[1]]
    hessian = np.empty((n_further, n_known + 1, n_known + 1))
    for _ in range(STEPS):
        probability = expit(known @ fits[:, :-1].T + further * fits[:, -1])
        residual, curvature = probability - active[:, None], probability * (1 - probability)
        gradient = np.column_stack([residual.T @ known, (residual * further).sum(axis=0)])
        gradient += penalty * fits
        block = curvature.T @ products
        hessian[:, upper[0], upper[1]] = hessian[:, upper[1], upper[0]] = block
        weighted = curvature * further
        hessian[:, :-1, -1] = hessian[:, -1, :-1] = weighted.T @ known
        hessian[:, -1, -1] = (weighted * further).sum(axis=0)
        hessian[:, np.arange(n_known + 1), np.arange(n_known + 1)] += penalty
        change = np.linalg.solve(hessian, gradient[:, :, None])[:, :, 0]
        fits -= change
        if np.abs(change).max() < CLOSE:
            break
    return fits
