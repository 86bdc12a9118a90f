"""The radial basis R_n of the atomic cluster expansion, and products of its functions."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cagebreak.descriptors.ace._expansion_kernel import radial_functions


@dataclass(frozen=True)
class RadialBasis:
    r"""Orthonormal polynomials of a transformed distance, under an envelope.

    .. math::
        R_n(r) &= (x - 1)^p \, P_{n-1}(x), \qquad n = 1, 2, \ldots \\
        x(r) &= 1 - \frac{y(r / r_s) - y(r_\mathrm{cut} / r_s)}{1 - y(r_\mathrm{cut} / r_s)}
            \left(1 - \frac{r^4}{r_\mathrm{cut}^4}\right), \qquad
        y(s) = \frac{1 + s^3}{1 + s^3 + a s^4}

    with P_k the Legendre polynomials, shifted to the range of x, 0 to 1, and orthonormal there.

    Parameters
    ----------
    r_cut
        Cut-off of all functions, in units of sigma.
    r0
        Distance at which :math:`|dy/dr|` is largest, in units of sigma.
    r_s
        The unit of s, in units of sigma.
    envelope
        The power p.
    """

    r_cut: float
    r0: float
    r_s: float
    envelope: int

    @property
    def parameters(self) -> tuple[float, float, float, int]:
        """The parameters of the kernel: r_cut, r_s, a and p."""
        # y = 1 / (1 + a g) with g = s^4 / (1 + s^3) is steepest where g'' (1 + a g) = 2 a g'^2.
        s = self.r0 / self.r_s
        g = s**4 / (1 + s**3)
        first = (4 * s**3 + s**6) / (1 + s**3) ** 2
        second = 6 * s**2 * (2 - s**3) / (1 + s**3) ** 3
        return self.r_cut, self.r_s, second / (2 * first**2 - g * second), self.envelope

    def __call__(self, r: ArrayLike, n_max: int) -> NDArray[np.float64]:
        """Return R_1 to R_n_max at distances r (M,), (n_max, M); 0 beyond the cut-off."""
        distance = np.asarray(r, dtype=np.float64)
        rows = np.empty((n_max, len(distance)))
        radial_functions(distance, *self.parameters, rows)
        return rows


@cache
def product(n: tuple[int, ...], envelope: int) -> NDArray[np.float64]:
    r"""Return the coefficients in :math:`\prod_t R_{n_t} = \sum_k c_k R_k`, from k = 1 on.

    The expansion is exact, since the product is the envelope times a polynomial of x.
    """
    power = (len(n) - 1) * envelope
    length = sum(n) - len(n) + power + 1
    # Enough nodes for the product of two polynomials of the highest degree.
    nodes, weights = np.polynomial.legendre.leggauss(length)
    scale = np.sqrt(2 * np.arange(length) + 1)
    polynomials = np.polynomial.legendre.legvander(nodes, length - 1) * scale
    values = ((nodes - 1) / 2) ** power
    for n_t in n:
        values = values * polynomials[:, n_t - 1]
    coefficients = (weights / 2 * values) @ polynomials
    coefficients.flags.writeable = False
    return coefficients
