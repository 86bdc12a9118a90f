"""Simulate what a camera films: one long run, a burst of fast frames, and repeated runs.

    python simulate.py FOLDER

writes `run.npz` to the folder.
"""

import sys
from pathlib import Path

import numpy as np

import cagebreak as cb
from cagebreak.simulation.isoconfigurational import isoconfigurational, trajectory

TEMPERATURE, N_PARTICLES, AGING = 0.6, 4000, 200.0
INTERVAL, N_FRAMES = 2.0, 450
"""Time between frames, in tau, and their number."""
FAST, N_FAST = 0.005, 200
"""The same of the burst: particles move by far less than the error of their localization."""
LAGS = INTERVAL * np.array([1, 2, 4, 8, 16, 32])
REPEATED, N_RUNS = (0, 300), 3
"""Frames from which runs are repeated with fresh velocities, and how often."""
SEED = 1


def main(folder: Path) -> None:
    """Write positions of all frames, (frames, particles, 2) in sigma, and repeated motion."""
    model = cb.kob_andersen_2d(temperature=TEMPERATURE)
    start = cb.equilibrate(model, n_particles=N_PARTICLES, time=AGING, seed=SEED)
    moved = trajectory(start, model, np.arange(N_FRAMES) * INTERVAL, seed=SEED)
    frames = start.positions + moved
    last = start.replace(positions=start.box.wrap(frames[-1]), velocities=None)
    burst = last.positions + trajectory(last, model, np.arange(N_FAST) * FAST, seed=SEED + 1)
    repeated = np.array(
        [
            list(
                isoconfigurational(
                    start.replace(positions=start.box.wrap(frames[f]), velocities=None),
                    model, LAGS, N_RUNS, seed=SEED + 2,
                )
            )
            for f in REPEATED
        ]
    )  # fmt: skip
    np.savez(
        folder / "run.npz",
        species=start.species,
        edge=start.box.lengths[0],
        frames=frames[..., :2],
        burst=burst[..., :2],
        repeated=repeated[..., :2],
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
