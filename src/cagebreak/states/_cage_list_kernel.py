"""Neighbor lists of the cage Monte Carlo that need no rebuilding; see `_cage_kernel` for the moves.

Particle i stays within ``reaches[i]`` of its list center. Two particles interact only if the
distance between their list centers is below the sum of their cut-off and both reaches. The lists
hold all such pairs. When the reach of a particle grows, `extend` adds the pairs that this brings.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cagebreak._compile import njit
from cagebreak._neighbor_kernel import gather
from cagebreak._simd.sites import LANES
from cagebreak.potentials._pair_kernel import OwnSizes, contact_of

DONE, FULL = 0, 1
# Columns of `rows`: the first entry of a list, and its length
FIRST, COUNT = 0, 1
_SLACK = 4  # free slots of a list, besides a third of its length
_EMPTY = np.float32(-1)  # the limit of an empty slot: every squared distance is above it


class NeighborLists(NamedTuple):
    """The neighbors of each of N particles, in a list for each of G groups of species."""

    rows: NDArray[np.int64]
    """First entry and length of the list of each particle and group, (N, G, 2)."""
    entries: NDArray[np.int32]
    """The site of each neighbor, (M,), with free slots at the end of each list."""
    limits: NDArray[np.float32]
    """Squared cut-off of the pair, in sigma^2, (M,); -1 in a free slot."""


class ListRules(NamedTuple):
    """The geometry that decides which pairs are listed, and under which site."""

    cutoffs: NDArray[np.float64]
    """Cut-off of each pair of species, (S, S), in sigma; of particles with sizes of their own, in
    units of their contact distance."""
    sizes: OwnSizes
    """The sizes of the particles, if they have their own."""
    group_of: NDArray[np.int64]
    """The group of each species, (S,): the neighbors of a group share a list."""
    centers: NDArray[np.float64]
    """List centers, unwrapped, in sigma, (N, 3)."""
    inverse: NDArray[np.float64]
    """Inverse of the matrix of the box, in 1 / sigma, (3, 3)."""
    repeats: NDArray[np.int64]
    """Number of copies of the box along each lattice vector, (3,)."""


@njit(inline="always")
def _site(a, b, near, k, rules):
    """Return the site of the image of b that vector `k` of `near` points to from a.

    Image (0, 0, 0) is the one at ``rules.centers``. Images are counted modulo the number of copies
    of the box. The sites of copy c are c N to (c + 1) N.
    """
    centers, inverse, repeats = rules.centers, rules.inverse, rules.repeats
    if repeats[0] * repeats[1] * repeats[2] == 1:
        return b
    copy = 0
    for d in range(3):
        image = 0.0
        for c in range(3):
            image += (near[c, k] - (centers[b, c] - centers[a, c])) * inverse[c, d]
        copy = copy * repeats[d] + np.int64(np.rint(image)) % repeats[d]
    return copy * len(centers) + b


@njit(inline="always")
def _cutoff(a, b, s, t, rules):
    """Return the cut-off of particles a and b of species s and t."""
    cutoff, diameters = rules.cutoffs[s, t], rules.sizes.diameters
    if len(diameters):
        cutoff *= contact_of(diameters[a], diameters[b], rules.sizes.nonadditivity)
    return cutoff


@njit(nogil=True)
def make_lists(cells, reaches, rules, ordered):
    """Return the fields of the lists, with some free slots in each.

    With `ordered`, each list is sorted by the distance of list centers less the cut-off, so that
    the most likely overlaps come first.
    """
    group_of, n = rules.group_of, len(cells.x)
    index, near = np.empty(cells.capacity, np.int64), np.empty((4, cells.capacity))
    n_groups = group_of[-1] + 1
    rows = np.zeros((n, n_groups, 2), np.int64)
    # All pairs in the order in which they are found, as their number is not known yet.
    sites, gaps = np.empty(64 * n, np.int32), np.empty(64 * n, np.float32)
    species = np.empty(64 * n, np.int8)
    ends = np.empty(n, np.int64)
    n_pairs = 0
    for i in range(n):
        a, s = cells.order[i], cells.species[i]
        found = gather(cells, i, index, near)
        while n_pairs + found > len(sites):
            sites = np.concatenate((sites, sites))
            gaps = np.concatenate((gaps, gaps))
            species = np.concatenate((species, species))
        for k in range(found):
            b, t = cells.order[index[k]], cells.species[index[k]]
            cutoff = _cutoff(a, b, s, t, rules)
            limit = cutoff + reaches[a] + reaches[b]
            # The images of a particle move with it: their distance is constant.
            if a != b and near[3, k] < limit * limit:
                sites[n_pairs] = _site(a, b, near, k, rules)
                gaps[n_pairs] = np.float32(np.sqrt(near[3, k]) - cutoff)
                species[n_pairs] = t
                rows[a, group_of[t], COUNT] += 1
                n_pairs += 1
        ends[i] = n_pairs
    total = 0
    for a in range(n):
        for g in range(n_groups):
            rows[a, g, FIRST] = total
            slots = rows[a, g, COUNT] * 4 // 3 + _SLACK
            total += (slots + LANES - 1) // LANES * LANES
            rows[a, g, COUNT] = 0
    entries, limits = np.zeros(total, np.int32), np.full(total, _EMPTY)
    keys = np.empty(total if ordered else 0, np.float32)
    first = 0
    for i in range(n):
        a, s = cells.order[i], cells.species[i]
        for k in range(first, ends[i]):
            t = species[k]
            g = group_of[t]
            slot = rows[a, g, FIRST] + rows[a, g, COUNT]
            if ordered:
                while slot > rows[a, g, FIRST] and keys[slot - 1] > gaps[k]:
                    keys[slot] = keys[slot - 1]
                    entries[slot] = entries[slot - 1]
                    limits[slot] = limits[slot - 1]
                    slot -= 1
                keys[slot] = gaps[k]
            entries[slot] = sites[k]
            limits[slot] = _cutoff(a, sites[k] % n, s, t, rules) ** 2
            rows[a, g, COUNT] += 1
        first = ends[i]
    return rows, entries, limits


@njit(nogil=True)
def extend(i, reach, cells, reaches, rules, lists):
    """Lengthen the reach of sorted particle `i`; return FULL if a list has no free slot."""
    group_of, repeats = rules.group_of, rules.repeats
    n = len(rules.centers)
    index, near = np.empty(cells.capacity, np.int64), np.empty((4, cells.capacity))
    a, s = cells.order[i], cells.species[i]
    for k in range(gather(cells, i, index, near)):
        b, t = cells.order[index[k]], cells.species[index[k]]
        cutoff = _cutoff(a, b, s, t, rules)
        limit = cutoff + reach + reaches[b]
        before = cutoff + reaches[a] + reaches[b]
        if a == b or near[3, k] >= limit * limit or near[3, k] < before * before:
            continue
        site = _site(a, b, near, k, rules)
        # The site of a in the list of b: the opposite copy of the box.
        copy = site // n
        opposite, unit = 0, 1
        for d in range(2, -1, -1):
            opposite += -(copy % repeats[d]) % repeats[d] * unit
            copy //= repeats[d]
            unit *= repeats[d]
        square = cutoff**2
        if not _append(a, group_of[t], site, square, lists):
            return FULL
        if not _append(b, group_of[s], opposite * n + a, square, lists):
            return FULL
    reaches[a] = reach
    return DONE


@njit(inline="always")
def _append(i, group, site, limit, lists):
    """Add a neighbor to a list of particle i; return False if the list is full."""
    rows = lists.rows
    slot = rows[i, group, FIRST] + rows[i, group, COUNT]
    end = len(lists.entries)
    if group + 1 < rows.shape[1]:
        end = rows[i, group + 1, FIRST]
    elif i + 1 < len(rows):
        end = rows[i + 1, 0, FIRST]
    if slot == end:
        return False
    lists.entries[slot] = site
    lists.limits[slot] = limit
    rows[i, group, COUNT] += 1
    return True
