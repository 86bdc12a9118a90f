"""Quadratic forms, parts and mirror images of symmetric matrices in C order."""

import numpy as np
from scipy.linalg import blas

from cagebreak.learning._validation import Floats, Integers

RUNS = 16
"""Largest number of runs of columns that are copied run by run, four times as fast (chosen)."""


def quadratic_forms(lower: Floats, columns: Floats) -> Floats:
    """Return v'Av of each column v of columns (n, k), from the lower triangle of A (n, n)."""
    # Half of the operations of a full product. BLAS reads the transpose of an array in C order.
    product = blas.dtrmm(1.0, lower.T, columns.T, side=1, lower=0).T
    twice = np.einsum("nk,nk->k", columns, product)
    return 2.0 * twice - np.diag(lower) @ columns**2


def submatrix(matrix: Floats, columns: Integers) -> Floats:
    """Return the rows and columns of a matrix; runs of successive columns are copied as a whole."""
    starts = np.flatnonzero(np.diff(columns, prepend=-2) != 1)
    if len(starts) > RUNS:
        return matrix[np.ix_(columns, columns)]
    runs = [slice(run[0], run[-1] + 1) for run in np.split(columns, starts[1:])]
    return np.block([[matrix[rows, run] for run in runs] for rows in runs])


def mirror(matrix: Floats) -> None:
    """Copy the lower triangle onto the upper, in blocks that stay in the cache."""
    size = 128
    n = len(matrix)
    for i in range(0, n, size):
        square = matrix[i : i + size, i : i + size]
        square[:] = np.tril(square) + np.tril(square, -1).T
        for j in range(i + size, n, size):
            matrix[i : i + size, j : j + size] = matrix[j : j + size, i : i + size].T
