"""How well linear classifiers on the cluster expansion tell who rearranges, of finished studies.

Run: python results/rottler2024/rottler2024.py FOLDER RECIPE... [--r-cut 2 2.5 3 4] [--main 4]
[--out results/rottler2024] [--only accuracy ...]

A recipe is that of a thermal study with inherent states and D2min, or of a shear. Features are kept
in FOLDER, so that a second run only fits; give another one if a recipe changes. In every table the
rows of a study and a cut-off take the place of the former ones, and all figures are drawn anew from
the tables.
"""

import argparse
import csv
import time
from pathlib import Path

import numpy as np
from data import descriptors, keep
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

import cagebreak as cb
import figures
from cagebreak.learning import (
    ARDRegression,
    Labeled,
    LogisticRegressionCV,
    Standardizer,
    accuracy_against_data,
    accuracy_curve,
    evaluate,
    pair_functions,
    sequential_selection,
)
from cagebreak.learning.scores import interval, resamples

SEED = 1
FOLDS = 10
"""Of configurations; each is a fold of its own if there are fewer."""
RESAMPLES = 2000
SIZES = (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000)
SELECTED = 15
"""How many features are selected one by one."""
SVM = GridSearchCV(
    make_pipeline(Standardizer(), LinearSVC(random_state=0, max_iter=100_000)),
    {"linearsvc__C": [1e-4, 1e-3, 1e-2]},
    # Rows come configuration by configuration, so folds in a row hold out configurations, nearly.
    cv=KFold(5),
)


def sizes(labels, most=np.inf):
    """Return numbers of features up to the most, ends of blocks among them."""
    found = {n for n in SIZES if n < len(labels)} | set(figures.blocks(labels))
    return sorted(n for n in found if n <= most)


def rows_of(table, **further):
    """Return the rows of a table as dictionaries."""
    return [further | row for row in table.to_dict("records")]


def accuracy(kept, sets, main):
    """Accuracy against the number of features, in the order of the basis; figure 3."""
    for r_cut, labels in papers(sets):
        table = accuracy_curve(kept[r_cut].labeled(), sizes(labels), folds=FOLDS, seed=SEED)
        yield from rows_of(table, r_cut=r_cut)


def orders(kept, sets, main):
    """Accuracy in other orders of the terms of two and three bodies; figure 5."""
    data, n = few_bodies(kept, sets, main)
    for order, name, most in (
        ("sequential", "sequential selection", SELECTED),
        ("principal", "principal components", n),
    ):
        wanted = sizes(sets[main].labels(), most)
        table = accuracy_curve(data, wanted, order, folds=FOLDS, seed=SEED)
        yield from rows_of(table, r_cut=main, order=name)


def selected(kept, sets, main):
    """The features of sequential selection, and how often each is of the first two; figure 5."""
    data, _ = few_bodies(kept, sets, main)
    labels = sets[main].labels()
    chosen = sequential_selection(*pooled(data), SELECTED, folds=FOLDS, seed=SEED)
    without = [
        sequential_selection(*pooled(data[:k] + data[k + 1 :]), 2, folds=FOLDS, seed=SEED).order
        for k in range(len(data))
    ]
    for rank, (column, score) in enumerate(zip(*chosen, strict=True), 1):
        yield {
            "r_cut": main, "rank": rank, "feature": figures.feature(labels[column]),
            "accuracy": float(score), "first_two": sum(column in pair for pair in without),
            "configurations": len(data),
        }  # fmt: skip


def firsts(kept, sets, main):
    """The accuracy of two features: those that the paper prints, and those selected of all pairs.

    The paper prints A1 of the polymer, B1 and A1 or A8 and A7 of mixtures.
    """
    data, _ = few_bodies(kept, sets, main)
    labels = sets[main].labels()
    names = [figures.feature(label) for label in labels]
    n_pairs = int((labels.body == 2).sum())
    X, y, groups = pooled(data)
    of_pairs = sequential_selection(X[:, :n_pairs], y, groups, 2, folds=FOLDS, seed=SEED).order
    tried = {"selected of pairs": of_pairs.tolist()}
    for pair in (("A1", "B1"), ("A8", "A7")) if "B1" in names else (("A1",),):
        tried["printed " + " ".join(pair)] = [names.index(name) for name in pair]
    for name, columns in tried.items():
        table = accuracy_curve(data, [len(columns)], columns, folds=FOLDS, seed=SEED)
        features = " ".join(names[column] for column in columns)
        yield from rows_of(table, r_cut=main, order=name, features=features)


