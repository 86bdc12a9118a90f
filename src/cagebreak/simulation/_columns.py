"""Which number stands where in the arrays of the event-driven simulation."""

# Columns of `spheres` (N + 1, 8): the last line is NaN, a neighbor that is never touched.
X, VX, RADIUS, COLLISIONS, COLUMNS = 0, 3, 6, 7, 8
# Columns of `marks` (N, 8), the float64 in the first half of a sphere's book: the center of its
# neighbor list, and the time of its event.
CENTER, TIME, MARK_COLUMNS = 0, 3, 8
# Columns of `books` (N, 16), the int32 in the second half: the species, the list (where it begins,
# entries), the event (partner, and how often it had collided), the cell, and the queue (the sphere
# that follows, and the place in the ledger that names this one).
(SPECIES, FIRST, COUNT, PARTNER, PARTNER_COLLISIONS, CELL, FOLLOWING, PLACE, BOOK_COLUMNS) = range(
    8, 17
)
# Columns of `kinds` (S, 2), by species: the mass, and the reach of the neighbor list
MASS, REACH, KIND_COLUMNS = 0, 1, 2
# Entries of `clock`: time since the rebase, time of the rebase, momentum transferred times distance
NOW, ORIGIN, VIRIAL = range(3)
# Entries of `tally`: collisions, predictions and lists so far; the bucket that is due
COLLIDED, PREDICTED, LISTED, BUCKET = range(4)
# Entries of `space`: edges, inverse edges, scale of the radii at time 0, its rate
EDGE, INVERSE, SCALE, RATE = 0, 3, 6, 7
# Columns of `grids` (number of grids, 4): cells along x, y, z, and where the grid's cells start
GRID_COLUMNS = 4

# "contract" fuses a product and a sum; nothing else of IEEE arithmetic is relaxed.
OPTIONS = {"error_model": "numpy", "fastmath": {"contract"}, "cache": True}
