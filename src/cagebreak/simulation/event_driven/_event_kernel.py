"""The event loop of hard spheres.

Between collisions spheres fly freely: a sphere is its position at time 0 and its velocity, which
change only when it collides. The loop is fast for four reasons:

- A sphere keeps one event in the queue: its first collision, or the moment it may leave the shell
  that its neighbor list is good for. An event notes how often its partner had collided when it
  was predicted; if the partner has collided since, the sphere predicts anew when the event comes.
- The queue is a ring of buckets of equal time, about one event a bucket, each a doubly linked list.
  An event beyond the ring waits in a page of many buckets, so that the ring stays in the cache.
- All numbers that predict a collision stand in one 64-byte line a sphere; see
  `cagebreak._simd.contacts`. All else that an event needs stands in a second line, its book.
- If the state is larger than the cache, the lines of coming events are prefetched.

The state is a handful of arrays that `EventDriven` allocates. Times in the arrays count from the
last rebase, which moves the origin of time (and of flight) so that no digits are lost.
"""

import math

import numpy as np
from numba import int32, int64

from cagebreak._compile import njit
from cagebreak._simd.contacts import (
    COLUMNS,
    LANES,
    earliest_contact,
    float_of_bits,
    write_line,
)
from cagebreak._simd.vectors import prefetch
from cagebreak.simulation.event_driven._event_state import (
    BOOK_COLUMNS,
    BUCKET,
    CELL,
    COLLIDED,
    COLLISIONS,
    COUNT,
    EDGE,
    FIRST,
    FOLLOWING,
    INVERSE,
    KIND,
    KIND_COLUMNS,
    LISTED,
    MARK_COLUMNS,
    MASS,
    NO_PARTNER,
    NOW,
    OPTIONS,
    ORIGIN,
    PARTNER,
    PARTNER_COLLISIONS,
    PLACE,
    PREDICTED,
    RADIUS,
    RATE,
    SCALE,
    TIME,
    VIRIAL,
    VX,
    Waiting,
    X,
    borrow,
    nobody,
)
from cagebreak.simulation.event_driven._image_kernel import contact_of_images
from cagebreak.simulation.event_driven._list_kernel import (
    LONGEST_FLIGHT,
    fetch_list,
    fetch_neighbors,
    leave_shell,
    list_neighbors,
    stays_in_shell,
)

