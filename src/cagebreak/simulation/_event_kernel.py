"""The event loop of hard spheres.

Between collisions spheres fly freely, so a sphere is its position at time 0 and its velocity, and
nothing is done for it until it collides. What makes the loop fast:

- A sphere keeps one event in the queue: its first collision, or the moment it may leave the shell
  that its neighbor list is good for. An event notes how often its partner had collided when it
  was predicted; if the partner has collided since, the sphere predicts anew when the event comes.
- The queue is a ring of buckets of equal time, about one event a bucket, each a doubly linked list.
  An event beyond the ring waits in a page of many buckets, so that the ring stays in the cache.
- All numbers that predict a collision stand in one 64-byte line a sphere; see `_lanes.py`. All
  else that an event needs stands in a second line, the sphere's book.
- Where the state is larger than the cache, the lines of the events to come are asked for ahead.

The state is a handful of arrays that `EventDriven` allocates. Times in the arrays count from the
last rebase, which moves the origin of time (and of flight) so that no digits are lost.
"""

import math

import numpy as np
from numba import int32, int64, njit

from cagebreak._simd.vectors import (
    LANES,
    earliest_contact,
    float_of_bits,
    pointer,
    prefetch,
    write_line,
)
from cagebreak.simulation._columns import (
    BOOK_COLUMNS,
    BUCKET,
    CELL,
    COLLISIONS,
    COLUMNS,
    COUNT,
    EDGE,
    FIRST,
    FOLLOWING,
    INVERSE,
    KIND_COLUMNS,
    MARK_COLUMNS,
    MASS,
    NOW,
    OPTIONS,
    ORIGIN,
    PARTNER,
    PARTNER_COLLISIONS,
    PLACE,
    RADIUS,
    RATE,
    SCALE,
    SPECIES,
    TIME,
    VIRIAL,
    VX,
    X,
)
from cagebreak.simulation._list_kernel import (
    LONGEST_FLIGHT,
    fetch_list,
    fetch_neighbors,
    leave_shell,
    list_neighbors,
)

NO_PARTNER = -1
REBASE_AFTER = 0.5
BUCKETS, PAGE = 8192, 512  # buckets in the ring, and in a page; powers of two

LOOK_AHEAD_FROM = 8000  # spheres: 2 MB of state
BOOKS_AHEAD, LISTS_AHEAD = 24, 16  # buckets
NEIGHBORS_AFTER, PARTNERS_AFTER, COMING = 4, 8, 16  # events

DONE, PAUSED, LIST_FULL = range(3)


@njit(inline="always", **OPTIONS)
def _head_of_bucket(k, n):
    return BOOK_COLUMNS * (n + 1) + (k & (BUCKETS - 1))


@njit(inline="always", **OPTIONS)
def _head_of_page(page, n, n_pages):
    return BOOK_COLUMNS * (n + 1) + BUCKETS + (page & (n_pages - 1))


