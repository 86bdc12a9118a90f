"""The graph networks of Alkemade 2022, table II, as the paper trains them, and ours beside them.

    python table2.py STUDY.toml [--folds 1] [--epochs 500] [--rows 0 1 3 4 5 6 2] [--out FOLDER]

The study must be done (`cagebreak run`). A unit is one training: a row of table II, a fold of
`compare.py` and a species, or both species for rows 5 and 6. It learns from the configurations
that the fold trains on, a fifth of them to choose the epoch, in one thread, and is tried on those
held out. Row 2 has generations 0 to 2 of the initial state, all others generation 0. Row 0 is
`GraphNetwork()`, our training.

A finished unit is added to FOLDER/table2.units.csv and its moments to table2.moments.csv; a unit
that is there is not repeated, and a training that was stopped goes on where it was. After each
unit FOLDER/table2.csv is written, r of all folds that a row has, with intervals over configurations
and differences from row 0 on the same configurations, and figure 7 is drawn.
"""

import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", NUMBA_NUM_THREADS="1")

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd

import cagebreak as cb
from cagebreak.bootstrap import interval, resamples
from cagebreak.dynamics.propensity import spearman_brown
from cagebreak.figures import correlation, style
from cagebreak.learning import Graph, configuration_folds
from cagebreak.learning.model_selection.compare import differences, moments_table
from cagebreak.learning.scores import pair_moments, pooled_pearson
from cagebreak.seeding import seed_sequence
from cagebreak.simulation.isoconfigurational import nearest
from cagebreak.study.stages.states import load_state

ROWS = (0, 1, 3, 4, 5, 6, 2)
"""Row 2 last: its networks have three times the features."""
TIMES = (0.04, 0.4, 2.5, 16.0, 100.0, 1000.0)
MOMENTS = ["n", "mean_predicted", "mean_measured", "predicted2", "measured2", "product"]
SEED = 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("study")
    parser.add_argument("--epochs", type=int, default=500)
    parser.add_argument("--folds", type=int, default=1)
    parser.add_argument("--rows", nargs="+", type=int, default=ROWS)
    parser.add_argument("--out", type=Path, default=Path())
    given = parser.parse_args()
    study = cb.Study(given.study)
    n = study.n_configurations
    seed = seed_sequence(study.recipe.study.seed, "fit")
    fold_of = configuration_folds(n, study.recipe.learning.outer_folds, seed=seed)
    for fold in range(given.folds):
        for row in given.rows:
            network = network_of(row, study, given.epochs)
            for species in ((0, 1),) if network.share_species else ((0,), (1,)):
                if (row, fold, "AB"[species[0]]) not in finished(given.out):
                    unit(study, network, row, fold, fold_of == fold, species, given.out)
                    summarize(study, given.out)
    summarize(study, given.out)


def network_of(row, study, epochs):
    """Return the network of a row of table II, or ours as row 0."""
    settings = {"checkpoint": study.store.folder / "trainings", "epochs": epochs}
    if row == 0:
        return cb.GraphNetwork(**settings)
    return cb.GraphNetwork.alkemade2022(row, **settings)


def finished(out):
    """Return the (row, fold, species) that are done."""
    path = out / "table2.units.csv"
    if not path.exists():
        return set()
    units = pd.read_csv(path)
    return set(zip(units.row, units.fold, units.species, strict=True))


def unit(study, network, row, fold, held_out, species, out):
    """Train a network on all but the configurations of a fold, and add its results to the files."""
    generations = 2 if row == 2 else 0
    times, graphs, targets = read(study, TIMES, generations, species)
    begun = time.process_time()
    network.fit(*([x for x, held in zip(given, held_out, strict=True) if not held]
                  for given in (graphs, targets)))  # fmt: skip
    seconds = time.process_time() - begun + network.earlier_seconds_
    best = network.best_epoch_
    validation = network.validation_[best, np.arange(len(times))]
    test = np.flatnonzero(held_out)
    for s in species:
        letter = "AB"[s]
        _, graphs, targets = read(study, TIMES, generations, (s,))
        moments = np.zeros((study.n_configurations, len(MOMENTS), len(times)))
        for c in test:
            moments[c] = pair_moments(network.predict([graphs[c]])[0], targets[c])
        add(out / "table2.moments.csv", moments_table(letter, f"row {row}", times, moments))
        costs = {
            "row": row,
            "fold": fold,
            "species": letter,
            "epochs": len(network.validation_),
            "first_best": best.min() + 1,
            "last_best": best.max() + 1,
            "validation_r": round(validation.mean(), 4),
            "parameters": network.n_parameters_,
            "seconds": round(seconds, 1),
        }
        add(out / "table2.units.csv", pd.DataFrame([costs]))
        print(costs, flush=True)


