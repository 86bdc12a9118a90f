"""Pressure and collision rate of the configurations at 0.58, and of younger ones.

Run: python results/hard-spheres-058/pressure.py

The configurations of the data set, aged for 1e4 tau, are followed for 40 tau each. Four fresh ones
are grown as theirs were, and followed for as long after 100 and after 400 tau. The table, in
sigma_A, kT and tau, is written beside this script.
"""

from pathlib import Path

import pandas as pd

import cagebreak as cb
from cagebreak.seeding import seed_sequence
from cagebreak.simulation.hard_spheres import EventDriven

HERE = Path(__file__).parent
STUDY = HERE.parents[1] / "datasets/hard-spheres-058/hs058.toml"
SEED = 1
DURATION = 40.0
AGES = (100.0, 400.0)
N_FRESH = 4


def measured(spheres, age, c):
    """Return a row of the table."""
    spheres.reset_averages()
    spheres.run(DURATION)
    return {
        "age": age,
        "configuration": c,
        "pressure": spheres.pressure,
        "collision_rate": spheres.collision_rate,
    }


def main():
    """Write the table."""
    study = cb.Study(STUDY)
    model, aged = study.recipe.model, study.recipe.preparation
    rows = []
    for c in range(study.n_configurations):
        seed = seed_sequence(SEED, "aged", c)
        spheres = EventDriven(study.configuration(c), model, seed)
        rows.append(measured(spheres, aged.time, c))
    for c in range(N_FRESH):
        seed = seed_sequence(SEED, "fresh", c)
        grown = cb.equilibrate(model, aged.n_particles, AGES[0], seed=seed)
        spheres = EventDriven(grown, model)
        for age in AGES:
            spheres.run(age - AGES[0] - spheres.time)
            rows.append(measured(spheres, age, c))
    pd.DataFrame(rows).to_csv(HERE / "pressure.csv", index=False)


if __name__ == "__main__":
    main()
