"""Groups of sixteen particles with about as many neighbors, whose rows are put side by side.

The k-th entries of the sixteen rows follow each other, as `cagebreak._simd.pair_groups` reads them.
Rows that end before the longest of the group go on with a line that is far away.
"""

import numpy as np

from cagebreak._compile import njit
from cagebreak._simd.lines import LANES, LINE_BYTES
from cagebreak._simd.pair_groups import MEMBERS
from cagebreak._simd.vectors import pointer
from cagebreak.leapfrog._row_kernel import DONE, ENTRIES_FULL, far_line
from cagebreak.leapfrog._state import DUMMIES, OPTIONS

BLOCK = 1024
"""Particles, near each other in space, that are sorted by their neighbors (measured)."""

MOST = 255
"""Neighbors from which on particles are not sorted."""


@njit(**OPTIONS)
def make_groups(state):
    """Form groups, and copy the rows of their members; return DONE or ENTRIES_FULL."""
    starts, groups, end, group = state.particles.starts, state.groups, 0, 0
    order, spare = np.empty(BLOCK, np.int64), np.empty(BLOCK, np.int64)
    count_neighbors(state)
    for kind in range(len(starts) - 1):
        groups.starts[kind] = group
        for block in range(starts[kind], starts[kind + 1], BLOCK):
            many = min(BLOCK, starts[kind + 1] - block)
            sort_by_neighbors(groups.lengths[block : block + many], block, order, spare)
            for first in range(0, many, MEMBERS):
                for lane in range(MEMBERS):  # lanes without a particle repeat the last
                    i = order[min(first + lane, many - 1)]
                    groups.members[MEMBERS * group + lane] = LINE_BYTES * i
                end = put_side_by_side(state, group, end)
                if end < 0:
                    return ENTRIES_FULL
                group += 1
    groups.starts[len(starts) - 1] = group
    return DONE


@njit(**OPTIONS)
def count_neighbors(state):
    """Write the lengths of all rows, less the lines far away that fill them."""
    lengths, bounds = pointer(state.groups.lengths), pointer(state.rows.bounds)
    entries, far = pointer(state.rows.entries), LINE_BYTES * (len(state.lines.lines) - DUMMIES)
    for row in range(state.groups.lengths.size):
        begin, end = bounds[2 * row], bounds[2 * row + 1]
        length = end - begin
        if length > 0:
            for slot in range(end - LANES, end):
                length -= entries[slot] >= far
        lengths[row] = length


@njit(**OPTIONS)
def sort_by_neighbors(lengths, first, order, spare):
    """Write the particles from `first` on in the order of their numbers of neighbors of each kind.

    `lengths` are those of these particles alone. Each kind is a stable sort by counting.
    """
    many, n_kinds = lengths.shape
    for i in range(many):
        order[i] = first + i
    for kind in range(n_kinds):
        places = np.zeros(MOST + 2, np.int64)
        for i in range(many):
            places[min(lengths[i, kind], MOST) + 1] += 1
            spare[i] = order[i]
        for number in range(MOST):
            places[number + 1] += places[number]
        for i in range(many):
            number = min(lengths[spare[i] - first, kind], MOST)
            order[places[number]] = spare[i]
            places[number] += 1


@njit(**OPTIONS)
def put_side_by_side(state, group, end):
    """Copy the rows of a group to `end` on; return the new end, or -1 if there is no room."""
    rows, groups, n_kinds = state.rows, state.groups, state.groups.lengths.shape[1]
    sources, entries, bounds = pointer(rows.entries), pointer(groups.entries), pointer(rows.bounds)
    members, lengths = pointer(groups.members), pointer(groups.lengths)
    centers, dummies = pointer(state.lines.centers), len(state.lines.lines) - DUMMIES
    for kind in range(n_kinds):
        longest = 0
        for lane in range(MEMBERS * group, MEMBERS * (group + 1)):
            longest = max(longest, lengths[members[lane] // LINE_BYTES * n_kinds + kind])
        if end + MEMBERS * longest > len(groups.entries):
            return -1
        for lane in range(MEMBERS):
            i = np.int64(members[MEMBERS * group + lane] // LINE_BYTES)
            row = i * n_kinds + kind
            source, place = bounds[2 * row], end + lane
            for _ in range(lengths[row]):
                entries[place] = sources[source]
                source += 1
                place += MEMBERS
            far = np.int32(LINE_BYTES * far_line(centers, i, dummies))
            while place < end + MEMBERS * longest:
                entries[place] = far
                place += MEMBERS
        groups.bounds[2 * (group * n_kinds + kind)] = end
        end += MEMBERS * longest
        groups.bounds[2 * (group * n_kinds + kind) + 1] = end
    return end
