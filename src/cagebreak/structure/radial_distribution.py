"""The radial distribution function."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cagebreak._neighbor_kernel import count_pairs
from cagebreak.configuration import Configuration, as_configurations, ball
from cagebreak.errors import InputError
from cagebreak.neighbors import cell_list

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RadialDistribution:
    """g(r) of every pair of species.

    Parameters
    ----------
    r : (R,) array
        Middles of the bins, in units of sigma.
    pairs : (S, S, R) array
        ``pairs[a, b]``: of species b around a particle of species a; symmetric in a and b.
    total : (S, R) array
        ``total[a]``: of all particles around one of species a.
    """

    r: Floats
    pairs: Floats
    total: Floats


def radial_distribution(
    configurations: Configuration | Sequence[Configuration], r_max: float, n_bins: int = 200
) -> RadialDistribution:
    r"""Return g(r) of a configuration, or of several together.

    .. math::
        g_{ab}(r) = \frac{\text{pairs of an a and a b with } r_{ij} \text{ in the bin}}
                         {N_a (N_b - \delta_{ab})\, v(r) / V}

    with the exact volume v(r) of the bin's shell, in two dimensions its area: g is 1 on average in
    each bin if particles are placed independently of each other. Each periodic image counts, so
    `r_max` may exceed half the box. For several configurations, pairs and expectations are summed.

    Parameters
    ----------
    configurations
        One or several, of the same species.
    r_max
        End of the last bin, in units of sigma.
    n_bins
        Bins of equal width in [0, r_max].

    Returns
    -------
    RadialDistribution
        0 for a pair of species that cannot occur, such as A with A where there is a single A.

    Raises
    ------
    InputError
        If there is no configuration, or a number is not positive.
    """
    several = as_configurations(configurations)
    if not several:
        raise InputError("configurations: expected at least one, got none")
    if not isinstance(n_bins, int | np.integer) or n_bins < 1:
        raise InputError(f"n_bins: expected 1, 2, ..., got {n_bins!r}")
    if not (np.isfinite(r_max) and r_max > 0):
        raise InputError(f"r_max: expected a positive length, got {r_max!r}")
    n_species = max(configuration.n_species for configuration in several)
    edges = np.linspace(0, r_max, n_bins + 1)
    counted = np.zeros((n_species, n_species, n_bins))
    expected = np.zeros_like(counted)
    for configuration in several:
        volumes = np.diff(ball(edges, configuration.dimension))
        count_pairs(cell_list(configuration, r_max), counted)
        count = np.bincount(configuration.species, minlength=n_species).astype(np.float64)
        possible = np.outer(count, count) - np.diag(count)
        expected += possible[:, :, None] * volumes / configuration.box.volume
    return RadialDistribution(
        r=(edges[1:] + edges[:-1]) / 2,
        pairs=_ratio(counted, expected),
        total=_ratio(counted.sum(axis=1), expected.sum(axis=1)),
    )


def _ratio(counted: Floats, expected: Floats) -> Floats:
    return np.divide(counted, expected, out=np.zeros_like(counted), where=expected > 0)
