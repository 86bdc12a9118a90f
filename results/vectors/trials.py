"""Networks on vectors, tensors and pairs against ridge, on the same configurations held out.

Run: python results/vectors/trials.py SYSTEM BOTAN FOLDER [LEARNER ...]. FOLDER keeps the inputs
that states.py makes and the checkpoints of trainings. Rows are added to trials.csv beside this
file.

Ridge is the recommended one: centered in each configuration, with correlated errors, scalars with
the weight 3, alpha chosen within the training folds. A network learns what ridge leaves: its
targets are the propensities of the training configurations minus predictions of ridge fitted
without them, its features these predictions and the particle's own scalars. Its prediction is added
to that of ridge. Every network chooses its epoch on a fifth of the training configurations. A step
is made for some of the A particles of a configuration, so that an epoch has some thirty steps.
"""

import csv
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from pairs import PairGraph, PairNetwork, elongation

from cagebreak.descriptors.recommended import feature_groups
from cagebreak.learning import (
    EquivariantNetwork,
    Graph,
    MLPRegressor,
    RidgeCV,
    Standardizer,
    Statistics,
    pearson,
)
from cagebreak.learning.folds import configuration_folds
from cagebreak.learning.linear_model.whitening import whiten, whitening
from states import CONFIGURATIONS, TIMES, inputs_of, start_of

SEED = 1
FOLDS = {"hs": 5, "ka050": 3, "ka044": 5}
INNER_FOLDS = 4
STEPS = {"hs": 3, "ka050": 8, "ka044": 6}
"""Steps for a configuration in an epoch."""
ALPHAS = (3e3, 1e4, 3e4)
SCALAR_WEIGHT = 3.0
CUTOFF = 1.5
PROCESSES = 3
SMALL = {
    "cutoff": CUTOFF, "channels": (8, 4, 4), "layers": 1, "node_encoder": (16,), "dropout": 0.0,
    "learning_rate": 3e-3, "patience": 3, "epochs": 12, "seed": SEED, "device": "cpu",
    "progress": False,
}  # fmt: skip
LEARNERS = {
    "own features": (
        MLPRegressor(
            dropout=0.0, alpha=0.0, learning_rate=1e-3, patience=5, epochs=40, seed=SEED,
            device="cpu", progress=False,
        ), (),
    ),
    "neighbors": (EquivariantNetwork(**SMALL), ()),
    "vectors": (EquivariantNetwork(**SMALL), ("vectors",)),
    "vectors, longer": (
        EquivariantNetwork(**SMALL | {"epochs": 40, "patience": 6}), ("vectors",),
    ),
    "vectors, tensors": (EquivariantNetwork(**SMALL), ("vectors", "tensors")),
    "vectors, tensors, retrained": (
        EquivariantNetwork(retrain=True, **SMALL), ("vectors", "tensors"),
    ),
    "vectors, tensors, pairs": (
        PairNetwork(**SMALL), ("vectors", "tensors", "pairs"),
    ),
}  # fmt: skip
HEADER = ("system", "part", "time", "configuration", "learner", "r", "epochs", "seconds")
_DATA = []  # read by the processes, which are forks


class Data:
    """The configurations of a system; rows are A particles, targets relative to their mean."""

    def __init__(self, system, botan, kept):
        self.system, self.botan, self.kept = system, botan, Path(kept)
        self.inputs = [inputs_of(system, c, botan, kept) for c in CONFIGURATIONS[system]]
        self.rows = [np.flatnonzero(each.start.species == 0) for each in self.inputs]
        self.Y = [
            each.propensity[rows] - each.propensity[rows].mean(axis=0)
            for each, rows in zip(self.inputs, self.rows, strict=True)
        ]
        labels = self.inputs[0].labels
        self.groups = feature_groups(labels)
        self.own = (labels.body == 1) & np.isnan(labels.r)
        self.whitening = [
            whitening(each.start[rows]) for each, rows in zip(self.inputs, self.rows, strict=True)
        ]
        self._elongation = {}

    def features(self, k):
        """Return the features of the A particles of a configuration."""
        return self.inputs[k].features[self.rows[k]]

    def elongation(self, k):
        """Return the targets of the pairs of a configuration."""
        if k not in self._elongation:
            c = CONFIGURATIONS[self.system][k]
            _, start, _, displacements = start_of(self.system, c, self.botan)
            self._elongation[k] = elongation(start, displacements, CUTOFF)
        return self._elongation[k]

    def graph(self, k, features, inputs):
        """Return a configuration as a graph with some of its vectors, tensors and pairs."""
        of_pairs = {"elongation": self.elongation(k)} if "pairs" in inputs else {}
        return (PairGraph if of_pairs else Graph)(
            self.inputs[k].start,
            features,
            self.rows[k],
            self.inputs[k].vectors if "vectors" in inputs else None,
            self.inputs[k].tensors if "tensors" in inputs else None,
            **of_pairs,
        )


