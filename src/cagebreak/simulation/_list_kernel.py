"""Neighbour lists of hard spheres, each rebuilt for itself when its sphere has moved too far."""

import math

import numpy as np
from numba import int64, njit

from cagebreak.simulation._columns import (
    ANCHOR_COLUMNS,
    BOOK_COLUMNS,
    CAPACITY,
    CELL,
    COLUMNS,
    COUNT,
    EDGE,
    FIRST,
    GRID_COLUMNS,
    INVERSE,
    NEXT,
    OPTIONS,
    PREVIOUS,
    RADIUS,
    REACH,
    SPECIES,
    VX,
    X,
)


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
def _forget(i, books, neighbours, n, cells):
    """Take sphere i out of its cell and out of the lists of its neighbours."""
    book = BOOK_COLUMNS * i
    after, before = books[book + NEXT], books[book + PREVIOUS]
    if after >= 0:
        books[BOOK_COLUMNS * after + PREVIOUS] = before
    if before >= 0:
        books[BOOK_COLUMNS * before + NEXT] = after
    elif books[book + CELL] >= 0:
        cells[books[book + CELL]] = after
    for slot in range(books[book + FIRST], books[book + FIRST] + books[book + COUNT]):
        other = BOOK_COLUMNS * neighbours[slot]
        first = int64(books[other + FIRST])
        last = first + books[other + COUNT] - 1
        for place in range(first, last + 1):
            if neighbours[place] == i:
                neighbours[place] = neighbours[last]
                neighbours[last] = n
                books[other + COUNT] -= 1
                break


@njit(**OPTIONS)
def list_neighbours(
    i, now, spheres, anchors, books, neighbours, space, n, n_grids, grids, grid_of, ranges, cells
):
    """Build the neighbour list of sphere i around where it is now; return False if one is full.

    Spheres of very different size lie in grids of their own, so that a small one does not search
    the many small ones around a large one's reach.
    """
    _forget(i, books, neighbours, n, cells)
    book, a = BOOK_COLUMNS * i, ANCHOR_COLUMNS * i
    for k in range(3):
        s = COLUMNS * i + k
        anchors[a + k] = spheres[s + X] + spheres[s + VX] * now
    x, y, z, reach = anchors[a], anchors[a + 1], anchors[a + 2], anchors[a + REACH]
    first = int64(books[book + FIRST])
    species = books[book + SPECIES]
    count = 0
    for grid in range(n_grids):
        g = GRID_COLUMNS * grid
        nx, ny, nz, base = grids[g], grids[g + 1], grids[g + 2], grids[g + 3]
        own_x = _cell_along(x, space[INVERSE], nx)
        own_y = _cell_along(y, space[INVERSE + 1], ny)
        own_z = _cell_along(z, space[INVERSE + 2], nz)
        r = 3 * (species * n_grids + grid)
        from_x, to_x = _window(own_x, ranges[r], nx)
        from_y, to_y = _window(own_y, ranges[r + 1], ny)
        from_z, to_z = _window(own_z, ranges[r + 2], nz)
        for p in range(from_x, to_x):
            plane = (p + nx if p < 0 else (p - nx if p >= nx else p)) * ny
            for q in range(from_y, to_y):
                row = (plane + (q + ny if q < 0 else (q - ny if q >= ny else q))) * nz
                for t in range(from_z, to_z):
                    cell = row + (t + nz if t < 0 else (t - nz if t >= nz else t))
                    j = int64(cells[base + cell])
                    while j >= 0:
                        b = ANCHOR_COLUMNS * j
                        dx, dy, dz = x - anchors[b], y - anchors[b + 1], z - anchors[b + 2]
                        dx -= space[EDGE] * np.rint(dx * space[INVERSE])
                        dy -= space[EDGE + 1] * np.rint(dy * space[INVERSE + 1])
                        dz -= space[EDGE + 2] * np.rint(dz * space[INVERSE + 2])
                        cutoff = reach + anchors[b + REACH]
                        other = BOOK_COLUMNS * j
                        if dx * dx + dy * dy + dz * dz < cutoff * cutoff:
                            others = int64(books[other + COUNT])
                            if count == books[book + CAPACITY] or others == books[other + CAPACITY]:
                                return False
                            neighbours[first + count] = j
                            neighbours[books[other + FIRST] + others] = i
                            books[other + COUNT] = others + 1
                            count += 1
                        j = int64(books[other + NEXT])
        if grid == grid_of[species]:
            home = base + (own_x * ny + own_y) * nz + own_z
    for slot in range(first + count, first + books[book + CAPACITY]):
        neighbours[slot] = n
    books[book + COUNT] = count
    head = cells[home]
    books[book + CELL] = home
    books[book + NEXT] = head
    books[book + PREVIOUS] = -1
    if head >= 0:
        books[BOOK_COLUMNS * head + PREVIOUS] = i
    cells[home] = i
    return True


@njit(**OPTIONS)
def closest_pair(spheres, anchors, books, neighbours, space):
    """Return the smallest distance over sum of radii among the listed pairs, and the pair.

    Only directly after `begin`, when the anchors are where the spheres are.
    """
    smallest = np.inf
    first = second = int64(-1)
    for i in range(len(anchors)):
        start = books[i, FIRST]
        for slot in range(start, start + books[i, COUNT]):
            j = neighbours[slot]
            dx = anchors[i, 0] - anchors[j, 0]
            dy = anchors[i, 1] - anchors[j, 1]
            dz = anchors[i, 2] - anchors[j, 2]
            dx -= space[EDGE] * np.rint(dx * space[INVERSE])
            dy -= space[EDGE + 1] * np.rint(dy * space[INVERSE + 1])
            dz -= space[EDGE + 2] * np.rint(dz * space[INVERSE + 2])
            distance = math.sqrt(dx * dx + dy * dy + dz * dz)
            ratio = distance / (spheres[i, RADIUS] + spheres[j, RADIUS])
            if ratio < smallest:
                smallest, first, second = ratio, i, int64(j)
    return smallest, first, second
