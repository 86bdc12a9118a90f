"""The van Hove correlation functions: where a particle is later, and where the others are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cagebreak.configuration import Configuration, as_configuration, ball
from cagebreak.dynamics import _van_hove_kernel as kernel
from cagebreak.dynamics._shapes import require_displacements_of
from cagebreak.errors import InputError
from cagebreak.models.arguments import is_whole, real
from cagebreak.neighbors import cell_list

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class VanHove:
    """The van Hove function in bins of r.

    Parameters
    ----------
    r : (R,) array
        Middles of the bins, in sigma.
    self_part : (T, S, R) array
        ``G_s(r, t)`` of each species, in 1 / sigma^3.
    distinct : (T, S, S, R) array
        ``G_d(r, t)`` of species b around the start of a particle of species a, over the density of
        b.
    """

    r: Floats
    self_part: Floats
    distinct: Floats


def van_hove(
    configuration: Configuration, displacements: ArrayLike, r_max: float, n_bins: int = 200
) -> VanHove:
    r"""Return the self and the distinct part of the van Hove function of a run.

    .. math::
        G_s(r, t) &= \frac{1}{N_a} \sum_{i \in a} \frac{\delta(r - |r_i(t) - r_i(0)|)}{4 \pi r^2}

        G_d(r, t) &= \frac{V}{N_a (N_b - \delta_{ab})} \sum_{i \in a} \sum_{j \in b, j \ne i}
                    \frac{\delta(r - |r_j(t) - r_i(0)|)}{4 \pi r^2}

    averaged over each bin, in two dimensions with :math:`2 \pi r` for
    :math:`4 \pi r^2` (:cite:`VanHove1954`). The sum of ``G_s`` times the volumes of the bins is the
    share of particles that have not moved further than `r_max`. At t = 0 ``G_d`` is g(r)
    (`cagebreak.radial_distribution`); at late times it is 1.

    Parameters
    ----------
    configuration
        The start of the run, N particles.
    displacements : (T, N, 3) array
        From the start, in sigma; not wrapped.
    r_max
        End of the last bin, in sigma, at most half of the least height of the box.
    n_bins
        Bins of equal width in [0, r_max].

    Returns
    -------
    VanHove
        ``self_part`` is NaN for an absent species, ``distinct`` 0 for a pair that cannot occur.

    Raises
    ------
    InputError
        If the displacements have another shape, or a number is not positive or too large.
    """
    configuration = as_configuration(configuration)
    displacements = require_displacements_of(displacements, configuration)
    box, species, n_species = configuration.box, configuration.species, configuration.n_species
    half = box.heights[: box.dimension].min() / 2
    if not 0 < real(r_max) <= half:
        raise InputError(f"r_max: expected a length up to half of the box, {half:g}, got {r_max!r}")
    if not is_whole(n_bins) or n_bins < 1:
        raise InputError(f"n_bins: expected 1, 2, ..., got {n_bins!r}")
    edges = np.linspace(0, r_max, int(n_bins) + 1)
    volumes = np.diff(ball(edges, box.dimension))
    number = np.bincount(species, minlength=n_species).astype(np.float64)
    possible = np.outer(number, number) - np.diag(number)
    ideal = possible[:, :, None] * volumes / box.volume
    self_part = np.full((len(displacements), n_species, len(volumes)), np.nan)
    distinct = np.zeros((len(displacements), n_species, n_species, len(volumes)))
    for t, moved in enumerate(displacements):
        lengths = np.sqrt((moved**2).sum(axis=1))
        for s in np.flatnonzero(number):
            counts = np.histogram(lengths[species == s], edges)[0]
            self_part[t, s] = counts / (number[s] * volumes)
        counts = _of_others(configuration, moved, edges)
        np.divide(counts, ideal, out=distinct[t], where=ideal > 0)
    return VanHove((edges[1:] + edges[:-1]) / 2, self_part, distinct)


def _of_others(start: Configuration, displacements: Floats, edges: Floats) -> Floats:
    """Return the number of other particles around the start of each, (S, S, R)."""
    later = start.replace(positions=start.positions + displacements, images=None)
    cells = cell_list(later, edges[-1])
    places, n = start.wrapped, len(start)
    x, y, z = (np.concatenate([getattr(cells, "xyz"[a]), places[:, a]]) for a in range(3))
    fractions = np.clip(places @ start.box.inverse, 0, 1)
    cells = cells._replace(
        x=x,
        y=y,
        z=z,
        fractions=np.concatenate([cells.fractions, fractions]),
        species=np.concatenate([cells.species, start.species]),
        order=np.concatenate([cells.order, np.arange(n)]),
    )
    counts = np.zeros((start.n_species, start.n_species, len(edges) - 1))
    kernel.count_other_particles(cells, n, counts)
    return counts
