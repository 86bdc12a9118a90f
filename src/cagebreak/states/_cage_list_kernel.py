"""Neighbor lists of the cage state: who may ever come within the cut-off of whom.

Particle i stays within ``reaches[i]`` of its list center. Two particles can then meet only if their
centers are nearer than their cut-off and both reaches, and lists of these pairs need no rebuilding.
Where a particle goes further, `extend` adds the pairs that its longer reach brings.
"""

import numpy as np

from cagebreak._compile import njit
from cagebreak._neighbor_kernel import gather

DONE, FULL = 0, 1
# Columns of `rows`: where the neighbors of one group begin, and how many they are
FIRST, COUNT = 0, 1
_NOBODY = np.float32(-1)  # the limit of an empty slot: no squared distance is below it


@njit(inline="always")
def _site(a, b, near, k, centers, inverse, repeats):
    """Return the site of the image of b that vector `k` of `near` leads to from a.

    Image (0, 0, 0) lies where ``centers`` says; one a repetition further is the same site again.
    """
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
def count_listed(cells, reaches, cutoffs, group_of, counts):
    """Write how many neighbors of each group a particle has, (N, G)."""
    index, near = np.empty(cells.capacity, np.int64), np.empty((4, cells.capacity))
    counts[:] = 0
    for i in range(len(cells.x)):
        a, s = cells.order[i], cells.species[i]
        for k in range(gather(cells, i, index, near)):
            b, t = cells.order[index[k]], cells.species[index[k]]
            limit = cutoffs[s, t] + reaches[a] + reaches[b]
            # Its own images move with a particle.
            counts[a, group_of[t]] += a != b and near[3, k] < limit * limit


@njit
def fill_lists(
    cells, reaches, cutoffs, group_of, centers, inverse, repeats, rows, entries, limits, ordered
):
    """Write the lists: the site of a neighbor, and the squared cut-off of the pair, its limit.

    Ordered, each list begins with those whose centers are soonest within the cut-off.
    """
    index, near = np.empty(cells.capacity, np.int64), np.empty((4, cells.capacity))
    gaps = np.empty(len(entries), np.float32)
    limits[:] = _NOBODY
    rows[..., COUNT] = 0
    for i in range(len(cells.x)):
        a, s = cells.order[i], cells.species[i]
        for k in range(gather(cells, i, index, near)):
            b, t = cells.order[index[k]], cells.species[index[k]]
            limit = cutoffs[s, t] + reaches[a] + reaches[b]
            if a != b and near[3, k] < limit * limit:
                g = group_of[t]
                place = rows[a, g, FIRST] + rows[a, g, COUNT]
                gap = np.float32(np.sqrt(near[3, k]) - cutoffs[s, t])
                while ordered and place > rows[a, g, FIRST] and gaps[place - 1] > gap:
                    gaps[place] = gaps[place - 1]
                    entries[place] = entries[place - 1]
                    limits[place] = limits[place - 1]
                    place -= 1
                gaps[place] = gap
                entries[place] = _site(a, b, near, k, centers, inverse, repeats)
                limits[place] = cutoffs[s, t] ** 2
                rows[a, g, COUNT] += 1


@njit
def extend(
    i, reach, cells, reaches, cutoffs, group_of, centers, inverse, repeats, rows, entries, limits
):
    """Give the particle at sorted place `i` a longer reach; return FULL if a list has no room."""
    index, near = np.empty(cells.capacity, np.int64), np.empty((4, cells.capacity))
    a, s = cells.order[i], cells.species[i]
    for k in range(gather(cells, i, index, near)):
        b, t = cells.order[index[k]], cells.species[index[k]]
        limit = cutoffs[s, t] + reach + reaches[b]
        before = cutoffs[s, t] + reaches[a] + reaches[b]
        if a == b or near[3, k] >= limit * limit or near[3, k] < before * before:
            continue
        there = _site(a, b, near, k, centers, inverse, repeats)
        # The same image, seen from the other side.
        copy = there // len(centers)
        back, unit = 0, 1
        for d in range(2, -1, -1):
            back += -(copy % repeats[d]) % repeats[d] * unit
            copy //= repeats[d]
            unit *= repeats[d]
        back = back * len(centers) + a
        square = cutoffs[s, t] ** 2
        if not _append(a, group_of[t], there, square, rows, entries, limits):
            return FULL
        if not _append(b, group_of[s], back, square, rows, entries, limits):
            return FULL
    reaches[a] = reach
    return DONE


@njit(inline="always")
def _append(owner, group, site, limit, rows, entries, limits):
    """Add a neighbor to a list; return False if it is full."""
    place = rows[owner, group, FIRST] + rows[owner, group, COUNT]
    end = len(entries)
    if group + 1 < rows.shape[1]:
        end = rows[owner, group + 1, FIRST]
    elif owner + 1 < len(rows):
        end = rows[owner + 1, 0, FIRST]
    if place == end:
        return False
    entries[place] = site
    limits[place] = limit
    rows[owner, group, COUNT] += 1
    return True
