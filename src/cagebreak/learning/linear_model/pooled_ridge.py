"""Ridge regression at several state points at once, with shared and dependent coefficients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats, require_choice
from cagebreak.learning.collection import Collection
from cagebreak.learning.folds import configuration_folds
from cagebreak.learning.linear_model.ridge import RidgeCV, combinations_of
from cagebreak.learning.statistics import Statistics, deviations, inverse

ALPHAS = tuple(10.0**decade for decade in range(-2, 8))
"""Penalties to choose from (chosen: the range of the best alphas of large feature sets)."""
HELD_OUT = ("configurations", "state points")


@dataclass(frozen=True, eq=False)
class Basis:
    """The functions of the state point that the blocks of coefficients are multiplied by.

    Parameters
    ----------
    values : (K,) array
        The training state points.
    degree, independent
        As of `PooledRidgeCV`.
    """

    values: Floats
    degree: int
    independent: bool

    def at(self, values: Floats) -> Floats:
        """Return the functions phi_b at some state points, (n, B)."""
        center, scale = self.values.mean(), self.values.std()
        x = (values - center) / (scale if scale > 0 else 1.0)
        columns = [x**power for power in range(self.degree + 1)]
        if self.independent:
            columns += list((self.values[:, None] == values).astype(np.float64))
        return np.stack(columns, axis=1)


@dataclass(frozen=True, eq=False)
class PooledFit:
    """A fit to several state points.

    Parameters
    ----------
    basis
    blocks : (B, T, F) array
        Coefficients of each block, of features in the units of the statistics.
    alpha, deviation : (T,) arrays
        The chosen penalty and factor f.
    weights : (T, families) array
        The chosen weight of each family; 1 for the first.
    """

    basis: Basis
    blocks: Floats
    alpha: Floats
    deviation: Floats
    weights: Floats

    def coefficients(self, value: float) -> Floats:
        """Return the coefficients (T, F) at a state point, of features in the units of the fit."""
        return np.tensordot(self.basis.at(np.array([value]))[0], self.blocks, axes=1)


@dataclass(frozen=True)
class PooledRidgeCV:
    r"""Ridge regression whose coefficients depend on the state point.

    With the standardized features z of a particle at a state point s, the prediction is

    .. math::
        y = \sum_b \phi_b(s) \, w_b' z, \qquad \phi(s) = (1, x, x^2, \dots),
        \qquad x = (s - \bar s) / \sigma_s

    where the mean and the deviation of s are those of the training state points. The first block of
    coefficients is shared by all state points. The others are deviations from it, and have a
    penalty of their own, :math:`\alpha / f^2`. With ``f = 0`` one fit serves all state points. The
    Gram matrix of the blocks at a state point is the Kronecker product of :math:`\phi\phi'` and
    X'X: the statistics of each state point suffice, and those of the state points add.

    Alpha, f and the weights of families of features are chosen for each target by cross-validation.
    Features and targets are centered in each configuration, so that differences between the
    particles of one configuration are learned.

    Parameters
    ----------
    degree : int
        Degree of the polynomial in s, default 1; 0 for shared coefficients alone.
    deviations : sequence of floats
        The factors f to choose from, from 0; default 0, 0.1, 0.3, 1 (chosen).
    independent : bool
        Whether each training state point also has deviations of its own, which do not depend on s
        smoothly. A state point out of training has none.
    shared : bool
        Whether there are shared coefficients. Without them, and with ``independent=True`` and
        ``degree=0``, each state point is fitted separately, with a common alpha.
    weights : sequence of floats
        Factors of the families of features to choose from, as of `RidgeCV`.
    alphas : sequence of floats
        Penalties to choose from, default 1e-2, 1e-1, ..., 1e7.
    held_out : "configurations" or "state points"
        What the cross-validation holds out: configurations of every state point in `folds` folds,
        for predictions at the training state points; or each state point as a whole, for
        predictions at others.
    folds : int
        Number of folds of configurations; one for each if there are fewer.
    seed : int
        Seed of the folds.

    Raises
    ------
    InputError
        If a parameter is out of range.
    """

    degree: int = 1
    deviations: Sequence[float] = (0.0, 0.1, 0.3, 1.0)
    independent: bool = False
    shared: bool = True
    weights: Sequence[float] = (1.0,)
    alphas: Sequence[float] = ALPHAS
    held_out: str = "configurations"
    folds: int = 5
    seed: int = 0

    def __post_init__(self) -> None:
        require_choice("held_out", self.held_out, HELD_OUT)
        if self.degree < 0 or self.degree != int(self.degree):
            raise InputError(f"degree: expected 0, 1, ..., got {self.degree!r}")
        factors = np.asarray(self.deviations, dtype=float)
        if factors.ndim != 1 or not len(factors) or not ((factors >= 0) & (factors < np.inf)).all():
            raise InputError(f"deviations: expected numbers from 0, got {self.deviations!r}")
        if self.folds < 2:
            raise InputError(f"folds: expected at least 2, got {self.folds!r}")

    def fit(
        self,
        points: Sequence[Collection],
        values: ArrayLike,
        feature_groups: ArrayLike | None = None,
    ) -> PooledFit:
        """Return the fit to the statistics of K state points.

        Parameters
        ----------
        points
            The statistics of the configurations of each state point, in the same units.
        values : (K,) array
            What distinguishes the state points, such as inverse temperatures.
        feature_groups : (F,) array of integers, optional
            The family of each feature, as of `RidgeCV.fit`.

        Raises
        ------
        InputError
            If the points do not fit each other or the values, or `alphas` or `weights` are no
            parameters of `RidgeCV`.
        """
        numbers = _checked(points, values)
        if self.held_out == "state points" and len(points) < 2:
            raise InputError(
                'held_out: expected "configurations" for one state point, got "state points"'
            )
        within = Statistics.pooled((p for c in points for p in c.parts), "configuration")
        units = inverse(deviations(within))
        basis = Basis(numbers, self.degree, self.independent)
        functions = basis.at(numbers)
        blocks = self._blocks(points, units, functions)
        ridge = _Blocks(self, len(blocks), functions.shape[1], within.n_features)
        ridge.fit_statistics(blocks, feature_groups=feature_groups)
        shape = (within.n_targets, functions.shape[1], within.n_features)
        return PooledFit(
            basis,
            ridge.coef_.reshape(shape).swapaxes(0, 1) * units,
            ridge.alpha_,
            ridge.weights_[:, 0],
            ridge.weights_[:, 1:],
        )

    def _blocks(
        self, points: Sequence[Collection], units: Floats, functions: Floats
    ) -> list[Statistics]:
        """Return the statistics of the blocks of coefficients, for each fold."""
        if self.held_out == "state points":
            return [
                expanded(pooled(range(len(point)), point).scaled(units), of_point)
                for point, of_point in zip(points, functions, strict=True)
            ]
        folds: dict[int, Statistics] = {}
        for point, of_point in zip(points, functions, strict=True):
            fold = configuration_folds(len(point), self.folds, seed=self.seed, groups=point.groups)
            for k in range(int(fold.max()) + 1):
                rows = pooled(np.flatnonzero(fold == k).tolist(), point).scaled(units)
                block = expanded(rows, of_point)
                folds[k] = folds[k] + block if k in folds else block
        return [folds[k] for k in sorted(folds)]


class _Blocks(RidgeCV):
    """Ridge regression on blocks of features, each with the factors of its place."""

    def __init__(
        self, pooled_ridge: PooledRidgeCV, n_folds: int, n_blocks: int, n_features: int
    ) -> None:
        super().__init__(
            pooled_ridge.alphas,
            max(n_folds, 2),
            center="configuration",
            weights=pooled_ridge.weights,
        )
        self.n_blocks, self.block_size = n_blocks, n_features
        self.shared = float(pooled_ridge.shared)
        # Without deviations, all factors are the same candidate.
        self.deviations = pooled_ridge.deviations if n_blocks > 1 else (1.0,)

    def _combinations(
        self, feature_groups: ArrayLike | None, n_features: int
    ) -> list[tuple[tuple[float, ...], Floats]]:
        of_families = combinations_of(feature_groups, self.block_size, self.weights)
        return [
            (
                (deviation, *weights),
                np.concatenate(
                    [self.shared * factors, *[deviation * factors] * (self.n_blocks - 1)]
                ),
            )
            for deviation in self.deviations
            for weights, factors in of_families
        ]


def pooled(configurations: Sequence[int] | range, point: Collection) -> Statistics:
    """Return the statistics of some configurations of a state point, centered in each."""
    return Statistics.pooled((point.parts[i] for i in configurations), "configuration")


def expanded(rows: Statistics, functions: Floats) -> Statistics:
    r"""Return the statistics of the features :math:`(\phi_1 z, \dots, \phi_B z)` of rows z.

    Parameters
    ----------
    rows
        Statistics of F features at one state point.
    functions : (B,) array
        The functions phi of the state point.
    """
    gram = np.block(
        [
            [
                np.kron(np.outer(functions, functions), rows.xx),
                np.kron(functions[:, None], rows.xy),
            ],
            [np.kron(functions, rows.xy.T), rows.yy],
        ]
    )
    mean = np.concatenate([np.kron(functions, rows.x_mean), rows.y_mean])
    triangle = gram[np.tri(len(mean), dtype=bool)]
    return Statistics.unpacked(rows.count, mean, triangle, rows.n_targets, center=rows.center)


def _checked(points: Sequence[Collection], values: ArrayLike) -> NDArray[np.float64]:
    """Return the values of state points after checks that their statistics fit each other."""
    if not len(points):
        raise InputError("points: expected at least one state point, got none")
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.shape != (len(points),) or not np.isfinite(numbers).all():
        raise InputError(f"values: expected {len(points)} numbers, got {values!r}")
    if len(np.unique(numbers)) < len(numbers):
        raise InputError(f"values: expected state points that differ, got {values!r}")
    for k, point in enumerate(points):
        if not point.standardizer.equals(points[0].standardizer):
            raise InputError(
                f"points[{k}]: expected features standardized as of points[0]; give all of them "
                "one standardizer"
            )
        shape, first = ((p.n_features, p.n_targets) for p in (point, points[0]))
        if shape != first:
            raise InputError(
                f"points[{k}]: expected {first} features and targets as of points[0], got {shape}"
            )
    return numbers
