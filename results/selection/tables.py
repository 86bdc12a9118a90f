"""Tables and figures of what the fits of Kob-Andersen and hard-sphere particles A know.

Run: python results/selection/tables.py FOLDER [ka] [hs] [selection] [stability]
[everything] [collinearity] [ablation] [learning], where FOLDER is what data.py has filled; all if
no more is said. It reads the two files of statistics alone, and support_vectors.csv for the figure.
"""

import csv
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from data import RUNS
from support_vectors import SCORES, scored

from cagebreak.figures import boattini2021, inspection, style
from cagebreak.learning import (
    Collection,
    ablation,
    clusters,
    collinearity,
    forward_selection,
    label_groups,
    learning_curve,
    order_groups,
    range_groups,
    selection_curve,
    selection_stability,
)
from cagebreak.learning.model_selection.subset_cross_validation import ALPHAS, held_out_moments

HERE = Path(__file__).parent
SEED = 1
SIZES = (1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 32, 40, 50, 63, 80, 100, 130, 160, 200)
NAMES = {"ka": "Kob-Andersen", "hs": "hard spheres"}
FOLDS = 3
"""Of the ablations: two thirds of the configurations to learn from."""
GROUPS = ("kind", "generation", "r", "species")
COSTS = (1.0, 100.0)
"""Of preparing a configuration, in runs."""


