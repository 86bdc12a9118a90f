"""Neighbor lists of hard spheres, each rebuilt on its own when its sphere has moved too far."""

import math

import numpy as np
from numba import int64

from cagebreak._compile import njit
from cagebreak._simd.contacts import COLUMNS, LANES
from cagebreak._simd.vectors import prefetch
from cagebreak.simulation.event_driven._event_state import (
    BOOK_COLUMNS,
    CELL,
    CENTER,
    COUNT,
    EDGE,
    FIRST,
    GRID_COLUMNS,
    INVERSE,
    KIND,
    KIND_COLUMNS,
    MARK_COLUMNS,
    OPTIONS,
    RADIUS,
    REACH,
    VX,
    X,
)

LONGEST_FLIGHT = 1e6
CACHE_LINE = 16  # neighbors


@njit(inline="always", **OPTIONS)
def _cell_along(x, inverse_edge, n_cells):
    fraction = x * inverse_edge
    cell = int64((fraction - math.floor(fraction)) * n_cells)
    return min(cell, n_cells - 1)


@njit(inline="always", **OPTIONS)
def _window(cell, reach, n_cells):
    """Return the cells from which to which a search goes, each cell at most once."""
    if 2 * reach + 1 >= n_cells:
        return 0, n_cells
    return cell - reach, cell + reach + 1


@njit(inline="always", **OPTIONS)
def _forget(i, spheres, lists, cells):
    """Take sphere i out of its cell and out of the lists of its neighbors."""
    books, neighbors, chain = spheres.books, lists.neighbors, cells.chain
    book = BOOK_COLUMNS * i
    cell = int64(books[book + CELL])
    if cell >= 0:
        other = int64(cells.heads[cell])
        if other == i:
            cells.heads[cell] = chain[i]
        else:
            while chain[other] != i:
                other = int64(chain[other])
            chain[other] = chain[i]
    for slot in range(books[book + FIRST], books[book + FIRST] + books[book + COUNT]):
        other = BOOK_COLUMNS * neighbors[slot]
        first = int64(books[other + FIRST])
        last = first + books[other + COUNT] - 1
        for place in range(first, last + 1):
            if neighbors[place] == i:
                neighbors[place] = neighbors[last]
                neighbors[last] = spheres.n
                books[other + COUNT] -= 1
                break


@njit(**OPTIONS)
def list_neighbors(i, now, spheres, lists, cells, space):
    """Build the neighbor list of sphere i around where it is now; return False if one is full.

    Species of very different size have grids of their own. Otherwise a small sphere would search as
    far as a large one, among many small ones.
    """
    _forget(i, spheres, lists, cells)
    lines, books, marks, kinds = spheres.lines, spheres.books, spheres.marks, spheres.kinds
    neighbors, capacities, box = lists.neighbors, lists.capacities, space.numbers
    grids, ranges, candidates = cells.grids, cells.ranges, cells.candidates
    book, a = BOOK_COLUMNS * i, MARK_COLUMNS * i + CENTER
    for k in range(3):
        s = COLUMNS * i + k
        marks[a + k] = lines[s + X] + lines[s + VX] * now
    first = int64(books[book + FIRST])
    own_kind = books[book + KIND]
    x, y, z = marks[a], marks[a + 1], marks[a + 2]
    reach, capacity = kinds[KIND_COLUMNS * own_kind + REACH], capacities[own_kind]
    count = 0
    for grid in range(cells.n_grids):
        g = GRID_COLUMNS * grid
        nx, ny, nz, base = grids[g], grids[g + 1], grids[g + 2], grids[g + 3]
        own_x = _cell_along(x, box[INVERSE], nx)
        own_y = _cell_along(y, box[INVERSE + 1], ny)
        own_z = _cell_along(z, box[INVERSE + 2], nz)
        r = 3 * (own_kind * cells.n_grids + grid)
        from_x, to_x = _window(own_x, ranges[r], nx)
        from_y, to_y = _window(own_y, ranges[r + 1], ny)
        from_z, to_z = _window(own_z, ranges[r + 2], nz)
        n_found = 0
        for p in range(from_x, to_x):
            plane = (p + nx if p < 0 else (p - nx if p >= nx else p)) * ny
            for q in range(from_y, to_y):
                row = (plane + (q + ny if q < 0 else (q - ny if q >= ny else q))) * nz
                for t in range(from_z, to_z):
                    cell = row + (t + nz if t < 0 else (t - nz if t >= nz else t))
                    candidates[n_found] = cells.heads[base + cell]
                    n_found += candidates[n_found] >= 0
        # All chains are followed at once: one after the other, each link would wait for memory.
        place = 0
        while place < n_found:
            j = int64(candidates[place])
            prefetch(books, BOOK_COLUMNS * j)
            candidates[n_found] = cells.chain[j]
            n_found += candidates[n_found] >= 0
            place += 1
        for place in range(n_found):
            j = int64(candidates[place])
            b = MARK_COLUMNS * j + CENTER
            dx, dy, dz = x - marks[b], y - marks[b + 1], z - marks[b + 2]
            dx -= box[EDGE] * np.rint(dx * box[INVERSE])
            dy -= box[EDGE + 1] * np.rint(dy * box[INVERSE + 1])
            dz -= box[EDGE + 2] * np.rint(dz * box[INVERSE + 2])
            other = BOOK_COLUMNS * j
            kind = books[other + KIND]
            cutoff = reach + kinds[KIND_COLUMNS * kind + REACH]
            if dx * dx + dy * dy + dz * dz < cutoff * cutoff:
                others = int64(books[other + COUNT])
                if count == capacity or others == capacities[kind]:
                    return False
                neighbors[first + count] = j
                neighbors[books[other + FIRST] + others] = i
                books[other + COUNT] = others + 1
                count += 1
        if grid == cells.grid_of[own_kind]:
            home = base + (own_x * ny + own_y) * nz + own_z
    for slot in range(first + count, first + capacity):
        neighbors[slot] = spheres.n
    books[book + COUNT] = count
    books[book + CELL] = home
    cells.chain[i] = cells.heads[home]
    cells.heads[home] = i
    return True


