"""What Boattini 2021 finds besides its figures: a third averaging, the range of the averages.

Run: python results/boattini2021/boattini2021.py FOLDER [--botan DATA] [--published CSV]
     [--parts generations ranges support_vectors networks graphs]

Three sets of configurations: hard spheres at 0.58 and Kob-Andersen at T = 0.44 of the data sets,
and the Kob-Andersen configurations of BOTAN at one time, if DATA with its train and test/*.npz is
given. Features are kept in FOLDER, a file a configuration, so that a run that was stopped goes on.
Each part writes its table beside this script; figure 1 is drawn from those that are there, with
published curves if CSV is given.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

import cagebreak as cb
from cagebreak.descriptors.generations import average_over_neighbors
from cagebreak.figures import boattini2021, style
from cagebreak.figures.literature import read_published
from cagebreak.files import botan
from cagebreak.learning import Graph, LinearSVR, RidgeCV, Sample, evaluate
from cagebreak.learning.model_selection.compare import differences

HERE = Path(__file__).parent
SETS = HERE.parents[1] / "datasets"
STUDIES = {
    "hard_spheres": SETS / "hard-spheres-058" / "hs058.toml",
    "kob_andersen": SETS / "kob-andersen-044" / "ka044.toml",
}
SEED = 1
ALPHAS = tuple(10.0**n for n in range(8))
N_MAX = 3
RANGES = (1.4, 1.7, 2.1, 2.5, 3.0)
PAPER = 2.1


class Studied:
    """The configurations of a study: what they are described by, and how far particles moved."""

    def __init__(self, name, folder):
        self.name, self.folder = name, folder
        self.study = cb.Study(STUDIES[name])
        self.model = self.study.recipe.model
        self.times = self.study.propensity(0).times
        self.n = self.study.n_configurations

    def configuration(self, c):
        return self.study.configuration(c)

    def targets(self, c):
        """Return the propensities (N, T), and those of both halves of the runs."""
        propensity = self.study.propensity(c)
        return propensity.mean.T, propensity.halves.swapaxes(1, 2)


class Published:
    """The configurations of BOTAN, with 32 runs to one time."""

    def __init__(self, data, folder):
        self.name, self.folder = "botan", folder
        self.paths = [*sorted(data.glob("train/*.npz")), *sorted(data.glob("test/*.npz"))]
        self.model = cb.kob_andersen(number_density=botan.NUMBER_DENSITY)
        self.times = np.array([4120.0])
        self.n = len(self.paths)

    def configuration(self, c):
        return botan.read(self.paths[c])

    def targets(self, c):
        start, ends = botan.read_runs(self.paths[c])
        lengths = np.linalg.norm(ends - start.unwrapped, axis=2)
        halves = np.stack([lengths[k::2].mean(axis=0) for k in (0, 1)])
        return lengths.mean(axis=0)[:, None], halves[:, :, None]


def features(data, c, r_c, n_max):
    """Return the labels and the features of all particles of a configuration."""
    file = data.folder / f"{data.name}_{c:04d}.npz"
    descriptor = cb.papers.boattini2021(data.model, generations=0)
    if not file.exists():
        np.savez(file, values=descriptor.compute(data.configuration(c)).values)
    first = cb.Features(np.load(file)["values"], descriptor.labels())
    found = average_over_neighbors(first, data.configuration(c), r_c, n_max)
    return found.labels, found.values


def samples(data, r_c, n_max, chosen=slice(None)):
    """Return the labels and the samples of a set of configurations."""
    made = []
    for c in range(data.n):
        labels, values = features(data, c, r_c, n_max)
        targets, halves = data.targets(c)
        species = data.configuration(c).species
        made.append(Sample(values, targets[:, chosen], species, halves[:, :, chosen]))
    return labels, made


def ridge(data):
    """Return ridge regression, with inner folds that the number of configurations allows."""
    return RidgeCV(alphas=ALPHAS, folds=min(4, data.n - 2), seed=SEED)


def scored(data, learner, made, name, columns):
    return evaluate(
        learner, made, seed=SEED, folds=min(5, data.n), columns=columns, times=data.times, name=name
    )


def generations(data):
    """Return r of LR0 to LR3, and by how much each exceeds the one before."""
    labels, made = samples(data, PAPER, N_MAX)
    columns = {f"LR{n}": labels.generation <= n for n in range(N_MAX + 1)}
    columns |= {
        f"LR{n} {kind}": (labels.generation <= n) & (labels.kind == kind)
        for n in range(N_MAX + 1)
        for kind in ("radial", "angular")
    }
    scores = scored(data, ridge(data), made, "ridge", columns)
    table = scores.table
    for (species, name), moments in scores.moments.items():
        n = int(name[2])
        if n:
            before = scores.moments[species, f"LR{n - 1}{name[3:]}"]
            rows = (table.species == species) & (table.features == name)
            for column, values in difference(moments, before).items():
                table.loc[rows, column] = values
    return table


def ranges(data):
    """Return r of LR2 for each range of the averages, and its difference from the paper's."""
    found = {r_c: of_range(data, r_c) for r_c in RANGES}
    for r_c, (table, moments) in found.items():
        table.insert(0, "r_c", r_c)
        for species, of_species in moments.items():
            rows = table.species == species
            for column, values in difference(of_species, found[PAPER][1][species]).items():
                table.loc[rows, column] = values
    return pd.concat(table for table, _ in found.values())


