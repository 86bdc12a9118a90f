"""Paired trials: what a group of columns adds to the recommended set.

Run: python results/collective/trials.py SYSTEM BOTAN FOLDER [TRIAL ...], with SYSTEM `ka044` or
`hs`, the folder of BOTAN's `train/*.npz`, and a folder that keeps states and fields. Rows are
added to trials.csv beside this file.

The learner is that of the recommended set: ridge, centered in each configuration, with correlated
errors; five outer folds of two configurations. Scalars have the weight 3. Alpha and the weight of
the new columns are chosen for each outer fold from errors on the other folds. The columns of a
trial are solved by a Schur complement, so that a trial costs a second.
"""

import csv
import itertools
import sys
import time
from pathlib import Path

import numpy as np
from elasticity import ELASTIC
from fields import FIELDS, Caged
from scipy import sparse
from scipy.linalg import cholesky, solve_triangular

import cagebreak as cb
from cagebreak.descriptors import recommended
from cagebreak.descriptors.base import Features, make_labels
from cagebreak.descriptors.caged.coordination import Coordination
from cagebreak.descriptors.coarse_grained.surroundings import with_surroundings
from cagebreak.learning.folds import configuration_folds
from cagebreak.learning.linear_model.whitening import whitening
from cagebreak.neighbors import neighbor_table
from cagebreak.seeding import stream
from states import CONFIGURATIONS, Source

SEED = 1
CLIP = 6.0
SCALAR_WEIGHT = 3.0
NEW_WEIGHTS = (1.0, 3.0)
ALPHAS = {"ka044": (1e4, 3e4), "hs": (3e3, 1e4, 3e4)}
SECOND_ALPHA = {"ka044": 3e4, "hs": 1e4}
LENGTHS = (0.5, 1.0, 2.0, 3.0, 5.0)
HEADER = ("system", "trial", "columns", "r_before", "r_after", "difference", "low", "high",
          "seconds")  # fmt: skip


