"""Reduction of a symmetric matrix to band form, in which every shifted system is cheap."""

from typing import NamedTuple

import numpy as np
from scipy.linalg import lapack
from scipy.linalg.blas import dgemm, dsymm, dsyr2k, dsyrk, dtrsm

from cagebreak.errors import InputError
from cagebreak.learning._validation import Floats

WIDTH = 64
"""Number of diagonals below the main one (chosen: matrix products run at full speed from here on,
and the solution of band systems takes a small part of the time)."""


class _Block(NamedTuple):
    """As many columns of the band as it is wide."""

    diagonal: Floats
    """Of which the lower triangle is read."""
    below: Floats
    """An upper triangle."""


class _Reflector(NamedTuple):
    """The orthogonal matrix ``1 - V T V'`` of the rows from `first` on."""

    first: int
    vectors: Floats
    triangle: Floats

    def apply(self, columns: Floats, transposed: bool) -> None:
        """Multiply columns (n, k), in C order, by the matrix or its transpose, in place."""
        # BLAS changes a matrix in Fortran order in place, without an intermediate product.
        rows = columns[self.first :].T
        product = dgemm(1.0, rows, self.vectors)
        product = dgemm(1.0, product, self.triangle, trans_b=not transposed)
        dgemm(-1.0, product, self.vectors, beta=1.0, c=rows, trans_b=1, overwrite_c=1)


class BandFactor:
    """The lower triangular band matrix L of a Cholesky factorization ``L L' = B + alpha``.

    Parameters
    ----------
    blocks
        The columns of L.
    """

    def __init__(self, blocks: list[_Block]) -> None:
        self._blocks = blocks
        ends = np.cumsum([len(triangle) for triangle, _ in blocks])
        self._rows = [
            slice(end - len(block.diagonal), end) for end, block in zip(ends, blocks, strict=True)
        ]

    def forward(self, columns: Floats) -> Floats:
        """Return ``L^-1 b`` of columns b, (n, k)."""
        # The rows of a block are contiguous, and BLAS reads their transpose in place.
        solution = np.array(columns, order="C")
        parts = [solution[rows] for rows in self._rows]
        for i, (triangle, _) in enumerate(self._blocks):
            if i > 0:
                parts[i] -= self._blocks[i - 1].below @ parts[i - 1]
            dtrsm(1.0, triangle, parts[i].T, side=1, lower=1, trans_a=1, overwrite_b=1)
        return solution

    def backward(self, columns: Floats) -> Floats:
        """Return ``L'^-1 b`` of columns b, (n, k)."""
        solution = np.array(columns, order="C")
        parts = [solution[rows] for rows in self._rows]
        for i, (triangle, below) in reversed(list(enumerate(self._blocks))):
            if len(below):
                parts[i] -= below.T @ parts[i + 1]
            dtrsm(1.0, triangle, parts[i].T, side=1, lower=1, overwrite_b=1)
        return solution