def add(path, rows):
    """Add rows to a table."""
    table = pd.DataFrame(rows)
    table.to_csv(path, mode="a", header=not path.exists(), index=False, lineterminator="\n")


def summarize(study, out):
    """Write r of each row of table II over the folds that it has, and draw figure 7."""
    path = out / "table2.moments.csv"
    if not path.exists():
        return
    units, moments = pd.read_csv(out / "table2.units.csv"), pd.read_csv(path)
    tables = []
    for (species, learner), of_row in moments.groupby(["species", "learner"]):
        tested, of_learner = cube(of_row)
        first = moments[(moments.species == species) & (moments.learner == "row 0")]
        weights = resamples(len(tested), 2000, seed=SEED)
        row = units[(units.species == species) & (units.row == int(learner[4:]))]
        table = pd.DataFrame({"time": np.unique(of_row.time)})
        table["species"], table["learner"] = species, learner
        table["features"] = "LR2" if learner == "row 2" else "LR0"
        table["r"] = pooled_pearson(of_learner)
        low, high = interval(pooled_pearson(of_learner, weights), len(tested))
        table["low"], table["high"] = low, high
        table["ceiling"] = ceiling(study, tested, "AB".index(species))
        table["n_configurations"] = len(tested)
        table["parameters"] = row.parameters.iloc[0]
        table["epochs"], table["seconds"] = row.epochs.mean(), row.seconds.mean()
        if set(tested) <= set(first.configuration):
            _, of_first = cube(first[first.configuration.isin(tested)])
            paired = differences(of_learner, of_first, seed=SEED)
            for name in ("difference", "difference_low", "difference_high"):
                table[name] = paired[name]
        tables.append(table)
    table = pd.concat(tables)
    table.to_csv(
        out / "table2.csv", index=False, float_format="%.5g", na_rep="nan", lineterminator="\n"
    )
    draw(table, out / "table2")


def cube(rows):
    """Return the configurations of a table of moments, and these as (C, 6, T)."""
    tested = np.unique(rows.configuration)
    ordered = rows.sort_values(["configuration", "time"])[MOMENTS].to_numpy()
    return tested, ordered.reshape(len(tested), -1, len(MOMENTS)).swapaxes(1, 2)


def ceiling(study, tested, s):
    """Return the noise ceiling of the pooled r at each time."""
    moments = []
    for c in tested:
        propensity = study.propensity(c)
        even, odd = propensity.halves[:, np.unique(nearest(propensity.times, TIMES))][
            :, :, propensity.species == s
        ]
        moments.append(pair_moments(even.T, odd.T))
    return np.sqrt(spearman_brown(pooled_pearson(np.array(moments))))


def draw(table, stem):
    """Draw figure 7: r of each row over time, a panel for each species."""
    names = sorted(set(table.learner))
    looks = dict(zip(names, LOOKS, strict=False))
    with style.look():
        n = table.species.nunique()
        figure, panels = style.panels(n, height=0.8 + 2.0 * n)
        correlation.draw_learners(panels, table, looks, None)
        style.legend(figure, panels[0], columns=4)
        style.save(figure, stem)


LOOKS = (("#000000", "*"), *style.OTHERS)
"""Our training is black."""


def read(study, times, generations, species):
    """Return the times, and of each configuration the graph and the targets of its rows."""
    known = study.propensity(0).times
    learned = np.unique(nearest(known, times))
    graphs, targets = [], []
    for c in range(study.recipe.preparation.n_configurations):
        propensity, features = study.propensity(c), study.features(c)
        labels = features.labels
        chosen = (labels.state == "initial") & (labels.generation <= generations)
        rows = np.flatnonzero(np.isin(propensity.species, species))
        configuration = load_state(study.store, "initial", c)
        graphs.append(Graph(configuration, features.values[:, chosen], rows))
        targets.append(propensity.mean[learned][:, rows].T)
    return known[learned], graphs, targets


if __name__ == "__main__":
    main()
