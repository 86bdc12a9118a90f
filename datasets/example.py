"""Write the example of `cagebreak.datasets.load`: a configuration and its propensity.

    python datasets/example.py

The configuration is one of the data set kob-andersen-050 that its study does not use, so that no
pretrained model was fitted to it. Its runs take ten minutes.
"""

from pathlib import Path

import numpy as np

import cagebreak as cb
from cagebreak._sealed import creating
from cagebreak.datasets import FORMAT
from cagebreak.files import hdf5

DATASETS = Path(__file__).parent
FILE = DATASETS.parent / "src/cagebreak/data/examples/kob-andersen.h5"
UNUSED = DATASETS / "kob-andersen-050/ka050/equilibrate/0006.h5"


def write_example(path: Path, configuration: cb.Configuration, propensity: cb.Propensity) -> None:
    """Write a configuration without its velocities, and the sums over runs in single precision."""
    arrays = hdf5.datasets(configuration.replace(velocities=None)) | {
        "times": hdf5.Dataset(propensity.times, "tau", "time"),
        "sums": hdf5.Dataset(
            propensity.sums.astype(np.float32),
            "sigma",
            "runs of even and odd number, time, particle",
        ),
        "n_runs": hdf5.Dataset(np.array(propensity.n_runs), "runs", ""),
    }
    with creating(path, {"format": FORMAT}) as file:
        hdf5.write_datasets(file, arrays)


def main() -> None:
    """Follow the configuration in ten runs, as the study does those that it uses."""
    study = cb.Study(DATASETS / "kob-andersen-050" / "ka050.toml")
    configuration = hdf5.read(UNUSED)
    settings = study.recipe.isoconfigurational
    propensity = cb.propensity(
        configuration,
        study.recipe.model,
        times=study.propensity(0).times,
        n_runs=settings.n_runs,
        seed=study.recipe.study.seed,
    )
    write_example(FILE, configuration, propensity)


if __name__ == "__main__":
    main()
