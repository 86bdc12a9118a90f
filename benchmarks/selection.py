"""Selection and ablation from statistics: time against scikit-learn and dsyrk, and peak memory.

    python benchmarks/selection.py [--rounds 3] [--skip-memory] [--memory-rows 10000000]

Everything on one thread, in CPU time, which other work on the machine disturbs least.

- Forward selection of 200 of 1176 features for 30 targets, against scikit-learn's
  `SequentialFeatureSelector` of a `LinearRegression`, extrapolated: choosing the k-th of F features
  takes F - k fits per fold, and a fit to k columns of the 20,000 rows the time measured at a few k.
  Checked against its time for 3 and for 6 of 30 features.
- Ablation: 100 random halves of 1176 features, for each 30 targets and 10 alphas the coefficients
  and the squared error on rows held out; and the nested cross-validation of `ablation` itself.
- Accumulation: `Statistics.add` against one dsyrk of the same rows.
- Peak memory while rows stream through `Statistics`, 100 features.
"""

import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", NUMBA_NUM_THREADS="1")

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from scipy.linalg import blas
from sklearn.feature_selection import SequentialFeatureSelector
from sklearn.linear_model import LinearRegression

from cagebreak.learning import Statistics, forward_selection
from cagebreak.learning.linear_model.base import intercepts, prediction_moments, squared_errors
from cagebreak.learning.linear_model.ridge_solvers import SubsetRidge

N_FEATURES, N_CHOSEN, N_TARGETS, N_ROWS, N_ALPHAS, N_SUBSETS = 1176, 200, 30, 20_000, 10, 100
FOLDS = 2
"""Of the peer's cross-validation; the fewest it takes."""


def seconds(work):
    start = time.process_time()
    work()
    return time.process_time() - start


def data(n_rows, n_features, n_targets):
    random = np.random.default_rng(0)
    # Neighboring columns correlate, as shells do.
    X = random.normal(size=(n_rows, n_features))
    X[:, 1:] += 0.8 * X[:, :-1]
    return X, X[:, :n_targets] + 3 * random.normal(size=(n_rows, n_targets))


def sequential(n_features, n_chosen, n_rows):
    X, Y = data(n_rows, n_features, 1)
    selector = SequentialFeatureSelector(
        LinearRegression(), n_features_to_select=n_chosen, cv=FOLDS, scoring="r2"
    )
    return seconds(lambda: selector.fit(X, Y[:, 0]))


def fit_time(k):
    """Return the seconds of a fit to k columns of one fold's training rows, and its scoring."""
    X, Y = data(N_ROWS * (FOLDS - 1) // FOLDS, k, 1)
    return statistics.median(
        seconds(lambda: LinearRegression().fit(X, Y[:, 0]).score(X, Y[:, 0])) for _ in range(3)
    )


def extrapolated():
    """Return the peer's seconds for one target, and how well the model holds where measured."""
    steps = np.array([1, 5, 20, 60, 120, 200])
    times = np.array([fit_time(int(k)) for k in steps])
    each = np.interp(np.arange(1, N_CHOSEN + 1), steps, times)
    fits = FOLDS * (N_FEATURES - np.arange(N_CHOSEN))
    small = [sequential(30, k, N_ROWS) for k in (3, 6)]
    model = [FOLDS * sum((30 - k) * each[k] for k in range(n)) for n in (3, 6)]
    return float(fits @ each), small, model


def compare_times(rounds):
    X, Y = data(N_ROWS, N_FEATURES, N_TARGETS)
    training = Statistics.from_arrays(X[: N_ROWS * 3 // 4], Y[: N_ROWS * 3 // 4])
    rows = Statistics.from_arrays(X[N_ROWS * 3 // 4 :], Y[N_ROWS * 3 // 4 :])
    alphas = 10.0 ** np.arange(-2, -2 + N_ALPHAS)
    random = np.random.default_rng(1)
    subsets = [np.sort(random.permutation(N_FEATURES)[: N_FEATURES // 2]) for _ in range(N_SUBSETS)]

    def ablate():
        models = SubsetRidge(training, alphas)
        for columns in subsets:
            w = models.coefficients(columns)
            squared_errors(prediction_moments(rows, w, intercepts(w, training)), "global")

    Z = np.hstack([X, Y])
    work = {
        "forward selection, 200 of 1176, 30 targets": lambda: forward_selection(training, N_CHOSEN),
        "100 subsets of 588, 30 targets, 10 alphas": ablate,
        f"dsyrk of {N_ROWS} x {N_FEATURES + N_TARGETS}": lambda: blas.dsyrk(1.0, Z.T, lower=1),
        "Statistics.add of the same": lambda: Statistics(N_FEATURES, N_TARGETS).add(X, Y),
    }
    times = {name: [] for name in work}
    for _ in range(rounds):
        for name, one in work.items():
            times[name].append(seconds(one))
    for name, values in times.items():
        print(f"{name:46} {statistics.median(values):9.2f} s")
    ours = statistics.median(times["forward selection, 200 of 1176, 30 targets"])
    peer, small, model = extrapolated()
    print(
        f"SequentialFeatureSelector, extrapolated        {N_TARGETS * peer:9.0f} s: "
        f"{N_TARGETS * peer / ours:.0f} times as long\n"
        f"  where measured (3, 6 of 30): {small[0]:.2f}, {small[1]:.2f} s; "
        f"the extrapolation says {model[0]:.2f}, {model[1]:.2f} s"
    )
    pool = Statistics.from_arrays(*data(6000, 5500, 1))
    print(
        f"pool of 5500, 200 chosen, 1 target {seconds(lambda: forward_selection(pool, 200)):.2f} s"
    )


def stream(n_rows, n_features=100):
    found = Statistics(n_features, 1)
    random = np.random.default_rng(0)
    for _ in range(0, n_rows, 10_000):
        X = random.normal(size=(10_000, n_features))
        found.add(X, X[:, :1])
    # Not the maximum of `resource`, which a child takes over from its parent.
    status = Path("/proc/self/status").read_text()
    return float(status.split("VmHWM:")[1].split()[0]) / 1e3


def compare_memory(most):
    print("\npeak memory of a stream of rows, 100 features\nrows        peak MB    data MB")
    for n_rows in [10**k for k in range(5, 12) if 10**k <= most]:
        done = subprocess.run(
            [sys.executable, __file__, "--stream", str(n_rows)],
            check=True,
            capture_output=True,
            text=True,
        )
        print(f"{n_rows:10} {float(done.stdout):8.0f} {n_rows * 101 * 8 / 1e6:10.0f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--skip-memory", action="store_true")
    parser.add_argument("--skip-times", action="store_true")
    parser.add_argument("--memory-rows", type=int, default=10_000_000)
    parser.add_argument("--stream", type=int, help="used by the script itself")
    arguments = parser.parse_args()
    if arguments.stream:
        print(stream(arguments.stream))
        return
    if not arguments.skip_times:
        print("one thread, CPU time")
        compare_times(arguments.rounds)
    if not arguments.skip_memory:
        compare_memory(arguments.memory_rows)


if __name__ == "__main__":
    main()
