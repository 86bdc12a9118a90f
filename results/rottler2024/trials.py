"""Trials that explain where the numbers of this study differ from the paper's.

Run, after rottler2024.py: python results/rottler2024/trials.py FOLDER RECIPE... [--r-cut 4]
[--out results/rottler2024] [--only chance ...]

FOLDER has the features that rottler2024.py kept; a further study of the same model, as of the trial
"state", needs a folder of its own. The rows of a study replace its former ones.
"""

import argparse
from pathlib import Path

import numpy as np
from data import descriptors, keep
from rottler2024 import FOLDS, RESAMPLES, SEED, pooled, write

import cagebreak as cb
import figures
from cagebreak.learning import (
    Labeled,
    LogisticRegressionCV,
    accuracy_curve,
    configuration_folds,
    pearson,
)
from cagebreak.learning.scores import interval, resamples
from cagebreak.seeding import stream

ONE = LogisticRegressionCV(alphas=(1.0,))
DRAWS = 200
"""Random permutations and swaps of classes."""
PENALTIES = (0.01, 0.1, 1.0, 10.0, 100.0, 1e3, 1e4)
TOP = 0.05
"""Share of the particles whose overlap is counted, that of the active ones."""


def chance(study, kept, labels):
    """The accuracy of one feature, and that of its classes permuted or swapped.

    Classes are permuted among the particles of each configuration, as if they were independent; or
    active and inactive are swapped in whole configurations, so that particles that move together
    stay together. Over all configurations a feature without information differs little between the
    classes. If it is larger for active particles in the configurations left out, it is therefore
    smaller in the others, and the prediction is wrong.
    """
    data = [one for one in kept.labeled() if len(one)]
    single = [Labeled(one.features[:, :1], one.active) for one in data]
    random = stream(SEED, "permutations")
    permuted, swapped = [], []
    for _ in range(DRAWS):
        permuted.append(_alone([random.permutation(one.active) for one in single], single))
        turned = random.random(len(single)) < 0.5
        swapped.append(
            _alone([one.active ^ t for one, t in zip(single, turned, strict=True)], single)
        )
    X, y, groups = pooled(single)
    fitted = ONE.fit(X, y, groups=groups)
    larger = [one.features[one.active].mean() > one.features[~one.active].mean() for one in single]
    own = [max(right, len(one) - right) for one in single for right in [_split(one)]]
    yield {
        "accuracy": _alone([one.active for one in single], single),
        "training": float((fitted.predict(X) == y).mean()),
        "own": float(sum(own) / len(X)),
        **_range("permuted", permuted), **_range("swapped", swapped),
        "larger": int(sum(larger)), "configurations": len(single),
    }  # fmt: skip


def _alone(classes, single):
    """Return the accuracy of one feature with these classes."""
    data = [Labeled(one.features, active) for one, active in zip(single, classes, strict=True)]
    table = accuracy_curve(data, [1], learner=ONE, folds=FOLDS, seed=SEED)
    return float(table["accuracy"][0])


def _split(one):
    """Return how many particles of a configuration its mean separates, larger ones as active."""
    above = one.features[:, 0] > one.features[:, 0].mean()
    return int((above == one.active).sum())


def _range(name, values):
    low, middle, high = np.quantile(values, [0.025, 0.5, 0.975]).tolist()
    return {name: middle, f"{name}_low": low, f"{name}_high": high}


def overfitting(study, kept, labels):
    """The accuracy in training and on configurations left out, for each penalty and block."""
    data = [one for one in kept.labeled() if len(one)]
    fold = configuration_folds(len(data), FOLDS, seed=SEED)
    for n in figures.blocks(labels):
        for alpha in PENALTIES:
            right, seen = np.zeros(len(data)), []
            for k in range(fold.max() + 1):
                X, y, _ = pooled([one for one, f in zip(data, fold, strict=True) if f != k])
                fitted = LogisticRegressionCV(alphas=(alpha,)).fit(X[:, :n], y)
                seen.append((fitted.predict(X[:, :n]) == y).mean())
                for i in np.flatnonzero(fold == k):
                    told = fitted.predict(data[i].features[:, :n])
                    right[i] = (told == data[i].active).sum()
            particles = np.array([len(one) for one in data])
            drawn = resamples(len(data), RESAMPLES, seed=SEED)
            low, high = interval((drawn @ right) / (drawn @ particles), len(data)).tolist()
            yield {
                "n_features": n, "alpha": alpha, "training": float(np.mean(seen)),
                "accuracy": float(right.sum() / particles.sum()), "low": low, "high": high,
            }  # fmt: skip


