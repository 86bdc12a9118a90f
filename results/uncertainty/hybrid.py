"""Coverage and width of the predictive intervals of hybrid models, on configurations held out.

    python hybrid.py SYSTEM ... [--ends FOLDER]

writes `SYSTEM.hybrid.csv` beside this file. `hard-spheres-058` is a data set of the folder
`datasets/`; the ensembles of `kob-andersen` are those that ../hybrid/ends.py keeps in FOLDER. Of
each fold of configurations, `cb.hybrid` fits and calibrates a model by the others alone. The short
runs of the configurations of the fold are simulated anew. What is measured are the runs of the
ensembles, weighted so that their noise is that of as many runs as the intervals are about.
Structure is the quick recommended set, of the inherent state up to generation 2 and the scalars.
"""

import argparse
from pathlib import Path

import numba
import numpy as np
import pandas as pd
from uncertainty import counted

import cagebreak as cb
from cagebreak.bootstrap import interval, resamples
from cagebreak.descriptors.coarse_grained.short_runs import MeanMotion
from cagebreak.descriptors.recommended import recommended
from cagebreak.learning import configuration_folds
from cagebreak.learning.short_runs.held_out_particles import target_weights
from cagebreak.seeding import seed_sequence
from cagebreak.simulation.isoconfigurational import isoconfigurational
from cagebreak.study.analysis.hybrid import Ensemble

FOLDER = Path(__file__).parent
SYSTEMS = {
    "hard-spheres-058": ((1, 10.0),),
    "kob-andersen": ((1, 4.4), (2, 29.0), (5, 74.0)),
}
"""Numbers and lengths of the short runs, tau."""
FOLDS, SEED, LAST, SPECIES = 5, 7, 2, 0
COUNTED = ("coverage", "low_fifth", "high_fifth", "active", "width")


def propensities_of(name, ends):
    """Return a study, and a function of the propensity of its configurations."""
    if ends is None:
        study = cb.datasets.study(name)
        return study, study.propensity
    study = cb.Study(ends / f"{name}.toml")

    def propensity(c):
        kept = np.load(ends / f"{name}-ends-positions-{c}.npz")
        n_runs = study.recipe.isoconfigurational.n_runs
        return cb.Propensity(kept["times"], kept["sums"], n_runs, study.configuration(c).species)

    return study, propensity


def ensembles_of(study, propensity):
    """Return the ensembles of a study, with the structure of its configurations."""
    descriptor, ensembles = recommended(study.recipe.model, "quick"), []
    for c in range(study.n_configurations):
        start = study.configuration(c)
        found = descriptor.compute(start, seed=seed_sequence(SEED, "structure", c))
        inherent = (found.labels.state == "inherent") & (found.labels.generation <= LAST)
        used = inherent | (found.labels.body == 1)
        structure = cb.Features(found.values[:, used], found.labels[used])
        ensembles.append(Ensemble(start, structure, {"displacement": propensity(c)}))
    return ensembles


def simulated(study, c, start, times, n_runs):
    """Return the mean motion of a configuration in runs that the ensembles do not have."""

    def observe(displacements):
        return np.linalg.norm(displacements, axis=-1)

    seed = seed_sequence(SEED, "short runs", c)
    runs = isoconfigurational(start, study.recipe.model, times, n_runs, seed, observe)
    return MeanMotion(start, np.array(times), {"displacement": np.mean(list(runs), axis=0)})


def tested(study, ensembles, n_runs, until):
    """Return the numbers of `COUNTED` of every configuration, (T,) each."""
    fold, numbers = configuration_folds(len(ensembles), FOLDS, seed=SEED), {}
    for k in range(fold.max() + 1):
        training = [ensembles[c] for c in np.flatnonzero(fold != k)]
        joined = cb.hybrid(training, until=until, seed=SEED, folds=FOLDS)
        model = joined.fit(n_runs, joined.until[0])
        for c in np.flatnonzero(fold == k).tolist():
            start, structure, runs, _ = ensembles[c]
            motion = simulated(study, c, start, model.short_runs.times, n_runs)
            found = model.predict_intervals_from(structure, motion)
            rows, measured = start.species == SPECIES, runs["displacement"]
            halves = ((measured.n_runs + 1) // 2, measured.n_runs // 2)
            of_others = np.tensordot(target_weights(halves, n_runs), measured.halves, 1)
            values = found.values[:, rows].T
            # The upper bound: the lower one is cut off at 0.
            half = found.high[:, rows].T - values
            numbers[c] = counted(values, of_others[:, rows].T, half)
        print(n_runs, until, "fold", k, flush=True)
    return joined.times, model.until, [numbers[c] for c in sorted(numbers)]


def table_of(times, about, of_each):
    """Return the mean over configurations and the bootstrap interval of each number."""
    weights = resamples(len(of_each), 2000, seed=SEED)
    table = pd.DataFrame({"time": times, **about, "n_configurations": len(of_each)})
    for name in COUNTED:
        values = np.array([each[name] for each in of_each])
        table[name] = values.mean(axis=0)
        low, high = interval(weights @ values / len(of_each), len(of_each), 0.95)
        table[f"low_{name}"], table[f"high_{name}"] = low, high
    return table


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("systems", nargs="+", choices=SYSTEMS)
    parser.add_argument("--ends", type=Path, help="the folder of ../hybrid/ends.py")
    given = parser.parse_args()
    numba.set_num_threads(1)
    for name in given.systems:
        study, propensity = propensities_of(name, given.ends)
        ensembles, parts = ensembles_of(study, propensity), []
        for n_runs, until in SYSTEMS[name]:
            times, end, of_each = tested(study, ensembles, n_runs, until)
            about = {"n_runs": n_runs, "until": end}
            parts.append(table_of(times, about, of_each))
            path = FOLDER / f"{name}.hybrid.csv"
            pd.concat(parts).to_csv(path, index=False, float_format="%.5g")


if __name__ == "__main__":
    main()
