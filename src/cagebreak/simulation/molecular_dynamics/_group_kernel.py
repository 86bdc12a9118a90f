"""Groups of eight particles with about as many neighbors, whose rows are put side by side.

The k-th entries of the eight rows follow each other, as `cagebreak._simd.pair_groups` reads them.
Rows that end before the longest of the group go on with a line that is far away.
"""

import numpy as np

from cagebreak._compile import njit
from cagebreak._simd.lines import LANES, LINE_BYTES
from cagebreak._simd.vectors import pointer
from cagebreak.simulation.molecular_dynamics._row_kernel import DONE, ENTRIES_FULL, far_line
from cagebreak.simulation.molecular_dynamics._state import DUMMIES, OPTIONS

BLOCK = 256
"""Particles, near each other in space, that are sorted by their neighbors (measured)."""

MOST = 255
"""Neighbors from which on particles are not sorted."""


@njit(**OPTIONS)
def make_groups(state):
    """Form groups, and copy the rows of their members; return DONE or ENTRIES_FULL."""
    starts, groups, end, group = state.particles.starts, state.groups, 0, 0
    order = np.empty(BLOCK, np.int64)
    count_neighbors(state)
    for kind in range(len(starts) - 1):
        groups.starts[kind] = group
        for block in range(starts[kind], starts[kind + 1], BLOCK):
            many = min(BLOCK, starts[kind + 1] - block)
            sort_by_neighbors(groups.lengths[block : block + many], block, order)
            for first in range(0, many, LANES):
                for lane in range(LANES):  # lanes without a particle repeat the last
                    i = order[min(first + lane, many - 1)]
                    groups.members[LANES * group + lane] = LINE_BYTES * i
                end = put_side_by_side(state, group, end)
                if end < 0:
                    return ENTRIES_FULL
                group += 1
    groups.starts[len(starts) - 1] = group
    return DONE


@njit(**OPTIONS)
def count_neighbors(state):
    """Write the lengths of all rows without the lines far away that fill them."""
    lengths, entries, bounds = state.groups.lengths, state.rows.entries, state.rows.bounds
    far = LINE_BYTES * (len(state.lines.lines) - DUMMIES)
    for i in range(len(lengths)):
        for kind in range(lengths.shape[1]):
            row = 2 * (i * lengths.shape[1] + kind)
            begin, end = bounds[row], bounds[row + 1]
            while end > begin and entries[end - 1] >= far:
                end -= 1
            lengths[i, kind] = end - begin


@njit(**OPTIONS)
def sort_by_neighbors(lengths, first, order):
    """Write the particles from `first` on in the order of their numbers of neighbors."""
    places = np.zeros(MOST + 2, np.int64)
    for i in range(len(lengths)):
        places[min(lengths[i].sum(), MOST) + 1] += 1
    for number in range(MOST):
        places[number + 1] += places[number]
    for i in range(len(lengths)):
        number = min(lengths[i].sum(), MOST)
        order[places[number]] = first + i
        places[number] += 1


@njit(**OPTIONS)
def put_side_by_side(state, group, end):
    """Copy the rows of a group to `end` on; return the new end, or -1 if there is no room."""
    rows, groups, n_kinds = state.rows, state.groups, state.groups.lengths.shape[1]
    members = groups.members[LANES * group : LANES * (group + 1)]
    centers, dummies = pointer(state.lines.centers), len(state.lines.lines) - DUMMIES
    for kind in range(n_kinds):
        longest = 0
        for lane in range(LANES):
            longest = max(longest, groups.lengths[members[lane] // LINE_BYTES, kind])
        if end + LANES * longest > len(groups.entries):
            return -1
        for lane in range(LANES):
            i = np.int64(members[lane] // LINE_BYTES)
            begin, length = rows.bounds[2 * (i * n_kinds + kind)], groups.lengths[i, kind]
            for k in range(length):
                groups.entries[end + LANES * k + lane] = rows.entries[begin + k]
            far = LINE_BYTES * far_line(centers, i, dummies)
            for k in range(length, longest):
                groups.entries[end + LANES * k + lane] = far
        groups.bounds[2 * (group * n_kinds + kind)] = end
        end += LANES * longest
        groups.bounds[2 * (group * n_kinds + kind) + 1] = end
    return end
