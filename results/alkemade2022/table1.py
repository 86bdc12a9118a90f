"""What the neural networks of Alkemade 2022, table I, cost, trained to their best epochs.

    python table1.py STUDY.toml [--times 30] [--species A] [--device cpu]

The study must be done. Each row of the table is trained once on generations 0, 0 to 1 and 0 to 2
of the initial state, all configurations (a fifth of them to choose the epoch) and all times of the
study, in one process and thread. The times are repeated until there are as many as asked for.
"""

import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", NUMBA_NUM_THREADS="1")

import argparse
import resource
import time

import numpy as np

import cagebreak as cb


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("study")
    parser.add_argument("--times", type=int, default=30)
    parser.add_argument("--species", default="A")
    parser.add_argument("--device", default="cpu")
    wanted = parser.parse_args()
    study = cb.Study(wanted.study)
    total = 0.0
    print("row  generations  features  rows  times  epochs  validation r  CPU s")
    for generations in (0, 1, 2):
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
        for row in range(1, 6):
            network = cb.MLPRegressor.alkemade2022(row, device=wanted.device, progress=False)
            begun = time.process_time()
            network.fit(X, Y, groups)
            seconds = time.process_time() - begun
            total += seconds
            r = np.nanmax(network.validation_, axis=0).mean()
            print(
                f"{row:3} {generations:12} {X.shape[1]:9} {len(X):5} {Y.shape[1]:6} "
                f"{len(network.validation_):7} {r:13.3f} {seconds:6.0f}",
                flush=True,
            )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"in all {total:.0f} CPU s, peak memory {peak:.1f} GB")


if __name__ == "__main__":
    main()