class BandForm:
    """Band form ``A = Q B Q'`` of a symmetric matrix A, with Q orthogonal and B a band matrix.

    The solutions of ``(A + alpha) x = b`` for any number of alphas then cost the solution of band
    systems and a product with Q. The reduction takes ``4/3 n^3`` operations, nearly all in products
    of matrices: a third of the time of an eigendecomposition, or five Cholesky factorizations. It
    is as stable as the eigendecomposition, since all transformations are orthogonal
    (:cite:`Bischof2000`).

    Parameters
    ----------
    lower : (n, n) array
        The matrix A, of which the lower triangle is read.
    overwrite
        Whether the memory of the matrix may be used, which saves a copy if it is in Fortran order.
    """

    def __init__(self, lower: Floats, overwrite: bool = False) -> None:
        n = len(lower)
        width = max(min(WIDTH, n - 1), 0)
        self._blocks: list[_Block] = []
        self._reflectors: list[_Reflector] = []
        rest = np.array(lower, order="F", copy=None if overwrite else True)
        spare = np.empty(lower.shape)
        first = 0
        while len(rest) > max(width, 1):
            # Columns of the panel are reduced to a triangle by the QR decomposition below the band.
            n_below = len(rest) - width
            size = min(width, n_below)
            factored, triangle, _ = lapack.dgeqrt(size, rest[width:, :width])
            vectors = factored[:, :size].copy(order="F")
            vectors[:size] = np.tril(vectors[:size], -1) + np.eye(size)
            below = np.asfortranarray(np.triu(factored[:size]))
            self._blocks.append(_Block(rest[:width, :width].copy(order="F"), below))
            # The rest becomes Q'AQ = A - V W' - W V', in half the operations of full products.
            rest, spare = _triangle(rest[width:, width:], spare), rest
            product = dsymm(1.0, rest, vectors @ triangle, lower=1)
            half = 0.5 * triangle.T @ (vectors.T @ product)
            product = dgemm(-1.0, vectors, half, beta=1.0, c=product, overwrite_c=1)
            rest = dsyr2k(-1.0, vectors, product, beta=1.0, c=rest, lower=1, overwrite_c=1)
            first += width
            self._reflectors.append(_Reflector(first, vectors, triangle))
        self._blocks.append(_Block(rest.copy(order="F"), np.empty((0, len(rest)), order="F")))

    def rotate(self, columns: Floats) -> Floats:
        """Return ``Q' b`` of columns b, (n, k)."""
        rotated = np.array(columns, order="C")
        for reflector in self._reflectors:
            reflector.apply(rotated, transposed=True)
        return rotated

    def rotate_back(self, columns: Floats) -> Floats:
        """Return ``Q b`` of columns b, (n, k)."""
        rotated = np.array(columns, order="C")
        for reflector in reversed(self._reflectors):
            reflector.apply(rotated, transposed=False)
        return rotated

    def solve(self, alpha: float, rotated: Floats) -> Floats:
        """Return ``(B + alpha)^-1 b`` of rotated columns b, (n, k).

        Raises
        ------
        InputError
            If B + alpha is not positive definite.
        """
        factor = self.factor(alpha)
        return factor.backward(factor.forward(rotated))

    def factor(self, alpha: float) -> BandFactor:
        """Return the Cholesky factor of B + alpha.

        Raises
        ------
        InputError
            If B + alpha is not positive definite.
        """
        factors: list[_Block] = []
        for diagonal, below in self._blocks:
            shifted = diagonal.copy(order="F")
            shifted[np.diag_indices(len(shifted))] += alpha
            if factors:
                above = factors[-1].below
                shifted = dsyrk(-1.0, above, beta=1.0, c=shifted, lower=1, overwrite_c=1)
            triangle, failed = lapack.dpotrf(shifted, lower=1, overwrite_a=1)
            if failed:
                raise not_positive(alpha)
            if len(below):
                below = dtrsm(1.0, triangle, below, side=1, lower=1, trans_a=1)
            factors.append(_Block(triangle, below))
        return BandFactor(factors)


def _triangle(matrix: Floats, spare: Floats) -> Floats:
    """Return a square matrix, in Fortran order, in the memory of a larger one.

    The lower triangle is copied; what is above is left over.
    """
    # Memory that is used again is faster than new pages by the time of the copy itself.
    n = len(matrix)
    copy = spare.ravel(order="K")[: n * n].reshape((n, n), order="F")
    for first in range(0, n, WIDTH):
        copy[first:, first : first + WIDTH] = matrix[first:, first : first + WIDTH]
    return copy


def not_positive(alpha: float) -> InputError:
    """Return the error that ``X'X + alpha`` is not positive definite."""
    return InputError(
        f"X'X: expected no eigenvalue below 0 but by rounding, got one below {-alpha:.3g}; the "
        "statistics were edited, or subtraction of nearly all rows has cost their digits"
    )
