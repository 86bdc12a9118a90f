"""How learners gain from more configurations: r held out against the number trained on.

    python learning_curve.py STUDY.toml [--name hard_spheres] [--numbers 4 8 12 16]

The study must be done. The folds are those of `compare.py`; of the configurations that a fold
trains on the first n of a random order are taken, the same for every learner. Ridge regression and
networks learn from generations 0 to 2 of the initial state, the graph network from generation 0.
Draws r over all particles with intervals over configurations, a panel for each time, and writes
the table, with the paired difference from ridge regression.
"""

import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", NUMBA_NUM_THREADS="1")

import argparse
import csv
from pathlib import Path

import numpy as np

import cagebreak as cb
from cagebreak.figures import style
from cagebreak.learning.folds import configuration_folds
from cagebreak.learning.scores import (
    interval,
    pair_moments,
    paired_difference,
    pooled_pearson,
    resamples,
)
from cagebreak.seeding import seed_sequence, stream
from cagebreak.simulation.isoconfigurational import nearest
from cagebreak.study.stages.states import load_state

COLUMNS = ("time", "learner", "n", "r", "low", "high", "difference", "beyond_low", "beyond_high")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("study")
    parser.add_argument("--out", type=Path, default=Path())
    parser.add_argument("--name", default="hard_spheres")
    parser.add_argument("--numbers", nargs="+", type=int, default=[4, 8, 12, 16])
    parser.add_argument("--species", type=int, default=0)
    parser.add_argument(
        "--times", nargs="+", type=float, default=[0.04, 0.4, 2.5, 16.0, 100.0, 1000.0]
    )
    given = parser.parse_args()
    study = cb.Study(given.study)
    times, graphs, averaged = read(study, given.times, given.species)
    seed = seed_sequence(study.recipe.study.seed, "fit")
    fold = configuration_folds(len(graphs), study.recipe.learning.outer_folds, seed=seed)
    ridge = cb.RidgeCV(
        alphas=study.recipe.learning.alphas, folds=study.recipe.learning.inner_folds, seed=1
    )
    settings = {"checkpoint": study.store.folder / "trainings", "progress": False}
    learners = {
        "ridge": (ridge, averaged),
        "network": (cb.MLPRegressor(**settings), averaged),
        "network ensemble": (cb.Ensemble(cb.MLPRegressor(**settings)), averaged),
        "graph": (cb.GraphNetwork(epochs=60, **settings), graphs),
    }
    drawn = resamples(len(graphs), study.recipe.learning.bootstrap, seed=seed)
    rows = []
    for n in given.numbers:
        moments = {}
        for name, (learner, data) in learners.items():
            moments[name] = np.zeros((len(graphs), 6, len(times)))
            for k in range(fold.max() + 1):
                order = stream(study.recipe.study.seed, "learning curve", k).permutation(len(fold))
                training = sorted([i for i in order if fold[i] != k][:n])
                held_out = np.flatnonzero(fold == k)
                predicted = fit_and_predict(learner, data, training, held_out)
                for i, of_i in zip(held_out, predicted, strict=True):
                    moments[name][i] = pair_moments(of_i, data[i][1])
            r = pooled_pearson(moments[name])
            low, high = interval(pooled_pearson(moments[name], drawn), len(graphs))
            beyond = paired_difference(moments[name], moments["ridge"], seed=seed)
            of_times = zip(times, r, low, high, *beyond, strict=True)
            rows += [(time, name, n, *scores) for time, *scores in of_times]
            print(n, name, np.round(r, 3), flush=True)
    with (given.out / f"{given.name}.learning_curve.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows)
    table = np.array(rows, [(c, "U32" if c == "learner" else "f8") for c in COLUMNS])
    style.save(draw(table), given.out / f"{given.name}.learning_curve")


def read(study, times, species):
    """Return the times, and of each configuration graph and targets, averaged features and targets.

    Rows are the particles of the species.
    """
    known = study.propensity(0).times
    learned = np.unique(nearest(known, times))
    graphs, averaged = [], []
    for c in range(study.recipe.preparation.n_configurations):
        propensity, features = study.propensity(c), study.features(c)
        rows = np.flatnonzero(propensity.species == species)
        targets = propensity.mean[learned][:, rows].T
        initial = features.labels.state == "initial"
        own = initial & (features.labels.generation == 0)
        configuration = load_state(study.store, "initial", c)
        graphs.append((cb.learning.Graph(configuration, features.values[:, own], rows), targets))
        averaged.append((features.values[np.ix_(rows, initial)], targets))
    return known[learned], graphs, averaged


def fit_and_predict(learner, data, training, held_out):
    """Return predictions for configurations held out, one array for each."""
    X, Y = zip(*(data[i] for i in training), strict=True)
    given = [data[i][0] for i in held_out]
    if isinstance(learner, cb.GraphNetwork):
        return learner.fit(X, Y).predict(given)
    groups = np.concatenate([np.full(len(x), i) for i, x in zip(training, X, strict=True)])
    learner.fit(np.concatenate(X), np.concatenate(Y), groups=groups)
    return [learner.predict(x) for x in given]


def draw(table):
    """Return a figure of r against the number of configurations, a panel for each time."""
    times = np.unique(table["time"])
    looks = {name: style.OTHERS[i] for i, name in enumerate(dict.fromkeys(table["learner"]))}
    with style.look():
        figure, rows = style.grid(2, 3, height=4.0)
        panels = [axes for _, row in rows for axes in row]
        for axes, time in zip(panels, times, strict=True):
            for name, (color, marker) in looks.items():
                mine = table[(table["time"] == time) & (table["learner"] == name)]
                axes.fill_between(
                    mine["n"], mine["low"], mine["high"], color=color, alpha=0.2, lw=0
                )
                axes.plot(mine["n"], mine["r"], color=color, marker=marker, label=name)
            style.name_panel(axes, rf"$t = {style.number(time)}\,\tau$")
            axes.set_xlabel("configurations trained on")
            axes.set_xticks(np.unique(table["n"]))
        for _, row in rows:
            row[0].set_ylabel("Pearson correlation $r$")
        style.legend(rows[0][0], panels[0], columns=4)
    return figure


if __name__ == "__main__":
    main()
