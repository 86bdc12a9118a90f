"""Principal component regression and partial least squares."""

from collections.abc import Sequence

import numpy as np

from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats
from cagebreak.learning.linear_model.path import PathLearner
from cagebreak.learning.linear_model.ridge_solvers import smallest_alpha
from cagebreak.learning.preprocessing import CLIP
from cagebreak.learning.statistics import Statistics, decompose

COMPONENTS = (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000)
"""Default numbers of components of `PCARegression` (chosen: 1, 1.5, 2, 3, 5, 7 in each decade)."""


class _ComponentRegression(PathLearner):
    """Least squares on k components; k is chosen for each target (`PathLearner`)."""

    n_components_: Floats
    _of_each_target = ("coef_", "intercept_", "n_components_")

    def __init__(
        self,
        components: Sequence[int] = COMPONENTS,
        folds: int = 5,
        center: str = "global",
        clip: float = CLIP,
        seed: int = 0,
    ) -> None:
        self.components = components
        self.folds = folds
        self.center = center
        self.clip = clip
        self.seed = seed

    def _candidates(self, everything: Statistics) -> Floats:
        most = max(min(everything.n_features, everything.count - 1), 1)
        components = np.asarray(self.components, dtype=float)
        within = components[components <= most]
        if len(within) < len(components):  # The largest possible number replaces larger ones.
            within = np.union1d(within, [most])
        return np.repeat(within[:, None], everything.n_targets, axis=1)

    def _size(self, path: Floats, candidates: Floats) -> Floats:
        return candidates

    def _keep(self, chosen: Floats) -> None:
        self.n_components_ = chosen.astype(np.int64)

    def _check_parameters(self) -> None:
        super()._check_parameters()
        components = np.asarray(self.components)
        rising = components.ndim == 1 and len(components) > 0 and (np.diff(components) > 0).all()
        if not rising or components.dtype.kind not in "iu" or components.min() < 1:
            raise InputError(
                f"components: expected rising integers from 1, got {self.components!r}"
            )


class PCARegression(_ComponentRegression):
    """Least squares on the principal components of the standardized features.

    With ``X'X = V diag(lambda) V'`` the coefficients of the first k components are
    ``sum_i v_i (v_i'X'y) / lambda_i`` over the k largest eigenvalues.

    Parameters
    ----------
    components : sequence of int
        Numbers of components to choose from (chosen: about five per decade up to 1000). Numbers
        that exceed the possible number, given the features and rows, are replaced by it.
    folds, center, clip, seed
        As in `RidgeCV`.

    Attributes
    ----------
    coef_, intercept_, standardizer_, n_features_in_, feature_names_in_
        As in `RidgeCV`.
    n_components_ : int or (T,) array
    candidates_, errors_ : (K, T) arrays
        Numbers of components, and the mean squared error of each on held-out configurations.
    """

    def _path(self, statistics: Statistics, candidates: Floats) -> Floats:
        values, vectors, rotated = decompose(statistics)
        inverse = np.divide(1.0, values, out=np.zeros_like(values), where=values > 0)
        parts = (rotated * inverse[:, None])[::-1]
        path = np.empty((statistics.n_features, *candidates.shape))
        for k, components in enumerate(candidates[:, 0].astype(int)):
            path[:, k] = vectors[:, ::-1][:, :components] @ parts[:components]
        return path


class PLSRegression(_ComponentRegression):
    """Partial least squares: least squares on components of high covariance with the target.

    Components are computed for each target separately (PLS1). The first k components span the
    Krylov space of X'y, (X'X) X'y, ..., (X'X)^(k-1) X'y, and the coefficients are those of least
    squares in this space. They are computed from X'X and X'y by the second kernel algorithm of
    :cite:`Dayal1997`.

    Parameters
    ----------
    components : sequence of int
        Numbers of components to choose from; default 1 to 40 (chosen). Numbers that exceed the
        possible number, given the features and rows, are replaced by it.
    folds, center, clip, seed
        As in `RidgeCV`.

    Attributes
    ----------
    coef_, intercept_, standardizer_, n_features_in_, feature_names_in_
        As in `RidgeCV`.
    n_components_ : int or (T,) array
    candidates_, errors_ : (K, T) arrays
        Numbers of components, and the mean squared error of each on held-out configurations.
    """

    def __init__(
        self,
        components: Sequence[int] = tuple(range(1, 41)),
        folds: int = 5,
        center: str = "global",
        clip: float = CLIP,
        seed: int = 0,
    ) -> None:
        super().__init__(components, folds, center, clip, seed)

    def _path(self, statistics: Statistics, candidates: Floats) -> Floats:
        xx, residual = statistics.xx, statistics.xy.copy()  # X'y of the residuals
        n_features, n_targets = residual.shape
        # A smaller norm of X'y is rounding, and the Krylov space has no further direction.
        smallest = 1e-10 * np.linalg.norm(residual, axis=0)
        rounding = smallest_alpha(statistics)
        numbers = candidates[:, 0].astype(int)
        directions = np.zeros((numbers[-1], n_features, n_targets))
        loadings = np.zeros_like(directions)
        coefficients = np.zeros((n_features, n_targets))
        path = np.empty((n_features, *candidates.shape))
        row = 0
        for k in range(numbers[-1]):
            norm = np.linalg.norm(residual, axis=0)
            alive = (norm > smallest) & (norm > 0)
            weight = np.divide(residual, norm, out=np.zeros_like(residual), where=alive)
            direction = weight.copy()
            for i in range(k):
                direction -= (loadings[i] * weight).sum(axis=0) * directions[i]
            image = xx @ direction
            variance = (direction * image).sum(axis=0)
            alive &= variance > rounding * (direction**2).sum(axis=0)
            np.divide(image, variance, out=loadings[k], where=alive)
            slope = np.divide(
                (direction * residual).sum(axis=0), variance, out=np.zeros(n_targets), where=alive
            )
            directions[k] = direction
            coefficients += slope * direction
            residual -= slope * variance * loadings[k]
            if k + 1 == numbers[row]:
                path[:, row] = coefficients
                row += 1
        return path