class Trials:
    """The recommended set of all configurations, as whitened Gram matrices."""

    def __init__(self, source, others=()):
        self.source, self.training = source, range(len(CONFIGURATIONS[source.system]))
        # Others are never in training, and in no fold.
        self.configurations = [*CONFIGURATIONS[source.system], *others]
        of = configuration_folds(len(self.training), 5, seed=SEED)
        self.folds = [np.flatnonzero(of == k) for k in range(5)]
        self.all_values, self.y, self.matrices, self.of_a, self.starts = [], [], [], [], []
        for c in self.configurations:
            values, self.labels, y = source.recommended(c)
            start = source.load(c)[1]
            a = start.species == 0
            there = cb.Configuration(start.positions[a], start.species[a], start.box)
            self.all_values.append(values)
            self.y.append(y[a] - y[a].mean())
            self.of_a.append(a)
            self.starts.append(start)
            self.matrices.append(whitening(there))
        scalars = recommended.feature_groups(self.labels) == 1
        factors = np.where(scalars, SCALAR_WEIGHT, 1.0)
        rows = [values[a] for values, a in zip(self.all_values, self.of_a, strict=True)]
        self.base = Block(self, rows, factors)
        self.alphas = ALPHAS[source.system]
        self._factors = {}

    def white(self, k, x):
        """Return whitened deviations of the rows of configuration k."""
        z = self.matrices[k] @ (x - x.mean(axis=0))
        return z - z.mean(axis=0)

    def factor(self, training, alpha):
        """Return the Cholesky factor of the base set and the solved targets."""
        key = (tuple(training), alpha)
        if key not in self._factors:
            gram = sum(self.base.gram[k] for k in training)
            gram[np.diag_indices_from(gram)] += alpha
            lower = cholesky(gram, lower=True)
            target = sum(self.base.target[k] for k in training)
            solved = solve_triangular(lower, target, lower=True)
            self._factors[key] = lower.astype(np.float32), solved
        return self._factors[key]

    def solve(self, training, alpha, new=None, weight=1.0):
        """Return the coefficients of the base set and of the new columns."""
        lower, solved = self.factor(training, alpha)
        if new is None:
            return solve_triangular(lower, solved, lower=True, trans=1), None
        cross = weight * sum(new.cross[k] for k in training)
        gram = weight**2 * sum(new.gram[k] for k in training)
        target = weight * sum(new.target[k] for k in training)
        half = solve_triangular(lower, cross.astype(np.float32), lower=True).astype(float)
        schur = gram - half.T @ half
        schur[np.diag_indices_from(schur)] += alpha
        of_new = np.linalg.solve(schur, target - half.T @ solved)
        return solve_triangular(lower, solved - half @ of_new, lower=True, trans=1), weight * of_new

    def predict(self, k, coefficients, new=None, white=False):
        """Return the deviations that coefficients predict in configuration k."""
        of_base, of_new = coefficients
        name = "white" if white else "rows"
        result = getattr(self.base, name)[k] @ of_base
        if of_new is not None:
            result = result + getattr(new, name)[k] @ of_new
        return result - result.mean()

    def without(self, *folds):
        """Return the configurations that are in none of the folds."""
        held_out = np.concatenate(folds)
        return [k for k in self.training if k not in held_out]

    def error(self, fold, coefficients, new):
        """Return the squared whitened error on a fold."""
        return sum(
            ((self.white(k, self.y[k]) - self.predict(k, coefficients, new, white=True)) ** 2).sum()
            for k in fold
        )

    def nested(self, new=None):
        """Return r of each configuration, with alpha and weight from the other folds."""
        weights = (1.0,) if new is None else NEW_WEIGHTS
        choices = list(itertools.product(self.alphas, weights))
        errors = np.zeros((len(self.folds), len(choices)))
        for p, q in itertools.combinations(range(len(self.folds)), 2):
            training = self.without(self.folds[p], self.folds[q])
            for n, (alpha, weight) in enumerate(choices):
                coefficients = self.solve(training, alpha, new, weight)
                errors[p, n] += self.error(self.folds[q], coefficients, new)
                errors[q, n] += self.error(self.folds[p], coefficients, new)
        r = np.zeros(len(self.training))
        for fold, best in zip(self.folds, errors.argmin(axis=1), strict=True):
            alpha, weight = choices[best]
            self.score(fold, self.solve(self.without(fold), alpha, new, weight), new, r)
        return r

    def score(self, fold, coefficients, new, r):
        """Write r of the configurations of a fold."""
        for k in fold:
            r[k] = np.corrcoef(self.predict(k, coefficients, new), self.y[k])[0, 1]

    def second_stage(self, columns_of):
        """Return r with columns made of predictions: held-out ones in training.

        `columns_of` takes the number of a configuration and its predictions.
        """
        r, alpha = np.zeros(len(self.training)), SECOND_ALPHA[self.source.system]
        for fold in self.folds:
            predicted = [None] * len(self.configurations)
            for other in self.folds:
                left_out = (fold,) if other is fold else (fold, other)
                coefficients = self.solve(self.without(*left_out), alpha)
                for k in other:
                    predicted[k] = self.predict(k, coefficients)
            new = Block(self, [columns_of(k, p) for k, p in enumerate(predicted)])
            self.score(fold, self.solve(self.without(fold), alpha, new, SCALAR_WEIGHT), new, r)
        return r


class Block:
    """Standardized columns of the A particles of each configuration, with their products."""

    def __init__(self, trials, rows, factors=1.0):
        rows = [x - x.mean(axis=0) for x in rows]
        known = rows[: len(trials.training)]
        deviation = np.sqrt(sum((x**2).sum(axis=0) for x in known) / sum(map(len, known)))
        kept = deviation > 1e-9
        factors = np.broadcast_to(factors, len(kept))[kept]
        self.rows = [np.clip(x[:, kept] / deviation[kept], -CLIP, CLIP) * factors for x in rows]
        self.white = [trials.white(k, x) for k, x in enumerate(self.rows)]
        base = getattr(trials, "base", self)
        self.gram = [z.T @ z for z in self.white]
        self.cross = [zb.T @ z for zb, z in zip(base.white, self.white, strict=True)]
        white_y = [trials.white(k, y) for k, y in enumerate(trials.y)]
        self.target = [z.T @ y for z, y in zip(self.white, white_y, strict=True)]


