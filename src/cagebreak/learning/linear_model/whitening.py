"""Whitening of spatially correlated errors, for generalized least squares."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from cagebreak.configuration import Configuration, as_configuration
from cagebreak.errors import InputError
from cagebreak.neighbors import neighbor_table

LENGTH = 2.0
"""Correlation length of the errors, in sigma; measured, Kob-Andersen near tau_alpha."""
NUGGET = 1 / 3
"""Uncorrelated share of the error variance, from the noise of the runs; chosen."""
CUTOFF = 2.5
"""Distance up to which particles are conditioned on, in sigma; chosen: 30 A in Kob-Andersen."""


def whitening(
    configuration: Configuration, length: float = LENGTH, nugget: float = NUGGET
) -> csr_array:
    r"""Return the whitening matrix W of the errors of a configuration's particles.

    Errors of a model are correlated between particles i and j at distance :math:`r_{ij}`,

    .. math::
        C_{ij} = (1 - w) e^{-r_{ij} / \ell} + w \delta_{ij},

    with the nugget w. Least squares of ``W X`` and ``W y`` with :math:`W^T W = C^{-1}` is the best
    linear unbiased estimate (:cite:`Aitken1936`). W is the sparse approximation of
    :cite:`Vecchia1988`, whose cost is linear in N: each particle is conditioned on those of lower
    index within `CUTOFF`.

    Parameters
    ----------
    configuration
        The N particles of the rows.
    length
        Correlation length :math:`\ell`, in units of sigma.
    nugget
        w, above 0 and at most 1; with 1 errors are uncorrelated and W is the identity.

    Returns
    -------
    csr_array
        (N, N), lower triangular.

    Raises
    ------
    InputError
        If the length is not positive, or the nugget not above 0 and at most 1.
    """
    configuration = as_configuration(configuration)
    if not (np.isfinite(length) and length > 0):
        raise InputError(f"length: expected a positive length, got {length!r}")
    if not 0 < nugget <= 1:
        raise InputError(f"nugget: expected a share above 0 and at most 1, got {nugget!r}")

    def covariance(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        return (1 - nugget) * np.exp(-np.linalg.norm(vectors, axis=-1) / length)

    n = len(configuration)
    table = neighbor_table(configuration, CUTOFF)
    columns: list[NDArray[np.int64]] = []
    values: list[NDArray[np.float64]] = []
    offsets = np.zeros(n + 1, np.int64)
    for i in range(n):
        near = slice(table.offsets[i], table.offsets[i + 1])
        before = table.neighbors[near] < i
        vectors = table.vectors[near][before]
        cross = covariance(vectors)
        among = covariance(vectors[:, None] - vectors) + nugget * np.eye(len(vectors))
        weights = np.linalg.solve(among, cross)
        deviation = np.sqrt(1 - weights @ cross)
        columns.append(np.append(table.neighbors[near][before], i))
        values.append(np.append(-weights, 1.0) / deviation)
        offsets[i + 1] = offsets[i] + len(vectors) + 1
    return csr_array((np.concatenate(values), np.concatenate(columns), offsets), shape=(n, n))


def whiten(
    matrix: csr_array | None, X: NDArray[np.float64], Y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return whitened deviations of the rows of one configuration about their means.

    The means are kept. Without a matrix X and Y are returned unchanged.
    """
    if matrix is None:
        return X, Y
    return _about_mean(matrix, X), _about_mean(matrix, Y)


def _about_mean(matrix: csr_array, rows: NDArray[np.float64]) -> NDArray[np.float64]:
    mean = rows.mean(axis=0)
    whitened: NDArray[np.float64] = matrix @ (rows - mean)
    whitened += mean - whitened.mean(axis=0)
    return whitened
