"""Whether propensities are pooled better in units of their mean or of their deviation.

Run: python results/temperatures/units.py NAME RECIPE ... [--marks MARK ...] [--degrees DEGREE ...]

Each outer fold of configurations is left out, and the units are compared by `state_point_scores` of
the other configurations alone. Written beside this script: NAME.units.csv, the mean over marks and
state points of the difference of r from the own fit, for each fold left out.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from temperatures import features

import cagebreak as cb
from cagebreak.learning import PooledRidgeCV, state_point_scores
from cagebreak.learning.folds import configuration_folds
from cagebreak.learning.statistics import Statistics
from cagebreak.study.recipe.selections import LEARNED

HERE = Path(__file__).parent
SEED = 1


def some(point, chosen, factors):
    """Return a state point with some of its configurations and other units of its targets."""
    collection = point.collection
    return replace(
        point,
        collection=replace(
            collection,
            parts=[in_units(collection.parts[i], factors) for i in chosen],
            extremes=collection.extremes[chosen],
            halves=None,
        ),
    )


def in_units(part, factors):
    """Return statistics whose targets are multiplied by factors (T,)."""
    count, mean, _ = part.packed()
    scale = np.r_[np.ones(part.n_features), factors]
    triangle = (part.gram * np.outer(scale, scale))[np.tri(len(scale), dtype=bool)]
    return Statistics.unpacked(count, mean * scale, triangle, part.n_targets)


def main():
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    parser.add_argument("recipes", nargs="+", type=cb.Study)
    parser.add_argument("--marks", nargs="+", type=float)
    parser.add_argument("--degrees", nargs="+", type=int, default=[0])
    wanted = parser.parse_args()
    chosen = features(wanted.recipes[0])
    pooled = cb.pooled(wanted.recipes, chosen, species=["A"], marks=wanted.marks).points
    points, folds = pooled.points("A"), pooled.first.recipe.learning.outer_folds
    rows = []
    for degree in wanted.degrees:
        learner = PooledRidgeCV(degree, weights=LEARNED["weights"])
        for left_out in range(folds):
            for unit in ("mean", "deviation"):
                training = {}
                for name, point in points.items():
                    fold = configuration_folds(len(point.collection), folds, seed=SEED)
                    factors = (
                        point.scale / point.mean if unit == "mean" else np.ones(len(point.mean))
                    )
                    training[name] = some(point, np.flatnonzero(fold != left_out), factors)
                scores = state_point_scores(
                    training, learner, seed=SEED, feature_groups=pooled.feature_groups, folds=3
                )
                means = scores.groupby("fit").difference.mean()
                rows.append({"degree": degree, "left_out": left_out, "unit": unit, **means})
                print(rows[-1], flush=True)
    table = pd.DataFrame(rows).drop(columns="own")
    table.to_csv(HERE / f"{wanted.name}.units.csv", index=False, float_format="%.4f")


if __name__ == "__main__":
    main()
