"""Paired trials: what the ends of runs add to the training of ridge.

Run: python results/time-reversal/trials.py BOTAN FOLDER SET RUNS [RUNS ...]. Rows are added to
trials.csv beside this file. SET is `quick` or `cage`, or `both`, which takes the numbers of ends of
`cage` and of `quick`. `test` takes the same, and writes r of the test configurations to test.csv.

The learner is ridge, centered in each configuration, with correlated errors; five outer folds of
two configurations. Alpha and the weight of the ends are those with the highest r on the other
folds. The ends of a configuration are never in training when it is predicted.
"""

import csv
import itertools
import sys
from pathlib import Path

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from cagebreak.bootstrap import interval, resamples
from cagebreak.learning.folds import configuration_folds
from states import Source, Start, of_end

SEED = 1
CONFIGURATIONS, TEST = range(1, 11), (401, 402)
SCALAR_WEIGHT = 3.0
ALPHAS = (3e3, 1e4, 3e4)
SHARES = (0.0, 0.1, 0.3, 1.0)
"""Weights of the rows of ends, where those of starts have 1."""
TARGETS = ("displacement", "bounded")
HEADER = ("set", "starts", "runs", "target", "r_before", "r_after", "difference", "low", "high",
          "share", "alpha")  # fmt: skip


class Nested:
    """Ridge from starts and ends, with penalty and weight of the ends from training folds."""

    def __init__(self, starts, ends, target=0, n_starts=None):
        self.starts, self.ends, self.target = starts, ends, target
        self.n_starts = n_starts
        of = configuration_folds(len(starts), 5, seed=SEED)
        self.folds = [np.flatnonzero(of == k) for k in range(of.max() + 1)]
        self.factors = np.where(starts[0].labels.body == 1, SCALAR_WEIGHT, 1.0)

    def fits(self, training, shares, alphas):
        """Return the coefficients (F, M) of clipped deviations for each share and alpha."""
        training = training[: self.n_starts]
        grams = [self.starts[k].gram for k in training]
        squares = sum(gram.squares for gram in grams) / sum(gram.count for gram in grams)
        deviation = np.sqrt(squares)
        d = np.where(deviation > 1e-9, self.factors / np.maximum(deviation, 1e-9), 0)
        d = d.astype(np.float32)
        xx, xy = sum(gram.xx for gram in grams), sum(gram.xy for gram in grams)[:, 0]
        if any(shares):
            end_xx = sum(self.ends[k].xx for k in training)
            end_xy = sum(self.ends[k].xy for k in training)[:, self.target]
        made = []
        for share in shares:
            both, of_both = (xx + share * end_xx, xy + share * end_xy) if share else (xx, xy)
            scaled = d[:, None] * both * d
            for alpha in alphas:
                lifted = scaled.copy()
                lifted[np.diag_indices_from(lifted)] += alpha
                factor = cho_factor(lifted, lower=True, overwrite_a=True, check_finite=False)
                made.append(d * cho_solve(factor, d * of_both))
        return np.stack(made, axis=1).astype(np.float32)

    def predict(self, k, w):
        """Return the predictions of a start with coefficients (F, M)."""
        return (self.starts[k].x @ w).astype(float)

    def correlations(self, k, w):
        """Return r of the predictions of a start, (M,)."""
        start, predicted = self.starts[k], self.predict(k, w)
        return [np.corrcoef(of_one, start.y)[0, 1] for of_one in predicted.T]

    def run(self, shares, alphas=ALPHAS):
        """Fit without each fold, and without each pair of folds."""
        n, every = len(self.folds), set(range(len(self.starts)))
        self.choices = list(itertools.product(shares, alphas))
        self.fitted = {}
        self.inner = np.zeros((n, len(self.choices)))
        for p, q in itertools.combinations_with_replacement(range(n), 2):
            training = sorted(every - {*self.folds[p], *self.folds[q]})
            w = self.fitted[p, q] = self.fitted[q, p] = self.fits(training, shares, alphas)
            if p != q:
                self.inner[p] += sum(np.array(self.correlations(k, w)) for k in self.folds[q])
                self.inner[q] += sum(np.array(self.correlations(k, w)) for k in self.folds[p])
        return self

    def chosen(self, shares):
        """Return r of each configuration with the share and alpha that are best in training.

        Also returns what was chosen in each fold, and for each fold predictions of all starts by
        fits that have not seen them and not the fold.
        """
        allowed = np.array([share in shares for share, _ in self.choices])
        best = np.where(allowed, self.inner, -np.inf).argmax(axis=1)
        r, predicted = np.zeros(len(self.starts)), []
        for p in range(len(self.folds)):
            of_fold = [None] * len(self.starts)
            for q, fold in enumerate(self.folds):
                for k in fold:
                    of_fold[k] = self.predict(k, self.fitted[p, q][:, best[p]])
            for k in self.folds[p]:
                r[k] = np.corrcoef(of_fold[k], self.starts[k].y)[0, 1]
            predicted.append(of_fold)
        return r, [self.choices[m] for m in best], predicted


def paired(difference):
    """Return the mean difference and its 95 % bootstrap interval over configurations."""
    drawn = resamples(len(difference), 4000, seed=SEED)
    return difference.mean(), *interval(drawn @ difference / len(difference), len(difference))