REBASE_AFTER = 0.5
BUCKETS, PAGE = 8192, 512  # buckets in the ring, and in a page; powers of two
MOST_BUCKETS = 2.0**62  # of a run: what a number of 64 bits holds

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
def _enqueue(i, time, bucket, spheres, queue):
    n, books = spheres.n, spheres.books
    k = int64(time * queue.inverse_width)
    if k < bucket + BUCKETS:
        place = _head_of_bucket(k, n)
    else:
        # An event past the last page waits there and is moved on when that is reached.
        last = bucket // PAGE + queue.n_pages - 1
        place = _head_of_page(min(k // PAGE, last), n, queue.n_pages)
    spheres.marks[MARK_COLUMNS * i + TIME] = time
    after = int64(books[place])
    book = BOOK_COLUMNS * i
    books[book + FOLLOWING] = after
    books[book + PLACE] = place
    books[BOOK_COLUMNS * after + PLACE] = book + FOLLOWING
    books[place] = i


@njit(inline="always", **OPTIONS)
def _let_in(waiting, bucket, spheres, queue):
    if waiting.time < math.inf:
        _enqueue(waiting.sphere, waiting.time, bucket, spheres, queue)
    if waiting.time_of_partner < math.inf:
        _enqueue(waiting.partner, waiting.time_of_partner, bucket, spheres, queue)


@njit(inline="always", **OPTIONS)
def _dequeue(i, books):
    after = int64(books[BOOK_COLUMNS * i + FOLLOWING])
    place = int64(books[BOOK_COLUMNS * i + PLACE])
    books[place] = after
    books[BOOK_COLUMNS * after + PLACE] = place


@njit(inline="always", **OPTIONS)
def _collisions(i, lines):
    return int32(int64(lines[COLUMNS * i + COLLISIONS]))


@njit(inline="always", **OPTIONS)
def _predict(i, now, spheres, lists, space):
    """Find the next event of sphere i; return its time."""
    lines, books, neighbors = spheres.lines, spheres.books, lists.neighbors
    book = BOOK_COLUMNS * i
    first = int64(books[book + FIRST])
    last = first + books[book + COUNT]
    delay = LONGEST_FLIGHT
    partner = int32(NO_PARTNER)
    if space.many_images:
        for slot in range(first, last):
            contact = contact_of_images(i, neighbors[slot], now, lines, space.numbers)
            if contact < delay:
                delay = contact
                partner = neighbors[slot]
    else:
        earliest = int64(0x7FFFFFFFFFFFFFFF)
        at = first
        for start in range(first, last, LANES):
            bits = earliest_contact(lines, i, neighbors, start, now, space.numbers)
            if bits < earliest:
                earliest = bits
                at = start
        contact = float_of_bits(earliest & -LANES)
        if contact < delay:
            delay = contact
            partner = neighbors[at + (earliest & (LANES - 1))]
    # Contact nearly always comes before: a root and a quotient are saved.
    if not stays_in_shell(i, now + delay, spheres):
        leaving = min(leave_shell(i, now, spheres), LONGEST_FLIGHT)
        if leaving <= delay:
            delay = leaving
            partner = int32(NO_PARTNER)
    books[book + PARTNER] = partner
    if partner != NO_PARTNER:
        books[book + PARTNER_COLLISIONS] = _collisions(int64(partner), lines)
    return now + delay


@njit(inline="always", **OPTIONS)
def _kick(i, vx, vy, vz, now, lines):
    """Change the velocity of sphere i; the new flight passes through the same point now."""
    s = COLUMNS * i
    write_line(
        lines, i,
        lines[s + X] - vx * now, lines[s + X + 1] - vy * now, lines[s + X + 2] - vz * now,
        lines[s + VX] + vx, lines[s + VX + 1] + vy, lines[s + VX + 2] + vz,
        lines[s + RADIUS], lines[s + COLLISIONS] + 1,
    )  # fmt: skip


@njit(inline="always", **OPTIONS)
def _collide(i, j, now, spheres, space):
    """Exchange momentum along the line of centers; return the momentum times the distance."""
    lines, books, kinds, box = spheres.lines, spheres.books, spheres.kinds, space.numbers
    a, b = COLUMNS * i, COLUMNS * j
    vx = lines[a + VX] - lines[b + VX]
    vy = lines[a + VX + 1] - lines[b + VX + 1]
    vz = lines[a + VX + 2] - lines[b + VX + 2]
    x = lines[a + X] - lines[b + X] + vx * now
    y = lines[a + X + 1] - lines[b + X + 1] + vy * now
    z = lines[a + X + 2] - lines[b + X + 2] + vz * now
    x -= box[EDGE] * np.rint(x * box[INVERSE])
    y -= box[EDGE + 1] * np.rint(y * box[INVERSE + 1])
    z -= box[EDGE + 2] * np.rint(z * box[INVERSE + 2])
    approach = x * vx + y * vy + z * vz
    # Divided by the actual distance, not the sum of the radii: rounding then never adds energy.
    d2 = x * x + y * y + z * z
    if box[RATE] != 0:
        approach -= (lines[a + RADIUS] + lines[b + RADIUS]) * box[RATE] * math.sqrt(d2)
    m1 = kinds[KIND_COLUMNS * books[BOOK_COLUMNS * i + KIND] + MASS]
    m2 = kinds[KIND_COLUMNS * books[BOOK_COLUMNS * j + KIND] + MASS]
    impulse = 2.0 * approach / (d2 * (m1 + m2))
    _kick(i, -impulse * m2 * x, -impulse * m2 * y, -impulse * m2 * z, now, lines)
    _kick(j, impulse * m1 * x, impulse * m1 * y, impulse * m1 * z, now, lines)
    return -impulse * m1 * m2 * d2


@njit(inline="always", **OPTIONS)
def _look_ahead(bucket, seen, spheres, lists, queue):
    """Ask step by step for what the coming events will read; return how many have been seen.

    First the books, next the lists and the partners' books, then all neighbors.
    """
    n, books, coming = spheres.n, spheres.books, queue.coming
    prefetch(books, BOOK_COLUMNS * int64(books[_head_of_bucket(bucket + BOOKS_AHEAD, n)]))
    i = int64(books[_head_of_bucket(bucket + LISTS_AHEAD, n)])
    while i != n:
        coming[seen % COMING] = i
        prefetch(spheres.lines, COLUMNS * i)
        fetch_list(i, spheres, lists)
        j = int64(books[BOOK_COLUMNS * i + PARTNER])
        if j != NO_PARTNER:
            prefetch(books, BOOK_COLUMNS * j)
        earlier = int64(coming[(seen - NEIGHBORS_AFTER) % COMING])
        fetch_neighbors(earlier, spheres, lists)
        j = int64(books[BOOK_COLUMNS * earlier + PARTNER])
        if j != NO_PARTNER:
            fetch_list(j, spheres, lists)
        earlier = int64(coming[(seen - PARTNERS_AFTER) % COMING])
        j = int64(books[BOOK_COLUMNS * earlier + PARTNER])
        if j != NO_PARTNER:
            fetch_neighbors(j, spheres, lists)
        seen += 1
        i = int64(books[BOOK_COLUMNS * i + FOLLOWING])
    return seen


@njit(inline="always", **OPTIONS)
def _open_page(bucket, spheres, queue):
    """Move the events of the next page into the ring; return the first of the page after it."""
    n, books = spheres.n, spheres.books
    page = bucket // PAGE + 1
    head = _head_of_page(page, n, queue.n_pages)
    i = int64(books[head])
    books[head] = n
    while i != n:
        after = int64(books[BOOK_COLUMNS * i + FOLLOWING])
        _enqueue(i, spheres.marks[MARK_COLUMNS * i + TIME], bucket, spheres, queue)
        i = after
    return int64(books[_head_of_page(page + 1, n, queue.n_pages)])


@njit(inline="always", **OPTIONS)
def _next_event(bucket, last, scout, seen, spheres, lists, queue):
    """Return the sphere whose event comes first, its bucket, the scout and the events seen.

    From the bucket `last` on no page is opened: no sphere, n, stands for no event up to there. The
    scout goes through the next page, an event at a time, and asks for the books.
    """
    n, books, marks = spheres.n, spheres.books, spheres.marks
    while True:
        i = int64(books[_head_of_bucket(bucket, n)])
        if i != n:
            break
        bucket += 1
        if bucket % PAGE == 0:
            if bucket > last:
                return n, bucket - 1, scout, seen
            scout = _open_page(bucket, spheres, queue)
        if n > LOOK_AHEAD_FROM:
            seen = _look_ahead(bucket, seen, spheres, lists, queue)
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
def _move_origin(elapsed, spheres, space, clock):
    """Let time count from `elapsed` after the last rebase, with the positions and radii of then."""
    lines = spheres.lines
    for i in range(spheres.n):
        s = COLUMNS * i
        for k in range(3):
            lines[s + X + k] += lines[s + VX + k] * elapsed
    space.numbers[SCALE] += space.numbers[RATE] * elapsed
    clock.times[ORIGIN] += elapsed
    clock.times[NOW] = 0.0


@njit(**OPTIONS)
def _rebase(elapsed, spheres, space, queue, clock):
    """Move the origin of time, and every event with it."""
    _move_origin(elapsed, spheres, space, clock)
    n = spheres.n
    for place in range(BOOK_COLUMNS * (n + 1), BOOK_COLUMNS * (n + 1) + BUCKETS + queue.n_pages):
        spheres.books[place] = n
    for i in range(n):
        _enqueue(i, spheres.marks[MARK_COLUMNS * i + TIME] - elapsed, 0, spheres, queue)


@njit(**OPTIONS)
def begin(state):
    """Build every list and predict every event anew, from the present positions.

    `COUNT` and `CELL` of every book are overwritten; `NOW` becomes 0.
    """
    spheres, lists, cells, space, queue, clock = borrow(state)
    n = spheres.n
    _move_origin(clock.times[NOW], spheres, space, clock)
    clock.tally[BUCKET] = 0
    state.lists.neighbors[:] = n
    state.cells.heads[:] = -1
    state.spheres.books[BOOK_COLUMNS * n :] = n
    for i in range(n):
        spheres.books[BOOK_COLUMNS * i + COUNT] = 0
        spheres.books[BOOK_COLUMNS * i + CELL] = -1
    for i in range(n):
        if not list_neighbors(i, 0.0, spheres, lists, cells, space):
            return LIST_FULL
    for i in range(n):
        _enqueue(i, _predict(i, 0.0, spheres, lists, space), 0, spheres, queue)
    return DONE


@njit(**OPTIONS)
def advance(until, most_events, state):
    """Follow the events up to the time `until`, or to `most_events` of them."""
    spheres, lists, cells, space, queue, clock = borrow(state)
    books, tally = spheres.books, clock.tally
    now, virial = clock.times[NOW], clock.times[VIRIAL]
    collided, predicted, listed = tally[COLLIDED], tally[PREDICTED], tally[LISTED]
    bucket, scout, seen = tally[BUCKET], int64(spheres.n), int64(0)
    status = PAUSED
    waiting = nobody()
    for _ in range(most_events):
        if spheres.n == 2:  # the queue would be empty
            _let_in(waiting, bucket, spheres, queue)
            waiting = nobody()
        before = bucket
        # What waits may come before all of the next page, which then must not be in the ring. Slow
        # spheres have their next event billions of buckets after the end.
        last = before
        if waiting.sphere == NO_PARTNER:
            last = int64(min((until - clock.times[ORIGIN]) * queue.inverse_width, MOST_BUCKETS))
        i, bucket, scout, seen = _next_event(bucket, last, scout, seen, spheres, lists, queue)
        time = spheres.marks[MARK_COLUMNS * i + TIME] if i < spheres.n else math.inf
        if waiting.time < time or waiting.time_of_partner < time:
            # Seldom: what waits comes first. The queue is searched again from where it was.
            _let_in(waiting, before, spheres, queue)
            waiting = nobody()
            bucket = before
            continue
        if time + clock.times[ORIGIN] > until:
            status = DONE
            break
        if time > REBASE_AFTER:
            _let_in(waiting, bucket, spheres, queue)
            waiting = nobody()
            _rebase(time, spheres, space, queue, clock)
            now = 0.0
            bucket = int64(0)
            scout = int64(spheres.n)
            continue
        now = time
        _dequeue(i, books)
        book = BOOK_COLUMNS * i
        j = int64(books[book + PARTNER])
        listing = j == NO_PARTNER
        colliding = (
            not listing and _collisions(j, spheres.lines) == books[book + PARTNER_COLLISIONS]
        )
        if colliding:
            collided += 1
            if j == waiting.sphere:
                waiting = nobody()
            else:
                _dequeue(j, books)
            virial += _collide(i, j, now, spheres, space)
        _let_in(waiting, bucket, spheres, queue)
        waiting = nobody()
        time_of_partner = math.inf
        if listing:
            listed += 1
            if not list_neighbors(i, now, spheres, lists, cells, space):
                status = LIST_FULL
                break
        elif colliding:
            predicted += 1
            time_of_partner = _predict(j, now, spheres, lists, space)
        predicted += 1
        waiting = Waiting(i, _predict(i, now, spheres, lists, space), j, time_of_partner)
    _let_in(waiting, bucket, spheres, queue)
    clock.times[NOW], clock.times[VIRIAL] = now, virial
    tally[COLLIDED], tally[PREDICTED], tally[LISTED] = collided, predicted, listed
    tally[BUCKET] = bucket
    return status
