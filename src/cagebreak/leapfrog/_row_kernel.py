"""Rows of neighbors: particles are sorted in space, and candidates of a few cells collected.

Rows hold as long as the two largest distances between particles and the centers of their rows add
up to less than the skin. A center is not where the particle is when the rows are made, but where
it is expected half way to the next time: rows last half as long again.
"""

import numpy as np

from cagebreak._compile import njit
from cagebreak._simd.candidates import OFFSET, REACH, append_within, copy_columns, pointer_or_other
from cagebreak._simd.lines import COLUMNS, LANES, LINE_BYTES, nearest_step, squared_length
from cagebreak._simd.vectors import advanced, pointer
from cagebreak.leapfrog._state import DUMMIES, ENTRIES, OPTIONS, write_lines

LEASH = 0.45
"""Largest distance of a center from the particle when rows are made, in skins."""

FARTHEST = 2.0**50
"""Largest coordinate in steps whose nearest integer is found: 2^18 boxes from the start."""

DONE, CANDIDATES_FULL, ENTRIES_FULL, LOST, BROKEN = range(5)


@njit(**OPTIONS)
def place_centers(particles, centers, skin, metric, ahead):
    """Put centers where particles will be `ahead` time steps on; return DONE or LOST."""
    x, v, f, pull = particles.x, particles.v, particles.f, particles.pull
    leash, way = LEASH * skin, np.empty(3)
    for i in range(len(particles.numbers)):
        for d in range(3):
            way[d] = ahead * (v[i, d] + 0.5 * ahead * pull[i, d] * f[i, d])
        length = np.sqrt(squared_length(way[0], way[1], way[2], metric))
        share = leash / max(length, leash)
        for d in range(3):
            if not abs(x[i, d]) < FARTHEST or not length < FARTHEST:
                return LOST
            centers[i, d] = nearest_step(x[i, d] + share * way[d])
    return DONE


@njit(**OPTIONS)
def sort(particles, lines, cells, places):
    """Sort particles by kind, then by the cell of their centers, and write lines and columns.

    With copies of the box particles stay where they are, since they are few. `places` of particles
    of the configuration are written, too.
    """
    starts, numbers, columns = particles.starts, particles.numbers, cells.columns
    n, whole, n_copies = len(numbers), len(particles.x), len(lines.shifts)
    n_cells = cells.shape[0] * cells.shape[1] * cells.shape[2]
    for kind in range(len(starts) - 1):
        first = cells.first[kind]
        first[:] = 0
        for copy in range(n_copies):
            for i in range(starts[kind], starts[kind + 1]):
                cell = 0
                for d in range(3):
                    center = lines.centers[i, d] + lines.shifts[copy, d]
                    place = np.int64(center) & 0xFFFFFFFF
                    cell = cell * cells.shape[d] + ((place * cells.shape[d]) >> 32)
                cells.cell_of[copy * whole + i] = cell
                first[cell + 2] += 1
        first[0] = first[1] = n_copies * starts[kind]
        for cell in range(n_cells):
            first[cell + 2] += first[cell + 1]
        for copy in range(n_copies):
            for i in range(starts[kind], starts[kind + 1]):
                cell = cells.cell_of[copy * whole + i]
                slot = first[cell + 1]
                first[cell + 1] = slot + 1
                for d in range(3):
                    columns[d, slot] = lines.centers[i, d] + lines.shifts[copy, d]
                if len(columns) > OFFSET + 1:
                    columns[OFFSET + 1, slot] = lines.centers[i, 3]
                if n_copies == 1:
                    columns[OFFSET, slot] = LINE_BYTES * slot
                    move(particles, i, slot)
                else:
                    columns[OFFSET, slot] = LINE_BYTES * (copy * whole + i)
    if n_copies == 1:
        for i in range(n):
            numbers[i] = particles.spare_numbers[i]
            for d in range(4):
                particles.x[i, d] = particles.spare[0, i, d]
                particles.v[i, d] = particles.spare[1, i, d]
                particles.pull[i, d] = particles.spare[2, i, d]
            for d in range(3):
                lines.centers[i, d] = columns[d, i]
            if len(columns) > OFFSET + 1:
                lines.centers[i, 3] = columns[OFFSET + 1, i]
    for i in range(n):
        places[numbers[i]] = i
    write_lines(particles, lines)


@njit(**OPTIONS)
def move(particles, i, slot):
    """Put particle i into its place among the spare ones."""
    particles.spare_numbers[slot] = particles.numbers[i]
    for d in range(4):
        particles.spare[0, slot, d] = particles.x[i, d]
        particles.spare[1, slot, d] = particles.v[i, d]
        particles.spare[2, slot, d] = particles.pull[i, d]


