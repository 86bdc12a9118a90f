"""Inputs of the trials: descriptors, displacements and covariances, kept in a folder.

Run: python results/vectors/states.py SYSTEM BOTAN FOLDER makes those of all configurations.

`hs` is the data set `hard-spheres-058`, `ka050` the data set `kob-andersen-050`. `ka044` are the
ten training configurations of BOTAN at T = 0.44 (`train/*.npz`) and two of `test/*.npz`.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import cagebreak as cb
from cagebreak.configuration import Configuration
from cagebreak.descriptors import recommended
from cagebreak.files import botan

SEED = 1
SWEEPS = (1000, 9000)
DATA_SETS = {"hs": "hard-spheres-058", "ka050": "kob-andersen-050"}
CONFIGURATIONS = {"hs": range(20), "ka050": range(6), "ka044": (*range(1, 11), 401, 402)}
TIMES = {"hs": (10.0, 100.0, 1000.0), "ka050": (3.0, 30.0, 300.0)}
"""Times of the propensity; the files of BOTAN have one, about tau_alpha."""


@dataclass(frozen=True)
class Inputs:
    """What the learners read of a configuration of N particles."""

    start: Configuration
    propensity: np.ndarray
    """(N, T)"""
    features: np.ndarray
    """(N, F), the recommended set with one chain of the cage state."""
    labels: np.recarray
    vectors: np.ndarray
    """(N, 2, 3), displacements to the cage state and to the inherent state."""
    tensors: np.ndarray
    """(N, 1, 3, 3), the covariance of the caged motion."""


def start_of(system, c, botan_folder):
    """Return the model, the configuration, its propensity (N, T) and its displacements or None."""
    if system in DATA_SETS:
        study = cb.datasets.study(DATA_SETS[system])
        measured = study.propensity(c)
        at = [np.abs(measured.times - time).argmin() for time in TIMES[system]]
        return study.recipe.model, study.configuration(c), measured.mean[at].T, None
    part = "test" if c > 400 else "train"
    path = Path(botan_folder) / part / f"isoconfig_N4096T0.44_{c}_tc07.npz"
    start, ends = botan.read_runs(path)
    displacements = ends - start.unwrapped
    propensity = np.linalg.norm(displacements, axis=2).mean(axis=0)
    return cb.kob_andersen(number_density=1.2), start, propensity[:, None], displacements


def inputs_of(system, c, botan_folder, kept):
    """Return the inputs of a configuration; states and descriptors are made once."""
    file = Path(kept) / f"{system}_{c}.npz"
    model, start, propensity, _ = start_of(system, c, botan_folder)
    if not file.exists():
        inherent = cb.inherent_state(start, model, force_tolerance=recommended.FORCE_TOLERANCE)
        cage = cb.cage_state(start, model, seed=SEED, sweeps=SWEEPS, samples=recommended.SAMPLES)
        described = recommended.recommended(model).describe(inherent, cage)
        moved = [state.configuration.unwrapped - start.unwrapped for state in (cage, inherent)]
        np.savez(
            file,
            features=described.values.astype(np.float32),
            labels=np.asarray(described.labels),
            vectors=np.stack(moved, axis=1),
            tensors=cage.covariance[:, None],
        )
    read = np.load(file)
    return Inputs(
        start,
        propensity,
        read["features"].astype(float),
        read["labels"].view(np.recarray),
        read["vectors"],
        read["tensors"],
    )


def main(system, botan_folder, kept):
    """Make the inputs of all configurations."""
    Path(kept).mkdir(parents=True, exist_ok=True)
    for c in CONFIGURATIONS[system]:
        inputs_of(system, c, botan_folder, kept)
        print(system, c, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
