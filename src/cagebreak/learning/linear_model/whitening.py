"""Rows whose errors are alike for near particles, made into rows whose errors are not."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from cagebreak.configuration import Configuration
from cagebreak.errors import InputError
from cagebreak.neighbors import neighbor_table

LENGTH = 2.0
"""Over which errors are alike, in sigma; measured, Kob-Andersen near tau_alpha."""
OWN = 1 / 3
"""Share of the error's variance that is a particle's own: noise of the runs; chosen."""
CUTOFF = 2.5
"""How far away a particle is still conditioned on, in sigma; chosen: some 25 of one species."""


def decorrelation(
    configuration: Configuration, length: float = LENGTH, own: float = OWN
) -> csr_array:
    r"""Return the matrix W that takes the correlation out of rows, one of each particle.

    What a model misses is alike for particles near each other,

    .. math::
        C_{ij} = (1 - w) e^{-r_{ij} / \ell} + w \delta_{ij},

    so that the rows say less than their number. Least squares of ``W X`` and ``W y`` with
    ``W'W`` the inverse of C, is the best linear unbiased estimate (Aitken 1936). Here W is sparse
    and its cost linear in N: each particle is conditioned on those of lower index nearer than
    `CUTOFF` (Vecchia 1988).

    Parameters
    ----------
    configuration
        The N particles of the rows.
    length
        l, in units of sigma.
    own
        w, from above 0 to 1; with 1 nothing is correlated and W is the identity.

    Returns
    -------
    csr_array
        (N, N), lower triangular.

    Raises
    ------
    InputError
        If the length is not positive, or the share not above 0 and at most 1.
    """
    if not (np.isfinite(length) and length > 0):
        raise InputError(f"length: expected a positive length, got {length!r}")
    if not 0 < own <= 1:
        raise InputError(f"own: expected a share above 0 and at most 1, got {own!r}")

    def alike(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        return (1 - own) * np.exp(-np.linalg.norm(vectors, axis=-1) / length)

    n = len(configuration)
    table = neighbor_table(configuration, CUTOFF)
    columns: list[NDArray[np.int64]] = []
    values: list[NDArray[np.float64]] = []
    offsets = np.zeros(n + 1, np.int64)
    for i in range(n):
        near = slice(table.offsets[i], table.offsets[i + 1])
        before = table.neighbors[near] < i
        vectors = table.vectors[near][before]
        with_others = alike(vectors)
        among = alike(vectors[:, None] - vectors) + own * np.eye(len(vectors))
        weights = np.linalg.solve(among, with_others)
        root = np.sqrt(1 - weights @ with_others)
        columns.append(np.append(table.neighbors[near][before], i))
        values.append(np.append(-weights, 1.0) / root)
        offsets[i + 1] = offsets[i] + len(vectors) + 1
    return csr_array((np.concatenate(values), np.concatenate(columns), offsets), shape=(n, n))


def decorrelated(
    matrix: csr_array | None, X: NDArray[np.float64], Y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return rows of one configuration without correlation, but with the means they had.

    Without a matrix they are returned as they are.
    """
    if matrix is None:
        return X, Y
    return _about_mean(matrix, X), _about_mean(matrix, Y)


def _about_mean(matrix: csr_array, rows: NDArray[np.float64]) -> NDArray[np.float64]:
    mean = rows.mean(axis=0)
    made: NDArray[np.float64] = matrix @ (rows - mean)
    made += mean - made.mean(axis=0)
    return made
