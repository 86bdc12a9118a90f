"""Corrections of ridge: learners of what held-out predictions leave, from a particle's own numbers.

Run: python results/time-reversal/corrections.py BOTAN FOLDER SET RUNS, as trials.py; with RUNS 0,
ridge learns from starts alone. Rows are added to corrections.csv beside this file.

For each fold held out, the predictions of the other configurations come from fits without them
and without the fold. A correction is fitted to what these leave, and added with a share that is
chosen among training configurations.
"""

import csv
import sys
from pathlib import Path

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.kernel_approximation import RBFSampler
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from trials import SHARES as END_SHARES
from trials import Nested, load, paired

from cagebreak import Configuration
from cagebreak.descriptors.base import Features, make_labels
from cagebreak.descriptors.coarse_grained.surroundings import with_surroundings
from cagebreak.learning import MLPRegressor

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
LENGTHS = (0.5, 1.0, 2.0)


def standard(x):
    """Return standardized columns, clipped at four deviations."""
    return np.clip((x - x.mean(axis=0)) / (x.std(axis=0) + 1e-12), -4, 4)


def inputs_of(start, predicted, around):
    """Return the prediction, the own scalars, and with `around` averages over neighbors."""
    labels = start.labels
    own = (labels.body == 1) & np.isnan(labels.r)
    if around:
        own |= (labels.body == 1) & (labels.r == 1.0)
    x = standard(start.x[:, np.flatnonzero(own)].astype(float))
    p = predicted[:, None] / predicted.std()
    if not around:
        return np.concatenate([p, x], axis=1)
    there = Configuration(start.there.positions, start.there.species, start.there.box)
    label = make_labels("prediction", 1, "cage", [{"n": 0}])
    means = with_surroundings(Features(p, label), there, 1, LENGTHS).values
    return np.concatenate([means, x], axis=1)


class Boosting:
    """Gradient-boosted trees."""

    def __init__(self, **settings):
        self.settings = {
            "max_iter": 100, "learning_rate": 0.05, "max_leaf_nodes": 8, "min_samples_leaf": 200,
            "l2_regularization": 10.0, "early_stopping": False, "random_state": 1,
        } | settings  # fmt: skip

    def __call__(self, x, y, groups):
        """Return the fitted trees."""
        return HistGradientBoostingRegressor(**self.settings).fit(x, y)


class Fourier:
    """Ridge on random Fourier features: an approximate Gaussian process."""

    def __init__(self, gamma=0.01, alpha=300.0, n=600):
        self.gamma, self.alpha, self.n = gamma, alpha, n

    def __call__(self, x, y, groups):
        """Return the fitted ridge."""
        sampler = RBFSampler(gamma=self.gamma, n_components=self.n, random_state=1)
        return make_pipeline(sampler, Ridge(self.alpha)).fit(x, y)


class Networks:
    """The mean of fully connected networks of several seeds."""

    def __init__(self, seeds=3, **settings):
        self.seeds = seeds
        self.settings = {
            "dropout": 0.0, "alpha": 0.0, "learning_rate": 1e-3, "patience": 5, "epochs": 40,
            "device": "cpu", "progress": False, "batch_size": 200,
        } | settings  # fmt: skip

    def __call__(self, x, y, groups):
        """Return the fitted networks."""
        return Mean(
            MLPRegressor(seed=seed, **self.settings).fit(x, y, groups) for seed in range(self.seeds)
        )


class Mean:
    """The mean prediction of learners."""

    def __init__(self, learners):
        self.learners = list(learners)

    def predict(self, x):
        """Return the mean prediction."""
        return np.mean([learner.predict(x) for learner in self.learners], axis=0)


def corrected(nested, predicted, fit, around=False, shares=SHARES):
    """Return r of each configuration with a correction, and the shares."""
    starts, r, chosen = nested.starts, np.zeros(len(nested.starts)), []
    for p, fold in enumerate(nested.folds):
        inputs = [
            inputs_of(start, of_one, around)
            for start, of_one in zip(starts, predicted[p], strict=True)
        ]
        rest = [start.y - of_one for start, of_one in zip(starts, predicted[p], strict=True)]

        def fitted(training, inputs=inputs, rest=rest):
            x = np.concatenate([inputs[k] for k in training])
            y = np.concatenate([rest[k] for k in training])
            return fit(x, y, np.repeat(training, [len(rest[k]) for k in training]))

        training = [k for k in range(len(starts)) if k not in fold]
        share = shares[0]
        if len(shares) > 1:
            errors = np.zeros(len(shares))
            for q, held in enumerate(nested.folds):
                if q != p:
                    learner = fitted([k for k in training if k not in held])
                    for k in held:
                        added = learner.predict(inputs[k])
                        added -= added.mean()
                        errors += [((rest[k] - s * added) ** 2).sum() for s in shares]
            share = shares[errors.argmin()]
        chosen.append(share)
        learner = fitted(training)
        for k in fold:
            both = predicted[p][k] + share * learner.predict(inputs[k])
            r[k] = np.corrcoef(both, starts[k].y)[0, 1]
    return r, chosen


CORRECTIONS = {
    "networks": (Networks(), False, (1.0,)),
    "boosting": (Boosting(), False, SHARES),
    "boosting, neighbors": (Boosting(), True, SHARES),
    "Fourier": (Fourier(), False, SHARES),
    "Fourier, neighbors": (Fourier(), True, SHARES),
}
HEADER = ("set", "runs", "correction", "r_before", "r_after", "difference", "low", "high", "share")


def main(folder, kept, kind, runs):
    """Add a row for each correction."""
    starts, ends = load(folder, kept, kind, int(runs))
    shares = END_SHARES[1:] if int(runs) else (0.0,)
    nested = Nested(starts, ends).run(shares)
    before, _, predicted = nested.chosen(shares)
    with Path(__file__).with_name("corrections.csv").open("a", newline="") as file:
        writer = csv.writer(file)
        if file.tell() == 0:
            writer.writerow(HEADER)
        for name, (fit, around, of_correction) in CORRECTIONS.items():
            after, chosen = corrected(nested, predicted, fit, around, of_correction)
            scores = [before.mean(), after.mean(), *paired(after - before)]
            row = [kind, runs, name, *(f"{x:.4f}" for x in scores), f"{np.median(chosen):g}"]
            writer.writerow(row)
            file.flush()
            print(*row, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
