"""Configurations of two dimensions."""

import numpy as np

from cagebreak.configuration import Box, Configuration

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
