"""The baseline of Boattini 2021, figure 2: linear support vectors, radial and angular descriptors.

Run: python results/selection/support_vectors.py FOLDER, where FOLDER is what data.py has filled.
The descriptors are those of the particle alone (generation 0), standardized; C is chosen for each
outer fold on training configurations held out; the folds are those of the other tables.
"""

import csv
import sys
from pathlib import Path

import numpy as np
from data import Kept
from sklearn import svm
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import make_pipeline

from cagebreak.learning import Collection, Standardizer, configuration_folds
from cagebreak.learning.scores import (
    configuration_pearson,
    interval,
    pair_moments,
    pooled_pearson,
    resamples,
)

SEED = 1
STRENGTHS = [1e-5, 1e-4, 1e-3]
SCORES = ("r", "low", "high", "r_configuration", "low_configuration", "high_configuration")


def scored(moments):
    """Return the `SCORES`: r pooled over particles, r of configurations, and their intervals."""
    drawn = resamples(len(moments), 2000, seed=SEED)
    scores = []
    for score in (pooled_pearson, configuration_pearson):
        scores += [score(moments), *interval(score(moments, drawn), len(moments))]
    return [float(score) for score in scores]


def held_out(folder, name, target):
    """Return the moments of predictions and targets of every configuration, and the C's chosen."""
    alone = Collection.load(folder / f"{name}.h5").labels["generation"] == 0
    samples = Kept(folder, name)
    X = [samples[i].features[:, alone] for i in range(len(samples))]
    y = [samples[i].targets[:, target] for i in range(len(samples))]
    fold = configuration_folds(len(samples), 5, seed=SEED)
    moments, chosen = np.zeros((len(samples), 6)), []
    for k in range(5):
        training = np.flatnonzero(fold != k)
        rows = np.concatenate([X[i] for i in training])
        targets = np.concatenate([y[i] for i in training])
        groups = np.repeat(training, [len(X[i]) for i in training])
        search = GridSearchCV(
            make_pipeline(Standardizer(), svm.LinearSVR(random_state=SEED)),
            {"linearsvr__C": STRENGTHS},
            cv=GroupKFold(3),
        )
        # In deviations, so that C means the same for both systems.
        search.fit(rows, (targets - targets.mean()) / targets.std(), groups=groups)
        chosen.append(search.best_params_["linearsvr__C"])
        for i in np.flatnonzero(fold == k):
            moments[i] = pair_moments(search.predict(X[i]), y[i])
        print(name, k, chosen[-1], flush=True)
    return moments, chosen


def main(folder):
    """Write support_vectors.csv beside this script."""
    with Path(__file__).with_suffix(".csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["system", *SCORES, "C"])
        for name in ("ka", "hs"):
            moments, chosen = held_out(folder, name, -1)
            scores = (f"{value:.4f}" for value in scored(moments))
            writer.writerow([name, *scores, " ".join(f"{c:g}" for c in chosen)])
            file.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
