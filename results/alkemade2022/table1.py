"""What the neural networks of Alkemade 2022, table I, cost, trained to their best epochs.

    python table1.py STUDY.toml [--times 30] [--species A] [--device cpu] [--out table1.csv]

The study must be done. Each row of the table is trained once on generations 0, 0 to 1 and 0 to 2
of the initial state, all configurations (a fifth of them to choose the epoch) and all times of the
study, in one process and thread. The times are repeated until there are as many as asked for. With
--rows and --generations, several processes can share the work; each writes its part of the table.

`n_epochs` is the number of epochs trained, and `first_best` to `last_best` are the best ones of all
times. `r` is r of the validation at the best epochs, mean over times; NaN if a network predicts a
constant at a time. `memory` is the peak of the process so far, in bytes.
"""

import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", NUMBA_NUM_THREADS="1")

import argparse
import csv
import resource
import time
from pathlib import Path

import numpy as np

import cagebreak as cb

COLUMNS = (
    "generations", "row", "n_features", "n_rows", "n_times", "n_epochs", "first_best", "last_best",
    "r", "seconds", "memory",
)  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("study")
    parser.add_argument("--times", type=int, default=30)
    parser.add_argument("--species", default="A")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--rows", nargs="+", type=int, default=range(1, 6))
    parser.add_argument("--generations", nargs="+", type=int, default=range(3))
    parser.add_argument("--out", type=Path, default=Path("table1.csv"))
    wanted = parser.parse_args()
    study = cb.Study(wanted.study)
    found = []
    for generations in wanted.generations:
        features = {
            "generations": generations,
            "kind": ["radial", "angular"],
            "states": ["initial"],
        }
        samples = study.source(features, wanted.species).samples
        read = [samples[i] for i in range(len(samples))]
        X = np.concatenate([sample.features for sample in read])
        Y = np.concatenate([sample.targets for sample in read])
        Y = Y[:, np.arange(wanted.times) % Y.shape[1]]
        groups = np.concatenate([np.full(len(s.features), i) for i, s in enumerate(read)])
        for row in wanted.rows:
            network = cb.MLPRegressor.alkemade2022(row, device=wanted.device, progress=False)
            begun = time.process_time()
            network.fit(X, Y, groups)
            seconds = time.process_time() - begun
            best = network.best_epoch_ + 1
            r = np.nanmax(network.validation_, axis=0).mean()
            memory = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            n_epochs, span = len(network.validation_), (best.min(), best.max())
            found.append(
                (generations, row, X.shape[1], *Y.shape, n_epochs, *span, r, seconds, memory)
            )
            print(dict(zip(COLUMNS, found[-1], strict=True)), flush=True)
            with wanted.out.open("w", newline="") as file:
                csv.writer(file, lineterminator="\n").writerows([COLUMNS, *found])


if __name__ == "__main__":
    main()