def write(name, table):
    """Write a table as CSV, numbers to four digits."""
    with (HERE / f"{name}.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(table.columns)
        for row in table.itertuples(index=False):
            writer.writerow([f"{v:.4f}" if isinstance(v, float) else v for v in row])


def baselines():
    """Return r of the support vectors of each system."""
    with (HERE / "support_vectors.csv").open() as file:
        return {row["system"]: float(row["r"]) for row in csv.DictReader(file)}


def selected(name, last, svm):
    """Write the selection curve by ridge and by least squares, the first twenty, and stability."""
    for way, alphas in (("", ALPHAS), ("_least_squares", None)):
        curve = selection_curve(last, 200, seed=SEED, alphas=alphas, sizes=SIZES)
        write(f"{name}_selection{way}", curve.table)
        print(
            f"{NAMES[name]}{way}: one {curve.table['r'][0]:.3f} "
            f"({curve.table['r_configuration'][0]:.3f}), "
            f"beats support vectors ({svm:.3f}) with {curve.needed(svm)}, within 0.01 of the best "
            f"with {curve.saturation(0.01)}, 0.02 with {curve.saturation(0.02)}, "
            f"best {np.nanmax(curve.table['r']):.3f}"
        )
        if alphas is not None:
            drawn = curve.table.assign(species="A")
            others = {"A": {"support vectors (generation 0)": svm}}
            style.save(boattini2021.selection(drawn, others=others), HERE / f"{name}_selection")


def stable(name, last):
    """Write the first twenty, and how often other configurations choose the same."""
    twenty = forward_selection(last.pooled(), 20).table(20)
    names = ["rank", "column", "multiple_r", "kind", "l", "r", "species", "generation"]
    write(f"{name}_first_twenty", twenty[names])
    found = selection_stability(last, 20, seed=SEED)
    names = ["column", "rank", "frequency", "frequency_alike", "rank_median", "rank_low",
             "rank_high", *names[3:]]  # fmt: skip
    write(f"{name}_stability", found[names][:40])


def everything(name, last):
    """Write r of ridge regression on all descriptors, with the folds of the selection curve."""
    moments = held_out_moments(last, {"all": slice(None)}, seed=SEED)["all"][..., 0]
    row = (last.n_features, *scored(moments))
    write(f"{name}_all_descriptors", pd.DataFrame([row], columns=["n_features", *SCORES]))


def ablated(name, last):
    """Write ablations of groups, ranges and orders."""
    labels = last.labels
    start = time.process_time()
    found = ablation(last, label_groups(labels, GROUPS), seed=SEED, folds=FOLDS)
    write(f"{name}_ablation", found)
    print(f"{NAMES[name]}: ablation {time.process_time() - start:.0f} s of CPU")
    style.save(inspection.groups(found), HERE / f"{name}_ablation")
    ranges = ablation(last, range_groups(labels), seed=SEED, folds=FOLDS)
    orders = ablation(last, order_groups(labels), seed=SEED, folds=FOLDS)
    write(f"{name}_ranges", ranges)
    write(f"{name}_orders", orders)
    style.save(inspection.range_and_order(ranges, orders), HERE / f"{name}_range_and_order")


def collinear(name, last):
    """Write how collinear the features are; draw the coefficients that mislead."""
    pooled = last.pooled()
    found = collinearity(pooled)
    names = ["column", "vif", "with_target", "coefficient", "flipped", "readable"]
    write(f"{name}_collinearity", found[names])
    known = found[~np.isnan(found["vif"])]
    groups = clusters(pooled)
    finite = known["vif"][np.isfinite(known["vif"])]
    print(
        f"{NAMES[name]}: of {len(known)} features {(~known['readable']).sum()} with inflation "
        f"above 10, median {np.median(known['vif']):.3g}, largest finite {finite.max():.3g}; "
        f"{(known['flipped'] & ~known['readable']).sum()} of them flipped; "
        f"{len(groups)} clusters at 0.9, the largest of {max(map(len, groups.values()))}"
    )
    style.save(inspection.coefficients(found), HERE / f"{name}_coefficients")


def learned(name, found, target, **runs):
    """Write and draw a learning curve, where it leads, and what it advises."""
    start = time.process_time()
    curve = learning_curve(found, seed=SEED, n_draws=10, **runs)
    write(f"{name}_learning", curve.table)
    limit = curve.extrapolate(target)
    figure = inspection.learning(curve.table, target, limit.limit)
    style.save(figure, HERE / f"{name}_learning")
    print(f"{NAMES[name]}: learning curve {time.process_time() - start:.0f} s of CPU; {limit}")
    fitted = [(part, *getattr(limit, part)) for part in ("limit", "rate", "exponent")]
    write(f"{name}_extrapolation", pd.DataFrame(fitted, columns=["part", "value", "low", "high"]))
    uses = [(cost, curve.advise(target, cost)) for cost in COSTS]
    rows = [
        (cost, use.now, use.more_runs, use.more_configurations, *use.gain) for cost, use in uses
    ]
    names = ["cost", "now", "more_runs", "more_configurations", "gain", "low", "high"]
    write(f"{name}_advice", pd.DataFrame(rows, columns=names))


def learning(name, found, last):
    """Write the learning curve of generation 0, of Kob-Andersen in numbers of runs too."""
    alone = found.labels["generation"] == 0
    found, last = found.select(alone), last.select(alone)
    if name == "ka":  # Targets are means over 1, 2, 4, ... runs.
        truth = np.full(len(RUNS), len(RUNS) - 1)
        learned(name, found, len(RUNS) - 1, runs=RUNS, truth=truth)
    else:
        learned(name, last, 0, runs=[20])


PARTS = {
    "selection": lambda name, found, last: selected(name, last, baselines()[name]),
    "stability": lambda name, found, last: stable(name, last),
    "everything": lambda name, found, last: everything(name, last),
    "collinearity": lambda name, found, last: collinear(name, last),
    "ablation": lambda name, found, last: ablated(name, last),
    "learning": learning,
}


def main(folder, systems, parts):
    """Make the parts of the systems asked for."""
    for name in systems:
        found = Collection.load(folder / f"{name}.h5")
        last = found.select(targets=[found.n_targets - 1])
        for part in parts:
            PARTS[part](name, found, last)


if __name__ == "__main__":
    wanted = sys.argv[2:]
    main(
        Path(sys.argv[1]),
        [name for name in NAMES if name in wanted] or NAMES,
        [part for part in PARTS if part in wanted] or PARTS,
    )
