"""The extended recommended set beside the full one, scored as any set of descriptors is.

Run: python results/collective/extended.py SYSTEM BOTAN FOLDER, with SYSTEM `ka044` or `hs`, the
folder of BOTAN's `train/*.npz` and `test/*.npz`, and a folder that keeps states and features. Rows
of the system are written to extended.csv beside this file; those of the other are kept.

The learner is the recommended one: ridge, centered in each configuration, with correlated errors,
alpha and the weight of the scalars by inner cross-validation. Differences are paired, from the full
set in as many folds.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

import cagebreak as cb
from cagebreak.descriptors import recommended
from cagebreak.descriptors.caged.wide_cage import RADIUS
from cagebreak.learning import RidgeCV, Sample, evaluate, pearson
from cagebreak.learning.linear_model.whitening import LENGTH, NUGGET
from cagebreak.learning.model_selection.compare import DIFFERENCES, differences
from cagebreak.states.cage import pool_chains
from states import CONFIGURATIONS, SAMPLES, Source, thin

SEED = 1
ALPHAS = tuple(10.0**n for n in range(8))
CONFIGURATIONS = CONFIGURATIONS | {"hs": range(20)}
TEST = {"ka044": (401, 402), "hs": ()}
FOLDS = 5
"""Of configurations that are predicted. Of Kob-Andersen each is left out in turn, too."""
LARGER = 0.7
"""A nugget beside that of the recommended learner, tried on Kob-Andersen."""
METRICS = ("spearman", "average_precision")
SCORES = ["r", "low", "high", "r_configuration", "low_configuration", "high_configuration"]
SCORES += ["ceiling", *METRICS]


class Described:
    """The sets of descriptors of a system's A particles, kept in files."""

    def __init__(self, system, botan, kept):
        self.system, self.source = system, Source(system, botan, kept)

    def cages(self, c, model, start):
        """Return the chains of the full set, of the extended set, by trajectories, in wide cells.

        Hard spheres have none by trajectories.
        """
        source = self.source
        moves = [source.chain(c, model, start, k) for k in range(4 if model.is_hard else 2)]
        if model.is_hard:
            wide = [source.chain(c, model, start, k, RADIUS) for k in range(2)]
            return moves[:2], moves, [], wide
        others = [source.by_trajectories(c, model, start, k, "voronoi") for k in range(4)]
        wide = [source.by_trajectories(c, model, start, k, RADIUS) for k in range(2)]
        return moves, moves + others[:2], others, wide

    def __call__(self, c):
        """Return values of the full and of the extended set, and the labels of the latter."""
        file = self.source.file(c, "extended")
        if not file.exists():
            model, start, _ = self.source.load(c)
            inherent = self.source.inherent(c, model, start)
            extended = recommended.recommended(model, "extended")
            moves, both, others, wide = self.cages(c, model, start)
            few = pool_chains([thin(chain) for chain in moves])
            full = recommended.recommended(model, "full").describe(inherent, few)
            a = start.species == 0
            values = {"full": full.values[a], "labels": np.asarray(extended.labels())}
            for name, chains in (("extended", both), ("trajectories", others)):
                if chains:
                    many, apart = (
                        pool_chains([thin(chain, SAMPLES // extended.samples) for chain in each])
                        for each in (chains, wide)
                    )
                    values[name] = extended.describe(inherent, many, apart).values[a]
            np.savez(file, **values)
            print(self.system, c, flush=True)
        return np.load(file)


def sample(described, c, which, chosen):
    """Return some columns of a set and the propensity of the A particles of a configuration."""
    _, start, propensity = described.source.load(c)
    a = start.species == 0
    return Sample(
        described(c)[which][:, chosen],
        propensity[a, None],
        halves=described.source.halves(c)[:, a, None],
        configuration=cb.Configuration(start.positions[a], start.species[a], start.box),
    )


def rows_of(described):
    """Return the rows of a system."""
    system = described.system
    labels = described(CONFIGURATIONS[system][0])["labels"].view(np.recarray)
    added, wide = labels.kind == "coordination", labels.state == "wide"
    rows, first = [], None
    for name, which, chosen, nugget, folds in (
        ("full", "full", slice(None), NUGGET, FOLDS),
        ("four chains", "extended", ~(added | wide), NUGGET, FOLDS),
        ("four chains, coordination", "extended", ~wide, NUGGET, FOLDS),
        ("four chains, wide cells", "extended", ~added, NUGGET, FOLDS),
        ("extended", "extended", slice(None), NUGGET, FOLDS),
        ("extended, by trajectories", "trajectories", slice(None), NUGGET, FOLDS),
        ("full", "full", slice(None), LARGER, FOLDS),
        ("extended", "extended", slice(None), LARGER, FOLDS),
        ("full", "full", slice(None), NUGGET, len(CONFIGURATIONS[system])),
        ("extended", "extended", slice(None), NUGGET, len(CONFIGURATIONS[system])),
        (
            "extended, by trajectories",
            "trajectories",
            slice(None),
            NUGGET,
            len(CONFIGURATIONS[system]),
        ),
    ):
        if system == "hs" and (folds != FOLDS or which == "trajectories"):
            continue
        own = labels[~(added | wide)] if which == "full" else labels[chosen]
        samples, tests = (
            [sample(described, c, which, chosen) for c in configurations]
            for configurations in (CONFIGURATIONS[system], TEST[system])
        )
        groups = recommended.feature_groups(own)
        energy = (own.kind == "energy") & (own.state == "inherent") & np.isnan(own.r)
        learner = RidgeCV(
            alphas=ALPHAS, folds=4, center="configuration", weights=(1.0, 3.0, 10.0), seed=SEED,
            error_correlation=(LENGTH, nugget),
        )  # fmt: skip
        found = evaluate(
            learner, samples, folds=folds, seed=SEED, feature_groups=groups, metrics=METRICS,
            configuration_mean=int(np.flatnonzero(energy)[0]),
        )  # fmt: skip
        (moments,) = found.moments.values()
        if first is None or (name == "full" and folds != FOLDS):
            first = moments
        row = {"system": system, "features": name, "nugget": nugget, "folds": folds}
        row["n_features"] = len(own)
        row |= {score: found.table.iloc[0][score] for score in SCORES}
        difference = differences(moments, first, seed=SEED)[0]
        row |= {column: difference[column] for column, _ in DIFFERENCES}
        if tests:
            learner.fit(
                np.concatenate([each.features for each in samples]),
                np.concatenate([each.targets for each in samples])[:, 0],
                np.repeat(range(len(samples)), [len(each.features) for each in samples]),
                groups,
                [each.configuration for each in samples],
            )
            for c, test in zip(TEST[system], tests, strict=True):
                row[f"test_{c}"] = float(
                    pearson(learner.predict(test.features), test.targets[:, 0])
                )
        print(name, row, flush=True)
        rows.append(row)
    return rows


def main(system, botan, kept):
    """Write the rows of a system."""
    rows = pd.DataFrame(rows_of(Described(system, Path(botan), Path(kept))))
    path = Path(__file__).with_name("extended.csv")
    if path.exists():
        others = pd.read_csv(path)
        rows = pd.concat([rows, others[others.system != system]])
    rows = rows.sort_values("system", kind="stable", ascending=False)
    rows.to_csv(path, index=False, float_format="%.4f", na_rep="nan", lineterminator="\r\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
