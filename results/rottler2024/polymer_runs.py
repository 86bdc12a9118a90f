"""Runs from the configurations of the polymer's data set, which has no D2min, as files for a study.

Run: python results/rottler2024/polymer_runs.py FOLDER
     cagebreak import fene.toml FOLDER/*.gsd --model fene-polymer --parameter temperature=0.52 \
         --timestep 6.2 --states inherent

Each file is a run. An import measures D2min beside the displacement.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

import cagebreak as cb
from cagebreak.seeding import seed_sequence

DATA = Path(__file__).parents[2] / "datasets/fene-polymer/fene.toml"
RUNS = 10
"""For each configuration, as in the data set."""
TIMES = np.linspace(0, 31, 6)
"""In tau; the last is tau_alpha."""
SEED = 2


def main():
    """Write a file for each run that has none."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    study = cb.Study(DATA)
    for c in range(study.n_configurations):
        start = replace(study.configuration(c), velocities=None)
        seed = seed_sequence(SEED, "configuration", c)
        runs = cb.isoconfigurational(start, study.recipe.model, TIMES, RUNS, seed)
        for r, displacements in enumerate(runs):
            frames = [
                replace(start, positions=start.unwrapped + moved, images=None)
                for moved in displacements
            ]
            cb.write(folder / f"{c:02}-{r:02}.gsd", frames)
        print(f"configuration {c}", flush=True)


if __name__ == "__main__":
    main()
