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

DONE, FULL = 0, 1
# Columns of `rows`: the first entry of a list, and its length
FIRST, COUNT = 0, 1
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
    """Cut-off of each pair of species, in sigma, (S, S)."""
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


@njit
def count_listed(cells, reaches, rules, counts):
    """Write the number of neighbors of each particle in each group, (N, G)."""
    index, near = np.empty(cells.capacity, np.int64), np.empty((4, cells.capacity))
    cutoffs, group_of = rules.cutoffs, rules.group_of
    counts[:] = 0
    for i in range(len(cells.x)):
        a, s = cells.order[i], cells.species[i]
        for k in range(gather(cells, i, index, near)):
            b, t = cells.order[index[k]], cells.species[index[k]]
            limit = cutoffs[s, t] + reaches[a] + reaches[b]
            # The images of a particle move with it: their distance is constant.
            counts[a, group_of[t]] += a != b and near[3, k] < limit * limit


@njit
def fill_lists(cells, reaches, rules, lists, ordered):
    """Write the lists: the sites of the neighbors and the squared cut-offs of the pairs.

    With `ordered`, each list is sorted by the distance of list centers less the cut-off, so that
    the most likely overlaps come first.
    """
    cutoffs, group_of = rules.cutoffs, rules.group_of
    rows, entries, limits = lists.rows, lists.entries, lists.limits
    index, near = np.empty(cells.capacity, np.int64), np.empty((4, cells.capacity))
    gaps = np.empty(len(entries), np.float32)
    limits[:] = _EMPTY
    rows[..., COUNT] = 0
    for i in range(len(cells.x)):
        a, s = cells.order[i], cells.species[i]
        for k in range(gather(cells, i, index, near)):
            b, t = cells.order[index[k]], cells.species[index[k]]
            limit = cutoffs[s, t] + reaches[a] + reaches[b]
            if a != b and near[3, k] < limit * limit:
                g = group_of[t]
                slot = rows[a, g, FIRST] + rows[a, g, COUNT]
                gap = np.float32(np.sqrt(near[3, k]) - cutoffs[s, t])
                while ordered and slot > rows[a, g, FIRST] and gaps[slot - 1] > gap:
                    gaps[slot] = gaps[slot - 1]
                    entries[slot] = entries[slot - 1]
                    limits[slot] = limits[slot - 1]
                    slot -= 1
                gaps[slot] = gap
                entries[slot] = _site(a, b, near, k, rules)
                limits[slot] = cutoffs[s, t] ** 2
                rows[a, g, COUNT] += 1


@njit
def extend(i, reach, cells, reaches, rules, lists):
    """Lengthen the reach of sorted particle `i`; return FULL if a list has no free slot."""
    cutoffs, group_of, repeats = rules.cutoffs, rules.group_of, rules.repeats
    n = len(rules.centers)
    index, near = np.empty(cells.capacity, np.int64), np.empty((4, cells.capacity))
    a, s = cells.order[i], cells.species[i]
    for k in range(gather(cells, i, index, near)):
        b, t = cells.order[index[k]], cells.species[index[k]]
        limit = cutoffs[s, t] + reach + reaches[b]
        before = cutoffs[s, t] + reaches[a] + reaches[b]
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
        square = cutoffs[s, t] ** 2
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