def runs(study, kept, labels):
    """The accuracy with classes from half of the runs and from all of them; of thermal studies."""
    n_runs = study.recipe.isoconfigurational.n_runs
    several = [("all", n_runs, kept.labeled())]
    several += [(f"half {h}", n_runs // 2, kept.labeled_by(kept.halves(h))) for h in (0, 1)]
    for name, number, data in several:
        wanted = [1, *figures.blocks(labels)[:-1]]
        table = accuracy_curve(data, wanted, folds=FOLDS, seed=SEED)
        for row in table.to_dict("records"):
            yield {"of": name, "runs": number} | row


def agreement(study, kept, labels):
    """Pearson r of D2min and displacement of A, and how many of the top 5 % they share."""
    r, shared = [], []
    for c in range(study.n_configurations):
        one, other = (of_a(study, c, target) for target in ("d2min", "displacement"))
        r.append(float(pearson(one, other)))
        n = int(TOP * len(one))
        both = set(np.argsort(one)[-n:].tolist()) & set(np.argsort(other)[-n:].tolist())
        shared.append(len(both) / n)
    for name, values in (("r", r), ("shared", shared)):
        drawn = resamples(len(values), RESAMPLES, seed=SEED) @ np.array(values) / len(values)
        low, high = interval(drawn, len(values)).tolist()
        yield {"of": name, "value": float(np.mean(values)), "low": low, "high": high}


def of_a(study, c, target):
    """Return a quantity of the A particles of a configuration, at the time nearest to tau_alpha."""
    measured = study.propensity(c, target)
    tau = study.relaxation()["A"]
    k = -1 if np.isnan(tau) else int(np.abs(np.log(measured.times / tau)).argmin())
    return measured.mean[k][study.configuration(c).species == 0]


def displacement(study, kept, labels):
    """The accuracy with classes by displacement in place of D2min, of the same runs."""
    moved = [of_a(study, c, "displacement") for c in range(study.n_configurations)]
    numbers = [1, *figures.blocks(labels)[:-1]]
    table = accuracy_curve(kept.labeled_by(moved), numbers, folds=FOLDS, seed=SEED)
    yield from table.to_dict("records")


def times(study, kept, labels):
    """The accuracy with classes by D2min at other times of the same runs."""
    measured = [study.propensity(c, "d2min") for c in range(study.n_configurations)]
    numbers = [1, *figures.blocks(labels)[:-2]]
    for k, time in enumerate(measured[0].times):
        moved = [of.mean[k][of.species == 0] for of in measured]
        table = accuracy_curve(kept.labeled_by(moved), numbers, folds=FOLDS, seed=SEED)
        for row in table.to_dict("records"):
            yield {"time": float(time)} | row


def state(study, kept, labels):
    """The accuracy of pairs, of further studies of the same model. tau_alpha is that of A."""
    numbers = [1, *figures.blocks(labels)[:-2]]
    table = accuracy_curve(kept.labeled(), numbers, folds=FOLDS, seed=SEED)
    tau = study.relaxation()["A"]
    for row in table.to_dict("records"):
        yield row | {"tau_alpha": tau}


def particles(study, kept, labels):
    """The accuracy with particles held out at random, in place of whole configurations.

    A particle is then told from its neighbors, which move with it and see the same structure.
    """
    X, y, groups = pooled(kept.labeled())
    fold = stream(SEED, "particles").permutation(len(y)) % FOLDS
    number = np.bincount(groups)
    drawn = resamples(len(number), RESAMPLES, seed=SEED)
    for n in (1, *figures.blocks(labels)[:-1]):
        right = np.zeros(len(y))
        for k in range(FOLDS):
            fitted = LogisticRegressionCV().fit(X[fold != k, :n], y[fold != k])
            right[fold == k] = fitted.predict(X[fold == k, :n]) == y[fold == k]
        of_each = np.bincount(groups, right)
        low, high = interval((drawn @ of_each) / (drawn @ number), len(number)).tolist()
        accuracy = float(right.mean())
        yield {"n_features": n, "accuracy": accuracy, "low": low, "high": high}


TRIALS = {
    "chance": chance,
    "overfitting": overfitting,
    "runs": runs,
    "agreement": agreement,
    "displacement": displacement,
    "times": times,
    "state": state,
    "particles": particles,
}
OF_STATES = ("state", "particles")
"""Trials of several studies of a model, whose rows say which."""
OF_SHEAR = ("chance", "overfitting")
"""Trials of sheared glasses too."""


def main():
    """Make the tables of the trials."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("recipes", type=Path, nargs="+", metavar="recipe")
    parser.add_argument("--r-cut", type=float, default=4.0)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    parser.add_argument("--only", nargs="+", choices=TRIALS, default=list(TRIALS))
    wanted = parser.parse_args()
    wanted.out.mkdir(parents=True, exist_ok=True)
    for recipe in wanted.recipes:
        study = cb.Study(recipe)
        name = f"{wanted.r_cut:g}"
        sets = descriptors(study.recipe.model, [wanted.r_cut], wanted.r_cut, False)
        kept, said = keep(recipe, wanted.folder, sets)
        key = {"system": said["system"], "way": said["way"], "r_cut": name}
        thermal = said["way"] == "thermal"
        for trial in wanted.only:
            if thermal or trial in OF_SHEAR:
                found = list(TRIALS[trial](study, kept[name], sets[name].labels()))
                of = {name: said[name] for name in ("temperature", "configurations", "particles")}
                of |= {name: said[name] for name in ("runs", "time", "d2min_cutoff")}
                write(
                    wanted.out / f"trial.{trial}.csv",
                    key | (of if trial in OF_STATES else {}),
                    found,
                )
                print(*key.values(), trial, flush=True)


if __name__ == "__main__":
    main()