@njit(**OPTIONS)
def collect(
    target, n_columns, stride, source, n_sources, first, shape, stencil, n_rows, at, depth, limits
):
    """Copy the columns of the particles of a kind near a few cells; return how many, or -1.

    All arrays are pointers, of one kind each: Numba counts the references of every array that is
    handed to a helper.
    """
    x, y, z = at
    n_x, n_y, n_z = shape
    count = 0
    for k in range(n_rows):
        a, b, reach = x + stencil[3 * k], y + stencil[3 * k + 1], stencil[3 * k + 2]
        a += n_x if a < 0 else (-n_x if a >= n_x else 0)
        b += n_y if b < 0 else (-n_y if b >= n_y else 0)
        row = (a * n_y + b) * n_z
        low, high = z - reach, z + reach + depth
        begin, end = first[row + max(low, 0)], first[row + min(high, n_z)]
        if count + end - begin + 2 * LANES > stride:
            return -1
        copy_columns(target, stride, count, source, n_sources, begin, end, limits)
        count += end - begin
        if low < 0 or high > n_z:  # what lies across the face
            begin = first[row + (low + n_z if low < 0 else 0)]
            end = first[row + (n_z if low < 0 else high - n_z)]
            if count + end - begin + 2 * LANES > stride:
                return -1
            copy_columns(target, stride, count, source, n_sources, begin, end, limits)
            count += end - begin
    # The last vector is filled with what is half a box away.
    for lane in range(count, count + LANES):
        target[lane] = np.int32(((2 * x + 1 + n_x) << 31) // n_x)
        target[stride + lane] = np.int32(((2 * y + 1 + n_y) << 31) // n_y)
        target[2 * stride + lane] = np.int32(((2 * z + depth + n_z) << 31) // n_z)
        if n_columns > REACH:
            target[REACH * stride + lane] = 0
    return count


@njit(inline="always", **OPTIONS)
def far_line(centers, i, dummies):
    """Return the dummy nearest to half a box away from a center; `centers` is a pointer."""
    far = dummies
    for d in range(3):
        corner = (centers[COLUMNS * i + d] + (5 << 29)) >> 30 & 3
        far += corner << (4 - 2 * d)
    return far


@njit(**OPTIONS)
def make_rows(state):
    """Write the rows of all particles, which are sorted; return DONE or what is full."""
    cells, rows, metric = state.cells, state.rows, state.metric
    n, n_kinds, end = len(state.particles.numbers), len(cells.first), 0
    n_columns, stride = cells.near.shape[1:]
    n_first, n_stencil = cells.first.shape[1], cells.stencils.shape[1]
    n_sources = cells.columns.shape[1]
    near, columns, first = pointer(cells.near), pointer(cells.columns), pointer(cells.first)
    stencils, sizes = pointer(cells.stencils), pointer(cells.stencil_sizes)
    centers, limits = pointer(state.lines.centers), pointer_or_other(rows.limits)
    entries, bounds, room = pointer(rows.entries), pointer(rows.bounds), len(rows.entries)
    lanes, counts = pointer(rows.lanes), np.zeros(n_kinds, np.int64)
    dummies = len(state.lines.lines) - DUMMIES
    shape, depth = (cells.shape[0], cells.shape[1], cells.shape[2]), cells.depth
    for block in range(shape[0] * shape[1] * (-(-shape[2] // depth))):
        column, part = divmod(block, -(-shape[2] // depth))
        at = (column // shape[1], column % shape[1], part * depth)
        many = min(depth, shape[2] - at[2])
        cell = column * shape[2] + at[2]
        present = 0
        for own in range(n_kinds):
            present += first[own * n_first + cell + many] - first[own * n_first + cell]
        if present == 0:
            continue
        needed = 0
        for kind in range(n_kinds):
            counts[kind] = collect(
                advanced(near, kind * n_columns * stride),
                n_columns,
                stride,
                columns,
                n_sources,
                advanced(first, kind * n_first),
                shape,
                advanced(stencils, 3 * kind * n_stencil),
                sizes[kind],
                at,
                many,
                limits,
            )
            if counts[kind] < 0:
                return CANDIDATES_FULL
            needed += counts[kind] + 2 * LANES
        for own in range(n_kinds):
            for slot in range(first[own * n_first + cell], first[own * n_first + cell + many]):
                i = np.int64(columns[OFFSET * n_sources + slot]) // LINE_BYTES
                if i >= n:
                    continue
                if end + needed > room:
                    return ENTRIES_FULL
                far = far_line(centers, i, dummies)
                for kind in range(n_kinds):
                    bounds[2 * (i * n_kinds + kind)] = end
                    end = append_within(
                        advanced(near, kind * n_columns * stride),
                        stride,
                        counts[kind],
                        centers,
                        i,
                        limits,
                        own * n_kinds + kind,
                        np.int32(LINE_BYTES * far),
                        entries,
                        end,
                        lanes,
                        metric,
                    )
                    bounds[2 * (i * n_kinds + kind) + 1] = end
    state.clock.counts[ENTRIES] = end
    return DONE
