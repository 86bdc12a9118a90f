"""Paired trials: what the ends of runs add to the training of ridge.

Run: python results/time-reversal/trials.py BOTAN FOLDER RUNS
"""

import itertools
import sys
from pathlib import Path

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from states import Source, Start, of_end, white

from cagebreak.bootstrap import interval, resamples
from cagebreak.learning.folds import configuration_folds

SEED = 1
CONFIGURATIONS = range(1, 11)
SCALAR_WEIGHT = 3.0
ALPHAS = (1e4, 3e4, 1e5)
SHARES = (0.0, 0.05, 0.15)
"""Weights of the rows of ends, where those of starts have 1."""


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
        grams = [self.starts[k].gram for k in training]
        squares = sum(gram.squares for gram in grams) / sum(gram.count for gram in grams)
        deviation = np.sqrt(squares)
        d = np.where(deviation > 1e-9, self.factors / np.maximum(deviation, 1e-9), 0)
        d = d.astype(np.float32)
        labeled = grams[: self.n_starts]
        xx, xy = sum(gram.xx for gram in labeled), sum(gram.xy for gram in labeled)[:, 0]
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

    def errors(self, k, w):
        """Return the squared errors of the whitened predictions of a start, (M,)."""
        start = self.starts[k]
        wrong = self.predict(k, w) - start.y[:, None]
        return (white(start.matrix, wrong) ** 2).sum(axis=0)

    def run(self, shares=SHARES, alphas=ALPHAS):
        """Return r of each configuration, what was chosen, and predictions for a second stage."""
        n = len(self.folds)
        every = set(range(len(self.starts)))
        choices = list(itertools.product(shares, alphas))
        errors, fitted = np.zeros((n, len(choices))), {}
        for p, q in itertools.combinations_with_replacement(range(n), 2):
            training = sorted(every - {*self.folds[p], *self.folds[q]})
            fitted[p, q] = fitted[q, p] = self.fits(training, shares, alphas)
            if p != q:
                errors[p] += sum(self.errors(k, fitted[p, q]) for k in self.folds[q])
                errors[q] += sum(self.errors(k, fitted[p, q]) for k in self.folds[p])
        self.all_r = np.zeros((len(self.starts), len(choices)))
        for p in range(n):
            for k in self.folds[p]:
                every_p = self.predict(k, fitted[p, p])
                self.all_r[k] = [np.corrcoef(v, self.starts[k].y)[0, 1] for v in every_p.T]
        best = errors.argmin(axis=1)
        r, predicted = np.zeros(len(self.starts)), []
        for p in range(n):
            of_fold = [None] * len(self.starts)
            for q in range(n):
                for k in self.folds[q]:
                    of_fold[k] = self.predict(k, fitted[p, q][:, best[p]])
            for k in self.folds[p]:
                r[k] = np.corrcoef(of_fold[k], self.starts[k].y)[0, 1]
            predicted.append(of_fold)
        return r, [choices[m] for m in best], predicted, errors


def paired(difference):
    """Return the mean difference and its 95 % bootstrap interval over configurations."""
    drawn = resamples(len(difference), 4000, seed=SEED)
    return difference.mean(), *interval(drawn @ difference / len(difference), len(difference))


def load(folder, kept, n_runs):
    """Return all starts, and the sums over the ends of so many runs of each."""
    source = Source(Path(folder), Path(kept))
    starts = [Start(source, c) for c in CONFIGURATIONS]
    ends = []
    for c in CONFIGURATIONS:
        total = of_end(source, c, 0)
        for run in range(1, n_runs):
            total = total + of_end(source, c, run)
        ends.append(total)
    return starts, ends


def main(folder, kept, runs):
    """Print what ends of runs add."""
    starts, ends = load(folder, kept, int(runs))
    for n_starts, targets in ((None, (0, 1)), (2, (1,))):
        for target in targets:
            nested = Nested(starts, ends, target, n_starts)
            r, chosen, _, errors = nested.run()
            means = nested.all_r.mean(axis=0).reshape(len(SHARES), len(ALPHAS))
            print(n_starts, target, "r", r.mean().round(4), chosen)
            print(means.round(4))
            print((errors.sum(axis=0) / errors.sum(axis=0).min()).reshape(means.shape).round(4))
            best = nested.all_r.reshape(len(r), len(SHARES), len(ALPHAS))
            for share in (1, 2):
                print("paired, share", SHARES[share], *(
                    paired(best[:, share, a] - best[:, 0, a]) for a in range(3)
                ), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