def of_range(data, r_c):
    """Return the scores of LR2 for a range of the averages, and their moments by species."""
    file = data.folder / f"range_{data.name}_{r_c}"
    if not Path(f"{file}.npz").exists():
        _, made = samples(data, r_c, 2)
        scores = scored(data, ridge(data), made, "ridge", {"LR2": slice(None)})
        scores.table.to_csv(f"{file}.csv", index=False)
        np.savez(f"{file}.npz", **{species: m for (species, _), m in scores.moments.items()})
        print(file.name, flush=True)
    return pd.read_csv(f"{file}.csv"), dict(np.load(f"{file}.npz"))


def difference(first, second):
    """Return the columns of a difference of r, with its interval."""
    rows = differences(first, second, seed=SEED)
    return {name: rows[name] for name in rows.dtype.names}


def support_vectors(data):
    """Return r over time of support vectors on LR0."""
    _, made = samples(data, PAPER, 0)
    return scored(data, LinearSVR(), made, "support vectors", {"LR0": slice(None)}).table


def networks(data):
    """Return r over time of a neural network on LR2."""
    _, made = samples(data, PAPER, 2)
    network = cb.MLPRegressor(checkpoint=data.folder / "trainings", progress=False)
    return scored(data, network, made, "network", {"LR2": slice(None)}).table


def graphs(data):
    """Return r over time of a graph network on LR0."""
    _, made = samples(data, PAPER, 0)
    made = [
        replace(sample, graph=Graph(data.configuration(c), sample.features))
        for c, sample in enumerate(made)
    ]
    network = cb.GraphNetwork(epochs=60, checkpoint=data.folder / "trainings", progress=False)
    return scored(data, network, made, "graph network", None).table


PARTS = {
    "generations": generations,
    "ranges": ranges,
    "support_vectors": support_vectors,
    "networks": networks,
    "graphs": graphs,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--botan", type=Path)
    parser.add_argument("--published", type=Path)
    parser.add_argument("--parts", nargs="+", default=list(PARTS), choices=PARTS)
    given = parser.parse_args()
    given.folder.mkdir(exist_ok=True, parents=True)
    sets = [Studied(name, given.folder) for name in STUDIES]
    if given.botan:
        sets.append(Published(given.botan, given.folder))
    for part in given.parts:
        of_part = sets if part in ("generations", "ranges") else sets[1:]  # figure 1: Kob-Andersen
        write(part, {data.name: PARTS[part](data) for data in of_part})
    draw(given.published)


def write(part, tables):
    """Write a table, the rows of each set of configurations after the other."""
    table = pd.concat([of_set.assign(set=name) for name, of_set in tables.items()])
    table.insert(0, "set", table.pop("set"))
    table.to_csv(HERE / f"{part}.csv", index=False, float_format="%.5g", na_rep="nan",
                 lineterminator="\n")  # fmt: skip


def draw(published):
    """Draw figure 1 of Boattini 2021."""
    ours = pd.read_csv(HERE / "generations.csv")
    ours = ours[ours.features.isin([f"LR{n}" for n in range(N_MAX + 1)])]
    tables = [ours.assign(learner=ours.features)]
    for part in ("support_vectors", "networks", "graphs"):
        path = HERE / f"{part}.csv"
        if path.exists():
            tables.append(pd.read_csv(path))
    table = pd.concat(tables)
    table = table[table.set == "kob_andersen"]
    curves = None if published is None else read_published(published)
    style.save(boattini2021.learners(table, curves=curves), HERE / "learners")


if __name__ == "__main__":
    main()
