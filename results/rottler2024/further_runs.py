"""Further runs from the configurations of a data set, as files for a study.

Run: python results/rottler2024/further_runs.py FOLDER RECIPE --last TIME
     cagebreak import NEW.toml FOLDER/*.gsd --model fene-polymer --parameter temperature=0.52 \
         --timestep 6.2 --states inherent

Each file is a run of six times from 0 to TIME; --timestep is a fifth of it. An import measures
D2min beside the displacement, within the `d2min_cutoff` of its recipe.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

import cagebreak as cb
from cagebreak.seeding import seed_sequence

RUNS = 10
"""For each configuration, as in the data sets."""
SEED = 2


def main():
    """Write a file for each run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("recipe", type=Path, help="of the data set")
    parser.add_argument("--last", type=float, required=True, help="last time, tau")
    wanted = parser.parse_args()
    wanted.folder.mkdir(parents=True, exist_ok=True)
    study = cb.Study(wanted.recipe)
    times = np.linspace(0, wanted.last, 6)
    for c in range(study.n_configurations):
        start = replace(study.configuration(c), velocities=None)
        seed = seed_sequence(SEED, "configuration", c)
        runs = cb.isoconfigurational(start, study.recipe.model, times, RUNS, seed)
        for r, displacements in enumerate(runs):
            frames = [
                replace(start, positions=start.unwrapped + moved, images=None)
                for moved in displacements
            ]
            cb.write(wanted.folder / f"{c:02}-{r:02}.gsd", frames)
        print(f"configuration {c}", flush=True)


if __name__ == "__main__":
    main()