@njit(inline="always", **OPTIONS)
def _enqueue(i, time, bucket, inverse_width, n, n_pages, books, marks):
    k = int64(time * inverse_width)
    if k < bucket + BUCKETS:
        place = _head_of_bucket(k, n)
    else:
        # An event past the last page waits there and is moved on when that is reached.
        place = _head_of_page(min(k // PAGE, bucket // PAGE + n_pages - 1), n, n_pages)
    marks[MARK_COLUMNS * i + TIME] = time
    after = int64(books[place])
    book = BOOK_COLUMNS * i
    books[book + FOLLOWING] = after
    books[book + PLACE] = place
    books[BOOK_COLUMNS * after + PLACE] = book + FOLLOWING
    books[place] = i


@njit(inline="always", **OPTIONS)
def _dequeue(i, books):
    after = int64(books[BOOK_COLUMNS * i + FOLLOWING])
    place = int64(books[BOOK_COLUMNS * i + PLACE])
    books[place] = after
    books[BOOK_COLUMNS * after + PLACE] = place


@njit(**OPTIONS)
def _contact_of_images(i, j, now, spheres, space):
    """Return when i touches any image of j, in a box so small that several are near."""
    a, b = COLUMNS * i, COLUMNS * j
    edge_x, edge_y, edge_z = space[EDGE], space[EDGE + 1], space[EDGE + 2]
    vx = spheres[a + VX] - spheres[b + VX]
    vy = spheres[a + VX + 1] - spheres[b + VX + 1]
    vz = spheres[a + VX + 2] - spheres[b + VX + 2]
    x = spheres[a + X] - spheres[b + X] + vx * now
    y = spheres[a + X + 1] - spheres[b + X + 1] + vy * now
    z = spheres[a + X + 2] - spheres[b + X + 2] + vz * now
    x -= edge_x * np.rint(x / edge_x)
    y -= edge_y * np.rint(y / edge_y)
    z -= edge_z * np.rint(z / edge_z)
    radii = spheres[a + RADIUS] + spheres[b + RADIUS]
    contact = radii * (space[SCALE] + space[RATE] * now)
    growth = radii * space[RATE]
    v2 = vx * vx + vy * vy + vz * vz - growth * growth
    earliest = LONGEST_FLIGHT
    for p in range(-1, 2):
        for q in range(-1, 2):
            for r in range(-1, 2):
                dx, dy, dz = x + p * edge_x, y + q * edge_y, z + r * edge_z
                approach = dx * vx + dy * vy + dz * vz - contact * growth
                gap = dx * dx + dy * dy + dz * dz - contact * contact
                discriminant = approach * approach - v2 * gap
                if (approach < 0 or v2 < 0) and discriminant > 0:
                    earliest = min(earliest, max(gap / (math.sqrt(discriminant) - approach), 0.0))
    return earliest


@njit(inline="always", **OPTIONS)
def _collisions(i, spheres):
    return int32(int64(spheres[COLUMNS * i + COLLISIONS]))


@njit(inline="always", **OPTIONS)
def _predict(
    i, now, many_images, spheres, books, marks, neighbors, space, kinds,
    bucket, inverse_width, n, n_pages,
):  # fmt: skip
    """Find the next event of sphere i and put it into the queue."""
    book = BOOK_COLUMNS * i
    first = int64(books[book + FIRST])
    last = first + books[book + COUNT]
    delay = min(leave_shell(i, now, spheres, books, marks, kinds), LONGEST_FLIGHT)
    partner = int32(NO_PARTNER)
    if many_images:
        for slot in range(first, last):
            contact = _contact_of_images(i, neighbors[slot], now, spheres, space)
            if contact < delay:
                delay = contact
                partner = neighbors[slot]
    else:
        earliest = int64(0x7FFFFFFFFFFFFFFF)
        at = first
        for start in range(first, last, LANES):
            bits = earliest_contact(spheres, i, neighbors, start, now, space)
            if bits < earliest:
                earliest = bits
                at = start
        contact = float_of_bits(earliest & -LANES)
        if contact < delay:
            delay = contact
            partner = neighbors[at + (earliest & (LANES - 1))]
    books[book + PARTNER] = partner
    if partner != NO_PARTNER:
        books[book + PARTNER_COLLISIONS] = _collisions(int64(partner), spheres)
    _enqueue(i, now + delay, bucket, inverse_width, n, n_pages, books, marks)


@njit(inline="always", **OPTIONS)
def _kick(i, vx, vy, vz, now, spheres):
    """Change the velocity of sphere i; the new flight passes through the same point now."""
    s = COLUMNS * i
    write_line(
        spheres, i,
        spheres[s + X] - vx * now, spheres[s + X + 1] - vy * now, spheres[s + X + 2] - vz * now,
        spheres[s + VX] + vx, spheres[s + VX + 1] + vy, spheres[s + VX + 2] + vz,
        spheres[s + RADIUS], spheres[s + COLLISIONS] + 1,
    )  # fmt: skip


@njit(inline="always", **OPTIONS)
def _collide(i, j, now, spheres, books, space, kinds):
    """Exchange momentum along the line of centers; return the momentum times the distance."""
    a, b = COLUMNS * i, COLUMNS * j
    vx = spheres[a + VX] - spheres[b + VX]
    vy = spheres[a + VX + 1] - spheres[b + VX + 1]
    vz = spheres[a + VX + 2] - spheres[b + VX + 2]
    x = spheres[a + X] - spheres[b + X] + vx * now
    y = spheres[a + X + 1] - spheres[b + X + 1] + vy * now
    z = spheres[a + X + 2] - spheres[b + X + 2] + vz * now
    x -= space[EDGE] * np.rint(x * space[INVERSE])
    y -= space[EDGE + 1] * np.rint(y * space[INVERSE + 1])
    z -= space[EDGE + 2] * np.rint(z * space[INVERSE + 2])
    growth = (spheres[a + RADIUS] + spheres[b + RADIUS]) * space[RATE]
    # Divided by the distance found, not the one expected: so rounding never feeds energy in.
    d2 = x * x + y * y + z * z
    distance = math.sqrt(d2)
    m1 = kinds[KIND_COLUMNS * books[BOOK_COLUMNS * i + SPECIES] + MASS]
    m2 = kinds[KIND_COLUMNS * books[BOOK_COLUMNS * j + SPECIES] + MASS]
    impulse = 2.0 * (x * vx + y * vy + z * vz - growth * distance) / (d2 * (m1 + m2))
    _kick(i, -impulse * m2 * x, -impulse * m2 * y, -impulse * m2 * z, now, spheres)
    _kick(j, impulse * m1 * x, impulse * m1 * y, impulse * m1 * z, now, spheres)
    return -impulse * m1 * m2 * d2


@njit(inline="always", **OPTIONS)
def _look_ahead(bucket, seen, n, spheres, books, neighbors, coming):
    """Ask step by step for what the coming events will read; return how many have been seen.

    First the books, next the lists and the partners' books, then all neighbors.
    """
    prefetch(books, BOOK_COLUMNS * int64(books[_head_of_bucket(bucket + BOOKS_AHEAD, n)]))
    i = int64(books[_head_of_bucket(bucket + LISTS_AHEAD, n)])
    while i != n:
        coming[seen % COMING] = i
        prefetch(spheres, COLUMNS * i)
        fetch_list(i, books, neighbors)
        j = int64(books[BOOK_COLUMNS * i + PARTNER])
        if j != NO_PARTNER:
            prefetch(books, BOOK_COLUMNS * j)
        earlier = int64(coming[(seen - NEIGHBORS_AFTER) % COMING])
        fetch_neighbors(earlier, spheres, books, neighbors)
        j = int64(books[BOOK_COLUMNS * earlier + PARTNER])
        if j != NO_PARTNER:
            fetch_list(j, books, neighbors)
        earlier = int64(coming[(seen - PARTNERS_AFTER) % COMING])
        j = int64(books[BOOK_COLUMNS * earlier + PARTNER])
        if j != NO_PARTNER:
            fetch_neighbors(j, spheres, books, neighbors)
        seen += 1
        i = int64(books[BOOK_COLUMNS * i + FOLLOWING])
    return seen


@njit(inline="always", **OPTIONS)
def _open_page(bucket, inverse_width, n, n_pages, books, marks):
    """Move the events of the next page into the ring; return the first of the page after it."""
    page = bucket // PAGE + 1
    head = _head_of_page(page, n, n_pages)
    i = int64(books[head])
    books[head] = n
    while i != n:
        after = int64(books[BOOK_COLUMNS * i + FOLLOWING])
        time = marks[MARK_COLUMNS * i + TIME]
        _enqueue(i, time, bucket, inverse_width, n, n_pages, books, marks)
        i = after
    return int64(books[_head_of_page(page + 1, n, n_pages)])


@njit(inline="always", **OPTIONS)
def _next_event(
    bucket, scout, seen, inverse_width, n, n_pages, spheres, books, marks, neighbors, coming
):
    """Return the sphere whose event comes first, its bucket, the scout and the events seen.

    The scout goes through the next page, an event at a time, and asks for the books.
    """
    while True:
        i = int64(books[_head_of_bucket(bucket, n)])
        if i != n:
            break
        bucket += 1
        if bucket % PAGE == 0:
            scout = _open_page(bucket, inverse_width, n, n_pages, books, marks)
        if n > LOOK_AHEAD_FROM:
            seen = _look_ahead(bucket, seen, n, spheres, books, neighbors, coming)
    if n > LOOK_AHEAD_FROM:
        scout = int64(books[BOOK_COLUMNS * scout + FOLLOWING])
        prefetch(books, BOOK_COLUMNS * scout)
    earliest = marks[MARK_COLUMNS * i + TIME]
    other = int64(books[BOOK_COLUMNS * i + FOLLOWING])
    while other != n:
        time = marks[MARK_COLUMNS * other + TIME]
        i = other if time < earliest else i
        earliest = min(time, earliest)
        other = int64(books[BOOK_COLUMNS * other + FOLLOWING])
    return i, bucket, scout, seen


@njit(inline="always", **OPTIONS)
def _move_origin(elapsed, spheres, space, clock, n):
    """Let time count from `elapsed` after the last rebase, with the positions and radii of then."""
    for i in range(n):
        s = COLUMNS * i
        for k in range(3):
            spheres[s + X + k] += spheres[s + VX + k] * elapsed
    space[SCALE] += space[RATE] * elapsed
    clock[ORIGIN] += elapsed
    clock[NOW] = 0.0


@njit(inline="always", **OPTIONS)
def _rebase(elapsed, spheres, space, clock, inverse_width, n, n_pages, books, marks):
    """Move the origin of time, and every event with it."""
    _move_origin(elapsed, spheres, space, clock, n)
    for place in range(BOOK_COLUMNS * (n + 1), BOOK_COLUMNS * (n + 1) + BUCKETS + n_pages):
        books[place] = n
    for i in range(n):
        _enqueue(
            i, marks[MARK_COLUMNS * i + TIME] - elapsed, 0, inverse_width, n, n_pages, books, marks
        )


@njit(**OPTIONS)
def begin(
    many_images, spheres_, books_, marks_, neighbors_, cells_, chain_, candidates_, coming_,
    kinds_, capacities_, grids_, grid_of_, ranges_, space_, clock_, tally_, inverse_width,
):  # fmt: skip
    """Build every list and predict every event anew, from the present positions.

    `COUNT` and `CELL` of every book are overwritten; `clock[NOW]` becomes 0.
    """
    n = len(chain_)
    n_grids = len(grids_)
    n_pages = len(books_) - BOOK_COLUMNS * (n + 1) - BUCKETS
    spheres, books, marks = pointer(spheres_), pointer(books_), pointer(marks_)
    neighbors, cells, chain = pointer(neighbors_), pointer(cells_), pointer(chain_)
    kinds, capacities, space = pointer(kinds_), pointer(capacities_), pointer(space_)
    grids, grid_of, ranges = pointer(grids_), pointer(grid_of_), pointer(ranges_)
    clock, candidates = pointer(clock_), pointer(candidates_)
    _move_origin(clock[NOW], spheres, space, clock, n)
    tally_[BUCKET] = 0
    neighbors_[:] = n
    cells_[:] = -1
    books_[BOOK_COLUMNS * n :] = n
    for i in range(n):
        books[BOOK_COLUMNS * i + COUNT] = 0
        books[BOOK_COLUMNS * i + CELL] = -1
    for i in range(n):
        if not list_neighbors(
            i, 0.0, spheres, books, marks, neighbors, space, kinds, capacities, n,
            n_grids, grids, grid_of, ranges, cells, chain, candidates,
        ):  # fmt: skip
            return LIST_FULL
    for i in range(n):
        _predict(
            i, 0.0, many_images, spheres, books, marks, neighbors, space, kinds,
            0, inverse_width, n, n_pages,
        )  # fmt: skip
    return DONE


@njit(**OPTIONS)
def advance(
    until, most_events, many_images, spheres_, books_, marks_, neighbors_, cells_, chain_,
    candidates_, coming_, kinds_, capacities_, grids_, grid_of_, ranges_, space_, clock_, tally_,
    inverse_width,
):  # fmt: skip
    """Follow the events up to the time `until`, or to `most_events` of them."""
    n = len(chain_)
    n_grids = len(grids_)
    n_pages = len(books_) - BOOK_COLUMNS * (n + 1) - BUCKETS
    spheres, books, marks = pointer(spheres_), pointer(books_), pointer(marks_)
    neighbors, cells, chain = pointer(neighbors_), pointer(cells_), pointer(chain_)
    kinds, capacities, space = pointer(kinds_), pointer(capacities_), pointer(space_)
    grids, grid_of, ranges = pointer(grids_), pointer(grid_of_), pointer(ranges_)
    clock, candidates = pointer(clock_), pointer(candidates_)
    coming = pointer(coming_)
    now, virial = clock[NOW], clock[VIRIAL]
    collided, predicted, listed, bucket = tally_[0], tally_[1], tally_[2], tally_[3]
    scout, seen = int64(n), int64(0)
    status = PAUSED
    for _ in range(most_events):
        i, bucket, scout, seen = _next_event(
            bucket, scout, seen, inverse_width, n, n_pages, spheres, books, marks, neighbors,
            coming,
        )  # fmt: skip
        time = marks[MARK_COLUMNS * i + TIME]
        if time + clock[ORIGIN] > until:
            status = DONE
            break
        if time > REBASE_AFTER:
            _rebase(time, spheres, space, clock, inverse_width, n, n_pages, books, marks)
            now = 0.0
            bucket = int64(0)
            scout = int64(n)
            continue
        now = time
        _dequeue(i, books)
        book = BOOK_COLUMNS * i
        j = int64(books[book + PARTNER])
        if j == NO_PARTNER:
            listed += 1
            if not list_neighbors(
                i, now, spheres, books, marks, neighbors, space, kinds, capacities, n,
                n_grids, grids, grid_of, ranges, cells, chain, candidates,
            ):  # fmt: skip
                status = LIST_FULL
                break
        elif _collisions(j, spheres) == books[book + PARTNER_COLLISIONS]:
            collided += 1
            _dequeue(j, books)
            virial += _collide(i, j, now, spheres, books, space, kinds)
            predicted += 1
            _predict(
                j, now, many_images, spheres, books, marks, neighbors, space, kinds,
                bucket, inverse_width, n, n_pages,
            )  # fmt: skip
        predicted += 1
        _predict(
            i, now, many_images, spheres, books, marks, neighbors, space, kinds,
            bucket, inverse_width, n, n_pages,
        )  # fmt: skip
    clock[NOW], clock[VIRIAL] = now, virial
    tally_[0], tally_[1], tally_[2], tally_[3] = collided, predicted, listed, bucket
    return status
