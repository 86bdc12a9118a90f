"""Selection and ablation from statistics: time against scikit-learn and dsyrk, and peak memory.

    python benchmarks/selection.py

- Forward selection of 200 of 1176 features for 30 targets, against scikit-learn's
  `SequentialFeatureSelector` of a `LinearRegression`. Its time follows from fits that are measured:
  choosing the k-th of F features takes F - k fits per fold and target, and a fit to k columns of
  the rows of a fold the time that is measured at a few k and interpolated. Its measured time for
  6 of 30 features shows how well that holds.
- Ablation: 100 random halves of 1176 features, for each 30 targets and 10 alphas the coefficients
  and the squared error on rows held out.
- Accumulation: `Statistics.add` against one dsyrk of the same rows.
- Peak memory while rows stream through `Statistics`.
"""

import numpy as np
from scipy.linalg import blas
from sklearn.feature_selection import SequentialFeatureSelector
from sklearn.linear_model import LinearRegression

import measure
from cagebreak.learning import Statistics, forward_selection
from cagebreak.learning.linear_model.base import intercepts, prediction_moments, squared_errors
from cagebreak.learning.linear_model.ridge_solvers import SubsetRidge

N_FEATURES, N_CHOSEN, N_TARGETS, N_ROWS, N_ALPHAS, N_SUBSETS = 1176, 200, 30, 20_000, 10, 100
FOLDS = 2
"""Of the peer's cross-validation; the fewest it takes."""
STEPS = (1, 5, 20, 60, 120, 200)
"""Numbers of columns for which a fit of the peer is measured."""
STREAMED = (100_000, 1_000_000, 10_000_000)
SELECTOR = "scikit-learn SequentialFeatureSelector"


def data(n_rows, n_features, n_targets):
    random = np.random.default_rng(0)
    # Neighboring columns correlate, as shells do.
    X = random.normal(size=(n_rows, n_features))
    X[:, 1:] += 0.8 * X[:, :-1]
    return X, X[:, :n_targets] + 3 * random.normal(size=(n_rows, n_targets))


def fit(k):
    """Return the side of a fit to k columns of one fold's training rows, and its scoring."""
    X, Y = data(N_ROWS * (FOLDS - 1) // FOLDS, k, 1)
    return measure.cpu(lambda: LinearRegression().fit(X, Y[:, 0]).score(X, Y[:, 0]))


def of_selector(fits, n_features, n_chosen):
    """Return the time of the peer for one target in every round, from the times of fits."""
    chosen = np.arange(n_chosen)
    each = np.array([np.interp(chosen + 1, STEPS, times) for times in zip(*fits, strict=True)])
    return FOLDS * each @ (n_features - chosen)


def sequential(n_features, n_chosen):
    X, Y = data(N_ROWS, n_features, 1)
    selector = SequentialFeatureSelector(
        LinearRegression(), n_features_to_select=n_chosen, cv=FOLDS, scoring="r2"
    )
    return measure.cpu(lambda: selector.fit(X, Y[:, 0]))


def selection(training):
    sides = measure.in_turn(
        {
            measure.OURS: measure.cpu(lambda: forward_selection(training, N_CHOSEN)),
            "6 of 30": sequential(30, 6),
            **{k: fit(k) for k in STEPS},
        },
        seconds=30,
    )
    fits = [sides[k] for k in STEPS]
    subject = "forward selection"
    case = f"{N_CHOSEN} of {N_FEATURES} features, {N_TARGETS} targets, {N_ROWS:,} rows"
    own, name = sides[measure.OURS], f"{SELECTOR}, from its fits"
    peer = N_TARGETS * of_selector(fits, N_FEATURES, N_CHOSEN)
    yield measure.row(
        subject, case, "CPU time", measure.OURS, own, unit="s", aim="at most 10"
    )  # fmt: skip
    yield measure.row(subject, case, "CPU time", name, peer, unit="s")
    yield measure.row(
        subject, case, "speed", measure.OURS, peer / own, peer=name, aim="at least 50"
    )
    predicted = of_selector(fits, 30, 6) / sides["6 of 30"]
    case = "6 of 30 features, 1 target"
    yield measure.row(subject, case, "CPU time", name, predicted, peer="as measured")


def ablation(training, rows):
    alphas = 10.0 ** np.arange(-2, -2 + N_ALPHAS)
    random = np.random.default_rng(1)
    subsets = [np.sort(random.permutation(N_FEATURES)[: N_FEATURES // 2]) for _ in range(N_SUBSETS)]

    def ablate():
        models = SubsetRidge(training, alphas)
        for columns in subsets:
            w = models.coefficients(columns)
            squared_errors(prediction_moments(rows, w, intercepts(w, training)), "global")

    seconds = measure.in_turn({measure.OURS: measure.cpu(ablate)})[measure.OURS]
    case = f"{N_SUBSETS} subsets of {N_FEATURES // 2}, {N_TARGETS} targets, {N_ALPHAS} alphas"
    yield measure.row(
        "ablation", case, "CPU time", measure.OURS, seconds, unit="s", aim="at most 10"
    )


def accumulation(X, Y):
    Z = np.hstack([X, Y])
    sides = measure.in_turn(
        {
            "dsyrk": measure.cpu(lambda: blas.dsyrk(1.0, Z.T, lower=1)),
            measure.OURS: measure.cpu(lambda: Statistics(N_FEATURES, N_TARGETS).add(X, Y)),
        }
    )
    subject, case = "statistics", f"{N_ROWS:,} x {Z.shape[1]}"
    own = sides[measure.OURS]
    yield measure.row(subject, case, "CPU time", measure.OURS, own, unit="s")
    yield measure.row(
        subject, case, "CPU time", measure.OURS, own / sides["dsyrk"], peer="a dsyrk of the same",
        aim="at most 1.2",
    )  # fmt: skip


def from_a_pool():
    n_features, n_rows = 5500, 6000
    pool = Statistics.from_arrays(*data(n_rows, n_features, 1))
    sides = measure.in_turn({measure.OURS: measure.cpu(lambda: forward_selection(pool, N_CHOSEN))})
    case = f"{N_CHOSEN} of {n_features} features, 1 target"
    yield measure.row(
        "forward selection", case, "CPU time", measure.OURS, sides[measure.OURS], unit="s"
    )


def stream(n_rows, n_features=100):
    statistics = Statistics(n_features, 1)
    random = np.random.default_rng(0)
    for _ in range(0, n_rows, 10_000):
        X = random.normal(size=(10_000, n_features))
        statistics.add(X, X[:, :1])


def memory():
    subject, peaks = "statistics of a stream", {}
    for n in STREAMED:
        peaks[n] = measure.peak_memory(stream, n)
        case = f"{n:,} rows of 100 features, {n * 101 * 8 / 1e6:.0f} MB"
        yield measure.row(subject, case, "peak memory", measure.OURS, peaks[n], unit="MB")
    few, many = STREAMED[0], STREAMED[-1]
    yield measure.row(
        subject, f"{many:,} rows", "peak memory", measure.OURS, peaks[many] / peaks[few],
        peer=f"{few:,} rows", aim="at most 1.05",
    )  # fmt: skip


def rows():
    X, Y = data(N_ROWS, N_FEATURES, N_TARGETS)
    n = N_ROWS * 3 // 4
    training, held_out = Statistics.from_arrays(X[:n], Y[:n]), Statistics.from_arrays(X[n:], Y[n:])
    yield from selection(training)
    yield from from_a_pool()
    yield from ablation(training, held_out)
    yield from accumulation(X, Y)
    yield from memory()


if __name__ == "__main__":
    measure.main(rows)
