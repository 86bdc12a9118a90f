"""Structure where runs start and where they end, of the configurations of BOTAN, kept in a folder.

Run: python results/time-reversal/states.py BOTAN FOLDER SET STARTS RUNS with numbers such as 1-10
and 0-7. BOTAN has `train/*.npz` and `test/*.npz` at T = 0.44. SET is `quick`, the quick recommended
set, or `cage`, the set with one chain of the cage state. The chain of a start is that of
results/vectors (1000 + 9000 sweeps), and shorter for ends, since there are many. The part of the
initial state is left out: it matters at short times only.
"""

import sys
import time
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

import cagebreak as cb
from cagebreak.configuration import Configuration
from cagebreak.descriptors import papers, recommended
from cagebreak.descriptors.base import Features
from cagebreak.descriptors.caged.cage_average import CageAverage, CageScalars
from cagebreak.descriptors.coarse_grained.surroundings import with_surroundings
from cagebreak.descriptors.generations import average_over_neighbors
from cagebreak.errors import SamplingWarning
from cagebreak.files import botan
from cagebreak.learning.linear_model.whitening import whitening

MODEL = cb.kob_andersen(number_density=1.2)
CLIP = 6.0
SEED = 1
SWEEPS = (1000, 9000)
END_SWEEPS, END_SAMPLES, DESCRIBED = (300, 900), 20, 4
"""Of the cage states of ends; every fourth sample is described, all are in the scalars."""
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

    def start(self, kind, c):
        """Return the descriptors (n, F) of the A particles of a start, and their labels."""
        make = {"quick": quick, "cage": cage_of_start}[kind]
        return self._kept(f"{kind}_{c}", lambda: make(self.load(c)[0]))

    def end(self, kind, c, run):
        """Return the same of the end of a run."""

        def make():
            start, ends = self.load(c)
            end = Configuration(ends[run], start.species, start.box)
            return quick(end) if kind == "quick" else cage_of_end(end, self.end("quick", c, run))

        return self._kept(f"{kind}end_{c}_{run}", make)

    def _kept(self, name, make):
        """Return descriptors and labels; they are made if their file is not there."""
        file = self.kept / f"{name}.npz"
        if not file.exists():
            values, labels = make()
            np.savez(file, values=values.astype(np.float32), labels=np.asarray(labels))
        read = np.load(file)
        return read["values"], read["labels"].view(np.recarray)


def of_a(features, configuration):
    """Return values of the A particles and labels, without the initial state."""
    used = features.labels.state != "initial"
    return features.values[configuration.species == 0][:, used], features.labels[used]


def quick(configuration):
    """Return the quick recommended set."""
    return of_a(recommended.recommended(MODEL, "quick").compute(configuration, seed=SEED),
                configuration)  # fmt: skip


def cage_of_start(start):
    """Return the recommended set with one chain of the cage state."""
    inherent = cb.inherent_state(start, MODEL, force_tolerance=recommended.FORCE_TOLERANCE)
    cage = cb.cage_state(start, MODEL, seed=SEED, sweeps=SWEEPS, samples=recommended.SAMPLES)
    return of_a(recommended.recommended(MODEL).describe(inherent, cage), start)


def cage_of_end(end, of_quick):
    """Return the same columns from a short chain, and those of the inherent state as given."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SamplingWarning)
        cage = cb.cage_state(end, MODEL, seed=SEED, sweeps=END_SWEEPS, samples=END_SAMPLES)
    base = papers.alkemade2023(MODEL, generations=0)
    few = CageAverage(base).compute(replace(cage, samples=cage.samples[::DESCRIBED]))
    scalars = CageScalars(MODEL).compute(cage)
    parts = [
        average_over_neighbors(few, cage.configuration, base.r_c, recommended.GENERATIONS),
        with_surroundings(scalars, cage.configuration, MODEL.n_species),
    ]
    values, labels = of_a(Features.concatenate(parts), end)
    inherent, of_inherent = of_quick
    scalar = of_inherent.body == 1
    return (
        np.concatenate([values, inherent[:, scalar]], axis=1),
        np.concatenate([labels, of_inherent[scalar]]),
    )


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

    def __init__(self, source, kind, c):
        start, ends = source.load(c)
        values, self.labels = source.start(kind, c)
        a = start.species == 0
        self.lengths = np.linalg.norm(ends - start.unwrapped, axis=2)[:, a]
        y = self.lengths.mean(axis=0)
        self.y = y - y.mean()
        self.there = Configuration(start.positions[a], start.species[a], start.box)
        self.matrix = whitening(self.there)
        self.x = clipped(values)
        self.gram = Gram.of(self.x, self.y[:, None], self.matrix)


def of_end(source, kind, c, run):
    """Return the sums over the end of a run of a configuration; made once.

    By time reversal a run leads back from its end to its start as well: the targets are how far
    each particle moved, in sigma, and the same at most `BOUND`.
    """
    file = source.kept / f"{kind}gram_{c}_{run}.npz"
    if not file.exists():
        start, ends = source.load(c)
        a = start.species == 0
        values, _ = source.end(kind, c, run)
        length = np.linalg.norm(ends[run] - start.unwrapped, axis=1)[a]
        y = np.stack([length, np.minimum(length, BOUND)], axis=1)
        there = Configuration(ends[run][a], start.species[a], start.box)
        one = Gram.of(clipped(values), y - y.mean(axis=0), whitening(there))
        np.savez(file, **one.__dict__)
    read = np.load(file)
    return Gram(*(read[name] for name in Gram.__dataclass_fields__))


def numbers(text):
    """Return the numbers of `1-10` or `3`."""
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def main(folder, kept, kind, configurations, runs):
    """Make and keep descriptors and sums."""
    source = Source(Path(folder), Path(kept))
    source.kept.mkdir(parents=True, exist_ok=True)
    for run in numbers(runs):
        for c in numbers(configurations):
            began = time.process_time()
            of_end(source, kind, c, run)
            print(kind, c, run, f"{time.process_time() - began:.1f} s", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