def own_scalars(trials, k):
    """Return the particle's own scalars of the recommended set, standardized and clipped."""
    own = (trials.labels.body == 1) & np.isnan(trials.labels.r)
    x = trials.all_values[k][trials.of_a[k]][:, own]
    return np.clip((x - x.mean(axis=0)) / x.std(axis=0), -4, 4)


def products(x):
    """Return all products of two columns."""
    pairs = itertools.combinations_with_replacement(range(x.shape[1]), 2)
    return np.stack([x[:, p] * x[:, q] for p, q in pairs], axis=1)


def quadratic(trials):
    """Products of the particle's own scalars."""
    return [products(own_scalars(trials, k)) for k in range(len(trials.starts))]


def quadratic_around(trials):
    """Products of the particle's own scalars and their averages over 1 sigma."""
    labels, rows = trials.labels, []
    near = [(labels.body == 1) & (labels.r == 1.0) & (labels.species == name) for name in "AB"]
    for k, values in enumerate(trials.all_values):
        x = np.concatenate([values[trials.of_a[k]][:, chosen] for chosen in near], axis=1)
        around = np.clip((x - x.mean(axis=0)) / (x.std(axis=0) + 1e-12), -4, 4)
        rows.append(products(np.concatenate([own_scalars(trials, k), around], axis=1)))
    return rows


def longer(trials):
    """Averages of the scalars over 5 sigma."""
    own, rows = (trials.labels.body == 1) & np.isnan(trials.labels.r), []
    for values, start, a in zip(trials.all_values, trials.starts, trials.of_a, strict=True):
        features = Features(values[:, own], trials.labels[own].copy())
        around = with_surroundings(features, start, 2, (5.0,)).values
        rows.append(around[a][:, own.sum() :])
    return rows


def from_few_samples(trials):
    """The coordination in the thirty samples a chain of the recommended set."""
    rows = []
    for c, a in zip(trials.configurations, trials.of_a, strict=True):
        model, start, _ = trials.source.load(c)
        cage = trials.source.cage(c, model, start)
        own = Coordination(model).compute(cage)
        rows.append(with_surroundings(own, cage.configuration, model.n_species).values[a])
    return rows


def of_fields(name, columns=None):
    """Return a trial: a group of fields and their averages over neighbors, or some of them."""

    def rows_of(trials):
        rows = []
        for c, a in zip(trials.configurations, trials.of_a, strict=True):
            values, n = fields_of(trials.source, c, name)
            chosen = np.arange(n) if columns is None else np.array(columns)
            every = np.arange(0, values.shape[1], n)[:, None]
            rows.append(values[a][:, (every + chosen).ravel()])
        return rows

    return rows_of


def fields_of(source, c, name):
    """Return a group of fields with averages (N, 9 n), and their number n."""
    file = source.fields(c, name)
    if not file.exists():
        model, start, _ = source.load(c)
        wide = source.chain(c, model, start, cell=0.8) if name == "wide" else None
        caged = Caged(
            model, start, source.inherent(c, model, start), source.chains(c, model, start), wide
        )
        began = time.process_time()
        columns = np.stack((FIELDS | ELASTIC)[name](caged), axis=1)
        taken = time.process_time() - began
        labels = make_labels(name, 1, "cage", [{"n": k} for k in range(columns.shape[1])])
        values = with_surroundings(Features(columns, labels), caged.cage, model.n_species).values
        np.savez(
            file, values=values.astype(np.float32), k=columns.shape[1], seconds=taken
        )  # fmt: skip
    read = np.load(file)
    return read["values"].astype(float), int(read["k"])


def seconds_of(trials, name, taken):
    """Return the CPU time a configuration of fields, from their files, else `taken`."""
    group = name.split(",")[0]
    if group not in FIELDS | ELASTIC or name == "coordination, few samples":
        return taken
    files = [trials.source.fields(c, group) for c in trials.configurations]
    return float(np.mean([np.load(file)["seconds"] for file in files]))


