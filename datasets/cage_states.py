"""Measure how well the recommended model predicts from the mean over several cage states.

    python datasets/cage_states.py [--work FOLDER] [--states N] [--out FILE] DATASET C ...

The recommended model of a data set, whose descriptors `datasets/pretrained.py` has computed in
FOLDER, is fitted without configuration C. It predicts the propensity of the A particles of this
configuration from each of N cage states, the first of which is that of the study. The rows of FILE
have r of the mean over n of the N predictions: its mean, its lowest and its highest value over all
choices of n, at the time of the best r. For a linear fit the mean of predictions is the prediction
from mean features, but for features that are cut off.
"""

import argparse
import itertools
import time
from pathlib import Path

import numpy as np
import pandas as pd

import cagebreak as cb
from cagebreak._atomic import replacing
from cagebreak.descriptors.recommended import feature_groups
from cagebreak.learning import RidgeCV
from cagebreak.seeding import seed_sequence
from cagebreak.study.analysis import model_file
from cagebreak.study.analysis.samples import StudySamples

SELECTION = "recommended"
SEED = 77
FILE = Path(__file__).parents[1] / "docs" / "pretrained" / "cage_states.csv"


class Without:
    """Samples of a study without those of one configuration."""

    def __init__(self, samples, left_out):
        self._samples, self.recipe = samples, samples.recipe
        self._kept = [c for c in range(len(samples)) if c != left_out]

    def __len__(self):
        return len(self._kept)

    def __getitem__(self, k):
        return self._samples[self._kept[k]]


def fitted_without(study, c):
    """Return the model of A particles, fitted to all configurations but one."""
    recipe, settings = study.recipe, study.recipe.learning
    group, labels = model_file._group(recipe, SELECTION)
    read = labels[np.isin(labels.source, group.sources)][group.read]
    samples = Without(StudySamples(study.store, recipe, [0], group.sources, group.read), c)
    folds = min(settings.outer_folds, len(samples))
    ridge = RidgeCV(
        alphas=settings.alphas, folds=folds, clip=settings.clip, seed=recipe.study.seed,
        **group.learned,
    )  # fmt: skip
    fit = model_file._fit(ridge, samples, group, feature_groups(read.view(np.recarray)), None)
    return model_file.SavedModel(recipe, SELECTION, study.propensity(c).times, {0: fit})


def rows_of(study, name, c, n_states):
    """Return the rows of a configuration."""
    model, start, measured = fitted_without(study, c), study.configuration(c), study.propensity(c)
    of_a = start.species == 0
    seeds = [seed_sequence(study.recipe.study.seed, "cage", c)]
    seeds += [seed_sequence(SEED, "trial", k) for k in range(1, n_states)]
    began = time.process_time()
    predicted = [model.apply(start, seed, cage_states=1).values[:, of_a] for seed in seeds]
    seconds = (time.process_time() - began) / n_states
    return rows(name, c, predicted, measured.mean[:, of_a], measured.times, seconds)


def rows(name, c, predicted, measured, times, seconds):
    """Return r of the mean over each number of predictions, at the time of the best r."""

    def correlations(n, t):
        return [
            np.corrcoef(np.mean([p[t] for p in chosen], axis=0), measured[t])[0, 1]
            for chosen in itertools.combinations(predicted, n)
        ]

    best = max(range(len(times)), key=lambda t: np.mean(correlations(1, t)))
    found = []
    for n in range(1, len(predicted) + 1):
        r = correlations(n, best)
        found.append((name, c, times[best], n, np.mean(r), min(r), max(r), n * seconds))
    return found


def main():
    """Measure the configurations that the command line names, and add them to the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset")
    parser.add_argument("configuration", nargs="+", type=int)
    parser.add_argument("--work", type=Path, default=Path("run") / "pretrained")
    parser.add_argument("--states", type=int, default=6)
    parser.add_argument("--out", type=Path, default=FILE)
    options = parser.parse_args()
    (recipe,) = (options.work / options.dataset).glob("*.toml")
    study = cb.Study(recipe)
    found = [
        row
        for c in options.configuration
        for row in rows_of(study, options.dataset, c, options.states)
    ]
    write(options.out, found)


COLUMNS = ("dataset", "configuration", "time", "cage_states", "r", "lowest", "highest", "seconds")


def write(path, found):
    """Write rows to a file, in place of its rows of the same configurations."""
    table, about = pd.DataFrame(found, columns=COLUMNS), list(COLUMNS[:2])
    if path.exists():
        earlier = pd.read_csv(path)
        again = pd.MultiIndex.from_frame(earlier[about]).isin(
            pd.MultiIndex.from_frame(table[about])
        )
        table = pd.concat([earlier[~again], table])
    with replacing(path) as temporary:
        table.sort_values([*about, "cage_states"]).to_csv(
            temporary, index=False, float_format="%.5g"
        )


if __name__ == "__main__":
    main()
