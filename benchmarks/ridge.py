"""Ridge regression from statistics: time against one dsyrk and scikit-learn, and peak memory.

    python benchmarks/ridge.py

The fit does: moments, standardizing and clipping, statistics, 5-fold cross-validation over 40
configurations, 10 alphas (and the wider range), 40 times. A dsyrk of the features alone is what it
cannot do without. scikit-learn's `Ridge` fits all times at once but one alpha and one fold: the
time of one such fit is multiplied by the number of fits of a cross-validation.
"""

import numpy as np
from scipy.linalg import blas
from sklearn.linear_model import Ridge as SklearnRidge

import measure
from cagebreak.learning import RidgeCV, Sample, evaluate

N_ROWS, N_FEATURES, N_TIMES, N_ALPHAS, N_FOLDS, N_CONFIGURATIONS = 60_000, 1062, 40, 10, 5, 40
ROWS_OF_SAMPLE = 1500
CONFIGURATIONS = (5, 10, 20, 40)
"""Numbers of configurations of which the peak memory is measured."""


def times():
    random = np.random.default_rng(0)
    X = random.normal(size=(N_ROWS, N_FEATURES))
    Y = X[:, :N_TIMES] + 3 * random.normal(size=(N_ROWS, N_TIMES))
    groups = np.arange(N_ROWS) * N_CONFIGURATIONS // N_ROWS
    n_training = N_ROWS * (N_FOLDS - 1) // N_FOLDS
    sides = measure.in_turn(
        {
            "dsyrk": measure.cpu(lambda: blas.dsyrk(1.0, X.T, lower=1)),
            measure.OURS: measure.cpu(lambda: RidgeCV().fit(X, Y, groups=groups)),
            "scikit-learn Ridge": measure.cpu(
                lambda: SklearnRidge(alpha=1.0).fit(X[:n_training], Y[:n_training])
            ),
        },
        seconds=60,
    )
    fits = N_ALPHAS * N_FOLDS + 1
    limit = sides.pop("dsyrk")
    sides[f"scikit-learn, {fits} times a Ridge"] = fits * sides.pop("scikit-learn Ridge")
    subject = "ridge regression"
    case = f"{N_ROWS:,} x {N_FEATURES}, {N_ALPHAS} alphas, {N_TIMES} times, {N_FOLDS} folds"
    yield measure.row(subject, case, "CPU time", "a dsyrk of the features", limit, unit="s")
    own = sides[measure.OURS] / limit
    yield measure.row(
        subject, case, "CPU time", measure.OURS, own, peer="a dsyrk of the features",
        aim="at most 5",
    )  # fmt: skip
    yield from measure.compare(subject, case, sides, "s")


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


def evaluation(n_configurations):
    evaluate(RidgeCV(), Drawn(n_configurations), seed=0)


def memory():
    subject, peaks = "evaluation", {}
    for n in CONFIGURATIONS:
        peaks[n] = measure.peak_memory(evaluation, n)
        data = n * ROWS_OF_SAMPLE * N_FEATURES * 8 / 1e6
        case = f"{n} configurations of {ROWS_OF_SAMPLE} x {N_FEATURES}, {data:.0f} MB"
        yield measure.row(subject, case, "peak memory", measure.OURS, peaks[n], unit="MB")
    few, many = CONFIGURATIONS[0], CONFIGURATIONS[-1]
    yield measure.row(
        subject, f"{many} configurations", "peak memory", measure.OURS, peaks[many] / peaks[few],
        peer=f"{few} configurations", aim="at most 1.05",
    )  # fmt: skip


def rows():
    yield from times()
    yield from memory()


if __name__ == "__main__":
    measure.main(rows)
