"""Ridge regression with the penalty chosen by cross-validation over configurations."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cagebreak.configuration import Configuration
from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats, Integers
from cagebreak.learning.learner import FitRecord, Traits
from cagebreak.learning.linear_model.base import LinearLearner
from cagebreak.learning.linear_model.held_out_errors import HeldOutErrors
from cagebreak.learning.linear_model.ridge_solvers import (
    RESOLUTION,
    SEARCHED,
    generalized_errors,
    norm_of,
    ridge_coefficients,
    scaled,
)
from cagebreak.learning.preprocessing import CLIP, Standardizer
from cagebreak.learning.statistics import Statistics

ALPHAS = tuple(10.0**decade for decade in range(-5, 5))
"""Default penalties to choose from (:cite:`Alkemade2022`)."""
LARGEST = 1e10
"""The largest alpha to which the search may extend (chosen)."""


class AlphaWarning(UserWarning):
    """The chosen alpha lies outside the range that was given."""


class RidgeCV(LinearLearner):
    """Linear regression with an L2 penalty, for all targets (times) at once.

    Minimizes ``sum_i (y_i - w'z_i - b)^2 + alpha |w|^2`` over standardized features z
    (`Standardizer`): the objective of `sklearn.linear_model.Ridge`, and its coefficients.

    Alpha is chosen for each target by cross-validation over configurations, and minimizes the
    squared error on held-out configurations. The squared error is what the regression minimizes.
    Unlike Pearson r, it is a sum over folds and is defined for a constant prediction. If the best
    alpha is at an end of `alphas`, the search continues beyond it by decades, up to 1e10 and down
    to 1.5e-8 times the norm of X'X. If the chosen alpha lies outside the range of `alphas`,
    `outside_` is True and an `AlphaWarning` is given. An alpha that is asked for is raised to
    `smallest_alpha`, 2.2e-12 times the norm, if it is smaller: the rounding of X'X would decide.

    Without groups, or with a single configuration, alpha minimizes the generalized
    cross-validation error ``n E / (n - 1 - d)^2`` (:cite:`Golub1979`), with the squared
    error in training E and the effective number of coefficients d. This error assumes independent
    particles. Neighboring particles are correlated, and alpha becomes too small without groups.

    Families of features, such as a thousand descriptors and twenty scalars, may have different
    penalties. With several `weights`, the features of each family but the first are multiplied by
    one of the weights. The combination of weights is chosen together with alpha, from one
    reduction of X'X for each fold.

    Parameters
    ----------
    alphas : sequence of floats
        Penalties to choose from, default 1e-5, 1e-4, ..., 1e4 (:cite:`Alkemade2022`). A single
        value is used as it is, unless it is below `smallest_alpha`.
    folds : int
        Number of folds; one for each configuration if there are fewer configurations.
    center : "global" or "configuration"
        With "configuration", features and targets are centered in each configuration. The learner
        then predicts differences between particles of one configuration, relative to the mean of
        the training targets. It does not predict differences between configurations.
    clip : float
        Bound of the standardized features, in standard deviations; default 6.
    seed : int
        Seed of the division into folds.
    weights : sequence of floats
        Factors of the standardized features to choose from, for each family but the first. Default
        1 for every family.
    error_correlation : (length, nugget), optional
        Correlation length of the errors, in sigma, and their uncorrelated share; see `whitening`.
        The fit and the choice of alpha then use generalized least squares, which needs
        ``center="configuration"`` and the configurations. Default: independent errors.

    Attributes
    ----------
    coef_ : (F,) or (T, F) array
        Coefficients of the standardized features; 0 for a constant column.
    intercept_ : float or (T,) array
    alpha_ : float or (T,) array
    alphas_ : (A,) array
        `alphas`, with the decades that the search added.
    outside_ : bool or (T,) array
        Whether `alpha_` lies outside the range of `alphas`.
    weights_ : (families,) or (T, families) array
        The factor of each family; 1 for the first.
    errors_ : (A,) or (A, T) array
        Mean squared error of each alpha on held-out configurations, or its generalized
        cross-validation error; None with one alpha and one combination of weights.
    standardizer_ : Standardizer or None
        None after `fit_statistics` without a standardizer.
    n_features_in_ : int
    feature_names_in_ : (F,) array of str
        Columns of the data frame given to `fit`; absent if X was an array.
    """

    alpha_: Floats
    alphas_: Floats
    outside_: NDArray[np.bool_]
    weights_: Floats

    _of_each_target = ("coef_", "intercept_", "alpha_", "outside_", "weights_")

    def __init__(
        self,
        alphas: Sequence[float] = ALPHAS,
        folds: int = 5,
        center: str = "global",
        clip: float = CLIP,
        seed: int = 0,
        weights: Sequence[float] = (1.0,),
        error_correlation: tuple[float, float] | None = None,
    ) -> None:
        self.alphas = alphas
        self.folds = folds
        self.center = center
        self.clip = clip
        self.seed = seed
        self.weights = weights
        self.error_correlation = error_correlation

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        groups: ArrayLike | None = None,
        feature_groups: ArrayLike | None = None,
        configurations: Sequence[Configuration] | None = None,
    ) -> Self:
        """Fit to features X (n, F) and targets y (n,) or (n, T).

        Parameters
        ----------
        X, y
        groups : (n,) array, optional
            The configuration each row belongs to.
        feature_groups : (F,) array of integers, optional
            The family of each feature: 0, 1, ...; by default there is one family.
        configurations : sequence of Configuration, optional
            The particles of the rows of each group, in ascending order of the groups; required
            with `error_correlation`, otherwise not used.

        Raises
        ------
        InputError
            If a shape does not fit, a number is not finite, there are no rows, or a parameter is
            out of range.
        """
        return self._fit_rows(X, y, groups, configurations, feature_groups=feature_groups)

    def fit_statistics(
        self,
        parts: Sequence[Statistics],
        standardizer: Standardizer | None = None,
        feature_groups: ArrayLike | None = None,
    ) -> Self:
        """Fit to statistics instead of rows.

        Parameters
        ----------
        parts
            Statistics of standardized features, one for each configuration or group of
            configurations. Alpha is chosen by cross-validation over the parts, in `folds` folds.
        standardizer
            The standardizer that made the features; `predict` applies it.
        feature_groups : (F,) array of integers, optional
            As in `fit`.

        Raises
        ------
        InputError
            If there are no rows, the parts do not fit each other or the standardizer, or a
            parameter is out of range.
        """
        self._check_parameters()
        parts = self._checked(parts, standardizer)
        n_features = parts[0].n_features
        combinations = self._combinations(feature_groups, n_features)
        blocks = self._blocks(parts)
        candidates = [factors for _, factors in combinations]
        everything = Statistics.pooled(blocks, self.center)
        norm = norm_of(everything, candidates)
        if len(self.alphas) == len(combinations) == 1:
            self.alphas_, self.errors_ = np.maximum(self.alphas, RESOLUTION * norm), None
            self.alpha_ = np.full(everything.n_targets, self.alphas_[0])
            chosen = np.zeros(everything.n_targets, dtype=np.int64)
        else:
            # Pooling is cheap, and the memory is needed.
            del everything
            chosen = self._choose(blocks, candidates, norm)
            everything = Statistics.pooled(blocks, self.center)
        self._compare_with_range()
        self.weights_ = np.array([combinations[k][0] for k in chosen])
        coefficients = np.empty((n_features, everything.n_targets))
        for k in np.unique(chosen):
            factors, targets = combinations[k][1], chosen == k
            solved = ridge_coefficients(scaled(everything, factors), self.alpha_, targets)
            coefficients[:, targets] = factors[:, None] * solved
        self._set(coefficients, everything, standardizer)
        return self

    def _combinations(
        self, feature_groups: ArrayLike | None, n_features: int
    ) -> list[tuple[tuple[float, ...], Floats]]:
        """Return what `combinations_of` does."""
        return combinations_of(feature_groups, n_features, self.weights)

    def learner_traits(self) -> Traits:
        """Return that the learner is fitted to statistics and families of features."""
        return replace(super().learner_traits(), feature_groups=True)

    def fit_record(self) -> FitRecord:
        """Return the number of coefficients and intercepts, and alpha."""
        return super().fit_record()._replace(alpha=self.alpha_, outside=self.outside_)

    def _compare_with_range(self) -> None:
        """Set `outside_`, and warn if an alpha lies outside the range that was given."""
        first, last = min(self.alphas), max(self.alphas)
        self.outside_ = (self.alpha_ < first) | (self.alpha_ > last)
        if self.outside_.any():
            text = outside_range(self.alphas, self.alpha_[self.outside_], self.alpha_.size)
            warnings.warn(text, AlphaWarning, stacklevel=3)

    def _choose(
        self,
        blocks: Sequence[Statistics],
        candidates: Sequence[Floats],
        norm: float,
    ) -> Integers:
        """Set alpha and the errors; return the index of the best candidate of each target, (T,).

        A candidate is a set of factors (F,) of the features; `norm` is that of X'X.
        """
        alphas = np.unique(np.maximum(self.alphas, RESOLUTION * norm))
        n, below, above = len(alphas), np.empty(0), np.empty(0)
        if len(self.alphas) > 1:
            below, above = _decades_beyond(alphas, SEARCHED * norm)
        if len(blocks) == 1:
            everything = Statistics.pooled(blocks, self.center)
            of_candidates = (scaled(everything, factors) for factors in candidates)
            alphas = np.concatenate([below, alphas, above])
            errors = np.array([generalized_errors(each, alphas) for each in of_candidates])
            inside = slice(len(below), len(below) + n)
        else:
            held_out = HeldOutErrors(blocks, self.center, candidates)
            errors, inside = held_out.at(alphas), slice(0, n)
            best = errors.argmin(axis=1)
            # The decades beyond an end are tried only if an alpha is best there.
            if len(above) and (best == n - 1).any():
                errors = np.concatenate([errors, held_out.at(above)], axis=1)
                alphas = np.concatenate([alphas, above])
            if len(below) and (best == 0).any():
                errors = np.concatenate([held_out.at(below), errors], axis=1)
                alphas = np.concatenate([below, alphas])
                inside = slice(len(below), len(below) + n)
        best = np.array([_best(candidate_errors, inside) for candidate_errors in errors])
        smallest = np.take_along_axis(errors, best[:, None], axis=1)[:, 0]
        chosen = smallest.argmin(axis=0)
        targets = np.arange(errors.shape[2])
        index = best[chosen, targets]
        used = slice(min(inside.start, index.min()), max(inside.stop, index.max() + 1))
        self.alpha_, self.alphas_ = alphas[index], alphas[used]
        self.errors_ = errors[chosen, used, targets].T
        return chosen

    def _check_parameters(self) -> None:
        super()._check_parameters()
        alphas = np.asarray(self.alphas, dtype=float)
        if alphas.ndim != 1 or len(alphas) == 0 or not (np.diff(alphas) > 0).all():
            raise InputError(f"alphas: expected an increasing sequence, got {self.alphas!r}")
        weights = np.asarray(self.weights, dtype=float)
        if weights.ndim != 1 or len(weights) == 0 or not (weights > 0).all():
            raise InputError(f"weights: expected positive numbers, got {self.weights!r}")
        if not (alphas > 0).all() or not np.isfinite(alphas).all():
            raise InputError(f"alphas: expected positive numbers, got {self.alphas!r}")
        if self.error_correlation is not None and self.center != "configuration":
            raise InputError(
                f'center: expected "configuration" with error_correlation, got {self.center!r}'
            )


def combinations_of(
    feature_groups: ArrayLike | None, n_features: int, weights: Sequence[float]
) -> list[tuple[tuple[float, ...], Floats]]:
    """Return every combination of weights, as one weight per family and one per feature, (F,)."""
    family = np.zeros(n_features, dtype=np.int64)
    if feature_groups is not None:
        family = np.asarray(feature_groups)
        if family.shape != (n_features,) or family.dtype.kind not in "iu" or family.min() < 0:
            raise InputError(
                f"feature_groups: expected ({n_features},) integers from 0, got {feature_groups!r}"
            )
    products = itertools.product(weights, repeat=int(family.max()))
    combinations = [(1.0, *product) for product in products]
    return [(combination, np.array(combination)[family]) for combination in combinations]


def outside_range(alphas: Sequence[float], outside: Floats, n: int) -> str:
    """Return what is said of the chosen alphas `outside` of `alphas`, of n that were chosen."""
    low, high = float(outside.min()), float(outside.max())
    return (
        f"alphas: {len(outside)} of {n} chosen alphas lie outside the range {min(alphas):.3g} to "
        f"{max(alphas):.3g}, at {low:.3g}{f' to {high:.3g}' if high > low else ''}"
    )


def _decades_beyond(alphas: Floats, smallest: float) -> tuple[Floats, Floats]:
    """Return the decades below and above increasing alphas, down to `smallest`, up to `LARGEST`."""
    tolerance = 1.0 + 1e-9  # Rounding must not exclude the ends.
    n_below = 0
    if smallest > 0:
        n_below = max(0, int(np.floor(np.log10(alphas[0] / smallest * tolerance))))
    n_above = max(0, int(np.floor(np.log10(LARGEST / alphas[-1] * tolerance))))
    below = alphas[0] * 10.0 ** np.arange(-n_below, 0)
    return below, alphas[-1] * 10.0 ** np.arange(1, n_above + 1)


def _best(errors: Floats, used: slice) -> Integers:
    """Return the index of the smallest error of each target.

    The errors beyond an end of the range `used` count only if the best of the range is at that end.
    """
    best = used.start + errors[used].argmin(axis=0)
    above = best == used.stop - 1
    below = best == used.start
    best[above] += errors[used.stop - 1 :, above].argmin(axis=0)
    best[below] = used.start - errors[used.start :: -1, below].argmin(axis=0)
    return best
