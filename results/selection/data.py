"""The statistics that everything here is made from, of Kob-Andersen and hard-sphere particles A.

Run: python results/selection/data.py KA HS FOLDER, where KA has train/*.npz of BOTAN and HS is
datasets/hard-spheres-058/hs058.toml. Rows are kept in FOLDER too, for the support vectors.
"""

import sys
from pathlib import Path

import numpy as np

import cagebreak as cb
from cagebreak.files import botan
from cagebreak.learning import Sample, collect

RUNS = (1, 2, 4, 8, 16, 32)
TIME = 4120.0
"""When the runs ended, in tau of the model: about tau_alpha."""


class Kept:
    """Samples of A particles in files, each read when it is asked for."""

    def __init__(self, folder, name):
        self.paths = sorted(folder.glob(f"{name}_*.npz"))

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, index):
        with np.load(self.paths[index]) as file:
            return Sample(file["features"], file["targets"], halves=file["halves"])


def kob_andersen(path):
    """Return the sample of a file: targets are means over the first 1, 2, 4, ... runs."""
    start, ends = botan.read_runs(path)
    a = start.species == 0
    moved = np.linalg.norm(ends - start.unwrapped, axis=2)[:, a]
    targets = np.stack([moved[:n].mean(axis=0) for n in RUNS], axis=1)
    # Of every number of runs the same halves: the ceiling is that of all runs.
    half = [moved[k::2].mean(axis=0)[:, None].repeat(len(RUNS), axis=1) for k in (0, 1)]
    features = cb.papers.boattini2021(cb.kob_andersen(number_density=1.2)).compute(start)
    return features.values[a], targets, np.stack(half), features.labels


def hard_spheres(study, c):
    """Return the sample of a configuration of the study, at all its times."""
    start, moved = study.configuration(c), study.propensity(c)
    a = start.species == 0
    features = cb.papers.boattini2021(study.recipe.model).compute(start)
    halves = moved.halves[:, :, a].swapaxes(1, 2)
    return features.values[a], moved.mean[:, a].T, halves, features.labels


def keep(folder, name, index, made):
    """Write a sample; return the labels of its features."""
    features, targets, halves, labels = made
    np.savez(folder / f"{name}_{index:02}.npz", features=features, targets=targets, halves=halves)
    print(name, index, flush=True)
    return labels


def main(ka, hs, folder):
    """Write samples and collections."""
    folder.mkdir(exist_ok=True, parents=True)
    for k, path in enumerate(sorted(ka.glob("train/*.npz"))):
        labels = keep(folder, "ka", k, kob_andersen(path))
    about = {"model": "kob_andersen", "length": "sigma_AA"}
    collect(Kept(folder, "ka"), labels=labels, times=(TIME,) * len(RUNS), about=about).save(
        folder / "ka.h5"
    )
    study = cb.Study(hs)
    for c in range(study.n_configurations):
        labels = keep(folder, "hs", c, hard_spheres(study, c))
    times = study.propensity(0).times
    about = {"model": "hard_spheres", "length": "sigma_A"}
    collect(Kept(folder, "hs"), labels=labels, times=times, about=about).save(folder / "hs.h5")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
