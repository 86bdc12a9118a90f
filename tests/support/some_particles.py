"""Seven particles of three species in a box, for tests of formats."""

import numpy as np

import cagebreak as cb

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