def load(folder, kept, kind, n_runs):
    """Return all starts, and the sums over the ends of so many runs of each."""
    source = Source(Path(folder), Path(kept))
    starts = [Start(source, kind, c) for c in CONFIGURATIONS]
    ends = []
    for c in CONFIGURATIONS if n_runs else ():
        total = of_end(source, kind, c, 0)
        for run in range(1, n_runs):
            total = total + of_end(source, kind, c, run)
        ends.append(total)
    return starts, ends


def rows_of(nested, n_runs, target):
    """Return a row with the starts alone, and one with ends beside them."""
    nested.run(SHARES if n_runs else (0.0,))
    before, _, _ = nested.chosen((0.0,))
    after, choices, _ = nested.chosen(SHARES[1:])
    n = nested.n_starts or len(nested.starts) - len(nested.folds[0])
    scores = [before.mean(), after.mean(), *paired(after - before)]
    settings = [np.median(of_one) for of_one in zip(*choices, strict=True)]
    return [n, n_runs, target, *(f"{x:.4f}" for x in scores), *(f"{x:g}" for x in settings)]


def stacked(nested, *predictions):
    """Return r of each configuration by least squares of several held-out predictions."""
    y = [start.y for start in nested.starts]
    r = np.zeros(len(y))
    for p, fold in enumerate(nested.folds):
        training = [k for k in range(len(y)) if k not in fold]
        of_fold = [of_one[p] for of_one in predictions]
        x = [np.stack([of_set[k] for of_set in of_fold], axis=1) for k in range(len(y))]
        x = [of_one - of_one.mean(axis=0) for of_one in x]
        rows = np.concatenate([x[k] for k in training])
        w = np.linalg.lstsq(rows, np.concatenate([y[k] for k in training]), rcond=None)[0]
        for k in fold:
            r[k] = np.corrcoef(x[k] @ w, y[k])[0, 1]
    return r


def of_both(folder, kept, of_cage, of_quick):
    """Return both sets, fitted with so many ends of each configuration."""
    return [
        Nested(*load(folder, kept, kind, n_runs)).run(SHARES)
        for kind, n_runs in (("cage", of_cage), ("quick", of_quick))
    ]


def both(folder, kept, of_cage, of_quick):
    """Return a row of both sets, whose predictions are stacked."""
    sets = of_both(folder, kept, of_cage, of_quick)
    before, after = (
        stacked(sets[0], *(nested.chosen(shares)[2] for nested in sets))
        for shares in (SHARES[:1], SHARES[1:])
    )
    n = len(before) - len(sets[0].folds[0])
    scores = [before.mean(), after.mean(), *paired(after - before)]
    runs = f"{of_cage}, {of_quick}"
    return ["both", n, runs, TARGETS[0], *(f"{x:.4f}" for x in scores), "", ""]


def test(folder, kept, of_cage, of_quick):
    """Return r of the test configurations from all of training, by both sets.

    Share and alpha have the highest r in cross-validation over the training configurations, whose
    predictions give the weights of the sets.
    """
    source, sets = Source(Path(folder), Path(kept)), of_both(folder, kept, of_cage, of_quick)
    tests = [[Start(source, kind, c) for c in TEST] for kind in ("cage", "quick")]
    y, rows = np.concatenate([start.y for start in sets[0].starts]), []
    for name, shares in (("starts", SHARES[:1]), ("starts and ends", SHARES[1:])):
        held_out, predicted = [], []
        for nested, of_test in zip(sets, tests, strict=True):
            n = range(len(nested.starts))
            fold = {k: p for p, of_one in enumerate(nested.folds) for k in of_one}
            r = sum(np.array(nested.correlations(k, nested.fitted[fold[k], fold[k]])) for k in n)
            allowed = np.array([share in shares for share, _ in nested.choices])
            best = np.where(allowed, r, -np.inf).argmax()
            of_all = [nested.predict(k, nested.fitted[fold[k], fold[k]][:, best]) for k in n]
            held_out.append(np.concatenate([x - x.mean() for x in of_all]))
            share, alpha = nested.choices[best]
            w = nested.fits(list(n), (share,), (alpha,))[:, 0]
            predicted.append([start.x @ w for start in of_test])
        weights = np.linalg.lstsq(np.stack(held_out, axis=1), y, rcond=None)[0]
        for c, start, *of_sets in zip(TEST, tests[0], *predicted, strict=True):
            x = np.stack(of_sets, axis=1)
            r = np.corrcoef((x - x.mean(axis=0)) @ weights, start.y)[0, 1]
            rows.append((name, c, f"{r:.4f}"))
    return rows


def main(folder, kept, kind, *numbers):
    """Add rows to the table, for so many runs of each configuration; or write the test."""
    if kind == "test":
        with Path(__file__).with_name("test.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("learned_from", "configuration", "r"))
            writer.writerows(test(folder, kept, *map(int, numbers)))
        return
    with Path(__file__).with_name("trials.csv").open("a", newline="") as file:
        writer = csv.writer(file)
        if file.tell() == 0:
            writer.writerow(HEADER)
        if kind == "both":
            writer.writerow(both(folder, kept, *map(int, numbers)))
            return
        for n_runs in map(int, numbers):
            starts, ends = load(folder, kept, kind, n_runs)
            last = n_runs == int(numbers[-1])
            for n_starts in (2, 4, None) if last and kind == "quick" else (None,):
                for target, name in enumerate(TARGETS[: 1 + (last and n_starts is None)]):
                    nested = Nested(starts, ends, target, n_starts)
                    row = [kind, *rows_of(nested, n_runs, name)]
                    writer.writerow(row)
                    file.flush()
                    print(*row, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
