"""Seven particles of three species in a box, for tests of formats, and particles in a plane."""

import numpy as np

import cagebreak as cb
from cagebreak.configuration import Box, Configuration

N = 7


def configuration(seed=0, sheared=True, images=True, velocities=True):
    rng = np.random.default_rng(seed)
    tilt = 1.5 if sheared else 0.0
    return cb.Configuration(
        rng.uniform(-9, 9, (N, 3)),
        [1, 0, 2, 0, 0, 1, 2],
        np.array([[4.0, 0, 0], [tilt, 5.0, 0], [-0.4 * tilt, 0.3 * tilt, 6.0]]),
        rng.normal(size=(N, 3)) if velocities else None,
        rng.integers(-3, 4, (N, 3)) if images else None,
    )


BOXES = {
    "square": np.eye(2) * 6.0,
    "rectangle": np.diag([9.0, 4.0]),
    "sheared": np.array([[6.0, 0.0], [2.3, 6.0]]),
    "rotated": np.array([[5.0, 2.0], [-2.5, 5.5]]),
}


def scattered(box="square", n=40, seed=1, closest=0.6):
    """Return random points of a box that are not nearer than a length."""
    rng = np.random.default_rng(seed)
    box = Box(BOXES[box])
    points = []
    while len(points) < n:
        point = np.append(rng.random(2) @ box.lattice, 0)
        apart = [box.minimum_image(point - other) for other in points]
        if all(np.linalg.norm(vector) > closest for vector in apart):
            points.append(point)
    return Configuration(np.array(points), rng.integers(0, 2, n), box)
