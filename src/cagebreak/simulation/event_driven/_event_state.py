"""The arrays of the event-driven simulation by subject, and the columns of each.

`EventDriven` allocates them; the kernels read and write them through pointers, see `borrow`.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import int64
from numpy.typing import NDArray

from cagebreak._compile import njit
from cagebreak._simd.vectors import pointer

# Columns of `Spheres.lines`, which `cagebreak._simd.contacts` reads. The last line is NaN, a
# neighbor that is never touched.
X, VX, RADIUS, COLLISIONS = 0, 3, 6, 7
# Columns of `Spheres.marks`: the center of the neighbor list, and the time of the event.
CENTER, TIME, MARK_COLUMNS = 0, 3, 8
# Columns of `Spheres.books`, the second half of a line of `marks`: the kind, the list (where it
# begins, entries), the event (partner, and how often it had collided), the cell, and the queue (the
# sphere that follows, and the place in the ledger that names this one).
(KIND, FIRST, COUNT, PARTNER, PARTNER_COLLISIONS, CELL, FOLLOWING, PLACE, BOOK_COLUMNS) = range(
    8, 17
)
# Columns of `Spheres.kinds`: the mass, and the reach of the neighbor list.
MASS, REACH, KIND_COLUMNS = 0, 1, 2
# Columns of `Cells.grids`: cells along x, y, z, and where the cells of the grid start.
GRID_COLUMNS = 4
# Entries of `Space.numbers`: edges, inverse edges, scale of the radii at time 0, its rate.
EDGE, INVERSE, SCALE, RATE = 0, 3, 6, 7
# Entries of `Clock.times`: time since the rebase, time of the rebase, momentum transferred times
# distance.
NOW, ORIGIN, VIRIAL = range(3)
# Entries of `Clock.tally`: collisions, predictions and lists so far; the bucket that is due.
COLLIDED, PREDICTED, LISTED, BUCKET = range(4)

NO_PARTNER = -1

# "contract" fuses a product and a sum; nothing else of IEEE arithmetic is relaxed.
OPTIONS = {"error_model": "numpy", "fastmath": {"contract"}}


class Spheres(NamedTuple):
    """N spheres of S kinds: of a kind, all have one mass and one reach."""

    lines: NDArray[np.float64]
    """(N + 1, 8), all that predicts a collision."""
    books: NDArray[np.int32]
    """The ledger: 16 numbers a sphere and for the end of a queue, then the heads of the queues."""
    marks: NDArray[np.float64]
    """(N, 8), the same memory as the books; the first four columns are used."""
    kinds: NDArray[np.float64]
    """(S, 2)"""
    n: int


class Lists(NamedTuple):
    """The neighbor lists of all spheres, one behind the other."""

    neighbors: NDArray[np.int32]
    capacities: NDArray[np.int64]
    """(S,), room in the list of a sphere of each kind."""


class Cells(NamedTuple):
    """Cells in which neighbors are looked for: a grid, or one for each of very unequal kinds."""

    heads: NDArray[np.int32]
    """The last sphere put into each cell, -1 where there is none."""
    chain: NDArray[np.int32]
    """(N,), the sphere put into the same cell before."""
    candidates: NDArray[np.int32]
    """(N + 1,), scratch of a search."""
    grids: NDArray[np.int32]
    """(G, 4)"""
    grid_of: NDArray[np.int32]
    """(S,), the grid of each kind."""
    ranges: NDArray[np.int32]
    """(S, G, 3), cells to search to either side."""
    n_grids: int


class Space(NamedTuple):
    """The box and the scale of the radii."""

    numbers: NDArray[np.float64]
    """(8,)"""
    many_images: bool
    """Whether the box is so small that a pair may touch across several faces."""


class Queue(NamedTuple):
    """The queue of events, whose heads stand in the ledger."""

    inverse_width: float
    """Buckets a tau."""
    n_pages: int
    coming: NDArray[np.int32]
    """The spheres of the events to come, whose data are asked for ahead."""


class Clock(NamedTuple):
    """Times and counts."""

    times: NDArray[np.float64]
    """(3,)"""
    tally: NDArray[np.int64]
    """(4,)"""


class State(NamedTuple):
    """All of a simulation."""

    spheres: Spheres
    lists: Lists
    cells: Cells
    space: Space
    queue: Queue
    clock: Clock


@njit(inline="always", **OPTIONS)
def borrow(state):
    """Return the state with pointers in place of arrays, which must outlive the call.

    Numba counts the references of an array whenever it is handed to a helper, of a pointer never.
    """
    spheres, lists, cells, space, queue, clock = state
    return State(
        Spheres(
            pointer(spheres.lines),
            pointer(spheres.books),
            pointer(spheres.marks),
            pointer(spheres.kinds),
            spheres.n,
        ),
        Lists(pointer(lists.neighbors), pointer(lists.capacities)),
        Cells(
            pointer(cells.heads),
            pointer(cells.chain),
            pointer(cells.candidates),
            pointer(cells.grids),
            pointer(cells.grid_of),
            pointer(cells.ranges),
            cells.n_grids,
        ),
        Space(pointer(space.numbers), space.many_images),
        Queue(queue.inverse_width, queue.n_pages, pointer(queue.coming)),
        Clock(pointer(clock.times), pointer(clock.tally)),
    )


class Waiting(NamedTuple):
    """A sphere and the partner that it has collided with, whose next events are not queued yet.

    They enter the queue only after the event that follows has been taken from it. The processor
    can then find that event while it still computes these times, as it need not wait for the
    addresses that depend on them.
    """

    sphere: int
    time: float
    """Infinity if there is none."""
    partner: int
    time_of_partner: float


@njit(inline="always", **OPTIONS)
def nobody():
    return Waiting(int64(NO_PARTNER), math.inf, int64(NO_PARTNER), math.inf)
