"""Which configuration to simulate next: by what is uncertain, or at random?

    python choice.py hs058.toml --out .

The study must be done (`cagebreak run`). In every repeat the configurations are divided at random
into some to test, `FIRST` to begin with, and the others, of which the next is chosen again and
again. Features of all are known, as they need no runs. The mean squared error on the test
configurations is compared with that of a random choice in the same repeat; choice.csv has the mean
difference and its 95 % interval over repeats.
"""

import argparse
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

import cagebreak as cb
from cagebreak.bootstrap import interval, resamples
from cagebreak.learning import (
    AlphaWarning,
    PredictiveIntervals,
    RidgeCV,
    Statistics,
    next_configurations,
)
from cagebreak.learning.linear_model.base import Means, errors_on
from cagebreak.learning.preprocessing import Moments, Standardizer
from cagebreak.seeding import seed_sequence, stream
from cagebreak.study.analysis import learn

FEATURES = {
    "used": [
        {"generations": 0, "kind": "radial", "states": ["initial"]},
        {"generations": 0, "kind": "displacement", "states": ["inherent"]},
    ]
}
SPECIES = "A"
ALPHAS = tuple(10.0**n for n in range(1, 6))
REPEATS, TESTED, FIRST = 24, 6, 3
SIZES = (4, 6, 8)
"""Numbers of training configurations at which errors are compared."""


class Pool:
    """Standardized features, targets and statistics of each configuration, for the A particles."""

    def __init__(self, study):
        ((*_, evaluation),) = learn.plans(study.recipe, study.store, None, FEATURES, [SPECIES])
        outer = evaluation.outer
        columns = outer.columns["used"]
        samples = [outer.samples[c] for c in range(len(outer.samples))]
        moments = sum(
            (Moments.of(sample.features[:, columns]) for sample in samples),
            start=Moments.none(len(columns)),
        )
        units = Standardizer.from_moments(moments)
        self.features = [units.standardize(sample.features[:, columns]) for sample in samples]
        self.targets = [sample.targets for sample in samples]
        self.parts = [
            Statistics.from_arrays(X, Y) for X, Y in zip(self.features, self.targets, strict=True)
        ]
        self.times = evaluation.times

    def fit(self, training, alphas=ALPHAS):
        """Return ridge regression on some configurations."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", AlphaWarning)
            parts = [self.parts[c] for c in training]
            return RidgeCV(alphas, folds=4, seed=1).fit_statistics(parts)

    def error(self, training, tested):
        """Return the mean squared error of the fit to `training` on `tested`, (T,)."""
        rows = Statistics.pooled(self.parts[c] for c in tested)
        learned = Statistics.pooled(self.parts[c] for c in training)
        fitted = self.fit(training)
        return errors_on(rows, fitted.coef_.T, Means.of(learned)) / rows.count

    def penalized(self, training, alpha):
        """Return X'X + alpha of some configurations."""
        return Statistics.pooled(self.parts[c] for c in training).xx + alpha * np.eye(
            self.parts[0].n_features
        )


def by_variance(pool, training, others):
    """Choose what reduces the mean variance of all predictions most: x' (X'X + alpha)^-1 x."""
    alpha = float(np.median(pool.fit(training).alpha_))
    # Configurations to test are not known.
    known = sorted([*training, *others])
    simulated = [known.index(c) for c in training]
    features = [pool.features[c] for c in known]
    (chosen,) = next_configurations(features, 1, alpha=alpha, simulated=simulated)
    return known[chosen]


def by_leverage(pool, training, others):
    """Choose what is predicted with the largest variance itself."""
    alpha = float(np.median(pool.fit(training).alpha_))
    inverse = np.linalg.inv(pool.penalized(training, alpha))
    mean = Statistics.pooled(pool.parts[c] for c in training).x_mean
    deviations = [pool.features[c] - mean for c in others]
    own = [np.sum((X @ inverse) * X, axis=1).mean() for X in deviations]
    return others[int(np.argmax(own))]


def by_width(pool, training, others):
    """Choose what has the widest predictive intervals, in units of their mean over the others."""
    fitted = pool.fit(training)
    alpha = float(np.median(fitted.alpha_))
    predicted = [
        pool.fit([k for k in training if k != c], (alpha,)).predict(pool.features[c])
        for c in training
    ]
    intervals = PredictiveIntervals.fit(predicted, [pool.targets[c] for c in training])
    widths = np.array([intervals.of(fitted.predict(pool.features[c])).mean(axis=0) for c in others])
    return others[int(np.argmax((widths / widths.mean(axis=0)).mean(axis=1)))]


def at_random(pool, training, others):
    """Choose the first of the others, whose order is random."""
    return others[0]


STRATEGIES = {"variance": by_variance, "leverage": by_leverage, "width": by_width}


def compared(pool, seed, n_tested=TESTED, n_first=FIRST, sizes=SIZES):
    """Return the errors of random choice and of each strategy, (repeats, sizes, T) each."""
    n = len(pool.parts)
    errors = {name: [] for name in ("random", *STRATEGIES)}
    for repeat in range(REPEATS):
        random = stream(seed, "choice", repeat)
        order = random.permutation(n).tolist()
        tested, begun = order[:n_tested], order[n_tested : n_tested + n_first]
        for name in errors:
            training, others, found = list(begun), order[n_tested + n_first :], []
            while len(training) < max(sizes):
                choose = STRATEGIES.get(name, at_random)
                chosen = choose(pool, training, others)
                training.append(chosen)
                others.remove(chosen)
                if len(training) in sizes:
                    found.append(pool.error(training, tested))
            errors[name].append(found)
    return {name: np.array(found) for name, found in errors.items()}


def table_of(errors, times, seed, sizes=SIZES):
    """Return the relative difference of the errors from those of a random choice."""
    weights = resamples(REPEATS, 2000, seed=seed) / REPEATS
    rows = []
    for name in STRATEGIES:
        for k, size in enumerate(sizes):
            random = errors["random"][:, k]
            difference = (errors[name][:, k] - random) / random.mean(axis=0)
            low, high = interval(weights @ difference, REPEATS, 0.95)
            rows += [
                (name, size, time, *numbers)
                for time, *numbers in zip(times, difference.mean(axis=0), low, high, strict=True)
            ]
    return pd.DataFrame(rows, columns=["choice", "n_training", "time", "difference", "low", "high"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipe")
    parser.add_argument("--out", type=Path, default=Path())
    given = parser.parse_args()
    study = cb.Study(given.recipe)
    seed = study.recipe.study.seed
    with threadpool_limits(limits=1, user_api="blas"):
        pool = Pool(study)
        errors = compared(pool, seed)
    table = table_of(errors, pool.times, seed_sequence(seed, "choice"))
    table.to_csv(given.out / "choice.csv", index=False, float_format="%.4g")


if __name__ == "__main__":
    main()
