"""Which number stands where in the arrays of the event-driven simulation."""

# Columns of `spheres` (N + 1, 8): the last line is NaN, a neighbour that is never touched.
X, VX, RADIUS, MASS, COLUMNS = 0, 3, 6, 7, 8
# Columns of `anchors` (N, 4): the centre of the neighbour list and its radius.
REACH, ANCHOR_COLUMNS = 3, 4
# Columns of `books` (N, 16): the list (where it begins, room, entries), the event (partner, and how
# often it had collided), own collisions, and the cell with its neighbours in the cell's chain.
(SPECIES, FIRST, CAPACITY, COUNT, PARTNER, PARTNER_COLLISIONS, COLLISIONS, CELL, NEXT, PREVIOUS) = (
    range(10)
)
BOOK_COLUMNS = 16
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
