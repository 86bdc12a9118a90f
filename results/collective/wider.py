"""Wider cells and coordination beside the recommended set of two chains, on Kob-Andersen.

Run: python results/collective/wider.py BOTAN FOLDER, with `train/*.npz` and `test/*.npz`, and a
folder that keeps states and fields. The table is wider.csv beside this file.

Everything is as in `trials.py`, but the recommended set has its two chains of the cage state. Alpha
and weight for the two test configurations are those with the smallest error in cross-validation
over the ten for training, of which all are then learned from.
"""

import csv
import itertools
import sys
from pathlib import Path

import numpy as np
from fields import Caged, wide
from trials import COLUMNS, NEW_WEIGHTS, Block, Trials, interval, quadratic

from cagebreak.descriptors.base import Features, make_labels
from cagebreak.descriptors.coarse_grained.surroundings import with_surroundings
from states import Source

CHAINS, WIDER = 2, 2
TEST = (401, 402)
HEADER = ["trial", "columns", "r", "difference", "low", "high", *(f"test_{c}" for c in TEST)]


def wider(trials, n_chains):
    """Fields of the motion in spheres of 0.8 sigma, mean over chains, and averages of them."""
    rows = []
    for c, a in zip(trials.configurations, trials.of_a, strict=True):
        source = trials.source
        file = source.file(c, f"f_wider{n_chains}")
        if not file.exists():
            model, start, _ = source.load(c)
            inherent, chains = source.inherent(c, model, start), source.chains(c, model, start)
            columns = [
                wide(Caged(model, start, inherent, chains, source.wider(c, model, start, k)))
                for k in range(n_chains)
            ]
            own = Features(
                np.mean(columns, axis=0).T,
                make_labels("wider", 1, "cage", [{"n": k} for k in range(len(columns[0]))]),
            )
            mean = source.cage(c, model, start).configuration
            np.savez(file, values=with_surroundings(own, mean, model.n_species).values)
        rows.append(np.load(file)["values"][a])
    return rows


def tested(trials, new):
    """Return r of the test configurations, learned from all others."""
    choices = list(itertools.product(trials.alphas, (1.0,) if new is None else NEW_WEIGHTS))
    errors = [
        sum(
            trials.error(f, trials.solve(trials.without(f), alpha, new, weight), new)
            for f in trials.folds
        )
        for alpha, weight in choices
    ]
    alpha, weight = choices[int(np.argmin(errors))]
    r = np.zeros(len(trials.configurations))
    test = range(len(trials.training), len(r))
    trials.score(test, trials.solve(list(trials.training), alpha, new, weight), new, r)
    return r[list(test)]


def main(botan, kept):
    """Write the table."""
    trials = Trials(Source("ka044", Path(botan), Path(kept), CHAINS), TEST)
    before = trials.nested()
    parts = {
        "coordination": COLUMNS["coordination"](trials),
        "wider, one chain": wider(trials, 1),
        "wider": wider(trials, WIDER),
        "quadratic": quadratic(trials),
    }
    tries = [*((name,) for name in parts), ("wider", "coordination")]
    tries.append(("wider", "coordination", "quadratic"))
    with Path(__file__).with_name("wider.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        rows = {"recommended": None} | {
            ", ".join(names): [
                np.concatenate(x, axis=1) for x in zip(*(parts[n] for n in names), strict=True)
            ]
            for names in tries
        }
        for name, columns in rows.items():
            new = None if columns is None else Block(trials, columns)
            after = before if new is None else trials.nested(new)
            n_columns = 0 if columns is None else columns[0].shape[1]
            scores = [after.mean(), *interval(after - before), *tested(trials, new)]
            writer.writerow([name, n_columns, *(f"{x:.4f}" for x in scores)])
            file.flush()
            print(name, after.round(3), *(f"{x:.4f}" for x in scores), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