def few_bodies(kept, sets, main):
    """Return configurations with the terms of two and three bodies alone, and their number."""
    n = int((sets[main].labels().body <= 3).sum())
    data = [one for one in kept[main].labeled() if len(one)]
    return [Labeled(one.features[:, :n], one.active) for one in data], n


def gains(kept, sets, main):
    """What each block of features adds to the accuracy, in pairs: the same particles with both."""
    for r_cut, labels in papers(sets):
        data = [one for one in kept[r_cut].labeled() if len(one)]
        ends = [1, *figures.blocks(labels)]
        right = np.array([[told_right(data, i, n) for i in range(len(data))] for n in ends])
        drawn = resamples(len(data), RESAMPLES, seed=SEED)
        particles = np.array([len(one) for one in data])
        for before, after, more in zip(ends, ends[1:], np.diff(right, axis=0), strict=False):
            resampled = (drawn @ more) / (drawn @ particles)
            low, high = interval(resampled, len(data)).tolist()
            yield {
                "r_cut": r_cut, "before": before, "after": after,
                "gain": float(more.sum() / particles.sum()), "low": low, "high": high,
                "configurations": int((more > 0).sum()),
            }  # fmt: skip


def told_right(data, i, n, **options):
    """Return of how many particles of a configuration n features of the others tell the class."""
    X, y, groups = pooled([one for k, one in enumerate(data) if k != i])
    fitted = LogisticRegressionCV(**options).fit(X[:, :n], y, groups=groups)
    return (fitted.predict(data[i].features[:, :n]) == data[i].active).sum()