class Ridge:
    """Ridge of a split: predictions of configurations held out, also within the training ones.

    Alpha has the smallest error on the inner folds, whose predictions become those of the training
    configurations.
    """

    def __init__(self, data, training, test):
        self.standardizer = Standardizer().fit(np.concatenate([data.features(k) for k in training]))
        X = {k: self.standardizer.standardize(data.features(k)) for k in (*training, *test)}
        X = {k: np.where(data.groups, SCALAR_WEIGHT, 1.0) * x for k, x in X.items()}
        parts = {
            k: Statistics.from_arrays(*whiten(data.whitening[k], X[k], data.Y[k])) for k in training
        }
        folds = configuration_folds(len(training), INNER_FOLDS, seed=SEED)
        held_out = {alpha: {} for alpha in ALPHAS}
        for fold in range(INNER_FOLDS):
            others = [parts[k] for k, of in zip(training, folds, strict=True) if of != fold]
            for alpha in ALPHAS:
                ridge = self._fitted(others, alpha)
                for k, of in zip(training, folds, strict=True):
                    if of == fold:
                        held_out[alpha][k] = self._centered(ridge, X[k])
        errors = [
            sum(((held_out[alpha][k] - data.Y[k]) ** 2).sum(axis=0) for k in training)
            for alpha in ALPHAS
        ]
        self.alphas = np.array(ALPHAS)[np.argmin(errors, axis=0)]
        self.predicted = {k: np.zeros_like(data.Y[k]) for k in (*training, *test)}
        for alpha in np.unique(self.alphas):
            of_alpha = self.alphas == alpha
            ridge = self._fitted(list(parts.values()), alpha)
            for k in test:
                self.predicted[k][:, of_alpha] = self._centered(ridge, X[k])[:, of_alpha]
            for k in training:
                self.predicted[k][:, of_alpha] = held_out[alpha][k][:, of_alpha]

    @staticmethod
    def _fitted(parts, alpha):
        return RidgeCV([alpha], center="configuration").fit_statistics(parts)

    @staticmethod
    def _centered(ridge, X):
        predicted = ridge.predict(X)
        return predicted - predicted.mean(axis=0)


def predictions(data, ridge, name, training, test):
    """Return the predictions of a learner for test configurations, and the number of epochs."""
    if name == "ridge":
        return [ridge.predicted[k] for k in test], ""
    network, inputs = LEARNERS[name]
    network.set_params(checkpoint=data.kept / "trainings")

    def features(k):
        predicted = np.zeros((len(data.inputs[k].start), data.Y[k].shape[1]))
        predicted[data.rows[k]] = ridge.predicted[k]
        return np.concatenate([predicted, data.inputs[k].features[:, data.own]], axis=1)

    residuals = [data.Y[k] - ridge.predicted[k] for k in training]
    if isinstance(network, MLPRegressor):
        X = np.concatenate([features(k)[data.rows[k]] for k in training])
        groups = np.repeat(training, [len(of_one) for of_one in residuals])
        network.fit(X, np.concatenate(residuals), groups)
        added = [network.predict(features(k)[data.rows[k]]) for k in test]
    else:
        graphs, targets, groups = [], [], []
        for k, of_one in zip(training, residuals, strict=True):
            whole = data.graph(k, features(k), inputs)
            for step in range(STEPS[data.system]):
                some = slice(step, None, STEPS[data.system])
                graphs.append(replace(whole, rows=whole.rows[some]))
                targets.append(of_one[some])
                groups.append(k)
        network.fit(graphs, targets, groups)
        added = network.predict([data.graph(k, features(k), inputs) for k in test])
    predicted = [ridge.predicted[k] + each for k, each in zip(test, added, strict=True)]
    return predicted, f"{network.best_epoch_.mean() + 1:.1f}"


def parts_of(data):
    """Yield the part of the data, the training and the test configurations of each split."""
    numbers = np.array(CONFIGURATIONS[data.system])
    given, apart = np.flatnonzero(numbers <= 400), np.flatnonzero(numbers > 400)
    folds = configuration_folds(len(given), FOLDS[data.system], seed=SEED)
    for fold in range(FOLDS[data.system]):
        yield "folds", given[folds != fold], given[folds == fold]
    if len(apart):
        yield "test", given, apart


def rows_of(part, training, test, names):
    """Return the rows of a split."""
    data = _DATA[0]
    rows, ridge = [], Ridge(data, training.tolist(), test.tolist())
    for name in names:
        if "pairs" in name and data.system != "ka044":  # data sets have no end positions
            continue
        began = time.process_time()
        predicted, epochs = predictions(data, ridge, name, training, test)
        taken = time.process_time() - began
        for k, values in zip(test, predicted, strict=True):
            c = CONFIGURATIONS[data.system][k]
            times = TIMES.get(data.system, ("tau_alpha",))
            for at, r in zip(times, pearson(values, data.Y[k]), strict=True):
                rows.append((data.system, part, at, c, name, f"{r:.4f}", epochs, f"{taken:.0f}"))
        print(data.system, part, test, name, f"{taken:.0f} s", flush=True)
    return rows


def main(system, botan, kept, *names):
    """Add the rows of a system to the table; each split is a process."""
    data = Data(system, botan, kept)
    _DATA.append(data)
    names, splits = names or ("ridge", *LEARNERS), list(parts_of(data))
    with (
        Path(__file__).with_name("trials.csv").open("a", newline="") as file,
        ProcessPoolExecutor(PROCESSES, get_context("fork")) as pool,
    ):
        writer = csv.writer(file)
        if file.tell() == 0:
            writer.writerow(HEADER)
        pending = [pool.submit(rows_of, *split, names) for split in splits]
        for future in pending:
            writer.writerows(future.result())
            file.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
