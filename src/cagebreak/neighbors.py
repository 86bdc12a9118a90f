"""Who is near whom: cell lists and neighbor tables in any periodic box."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cagebreak._neighbor_kernel import (
    CellList,
    cell_of_each,
    count_neighbors,
    count_shells,
    counting_sort,
    fill_shells,
    fill_table,
    first_pair,
)
from cagebreak.configuration import Box, Configuration, as_configuration, ball
from cagebreak.errors import ConfigurationError, InputError

# Finer cells follow the sphere more closely, coarser ones give longer runs of particles.
CELLS_PER_CUTOFF = 3

COINCIDENT = 1e-6
"""Particles nearer than this coincide, in mean spacings: their positions agree to six digits."""

# Where the search for solid-angle neighbors begins, in mean spacings; dense fluids need less.
FIRST_SHELL = 1.8

MOST_NEIGHBORS = 1 << 17
"""Mean number of neighbors up to which they are searched for (chosen).

Half a box of 200,000 particles is below it; a box in other units than the cut-off is above it.
"""

MOST_IN_POTENTIAL = 10_000
"""Mean number of neighbors within the range of a potential, at most (chosen).

At the density of liquids it is the range of a potential of 13 sigma.
"""

MOST_IMAGES = 1 << 16
"""Periodic images of the box within a cut-off, at most (chosen)."""

MOST_CANDIDATES = 1 << 23
"""Particles and images in the cells around a particle, at most (chosen); 40 bytes each."""

MOST_PAIRS = 1 << 25
"""Pairs of a neighbor table, at most, for small systems (chosen); 32 bytes each."""


class NeighborTable(NamedTuple):
    """The neighbors of every particle, as compressed rows.

    The neighbors of particle i are entries ``offsets[i]`` to ``offsets[i + 1]``, in no particular
    order.
    """

    offsets: NDArray[np.int64]
    """(N + 1,)"""
    neighbors: NDArray[np.int64]
    """(M,), the indices of the neighbors."""
    vectors: NDArray[np.float64]
    """(M, 3), from the particle to the image of its neighbor, in units of sigma."""

    @property
    def counts(self) -> NDArray[np.int64]:
        """The number of neighbors of each particle, (N,)."""
        return np.diff(self.offsets)

    @property
    def pairs(self) -> NDArray[np.int64]:
        """A particle and its neighbor, (M, 2); of mutual neighbors both orders are there."""
        particles = np.repeat(np.arange(len(self.offsets) - 1), self.counts)
        return np.column_stack([particles, self.neighbors])

    @property
    def distances(self) -> NDArray[np.float64]:
        """The lengths of `vectors`, (M,), in units of sigma."""
        return np.sqrt((self.vectors**2).sum(axis=1))


def neighbor_table(configuration: Configuration, cutoff: float) -> NeighborTable:
    """Return all pairs nearer than a cut-off.

    A pair counts once per periodic image within the cut-off, so the cut-off may exceed half the
    box; in a small box a particle is a neighbor of its own images.

    Parameters
    ----------
    configuration
        N particles in a box of any shape.
    cutoff
        Neighbors have r_ij < cutoff, in units of sigma.

    Returns
    -------
    NeighborTable
        M = sum of the numbers of neighbors; 32 bytes each. Time and memory are linear in N.

    Raises
    ------
    ConfigurationError
        If two particles coincide.
    InputError
        If the cut-off is not positive and finite.
    ConfigurationError
        As for `cell_list`; or if the pairs are more than `MOST_PAIRS` and than `MOST_IN_POTENTIAL`
        a particle.
    """
    configuration = as_configuration(configuration)
    cells = cell_list(configuration, cutoff)
    offsets = np.zeros(len(configuration) + 1, np.int64)
    count_neighbors(cells, offsets[1:])
    np.cumsum(offsets, out=offsets)
    if offsets[-1] > max(MOST_PAIRS, MOST_IN_POTENTIAL * len(configuration)):
        raise _too_dense(configuration, cutoff, f"{offsets[-1]} pairs of neighbors")
    neighbors = np.empty(offsets[-1], np.int64)
    vectors = np.empty((offsets[-1], 3))
    fill_table(cells, offsets, neighbors, vectors)
    return NeighborTable(offsets, neighbors, vectors)


def sann(configuration: Configuration) -> NeighborTable:
    r"""Return the nearest neighbors of every particle: those that fill its solid angle, or circle.

    Of the neighbors in order of distance, the nearest m are taken, with m the smallest number of
    at least three for which

    .. math:: \frac{1}{m - 2} \sum_{j=1}^{m} r_{ij} \le r_{i, m+1},

    in two dimensions

    .. math:: \sum_{j=1}^{m} \arccos \frac{r_{ij}}{r_{i, m+1}} \ge \pi.

    There is no parameter, and the relation need not be mutual. Each periodic image is a neighbor of
    its own.

    Parameters
    ----------
    configuration
        N particles in a box of any shape.

    Returns
    -------
    NeighborTable
        Nearest first.

    Raises
    ------
    ConfigurationError
        If two particles coincide.

    Notes
    -----
    The solid-angle nearest-neighbor algorithm of :cite:`vanMeel2012`.
    """
    configuration = as_configuration(configuration)
    counts = np.empty(len(configuration), np.int64)
    cutoff = FIRST_SHELL * configuration.spacing
    while True:
        cells = cell_list(configuration, cutoff)
        count_shells(cells, counts)
        if counts.min() >= 0:
            break
        cutoff *= 1.5
    offsets = np.concatenate([[0], np.cumsum(counts)])
    neighbors = np.empty(offsets[-1], np.int64)
    vectors = np.empty((offsets[-1], 3))
    fill_shells(cells, offsets, neighbors, vectors)
    return NeighborTable(offsets, neighbors, vectors)


def cell_list(
    configuration: Configuration, cutoff: float, per_cutoff: int = CELLS_PER_CUTOFF
) -> CellList:
    """Return the cell list in which kernels find the neighbors of a particle with `gather`.

    Memory is linear in N, whatever the cut-off.

    Parameters
    ----------
    configuration
        N particles in a box of any shape.
    cutoff
        Neighbors have r_ij < cutoff, in units of sigma.
    per_cutoff
        Cells along the cut-off, at most.

    Raises
    ------
    ConfigurationError
        If two particles coincide: are nearer than `COINCIDENT`.
    InputError
        If the cut-off is not positive and finite.
    ConfigurationError
        If there are more than `MOST_NEIGHBORS` within the cut-off, `MOST_IMAGES` of the box, or
        `MOST_CANDIDATES` around a particle.
    """
    configuration = as_configuration(configuration)
    if not (np.isfinite(cutoff) and cutoff > 0):
        raise InputError(f"cutoff: expected a positive length, got {cutoff!r}")
    check_density(configuration, cutoff, MOST_NEIGHBORS)
    box, n = configuration.box, len(configuration)
    # No more cells than particles: a dilute or elongated box must not cost memory.
    spacing = configuration.spacing
    edge = max(cutoff / per_cutoff, spacing)
    cells = np.maximum(box.heights // edge, 1)
    cells[box.dimension :] = 1  # a plane is one layer of cells
    shape = _bounded(cells, n)
    positions = configuration.wrapped
    # Clipped, not wrapped: rounding may not move a fraction away from its position.
    fractions = np.clip(positions @ box.inverse, 0, 1)
    starts, order = np.empty(np.prod(shape) + 1, np.int64), np.empty(n, np.int64)
    counting_sort(cell_of_each(fractions, shape), starts, order)
    reach = _reach(box, cutoff)
    cells_searched = np.prod(np.floor(2 * reach * shape) + 2)
    images_searched = np.prod(np.floor(2 * reach) + 2)
    # One slot more: `gather` writes a candidate before it knows whether it counts.
    capacity = min(cells_searched * np.diff(starts).max(), images_searched * n) + 1
    if capacity > MOST_CANDIDATES:
        raise _too_dense(configuration, cutoff, f"{capacity:.3g} candidates for a neighbor")
    x, y, z = np.ascontiguousarray(positions[order].T)
    particles = CellList(
        x=x,
        y=y,
        z=z,
        fractions=fractions[order],
        species=configuration.species[order],
        order=order,
        starts=starts,
        shape=shape,
        matrix=box.matrix,
        reach=reach,
        dimension=box.dimension,
        cutoff=float(cutoff),
        capacity=int(capacity),
    )
    nearest = min(COINCIDENT * spacing, float(cutoff))
    i, j = first_pair(particles._replace(cutoff=nearest, reach=_reach(box, nearest)))
    if i >= 0:
        raise ConfigurationError(
            f"configuration.positions: expected particles apart, got {min(i, j)} and {max(i, j)} "
            "at one place"
        )
    return particles


def check_density(configuration: Configuration, cutoff: float, most: int) -> None:
    """Check that the box fits to a cut-off, before anything is searched for or allocated.

    Parameters
    ----------
    configuration
    cutoff
        In units of sigma.
    most
        Largest mean number of neighbors.

    Raises
    ------
    ConfigurationError
        If at the mean density more than `most` particles and images lie within the cut-off, or more
        than `MOST_IMAGES` images of the box.
    """
    box, n = configuration.box, len(configuration)
    neighbors = n * float(ball(cutoff, box.dimension)) / box.volume
    images = float(np.prod(np.floor(2 * cutoff / box.heights[: box.dimension]) + 2))
    if neighbors > most:
        raise _too_dense(configuration, cutoff, f"about {neighbors:.3g} neighbors a particle")
    if images > MOST_IMAGES:
        raise _too_dense(configuration, cutoff, f"{images:.3g} images of the box")


def _reach(box: Box, cutoff: float) -> NDArray[np.float64]:
    """Return a cut-off as a fraction of the heights: slightly more, so that rounding hides no cell.

    In two dimensions nothing is above or below.
    """
    reach = cutoff / box.heights * (1 + 1e-12)
    reach[box.dimension :] = 0.0
    return reach


def _bounded(shape: NDArray[np.float64], n: int) -> NDArray[np.int64]:
    """Return numbers of cells of about n in all: a box far longer than wide has too many."""
    most = 8.0 * (n + 1000)
    while np.prod(shape) > most:
        longest = np.argmax(shape)
        others = np.prod(np.delete(shape, longest))
        shape[longest] = max(np.floor(most / others), np.floor(shape[longest] / 2))
    return shape.astype(np.int64)


def _too_dense(configuration: Configuration, cutoff: float, count: str) -> ConfigurationError:
    box = configuration.box
    edges, heights = (
        " x ".join(f"{length:.4g}" for length in lengths[: box.dimension])
        for lengths in (box.lengths, box.heights)
    )
    return ConfigurationError(
        f"configuration.box: expected one in the units of the cut-off of {cutoff:g}, got "
        f"{len(configuration)} particles in {edges} (heights {heights}), so {count} within the "
        "cut-off; other units, or a box too thin or too tilted?"
    )


def check_apart(configuration: Configuration) -> None:
    """Raise a `ConfigurationError` if two particles coincide: are nearer than `COINCIDENT`.

    Functions that make a cell list need no such call: `cell_list` raises the same.
    """
    cell_list(configuration, COINCIDENT * configuration.spacing)