def learning(kept, sets, main):
    """Accuracy against the number of training configurations, by blocks; supplement, figure 6."""
    labels = sets[main].labels()
    data = [one for one in kept[main].labeled() if len(one)]
    most = len(data) - -(-len(data) // min(FOLDS, len(data)))
    counts = sorted({n for n in (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 100) if n < most} | {most})
    for end in figures.blocks(labels):
        table = accuracy_against_data(data, counts, slice(0, end), folds=FOLDS, seed=SEED)
        yield from rows_of(table, r_cut=main, features=figures.block(labels[:end]))


def regression(kept, sets, main):
    """Pearson r of D2min by ARD; supplement, figure 7.

    The paper's data set is that of figure 3, hence the active and the inactive particles. At the
    main cut-off all particles are fitted too, with whole blocks of features.
    """
    for r_cut, labels in papers(sets):
        subsets = [("labeled", sizes(labels))]
        if r_cut == main:
            subsets.append(("all", figures.blocks(labels)))
        for particles, numbers in subsets:
            samples = kept[r_cut].samples(every=particles == "all")
            columns = {str(n): slice(0, n) for n in numbers}
            found = evaluate(ARDRegression(), samples, seed=SEED, columns=columns, folds=FOLDS)
            for row in found.table.to_dict("records"):
                scores = {k: row[k] for k in ("n_features", "r", "low", "high")}
                yield {"r_cut": r_cut, "particles": particles} | scores


def variants(kept, sets, main):
    """Accuracy of all features: other transforms, not purified, and another classifier."""
    for name, key, learner in (
        ("as the paper", main, None),
        ("r0 = 1", f"{main} r0", None),
        ("not purified", f"{main} plain", None),
        ("support vectors", main, SVM),
    ):
        data, n = kept[key].labeled(), len(sets[main].labels())
        table = accuracy_curve(data, [n], "basis", learner, FOLDS, seed=SEED)
        yield from rows_of(table, r_cut=main, variant=name)


def distribution(kept, sets, main):
    """The first radial descriptor, A1, of every labeled particle; figure 4."""
    X, y, _ = pooled(kept[main].labeled())
    for value, active in zip(X[:, 0], y, strict=True):
        yield {"r_cut": main, "value": value, "active": int(active)}


def pairs(kept, sets, main):
    """The pair functions of fits to all configurations; equations 12 and 13."""
    descriptor = sets[main]
    labels = descriptor.labels()
    X, y, groups = pooled(kept[main].labeled())
    r = np.linspace(0.8, descriptor.r_cut, 171)
    for model, n in (("pairs", int((labels.body == 2).sum())), ("all", len(labels))):
        fitted = LogisticRegressionCV().fit(X[:, :n], y, groups=groups)
        functions = pair_functions(descriptor, fitted, r, slice(0, n))
        for species, function in zip("ABCD", functions, strict=False):
            for distance, u in zip(r, function, strict=True):
                yield {
                    "r_cut": main, "features": model, "species": species, "r": distance, "u": u,
                }  # fmt: skip


TABLES = {
    "accuracy": accuracy,
    "orders": orders,
    "selected": selected,
    "firsts": firsts,
    "gains": gains,
    "learning": learning,
    "regression": regression,
    "variants": variants,
    "distribution": distribution,
    "pairs": pairs,
}


def papers(sets):
    """Yield cut-off and labels of the paper's sets."""
    for name, descriptor in sets.items():
        if " " not in name:
            yield name, descriptor.labels()


def pooled(data):
    """Return features and classes of all configurations, and which one each row is of."""
    X = np.concatenate([one.features for one in data])
    y = np.concatenate([one.active for one in data])
    return X, y, np.repeat(np.arange(len(data)), [len(one) for one in data])


def write(path, study, rows):
    """Put the rows of a study into a table, in place of those of the same cut-off that it had."""
    rows = [{k: printed(v) for k, v in (study | row).items()} for row in rows]
    keys = [name for name in (*study, "r_cut") if name in rows[0]]
    new = {tuple(row[name] for name in keys) for row in rows}
    former = figures.read(path) if path.exists() else []
    replaced = [tuple(row[name] for name in keys) in new for row in former]
    kept = [row for row, gone in zip(former, replaced, strict=True) if not gone]
    # The order of the rows is that of the panels: a study repeated keeps its place.
    place = replaced.index(True) if any(replaced) else len(former)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows([*kept[:place], *rows, *kept[place:]])


def printed(value):
    """Return a value as a table has it."""
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def main():
    """Make features, tables and figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("recipes", type=Path, nargs="*", metavar="recipe")
    parser.add_argument("--r-cut", type=float, nargs="+", default=[2.0, 2.5, 3.0, 4.0])
    parser.add_argument("--main", type=float, default=4.0, help="cut-off of figures 1, 2, 4 to 6")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    parser.add_argument("--only", nargs="+", choices=TABLES, default=list(TABLES))
    wanted = parser.parse_args()
    wanted.out.mkdir(parents=True, exist_ok=True)
    for recipe in wanted.recipes:
        model = cb.Study(recipe).recipe.model
        cutoffs = sorted({*wanted.r_cut, wanted.main})
        sets = descriptors(model, cutoffs, wanted.main, "variants" in wanted.only)
        kept, said = keep(recipe, wanted.folder, sets)
        study = {"system": said.pop("system"), "way": said.pop("way")}
        labeled = kept[f"{wanted.main:g}"].labeled()
        said["usable"] = sum(len(one) > 0 for one in labeled)
        said["active"] = int(sum(one.active.sum() for one in labeled))
        write(wanted.out / "studies.csv", study, [said])
        for name in wanted.only:
            began = time.process_time()
            found = TABLES[name](kept, sets, f"{wanted.main:g}")
            write(wanted.out / f"{name}.csv", study, list(found))
            print(*study.values(), name, f"{time.process_time() - began:.0f} s", flush=True)
    if not wanted.recipes:
        figures.draw(wanted.out, f"{wanted.main:g}")
        figures.summary(wanted.out, f"{wanted.main:g}")


if __name__ == "__main__":
    main()
