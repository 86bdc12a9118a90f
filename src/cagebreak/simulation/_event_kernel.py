"""The event loop of hard spheres.

Between collisions spheres fly freely, so a sphere is its position at time 0 and its velocity, and
nothing is done for it until it collides. What makes the loop fast:

- A sphere keeps one event in the queue: its first collision, or the moment it may leave the shell
  that its neighbour list is good for. An event notes how often its partner had collided when it
  was predicted; if the partner has collided since, the sphere predicts anew when the event comes.
- The queue is a ring of buckets of equal time, about one event a bucket, each a doubly linked list.
- All numbers that predict a collision stand in one 64-byte line a sphere; see `_lanes.py`.

The state is a handful of arrays that `EventDriven` allocates. Times in the arrays count from the
last rebase, which moves the origin of time (and of flight) so that no digits are lost.
"""

import math

import numpy as np
from numba import int32, int64, njit

from cagebreak.simulation._columns import (
    ANCHOR_COLUMNS,
    BOOK_COLUMNS,
    BUCKET,
    CELL,
    COLLISIONS,
    COLUMNS,
    COUNT,
    EDGE,
    FIRST,
    INVERSE,
    MASS,
    NEXT,
    NOW,
    OPTIONS,
    ORIGIN,
    PARTNER,
    PARTNER_COLLISIONS,
    PREVIOUS,
    RADIUS,
    RATE,
    REACH,
    SCALE,
    VIRIAL,
    VX,
    X,
)
from cagebreak.simulation._lanes import LANES, earliest_contact, float_of_bits, pointer
from cagebreak.simulation._list_kernel import list_neighbours

NO_PARTNER = -1
LONGEST_FLIGHT = 1e6
REBASE_AFTER = 0.5

DONE, PAUSED, LIST_FULL = range(3)


@njit(inline="always", **OPTIONS)
def _enqueue(i, time, bucket, inverse_width, n, n_buckets, times, following, preceding):
    # An event past the ring's end waits in its last bucket and is moved on when that is reached.
    k = min(int64(time * inverse_width), bucket + n_buckets - 1)
    head = n + 1 + (k & (n_buckets - 1))
    times[i] = time
    after = following[head]
    following[i] = after
    preceding[i] = head
    preceding[after] = i
    following[head] = i


@njit(inline="always", **OPTIONS)
def _dequeue(i, following, preceding):
    after = following[i]
    before = preceding[i]
    following[before] = after
    preceding[after] = before


@njit(inline="always", **OPTIONS)
def _leave_shell(i, now, spheres, anchors):
    """Return the time until sphere i may be farther from its anchor than its list allows."""
    s, a = COLUMNS * i, ANCHOR_COLUMNS * i
    b = 0.0
    v2 = 0.0
    d2 = 0.0
    for k in range(3):
        v = spheres[s + VX + k]
        d = spheres[s + X + k] + v * now - anchors[a + k]
        b += d * v
        v2 += v * v
        d2 += d * d
    skin = anchors[a + REACH] - spheres[s + RADIUS]
    if v2 * LONGEST_FLIGHT * LONGEST_FLIGHT < skin * skin:
        return LONGEST_FLIGHT
    return (math.sqrt(max(b * b + v2 * (skin * skin - d2), 0.0)) - b) / v2


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
def _predict(
    i, now, many_images, spheres, anchors, books, neighbours, space,
    bucket, inverse_width, n, n_buckets, times, following, preceding,
):  # fmt: skip
    """Find the next event of sphere i and put it into the queue."""
    book = BOOK_COLUMNS * i
    first = int64(books[book + FIRST])
    last = first + books[book + COUNT]
    delay = min(_leave_shell(i, now, spheres, anchors), LONGEST_FLIGHT)
    partner = int32(NO_PARTNER)
    if many_images:
        for slot in range(first, last):
            contact = _contact_of_images(i, neighbours[slot], now, spheres, space)
            if contact < delay:
                delay = contact
                partner = neighbours[slot]
    else:
        earliest = int64(0x7FFFFFFFFFFFFFFF)
        at = first
        for start in range(first, last, LANES):
            bits = earliest_contact(spheres, i, neighbours, start, now, space)
            if bits < earliest:
                earliest = bits
                at = start
        contact = float_of_bits(earliest & -LANES)
        if contact < delay:
            delay = contact
            partner = neighbours[at + (earliest & (LANES - 1))]
    books[book + PARTNER] = partner
    if partner != NO_PARTNER:
        books[book + PARTNER_COLLISIONS] = books[BOOK_COLUMNS * partner + COLLISIONS]
    _enqueue(
        i, now + delay, bucket, inverse_width, n, n_buckets, times, following, preceding
    )  # fmt: skip


@njit(inline="always", **OPTIONS)
def _collide(i, j, now, spheres, space):
    """Exchange momentum along the line of centres; return the momentum times the distance."""
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
    m1, m2 = spheres[a + MASS], spheres[b + MASS]
    impulse = 2.0 * (x * vx + y * vy + z * vz - growth * distance) / (d2 * (m1 + m2))
    for k, d in enumerate((x, y, z)):
        change = impulse * d
        spheres[a + VX + k] -= change * m2
        spheres[b + VX + k] += change * m1
        # The new flight passes through the same point now.
        spheres[a + X + k] += change * m2 * now
        spheres[b + X + k] -= change * m1 * now
    return -impulse * m1 * m2 * d2