@njit(inline="always", **OPTIONS)
def _skin(i, spheres):
    """Return how far sphere i may move from the center of its list."""
    kind = spheres.books[BOOK_COLUMNS * i + KIND]
    return spheres.kinds[KIND_COLUMNS * kind + REACH] - spheres.lines[COLUMNS * i + RADIUS]


@njit(inline="always", **OPTIONS)
def stays_in_shell(i, time, spheres):
    """Return whether sphere i, if it flies on, is within its shell at a time to come."""
    lines, marks = spheres.lines, spheres.marks
    s, c = COLUMNS * i, MARK_COLUMNS * i + CENTER
    d2 = 0.0
    for k in range(3):
        d = lines[s + X + k] + lines[s + VX + k] * time - marks[c + k]
        d2 += d * d
    skin = _skin(i, spheres)
    return d2 < skin * skin


@njit(inline="always", **OPTIONS)
def leave_shell(i, now, spheres):
    """Return the time until sphere i may be farther from its center than its list allows."""
    lines, marks = spheres.lines, spheres.marks
    s, c = COLUMNS * i, MARK_COLUMNS * i + CENTER
    b = 0.0
    v2 = 0.0
    d2 = 0.0
    for k in range(3):
        v = lines[s + VX + k]
        d = lines[s + X + k] + v * now - marks[c + k]
        b += d * v
        v2 += v * v
        d2 += d * d
    skin = _skin(i, spheres)
    if v2 * LONGEST_FLIGHT * LONGEST_FLIGHT < skin * skin:
        return LONGEST_FLIGHT
    return max((math.sqrt(max(b * b + v2 * (skin * skin - d2), 0.0)) - b) / v2, 0.0)


@njit(inline="always", **OPTIONS)
def fetch_list(i, spheres, lists):
    """Ask for the list of sphere i, whose book is at hand."""
    books, neighbors = spheres.books, lists.neighbors
    first = int64(books[BOOK_COLUMNS * i + FIRST])
    prefetch(neighbors, first)
    if books[BOOK_COLUMNS * i + COUNT] > CACHE_LINE:
        prefetch(neighbors, first + CACHE_LINE)


@njit(inline="always", **OPTIONS)
def fetch_neighbors(i, spheres, lists):
    """Ask for the lines of the neighbors of sphere i, whose list is at hand."""
    lines, books, neighbors = spheres.lines, spheres.books, lists.neighbors
    first = int64(books[BOOK_COLUMNS * i + FIRST])
    for start in range(first, first + books[BOOK_COLUMNS * i + COUNT], LANES):
        for slot in range(start, start + LANES):
            prefetch(lines, COLUMNS * int64(neighbors[slot]))
