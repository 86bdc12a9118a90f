"""Which configuration to simulate next, of a pool of several temperatures: see choice.py.

    python choice_of_temperatures.py

The pool are the configurations of four data sets of Kob-Andersen. Propensities are compared at
equal mean displacements of a temperature, centered in each configuration and divided by their
deviation at this temperature. One fit with constant coefficients serves all temperatures. Features
are the first principal components of the quick recommended set of A particles, up to generation 2.
The column `time` of choice_of_temperatures.csv is the mean displacement in sigma.
"""

from pathlib import Path

import choice
import numpy as np
from threadpoolctl import threadpool_limits

import cagebreak as cb
from cagebreak.descriptors.recommended import recommended
from cagebreak.learning import Statistics
from cagebreak.learning.preprocessing import Standardizer
from cagebreak.seeding import seed_sequence

DATA_SETS = ("kob-andersen-044", "kob-andersen-050", "kob-andersen-065", "kob-andersen-080")
MARKS = (0.16, 0.2, 0.25, 0.31, 0.38)
"""Mean displacements of A particles, sigma."""
COMPONENTS, LAST = 150, 2
TESTED, FIRST, SIZES = 6, 2, (3, 4, 6, 8)
SEED = 1


class Temperatures(choice.Pool):
    """Features, targets and statistics of the configurations of all temperatures."""

    def __init__(self):
        described, targets = [], []
        for name in DATA_SETS:
            features, propensities = zip(*described_and_measured(name), strict=True)
            described += features
            scale = np.mean([each.std(axis=0) for each in propensities], axis=0)
            targets += [(each - each.mean(axis=0)) / scale for each in propensities]
        units = Standardizer().fit(np.concatenate(described))
        centered = [units.standardize(each) for each in described]
        centered = [each - each.mean(axis=0) for each in centered]
        _, directions = np.linalg.eigh(sum(each.T @ each for each in centered))
        self.features = [each @ directions[:, -COMPONENTS:] for each in centered]
        self.targets = targets
        self.parts = [
            Statistics.from_arrays(X, Y) for X, Y in zip(self.features, targets, strict=True)
        ]
        self.times = np.array(MARKS)


def described_and_measured(name):
    """Yield features and propensities at the marks of the A particles of each configuration."""
    study = cb.datasets.study(name)
    measured = [study.propensity(c) for c in range(study.n_configurations)]
    mean = np.mean([each.mean[:, each.species == 0].mean(axis=1) for each in measured], axis=0)
    descriptor = recommended(study.recipe.model, "quick")
    for c, each in enumerate(measured):
        of_a = each.species == 0
        found = descriptor.compute(study.configuration(c), seed=SEED)
        propensity = [
            [np.interp(mark, mean, of_particle) for mark in MARKS]
            for of_particle in each.mean[:, of_a].T
        ]
        yield found.values[of_a][:, found.labels.generation <= LAST], np.array(propensity)


def main():
    with threadpool_limits(limits=1, user_api="blas"):
        pool = Temperatures()
        errors = choice.compared(pool, SEED, TESTED, FIRST, SIZES)
    table = choice.table_of(errors, pool.times, seed_sequence(SEED, "choice"), SIZES)
    path = Path(__file__).with_name("choice_of_temperatures.csv")
    table.to_csv(path, index=False, float_format="%.4g")


if __name__ == "__main__":
    main()
