"""The energy of inherent states: false alarms, and what the other comparisons do not see.

    python benchmarks/reliability/inherent_energy.py OUT.csv [NPZ ...]

Every configuration of the data sets is compared with all others of its set; files of configurations
of the Kob-Andersen liquid at T = 0.44 in the format of pyg_botan may be named in addition. Then
liquids that were cooled within a short time to the temperature of datasets/kob-andersen-050 are
compared with these. A deviation above 1 is said by `predict`. `temperature` is that of the forces,
`remarks` the number of remarks of `cagebreak.check`. Cooling needs LAMMPS.
"""

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

import cagebreak as cb
from cagebreak.potentials.match import examine
from cagebreak.simulation.preparation import Step
from cagebreak.study.analysis.inherent_energy import deviation, inherent_energy

DATASETS = Path(__file__).parents[2] / "datasets"
COOLED = "kob-andersen-050"
COOLINGS = ((2.0, 2.0), (2.0, 20.0), (0.6, 10.0))
"""Temperature before, and time in tau at the temperature of the model."""


def row(name, configuration, model):
    """Return what is measured of a configuration."""
    match = examine(configuration, model)
    start = time.process_time()
    energy = inherent_energy(configuration, model)
    return {
        "configurations": name,
        "n_particles": len(configuration),
        "temperature": match.temperature,
        "remarks": len(match.remarks),
        "energy": energy,
        "seconds": time.process_time() - start,
    }


def left_out(rows):
    """Add the deviation of each configuration from all others."""
    energies = np.array([one["energy"] for one in rows])
    for k, one in enumerate(rows):
        one["deviation"] = deviation(energies[k], np.delete(energies, k))
    return rows


def read_npz(path):
    """Return the configuration of a file of pyg_botan, and the model."""
    with np.load(path) as arrays:
        positions, types = arrays["initial_positions"], arrays["types"]
    model = cb.kob_andersen(temperature=0.44)
    edge = (len(types) / model.number_density) ** (1 / 3)
    return cb.Configuration(positions, types, edge), model


def measured(files):
    """Yield the rows of one set of configurations after another."""
    for folder in sorted(path for path in DATASETS.iterdir() if path.is_dir()):
        study = cb.Study(next(folder.glob("*.toml")))
        model = study.recipe.model
        if model.is_hard:
            continue
        starts = [study.configuration(c) for c in range(study.n_configurations)]
        rows = left_out([row(folder.name, start, model) for start in starts])
        yield rows
        if folder.name == COOLED:
            known = np.array([one["energy"] for one in rows])
            for before, duration in COOLINGS:
                steps = (
                    Step("NVT", 5.0, (before,)),
                    Step("NVT", duration, (model.temperature,)),
                )
                cooled = cb.equilibrate(model, len(starts[0]), seed=5, steps=steps)
                name = f"cooled from {before:g} within {duration:g}"
                one = row(name, cooled, model)
                yield [one | {"deviation": deviation(one["energy"], known)}]
    if files:
        yield left_out([row("pyg_botan, T = 0.44", *read_npz(file)) for file in files])


def main():
    """Write what is measured."""
    rows = []
    for some in measured(sys.argv[2:]):
        rows += some
        print(pd.DataFrame(some).to_string(), flush=True)
        pd.DataFrame(rows).to_csv(sys.argv[1], index=False, float_format="%.7g")


if __name__ == "__main__":
    main()
