"""When two hard spheres touch in a box so small that several images of one are near the other."""

import math

import numpy as np

from cagebreak._compile import njit
from cagebreak._simd.contacts import COLUMNS
from cagebreak.simulation.event_driven._event_state import EDGE, OPTIONS, RADIUS, RATE, SCALE, VX, X
from cagebreak.simulation.event_driven._list_kernel import LONGEST_FLIGHT


@njit(**OPTIONS)
def contact_of_images(i, j, now, lines, box):
    """Return when i touches any image of j, in a box so small that several are near."""
    a, b = COLUMNS * i, COLUMNS * j
    edge_x, edge_y, edge_z = box[EDGE], box[EDGE + 1], box[EDGE + 2]
    vx = lines[a + VX] - lines[b + VX]
    vy = lines[a + VX + 1] - lines[b + VX + 1]
    vz = lines[a + VX + 2] - lines[b + VX + 2]
    x = lines[a + X] - lines[b + X] + vx * now
    y = lines[a + X + 1] - lines[b + X + 1] + vy * now
    z = lines[a + X + 2] - lines[b + X + 2] + vz * now
    x -= edge_x * np.rint(x / edge_x)
    y -= edge_y * np.rint(y / edge_y)
    z -= edge_z * np.rint(z / edge_z)
    radii = lines[a + RADIUS] + lines[b + RADIUS]
    contact = radii * (box[SCALE] + box[RATE] * now)
    growth = radii * box[RATE]
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
