"""Ridge regression from statistics: time against one dsyrk and scikit-learn, and peak memory.

    python benchmarks/ridge.py [--rows 60000] [--rounds 5] [--skip-memory]

Everything on one thread, in CPU time, which other work on the machine disturbs least. The fit
does: moments, standardizing and clipping, statistics, 5-fold cross-validation over 40
configurations, 10 alphas (and the wider range), 40 times. A dsyrk of the features alone is what it
cannot do without. The time of scikit-learn's `RidgeCV`, which fits all times at once but one alpha
and one fold, is extrapolated from three fits.
"""

import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", NUMBA_NUM_THREADS="1")

import argparse
import resource
import statistics
import subprocess
import sys
import time

import numpy as np
from scipy.linalg import blas
from sklearn.linear_model import Ridge as SklearnRidge

from cagebreak.learning import RidgeCV, Sample, evaluate

N_FEATURES, N_TIMES, N_ALPHAS, N_FOLDS, N_CONFIGURATIONS = 1062, 40, 10, 5, 40
ROWS_OF_SAMPLE = 1500


class Drawn:
    """Configurations drawn when they are asked for."""

    def __init__(self, n_configurations):
        self.n_configurations = n_configurations

    def __len__(self):
        return self.n_configurations

    def __getitem__(self, index):
        random = np.random.default_rng(index)
        X = random.normal(size=(ROWS_OF_SAMPLE, N_FEATURES))
        Y = X[:, :N_TIMES] + 3 * random.normal(size=(ROWS_OF_SAMPLE, N_TIMES))
        return Sample(X, Y)


def seconds(work):
    start = time.process_time()
    work()
    return time.process_time() - start


def compare_times(n_rows, rounds):
    random = np.random.default_rng(0)
    X = random.normal(size=(n_rows, N_FEATURES))
    Y = X[:, :N_TIMES] + 3 * random.normal(size=(n_rows, N_TIMES))
    groups = np.arange(n_rows) * N_CONFIGURATIONS // n_rows
    n_training = n_rows * (N_FOLDS - 1) // N_FOLDS
    work = {
        "dsyrk": lambda: blas.dsyrk(1.0, X.T, lower=1),
        "cagebreak": lambda: RidgeCV().fit(X, Y, groups=groups),
    }
    times = {name: [] for name in work}
    for _ in range(rounds):
        for name, one in work.items():
            times[name].append(seconds(one))
    median = {name: statistics.median(values) for name, values in times.items()}
    peer = statistics.median(
        seconds(lambda: SklearnRidge(alpha=1.0).fit(X[:n_training], Y[:n_training]))
        for _ in range(3)
    )
    median["scikit-learn, extrapolated"] = peer * (N_ALPHAS * N_FOLDS + 1)
    print(
        f"{n_rows} x {N_FEATURES}, {N_ALPHAS} alphas, {N_TIMES} times, {N_FOLDS} folds, "
        f"one thread, CPU time, medians of {rounds}"
    )
    print(f"{'':28} {'seconds':>8} {'dsyrks':>7}")
    for name, value in median.items():
        print(f"{name:28} {value:8.2f} {value / median['dsyrk']:7.2f}")
    print("aim: at most 5 dsyrks")


def compare_memory():
    print(f"\npeak memory of `evaluate`, {ROWS_OF_SAMPLE} x {N_FEATURES} rows a configuration")
    print("configurations   seconds   peak MB   data MB")
    for n_configurations in (5, 10, 20, 40):
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, __file__, "--measure-memory", str(n_configurations)],
            check=True,
            capture_output=True,
            text=True,
        )
        data = n_configurations * ROWS_OF_SAMPLE * N_FEATURES * 8 / 1e6
        print(
            f"{n_configurations:14} {time.perf_counter() - start:9.1f} "
            f"{float(done.stdout):9.0f} {data:9.0f}"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=60_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--skip-memory", action="store_true")
    parser.add_argument("--measure-memory", type=int, help="used by the script itself")
    arguments = parser.parse_args()
    if arguments.measure_memory:
        evaluate(RidgeCV(), Drawn(arguments.measure_memory), seed=0)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3)
        return
    compare_times(arguments.rows, arguments.rounds)
    if not arguments.skip_memory:
        compare_memory()


if __name__ == "__main__":
    main()