def message(trials):
    """Return r with averages of predictions over neighbors, and the most mobile of them."""
    averages = []
    for start, a in zip(trials.starts, trials.of_a, strict=True):
        there = cb.Configuration(start.positions[a], start.species[a], start.box)
        table = neighbor_table(there, 10.0)
        i, j = table.pairs.T
        of_one = []
        for length in LENGTHS:
            near = table.distances < 2.5 * length
            weights = np.exp(-table.distances[near] / length)
            matrix = sparse.csr_array((weights, (i[near], j[near])), shape=(a.sum(), a.sum()))
            norms = np.maximum(np.asarray(matrix.sum(axis=1)).ravel(), 1e-9)
            of_one.append(sparse.diags_array(1 / norms) @ matrix)
        averages.append(of_one)

    def columns_of(k, predicted):
        means = [matrix @ predicted for matrix in averages[k]]
        boosted = np.exp(2 * predicted / predicted.std())
        highest = [np.log(matrix @ boosted + 1e-3) for matrix in averages[k][:3]]
        return np.stack([predicted, *means, *highest], axis=1)

    return trials.second_stage(columns_of)


def powers_of(predicted):
    """Return the prediction over its standard deviation (n, 1), and its first three powers."""
    p = (predicted / predicted.std())[:, None]
    return p, np.concatenate([p, p**2, p**3], axis=1)


def powers(trials):
    """Return r with the square and the cube of the prediction."""
    return trials.second_stage(lambda k, predicted: powers_of(predicted)[1])


def predicted_products(trials):
    """Return r with powers of the prediction, and its products with the own scalars."""

    def columns_of(k, predicted):
        p, powers = powers_of(predicted)
        return np.concatenate([powers, p * own_scalars(trials, k)], axis=1)

    return trials.second_stage(columns_of)


def predicted_and_coordination(trials):
    """Return r with these, with the coordination and with its products with the prediction."""
    rows = COLUMNS["coordination"](trials)

    def columns_of(k, predicted):
        p, powers = powers_of(predicted)
        own = rows[k][:, :4]
        own = np.clip((own - own.mean(axis=0)) / own.std(axis=0), -4, 4)
        return np.concatenate([powers, p * own_scalars(trials, k), p * own, rows[k]], axis=1)

    return trials.second_stage(columns_of)


def quadratic_and_coordination(trials):
    """Products of the particle's own scalars, and the coordination."""
    both = zip(quadratic(trials), COLUMNS["coordination"](trials), strict=True)
    return [np.concatenate(rows, axis=1) for rows in both]


COLUMNS = (
    {name: of_fields(name) for name in (*FIELDS, *ELASTIC)}
    | {"coordination, mean": of_fields("coordination", [3])}
    | {"coordination, few samples": from_few_samples}
    | {"quadratic": quadratic, "quadratic, around": quadratic_around, "longer": longer}
    | {"quadratic, coordination": quadratic_and_coordination}
)
STAGES = {
    "message": message,
    "prediction, powers": powers,
    "prediction, products": predicted_products,
    "prediction, coordination": predicted_and_coordination,
}


def interval(differences):
    """Return mean and 95 % bootstrap interval over configurations."""
    drawn = stream(SEED, "bootstrap").integers(len(differences), size=(4000, len(differences)))
    return differences.mean(), *np.quantile(differences[drawn].mean(axis=1), (0.025, 0.975))


def main(system, botan, kept, *names):
    """Add a row of each trial to the table."""
    trials = Trials(Source(system, Path(botan), Path(kept)))
    before = trials.nested()
    table = Path(__file__).with_name("trials.csv")
    new_table = not table.exists()
    with table.open("a", newline="") as file:
        writer = csv.writer(file)
        if new_table:
            writer.writerow(HEADER)
        for name in names or (*COLUMNS, *STAGES):
            began = time.process_time()
            if name in STAGES:
                n_columns, after = "", STAGES[name](trials)
                taken = (time.process_time() - began) / len(before)
            else:
                rows = COLUMNS[name](trials)
                taken = seconds_of(trials, name, (time.process_time() - began) / len(before))
                after = trials.nested(Block(trials, rows))
                n_columns = rows[0].shape[1]
            scores = [before.mean(), after.mean(), *interval(after - before)]
            row = [system, name, n_columns, *(f"{x:.4f}" for x in scores), f"{taken:.1f}"]
            writer.writerow(row)
            file.flush()
            print(*row, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
