"""Coverage and width of the predictive intervals of hybrid models, on configurations held out.

    python hybrid.py SYSTEM ... [--ends FOLDER]

writes `SYSTEM.hybrid.csv` and `SYSTEM.hybrid-draws.csv` beside this file. `hard-spheres-058` is a
data set of the folder `datasets/`; the ensembles of `kob-andersen` are those that ../hybrid/ends.py
keeps in FOLDER. Of each fold of configurations, `cb.hybrid` fits and calibrates a model by the
others alone. Each configuration of the fold is tried with several draws of short runs, simulated
anew. What is measured is the mean over all runs of its ensemble. Models that the halves of the
ensembles calibrate are compared with the ensemble weighted so that its noise is that of as many
runs as their intervals are about. Structure is the quick recommended set, of the inherent state up
to generation 2 and the scalars.
"""

import argparse
import os
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numba
import numpy as np
import pandas as pd
from uncertainty import counted

import cagebreak as cb
from cagebreak.bootstrap import interval, resamples
from cagebreak.descriptors.recommended import recommended
from cagebreak.learning import configuration_folds
from cagebreak.learning.short_runs.held_out_samples import target_weights
from cagebreak.seeding import seed_sequence
from cagebreak.study.analysis.hybrid import Ensemble
from cagebreak.study.analysis.hybrid.measurement import Measurement
from cagebreak.study.recipe import Recipe

FOLDER = Path(__file__).parent
SIMULATED, HALVES = "short runs", "halves"
"""What calibrates: short runs of the training configurations, or the halves of their ensembles."""


class Budget(NamedTuple):
    """Short runs, and how they are tried."""

    n_runs: int
    until: float
    """Their length, tau."""
    n_draws: int
    """Number of draws of these for each configuration."""
    calibrated: str = SIMULATED


SYSTEMS = {
    "hard-spheres-058": (Budget(1, 10.0, 8),),
    "kob-andersen": (
        Budget(1, 4.4, 8),
        Budget(2, 29.0, 4),
        Budget(1, 4.4, 8, HALVES),
        Budget(5, 74.0, 2),
    ),
}
FOLDS, SEED, LAST, SPECIES = 5, 7, 2, 0
LATE = 10.0
"""Time from which on the table has every draw, tau."""
COUNTED = ("coverage", "low_fifth", "high_fifth", "active", "width")


class Once(Measurement):
    """Simulates the short runs of a training configuration once, and not again for each fold.

    Those of hard spheres cost little.
    """

    def short_runs(self, configuration, times, n_runs, seed, ends=False):
        key = id(configuration), n_runs, times[-1]
        if key not in KEPT:
            KEPT[key] = super().short_runs(configuration, times, n_runs, seed, ends)
        return KEPT[key]


KEPT = {}


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


def recipe_of(study):
    """Return the recipe of a study, with the engine of the ensembles."""
    recipe = study.recipe
    if recipe.model.is_hard:
        return recipe
    values = tomllib.loads(recipe.path.read_text("utf-8"))
    values["preparation"]["engine"] = "cagebreak"
    return Recipe.of_values(recipe.path, values)


def tested(study, ensembles, budget):
    """Return the times, the length of the short runs, and what is counted.

    That is a dict for each configuration and draw.
    """
    n_runs, until, n_draws, calibrated = budget
    fold, found = configuration_folds(len(ensembles), FOLDS, seed=SEED), {}
    about = recipe_of(study), None, ("displacement",)
    measurement = Measurement(*about)
    calibrating = measurement if study.recipe.model.is_hard else Once(*about)
    for k in range(fold.max() + 1):
        training = [ensembles[c] for c in np.flatnonzero(fold != k)]
        joined = cb.hybrid(training, until=until, seed=SEED, folds=FOLDS)
        if calibrated == SIMULATED:
            joined = replace(joined, measurement=calibrating)
        model = joined.fit(n_runs, joined.until[0])
        times = joined.short_runs.times
        for c in np.flatnonzero(fold == k).tolist():
            for draw in range(n_draws):
                seed = seed_sequence(SEED, "test", c, draw)
                motion, _ = measurement.short_runs(ensembles[c].start, times, n_runs, seed)
                found[c, draw] = numbers(ensembles[c], motion, model, calibrated)
        print(*budget, "fold", k, flush=True)
    return joined.times, joined.until[0], found


def numbers(ensemble, motion, model, calibrated):
    """Return what is counted of the prediction of a configuration from short runs."""
    start, structure, runs, _ = ensemble
    rows, measured = start.species == SPECIES, runs["displacement"]
    found = model.predict_intervals_from(structure, motion)
    of_others = measured.mean
    if calibrated == HALVES:
        halves = ((measured.n_runs + 1) // 2, measured.n_runs // 2)
        of_others = np.tensordot(target_weights(halves, model.n_runs), measured.halves, 1)
    values, of_others = found.values[:, rows].T, of_others[:, rows].T
    # The upper bound: the lower one is cut off at 0.
    half = found.high[:, rows].T - values
    of_means = {
        "error": (values - of_others).mean(axis=0),
        "measured": of_others.mean(axis=0),
        "motion": motion.means["displacement"][-1, rows].mean(),
    }
    return counted(values, of_others, half) | of_means


def table_of(times, about, found):
    """Return the mean over configurations and the bootstrap interval of each number.

    The number of a configuration is the mean over its draws.
    """
    configurations = sorted({c for c, _ in found})
    n = len(configurations)
    weights = resamples(n, 2000, seed=SEED)
    table = pd.DataFrame(
        {"time": times, **about, "n_configurations": n, "n_draws": len(found) // n}
    )
    for name in COUNTED:
        values = np.array(
            [np.mean([each[name] for key, each in found.items() if key[0] == c], axis=0)
             for c in configurations]
        )  # fmt: skip
        low, high = interval(weights @ values / n, n, 0.95)
        table[name], table[f"low_{name}"], table[f"high_{name}"] = values.mean(axis=0), low, high
    return table


def draws_of(times, found):
    """Return coverage and mean error of each draw, at late times, with the mean motion in it."""
    late, parts = times >= LATE, []
    for (c, draw), each in found.items():
        columns = {name: each[name][late] for name in ("coverage", "error", "measured")}
        of_draw = {"configuration": c, "draw": draw, "motion": each["motion"]}
        parts.append(pd.DataFrame({**of_draw, "time": times[late], **columns}))
    return pd.concat(parts)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("systems", nargs="+", choices=SYSTEMS)
    parser.add_argument("--ends", type=Path, help="the folder of ../hybrid/ends.py")
    given = parser.parse_args()
    numba.set_num_threads(1)
    # One process: what is simulated once stays in it.
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    for name in given.systems:
        study, propensity = propensities_of(name, given.ends)
        ensembles, parts, draws = ensembles_of(study, propensity), [], []
        for budget in SYSTEMS[name]:
            times, end, found = tested(study, ensembles, budget)
            about = {
                "n_runs": budget.n_runs, "until": end, "calibrated": budget.calibrated,
            }  # fmt: skip
            parts.append(table_of(times, about, found))
            draws.append(draws_of(times, found).assign(**about))
            for table, of_table in (("hybrid", parts), ("hybrid-draws", draws)):
                path = FOLDER / f"{name}.{table}.csv"
                pd.concat(of_table).to_csv(path, index=False, float_format="%.5g")


if __name__ == "__main__":
    main()
