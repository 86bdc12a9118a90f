"""The graph networks of Alkemade 2022, table II, as the paper trains them, and ours beside them.

    python table2.py STUDY.toml [--epochs 500] [--rows 1 2 3 4 5 6] [--out table2.csv]

The study must be done. Each network is trained once, on the configurations that the first fold of
`compare.py` trains on (a fifth of them to choose the epoch), in one thread, and tried on those held
out: r of A particles, all of them pooled, at each time. Row 2 has generations 0 to 2 of the
initial state, the others generation 0; rows 5 and 6 are trained on both species. Row 0 is
`GraphNetwork()`. Trainings go on where they were stopped.
"""

import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", NUMBA_NUM_THREADS="1")

import argparse
import csv
import time
from pathlib import Path

import numpy as np

import cagebreak as cb
from cagebreak.learning import Graph, configuration_folds, pearson
from cagebreak.seeding import seed_sequence
from cagebreak.study.analysis.samples import nearest
from cagebreak.study.stages.states import load_state

COLUMNS = ("row", "time", "epochs", "best_epoch", "validation_r", "test_r", "seconds")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("study")
    parser.add_argument("--epochs", type=int, default=500)
    parser.add_argument("--rows", nargs="+", type=int, default=range(7))
    parser.add_argument("--out", type=Path, default=Path("table2.csv"))
    parser.add_argument(
        "--times", nargs="+", type=float, default=[0.04, 0.4, 2.5, 16.0, 100.0, 1000.0]
    )
    wanted = parser.parse_args()
    study = cb.Study(wanted.study)
    n = study.recipe.preparation.n_configurations
    seed = seed_sequence(study.recipe.study.seed, "fit")
    held_out = configuration_folds(n, study.recipe.learning.outer_folds, seed=seed) == 0
    settings = {"checkpoint": study.store.folder / "trainings", "epochs": wanted.epochs}
    found = []
    for row in wanted.rows:
        if row:
            network = cb.GraphNetwork.alkemade2022(row, **settings)
        else:
            network = cb.GraphNetwork(**settings)
        species = (0, 1) if network.share_species else (0,)
        times, graphs, targets = read(study, wanted.times, 2 if row == 2 else 0, species)
        begun = time.process_time()
        network.fit(*([x for x, held in zip(given, held_out, strict=True) if not held]
                      for given in (graphs, targets)))  # fmt: skip
        seconds = time.process_time() - begun + network.earlier_seconds_
        _, graphs, targets = read(study, wanted.times, 2 if row == 2 else 0, (0,))
        of_test = [c for c in range(n) if held_out[c]]
        predicted = np.concatenate(network.predict([graphs[c] for c in of_test]))
        test = pearson(predicted, np.concatenate([targets[c] for c in of_test]))
        validation = network.validation_[network.best_epoch_, np.arange(len(times))]
        epochs = len(network.validation_)
        found += [
            (row, of_time, epochs, *rest, round(seconds, 1))
            for of_time, *rest in zip(times, network.best_epoch_ + 1, validation, test, strict=True)
        ]
        print(
            row, epochs, np.round(validation, 3), np.round(test, 3), f"{seconds:.0f} s", flush=True
        )
        with wanted.out.open("w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([COLUMNS, *found])


def read(study, times, generations, species):
    """Return the times, and of each configuration the graph and the targets of its rows."""
    known = study.propensity(0).times
    learned = np.unique(nearest(known, times))
    graphs, targets = [], []
    for c in range(study.recipe.preparation.n_configurations):
        propensity, features = study.propensity(c), study.features(c)
        labels = features.labels
        chosen = (labels.state == "initial") & (labels.generation <= generations)
        rows = np.flatnonzero(np.isin(propensity.species, species))
        configuration = load_state(study.store, "initial", c)
        graphs.append(Graph(configuration, features.values[:, chosen], rows))
        targets.append(propensity.mean[learned][:, rows].T)
    return known[learned], graphs, targets


if __name__ == "__main__":
    main()
