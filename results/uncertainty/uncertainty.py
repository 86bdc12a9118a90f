"""Coverage and width of the predictive intervals of a study, on configurations held out.

    python uncertainty.py hs058.toml --name hard_spheres --features initial inherent

The study must be done (`cagebreak run`). Of each outer fold, ridge regression and the intervals are
fitted to the training configurations alone: the residuals that calibrate are those of an inner
cross-validation. `--test` names configurations to test in place of the outer folds. The learned
width is that of `PredictiveIntervals`, the constant one that of `half_width`. NAME.coverage.csv
and, of one configuration, NAME.map.csv are written to `--out`; with `--test` also
NAME.configurations.csv, of each configuration.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

import cagebreak as cb
from cagebreak.bootstrap import interval, resamples
from cagebreak.learning import PredictiveIntervals
from cagebreak.learning.conformal import LEVEL, half_width
from cagebreak.learning.model_selection.evaluate import plan
from cagebreak.learning.model_selection.nested_fits import overview
from cagebreak.learning.model_selection.outer_fold import Fold, hold_out
from cagebreak.learning.samples import Share
from cagebreak.seeding import seed_sequence
from cagebreak.study.analysis import learn
from cagebreak.study.analysis.predictions import time_shown

SPECIES = "A"
STRUCTURE = {"generations": 2, "kind": ["radial", "angular"]}
DISPLACEMENT = {"generations": 0, "kind": "displacement"}
SHARE = 0.05
"""Share of the particles that are active, those with the highest measured value."""
ENDS = {"low_fifth": slice(0, 1), "high_fifth": slice(4, 5)}
"""Fifths of the particles by their prediction, of which the coverage is in the table."""
COUNTED = ("coverage", *ENDS, "active", "width", "score")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipe")
    parser.add_argument("--name", required=True, help="of the tables")
    parser.add_argument("--features", nargs=2, required=True, metavar=("STATE", "DISPLACEMENT"),
                        help="states of the descriptors and of a displacement")  # fmt: skip
    parser.add_argument("--test", type=int, nargs="+", help="configurations; default all in turn")
    parser.add_argument("--out", type=Path, default=Path())
    given = parser.parse_args()
    study = cb.Study(given.recipe)
    state, displacement = given.features
    chosen = {"used": [STRUCTURE | {"states": [state]}, DISPLACEMENT | {"states": [displacement]}]}
    with threadpool_limits(limits=1, user_api="blas"):
        outer = outer_of(study, chosen, given.test)
        tested = held_out(study, outer)
    coverage_table(study, outer, tested).to_csv(
        given.out / f"{given.name}.coverage.csv", index=False, float_format="%.5g"
    )
    if given.test is not None:
        configuration_table(study, tested).to_csv(
            given.out / f"{given.name}.configurations.csv", index=False, float_format="%.5g"
        )
    map_table(study, tested).to_csv(
        given.out / f"{given.name}.map.csv", index=False, float_format="%.5g"
    )


def outer_of(study, chosen, test):
    """Return the cross-validation whose folds are the tests, with its samples in memory."""
    ((*_, evaluation),) = learn.plans(study.recipe, study.store, None, chosen, [SPECIES])
    outer = evaluation.outer
    samples = [outer.samples[c] for c in range(len(outer.samples))]
    fold = outer.fold
    if test is not None:
        fold = np.where(np.isin(np.arange(len(samples)), test), 0, 1)
    return type(outer)(outer.learner, samples, fold, outer.columns)


def held_out(study, outer):
    """Return prediction, measured value and both half widths of each configuration tested.

    The last of each is the coverage of the training configurations, each left out.
    """
    seen, tested = overview(outer), {}
    folds = [0] if outer.fold.max() == 1 else range(outer.n_folds)
    for k in folds:
        training = np.flatnonzero(outer.fold != k)
        seed = seed_sequence(study.recipe.study.seed, "uncertainty", k)
        inner = plan(outer.learner, Share(outer.samples, training.tolist()), seed=seed,
                     columns=outer.columns, metrics="width").outer  # fmt: skip
        known = overview(inner)
        key = (SPECIES, "used")
        parts = [
            part for j in range(inner.n_folds) for part in hold_out(inner, j, known).particles(key)
        ]
        order, predicted, measured = zip(*parts, strict=True)
        learned = PredictiveIntervals.fit(predicted, measured)
        constant = half_width(np.concatenate(measured) - np.concatenate(predicted))
        left_out = dict(zip(training[list(order)].tolist(), learned.coverage, strict=True))
        fitted = Fold.without(outer, k, seen)
        for c in np.flatnonzero(outer.fold == k).tolist():
            values = fitted.predict(c, outer.samples[c], *key)
            halves = {
                "learned": learned.of(values),
                "constant": np.broadcast_to(constant, values.shape),
            }
            tested[c] = (values, outer.samples[c].targets, halves, left_out)
    return tested


def coverage_table(study, outer, tested):
    """Return coverage, width and score over time, with bootstrap intervals over configurations."""
    times = study.propensity(0).times
    weights = resamples(len(tested), 2000, seed=seed_sequence(study.recipe.study.seed, "table"))
    halves = np.stack([outer.samples[c].halves for c in tested])
    residuals = np.stack([y - x for x, y, *_ in tested.values()])
    noise = ((halves[:, 0] - halves[:, 1]) ** 2 / 4).mean(axis=(0, 1))
    noise_share = noise / (residuals**2).mean(axis=(0, 1))
    parts = []
    for kind in ("learned", "constant"):
        of_each = [counted(x, y, half[kind]) for x, y, half, _ in tested.values()]
        table = pd.DataFrame({"time": times, "intervals": kind, "n_configurations": len(tested)})
        table["n_calibrating"] = min(len(left_out) for *_, left_out in tested.values())
        for name in COUNTED:
            values = np.array([each[name] for each in of_each])
            low, high = interval(weights @ values / len(tested), len(tested), 0.95)
            table[name], table[f"low_{name}"], table[f"high_{name}"] = (
                values.mean(axis=0),
                low,
                high,
            )
        table["noise_share"] = noise_share
        parts.append(table)
    return pd.concat(parts, ignore_index=True)


def counted(predicted, measured, half):
    """Return the numbers of `COUNTED` for one configuration, (T,) each.

    The score is that of Winkler: the width, and 2 / (1 - level) times the distance of a particle
    from its interval. It is smallest for the narrowest intervals of the level.
    """
    beyond = np.maximum(np.abs(measured - predicted) - half, 0.0)
    inside = beyond == 0
    order = np.argsort(predicted, axis=0, kind="stable")
    fifths = np.array_split(np.take_along_axis(inside, order, axis=0), 5)
    most = np.argsort(-measured, axis=0, kind="stable")[: int(SHARE * len(measured))]
    return {
        "coverage": inside.mean(axis=0),
        "active": np.take_along_axis(inside, most, axis=0).mean(axis=0),
        "width": 2 * half.mean(axis=0),
        "score": (2 * half + 2 / (1 - LEVEL) * beyond).mean(axis=0),
    } | {name: np.concatenate(fifths[part]).mean(axis=0) for name, part in ENDS.items()}


def configuration_table(study, tested):
    """Return the mean propensity and the coverage of each configuration, at the last time.

    A training configuration is covered by the intervals that the others calibrate.
    """
    *_, left_out = next(iter(tested.values()))
    shares = {c: share[-1] for c, share in left_out.items()}
    shares |= {
        c: counted(x, y, half["learned"])["coverage"][-1] for c, (x, y, half, _) in tested.items()
    }
    rows = []
    for c, share in sorted(shares.items()):
        propensity = study.propensity(c)
        mean = propensity.mean[-1][propensity.species == 0].mean()
        rows.append((c, "test" if c in tested else "training", mean, share))
    return pd.DataFrame(rows, columns=["configuration", "part", "propensity", "coverage"])


def map_table(study, tested):
    """Return prediction, measured value and interval of the particles of one configuration."""
    c = min(tested)
    propensity, configuration = study.propensity(c), study.configuration(c)
    t = int(np.flatnonzero(propensity.times == time_shown(propensity))[0])
    predicted, measured, halves, _ = (part for part in tested[c])
    rows = np.flatnonzero(configuration.species == 0)
    x, y, z = configuration.wrapped[rows].T
    return pd.DataFrame(
        {
            "configuration": c, "particle": rows, "x": x, "y": y, "z": z,
            "time": propensity.times[t], "propensity": measured[:, t],
            "predicted": predicted[:, t], "half_width": halves["learned"][:, t],
        }
    )  # fmt: skip


if __name__ == "__main__":
    main()
