"""Structure where runs start and where they end, of the configurations of BOTAN, kept in a folder.

Run: python results/time-reversal/states.py BOTAN FOLDER STARTS RUNS with numbers such as 1-10 and
0-15. BOTAN has `train/*.npz` and `test/*.npz` at T = 0.44. Structure is the quick recommended set,
which needs no Monte Carlo, without its part of the initial state.
"""

import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import cagebreak as cb
from cagebreak.configuration import Configuration
from cagebreak.descriptors import recommended
from cagebreak.files import botan
from cagebreak.learning.linear_model.whitening import whitening

MODEL = cb.kob_andersen(number_density=1.2)
CLIP = 6.0
BOUND = 0.7
"""The second target of a run is its displacement, at most so many sigma."""


@dataclass(frozen=True)
class Source:
    """Where configurations are read from, and where their descriptors are kept."""

    botan: Path
    kept: Path

    def load(self, c):
        """Return the configuration and the end positions (R, N, 3) of its runs."""
        part = "test" if c > 400 else "train"
        return botan.read_runs(self.botan / part / f"isoconfig_N4096T0.44_{c}_tc07.npz")

    def described(self, name, configuration):
        """Return the descriptors (n, F) of the A particles of a configuration, and their labels."""
        file = self.kept / f"{name}.npz"
        if not file.exists():
            quick = recommended.recommended(MODEL, "quick")
            made = quick.compute(configuration, seed=0)
            used = made.labels.state != "initial"
            values = made.values[configuration.species == 0][:, used].astype(np.float32)
            np.savez(file, values=values, labels=np.asarray(made.labels[used]))
        read = np.load(file)
        return read["values"], read["labels"].view(np.recarray)


@dataclass(frozen=True, eq=False)
class Gram:
    """Sums over whitened rows of features (n, F) and targets (n, T) of A particles."""

    xx: np.ndarray
    xy: np.ndarray
    squares: np.ndarray
    """Sums of squared deviations of the features before whitening, (F,)."""
    count: int

    def __add__(self, other):
        """Return the sums over the rows of both."""
        return Gram(*(getattr(self, name) + getattr(other, name) for name in self.__dict__))

    @classmethod
    def of(cls, x, y, matrix):
        """Return the sums of clipped deviations x, of targets y, with a whitening matrix."""
        zx, zy = white(matrix.astype(np.float32), x.astype(np.float32)), white(matrix, y)
        return cls(zx.T @ zx, zx.T @ zy, (x**2).sum(axis=0, dtype=float), len(x))


def white(matrix, x):
    """Return whitened deviations of rows."""
    z = matrix @ (x - x.mean(axis=0))
    return z - z.mean(axis=0)


def clipped(x):
    """Return deviations from the mean, at most six standard deviations."""
    x = x - x.mean(axis=0)
    bound = CLIP * x.std(axis=0)
    return np.clip(x, -bound, bound)


class Start:
    """The A particles of a configuration where its runs start."""

    def __init__(self, source, c, described=None):
        start, ends = source.load(c)
        values, self.labels = described or source.described(f"quick_{c}", start)
        a = start.species == 0
        self.lengths = np.linalg.norm(ends - start.unwrapped, axis=2)[:, a]
        y = self.lengths.mean(axis=0)
        self.y = y - y.mean()
        self.there = Configuration(start.positions[a], start.species[a], start.box)
        self.matrix = whitening(self.there)
        self.x = clipped(values)
        self.gram = Gram.of(self.x, self.y[:, None], self.matrix)


def of_end(source, c, run):
    """Return the sums over the end of a run of a configuration; made once.

    By time reversal a run leads back from its end to its start as well: the targets are how far
    each particle moved, in sigma, and the same at most `BOUND`.
    """
    file = source.kept / f"quickgram_{c}_{run}.npz"
    if not file.exists():
        start, ends = source.load(c)
        a = start.species == 0
        end = Configuration(ends[run], start.species, start.box)
        values, _ = source.described(f"quickend_{c}_{run}", end)
        length = np.linalg.norm(ends[run] - start.unwrapped, axis=1)[a]
        y = np.stack([length, np.minimum(length, BOUND)], axis=1)
        there = Configuration(end.positions[a], start.species[a], start.box)
        one = Gram.of(clipped(values), y - y.mean(axis=0), whitening(there))
        np.savez(file, **one.__dict__)
    read = np.load(file)
    return Gram(*(read[name] for name in Gram.__dataclass_fields__))


def numbers(text):
    """Return the numbers of `1-10` or `3`."""
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def main(folder, kept, configurations, runs):
    """Make and keep descriptors and sums."""
    source = Source(Path(folder), Path(kept))
    source.kept.mkdir(parents=True, exist_ok=True)
    for run in numbers(runs):
        for c in numbers(configurations):
            began = time.process_time()
            of_end(source, c, run)
            print(c, run, f"{time.process_time() - began:.1f} s", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
