"""Check of reversibility: single runs at their starts, and the same runs backward at their ends.

Run: python results/time-reversal/reversibility.py BOTAN FOLDER RUNS. Ridge learns from the starts
of other configurations. It predicts where runs start and where they end, from the quick set. Both
have the same r with the lengths of the runs if the dynamics is reversible. The table is
reversibility.csv.
"""

import csv
import sys
from pathlib import Path

import numpy as np
from trials import CONFIGURATIONS, Nested, load

from states import Source, clipped

ALPHA = 1e4


def main(folder, kept, n_runs):
    """Write r at starts and at ends, the mean over runs, of each configuration."""
    source = Source(Path(folder), Path(kept))
    starts, _ = load(folder, kept, "quick", 0)
    nested = Nested(starts, None)
    with Path(__file__).with_name("reversibility.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("configuration", "starts", "ends"))
        for fold in nested.folds:
            training = [k for k in range(len(starts)) if k not in fold]
            w = nested.fits(training, (0.0,), (ALPHA,))[:, 0]
            for k in fold:
                c, r = CONFIGURATIONS[k], np.zeros((int(n_runs), 2))
                for run, lengths in enumerate(starts[k].lengths[: len(r)]):
                    at_end = clipped(source.end("quick", c, run)[0])
                    r[run] = [np.corrcoef(x @ w, lengths)[0, 1] for x in (starts[k].x, at_end)]
                writer.writerow((c, *(f"{x:.4f}" for x in r.mean(axis=0))))


if __name__ == "__main__":
    main(*sys.argv[1:])