@njit(inline="always", **OPTIONS)
def _next_event(bucket, inverse_width, n, n_buckets, times, following, preceding):
    """Return the sphere whose event comes first, and the bucket it lies in."""
    while True:
        head = n + 1 + (bucket & (n_buckets - 1))
        i = int64(following[head])
        if i == n:
            bucket += 1
            continue
        earliest = times[i]
        other = int64(following[i])
        while other != n:
            time = times[other]
            i = other if time < earliest else i
            earliest = min(time, earliest)
            other = int64(following[other])
        if int64(earliest * inverse_width) <= bucket:
            return i, bucket
        other = int64(following[head])
        following[head] = n
        bucket += 1
        while other != n:
            after = int64(following[other])
            _enqueue(
                other, times[other], bucket, inverse_width, n, n_buckets,
                times, following, preceding,
            )  # fmt: skip
            other = after


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
def _rebase(
    elapsed, spheres, space, clock, inverse_width, n, n_buckets, times, following, preceding
):
    """Move the origin of time, and every event with it."""
    _move_origin(elapsed, spheres, space, clock, n)
    for k in range(n + 1 + n_buckets):
        following[k] = n
    for i in range(n):
        _enqueue(
            i, times[i] - elapsed, 0, inverse_width, n, n_buckets, times, following, preceding
        )  # fmt: skip


@njit(**OPTIONS)
def begin(
    many_images, spheres_, anchors_, books_, neighbours_, times_, following_, preceding_,
    cells_, grids_, grid_of_, ranges_, space_, clock_, tally_, inverse_width,
):  # fmt: skip
    """Build every list and predict every event anew, from the present positions.

    `COUNT` and `CELL` of every book are overwritten; `clock[NOW]` becomes 0.
    """
    n = len(anchors_)
    n_grids = len(grids_)
    n_buckets = len(following_) - n - 1
    spheres, anchors, books = pointer(spheres_), pointer(anchors_), pointer(books_)
    neighbours, times, space = pointer(neighbours_), pointer(times_), pointer(space_)
    following, preceding = pointer(following_), pointer(preceding_)
    cells, grids, grid_of = pointer(cells_), pointer(grids_), pointer(grid_of_)
    ranges, clock = pointer(ranges_), pointer(clock_)
    _move_origin(clock[NOW], spheres, space, clock, n)
    tally_[BUCKET] = 0
    neighbours_[:] = n
    cells_[:] = -1
    following_[:] = n
    for i in range(n):
        books[BOOK_COLUMNS * i + COUNT] = 0
        books[BOOK_COLUMNS * i + CELL] = -1
        books[BOOK_COLUMNS * i + NEXT] = -1
        books[BOOK_COLUMNS * i + PREVIOUS] = -1
    for i in range(n):
        if not list_neighbours(
            i, 0.0, spheres, anchors, books, neighbours, space, n,
            n_grids, grids, grid_of, ranges, cells,
        ):  # fmt: skip
            return LIST_FULL
    for i in range(n):
        _predict(
            i, 0.0, many_images, spheres, anchors, books, neighbours, space,
            0, inverse_width, n, n_buckets, times, following, preceding,
        )  # fmt: skip
    return DONE


@njit(**OPTIONS)
def advance(
    until, most_events, many_images, spheres_, anchors_, books_, neighbours_, times_, following_,
    preceding_, cells_, grids_, grid_of_, ranges_, space_, clock_, tally_, inverse_width,
):  # fmt: skip
    """Follow the events up to the time `until`, or to `most_events` of them."""
    n = len(anchors_)
    n_grids = len(grids_)
    n_buckets = len(following_) - n - 1
    spheres, anchors, books = pointer(spheres_), pointer(anchors_), pointer(books_)
    neighbours, times, space = pointer(neighbours_), pointer(times_), pointer(space_)
    following, preceding = pointer(following_), pointer(preceding_)
    cells, grids, grid_of = pointer(cells_), pointer(grids_), pointer(grid_of_)
    ranges, clock = pointer(ranges_), pointer(clock_)
    now, virial = clock[NOW], clock[VIRIAL]
    collided, predicted, listed, bucket = tally_[0], tally_[1], tally_[2], tally_[3]
    status = PAUSED
    for _ in range(most_events):
        i, bucket = _next_event(
            bucket, inverse_width, n, n_buckets, times, following, preceding
        )  # fmt: skip
        if times[i] + clock[ORIGIN] > until:
            status = DONE
            break
        if times[i] > REBASE_AFTER:
            _rebase(
                times[i], spheres, space, clock, inverse_width, n, n_buckets,
                times, following, preceding,
            )  # fmt: skip
            now = 0.0
            bucket = int64(0)
            continue
        now = times[i]
        _dequeue(i, following, preceding)
        book = BOOK_COLUMNS * i
        j = int64(books[book + PARTNER])
        partner_book = BOOK_COLUMNS * j
        if j == NO_PARTNER:
            listed += 1
            if not list_neighbours(
                i, now, spheres, anchors, books, neighbours, space, n,
                n_grids, grids, grid_of, ranges, cells,
            ):  # fmt: skip
                status = LIST_FULL
                break
        elif books[partner_book + COLLISIONS] == books[book + PARTNER_COLLISIONS]:
            collided += 1
            books[book + COLLISIONS] += 1
            books[partner_book + COLLISIONS] += 1
            _dequeue(j, following, preceding)
            virial += _collide(i, j, now, spheres, space)
            predicted += 1
            _predict(
                j, now, many_images, spheres, anchors, books, neighbours, space,
                bucket, inverse_width, n, n_buckets, times, following, preceding,
            )  # fmt: skip
        predicted += 1
        _predict(
            i, now, many_images, spheres, anchors, books, neighbours, space,
            bucket, inverse_width, n, n_buckets, times, following, preceding,
        )  # fmt: skip
    clock[NOW], clock[VIRIAL] = now, virial
    tally_[0], tally_[1], tally_[2], tally_[3] = collided, predicted, listed, bucket
    return status
