"""Wider cells and coordination beside the recommended set of two chains, on Kob-Andersen.

Run: python results/collective/wider.py BOTAN FOLDER, with `train/*.npz` and `test/*.npz`, and a
folder that keeps states and fields. The table is wider.csv beside this file.

Everything is as in `trials.py`, but the recommended set has its two chains of the cage state, and
in a second pass two chains by trajectories beside them. Alpha and weight for the two test
configurations are those with the smallest error in cross-validation over the ten for training,
which are then all learned from.
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

CHAINS, TRAJECTORIES = 2, (0, 2)
"""Chains of single moves, and by trajectories beside them."""
WIDER, RADIUS = 2, 0.8
"""Chains in spheres, and their radius in sigma."""
TEST = (401, 402)
HEADER = ["chains", "trial", "columns", "r", "difference", "low", "high"]
HEADER += ["from_today", "low_today", "high_today", *(f"test_{c}" for c in TEST)]
"""Differences are from the same chains without columns, and from two chains without."""


def wider(trials, n_chains):
    """Fields of the motion in spheres of 0.8 sigma, mean over chains, and averages of them."""
    rows = []
    for c, a in zip(trials.configurations, trials.of_a, strict=True):
        source = trials.source
        file = source.fields(c, f"wider{n_chains}")
        if not file.exists():
            model, start, _ = source.load(c)
            inherent, chains = source.inherent(c, model, start), source.chains(c, model, start)
            columns = [
                wide(
                    Caged(
                        model,
                        start,
                        inherent,
                        chains,
                        source.by_trajectories(c, model, start, k, RADIUS),
                    )
                )
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


def tried(source):
    """Yield name, number of columns, r of each configuration, and r of tests of each trial."""
    trials = Trials(source, TEST)
    parts = {
        "coordination": COLUMNS["coordination"](trials),
        "wider, one chain": wider(trials, 1),
        "wider": wider(trials, WIDER),
        "quadratic": quadratic(trials),
    }
    yield "none", 0, trials.nested(), tested(trials, None)
    together = ("wider", "coordination"), ("wider", "coordination", "quadratic")
    for names in (*((name,) for name in parts), *together):
        blocks = zip(*(parts[name] for name in names), strict=True)
        columns = [np.concatenate(x, axis=1) for x in blocks]
        new = Block(trials, columns)
        yield ", ".join(names), columns[0].shape[1], trials.nested(new), tested(trials, new)


def main(botan, kept):
    """Write the table."""
    with Path(__file__).with_name("wider.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        today = None
        for n_trajectories in TRAJECTORIES:
            source = Source("ka044", Path(botan), Path(kept), CHAINS, n_trajectories)
            before = None
            for name, n_columns, r, of_tests in tried(source):
                before = r if before is None else before
                today = r if today is None else today
                scores = [r.mean(), *interval(r - before), *interval(r - today), *of_tests]
                row = [CHAINS + n_trajectories, name, n_columns, *(f"{x:.4f}" for x in scores)]
                writer.writerow(row)
                file.flush()
                print(*row, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
