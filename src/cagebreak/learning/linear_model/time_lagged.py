"""An unsupervised order parameter: what of the structure changes most slowly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import eigh

from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats, require_finite
from cagebreak.learning.preprocessing import CLIP, Standardizer
from cagebreak.learning.scores import pearson
from cagebreak.models.arguments import is_whole, real


@dataclass(frozen=True, eq=False)
class TimeLaggedComponents:
    """Combinations of features, the slowest first; see `time_lagged_components`.

    Parameters
    ----------
    autocorrelations : (k,) array
        Autocorrelation of each component over the lag, in the data that it was found in. It is near
        1 if features are not far fewer than particles, whatever moves: `autocorrelation` of other
        particles tells.
    components : (k, F) array
        Coefficients of the standardized features.
    standardizer
    """

    autocorrelations: Floats
    components: Floats
    standardizer: Standardizer

    def transform(self, features: ArrayLike) -> Floats:
        """Return the components of particles with features (n, F), (n, k)."""
        Z: Floats = self.standardizer.standardize(_table("features", features))
        return Z @ self.components.T

    def autocorrelation(self, before: ArrayLike, after: ArrayLike) -> Floats:
        """Return the Pearson r of each component at two times, (k,), of any particles.

        Parameters
        ----------
        before, after : (n, F) arrays
            Features of the same particles at both times. Those of a configuration that was not
            learned from tell whether the components are slow there too.
        """
        x, y = self.transform(before), self.transform(after)
        if x.shape != y.shape:
            raise InputError(
                f"before, after: expected the same shape (n, F), got {np.shape(before)} and "
                f"{np.shape(after)}"
            )
        return pearson(x, y)


def time_lagged_components(
    before: ArrayLike,
    after: ArrayLike,
    n_components: int = 1,
    alpha: float = 1e-3,
    clip: float = CLIP,
) -> TimeLaggedComponents:
    r"""Return the combinations of features that change most slowly, found without any ensemble.

    The components are the directions v of largest autocorrelation over the lag,

    .. math:: C(\tau) \, v = \lambda \, (C(0) + \alpha) \, v

    with the covariances C(0) of the standardized features at one time and :math:`C(\tau)` between
    both times, made symmetric (:cite:`Molgedey1994`). Motion in cages averages out; what is left
    is where rearrangements are rare. One trajectory is enough, and no propensity is needed: a
    baseline beside `StructuralOrder`. The sign of a component is arbitrary. Few features are
    enough, such as those of `AveragedBondOrder`; with a thousand of them some combination hardly
    changes by chance.

    Parameters
    ----------
    before, after : (n, F) arrays
        Features of the same n particles at two times, of one species.
    n_components
        Number of components; default 1.
    alpha
        Penalty, in variances of a standardized feature; default 1e-3 (chosen), so that features
        that nearly depend on each other do no harm.
    clip
        Standardized features are clipped at so many deviations; default 6.

    Raises
    ------
    InputError
        If shapes differ, a number is not finite, no feature varies, or a parameter is out of range.
    """
    first, later = _table("before", before), _table("after", after)
    if first.shape != later.shape or len(first) < 2:
        raise InputError(
            f"before, after: expected the same shape (n, F), n >= 2, got {first.shape} and "
            f"{later.shape}"
        )
    if not is_whole(n_components) or not 1 <= n_components <= first.shape[1]:
        raise InputError(f"n_components: expected 1 to {first.shape[1]}, got {n_components!r}")
    if not 0 < real(alpha) < np.inf:
        raise InputError(f"alpha: expected a positive number, got {alpha!r}")
    standardizer = Standardizer(clip).fit(np.concatenate([first, later]))
    x, y = standardizer.standardize(first), standardizer.standardize(later)
    mean = (x.mean(axis=0) + y.mean(axis=0)) / 2
    x, y = x - mean, y - mean
    same, lagged = (x.T @ x + y.T @ y) / (2 * len(x)), x.T @ y / len(x)
    if not same.any():
        raise InputError("before, after: expected a feature that varies, got none")
    same[np.diag_indices(len(same))] += alpha
    places = (len(same) - int(n_components), len(same) - 1)
    values, vectors = eigh((lagged + lagged.T) / 2, same, subset_by_index=places)
    return TimeLaggedComponents(values[::-1], vectors[:, ::-1].T, standardizer)


def _table(name: str, values: ArrayLike) -> Floats:
    table = np.asarray(values, dtype=np.float64)
    if table.ndim != 2:
        raise InputError(f"{name}: expected features (n, F), got shape {table.shape}")
    require_finite(name, table, table.sum(axis=0))
    return table
