"""The supplement of Alkemade 2023: lengths of displacements, shapes of cells, numbers of sweeps.

Run: python results/cage-state/supplement.py FOLDER STUDIES [--models hard_spheres ...] [--paper]

Three data sets are used: the first ten configurations of hard spheres at 0.58, and all of the
harmonic spheres and the Kob-Andersen mixture at T = 0.44. Chains are kept in FOLDER, a file each,
so that a run that was stopped goes on. With --paper, chains of 500,000 + 1,000,000 sweeps are run
as well: 2 minutes a configuration of hard spheres, 14 of the others. Tables are made of all chains
in FOLDER and written beside this script: cells.csv, and displacements.csv of the states of studies
that were run in the folder STUDIES.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

import cagebreak as cb
from cagebreak.learning import RidgeCV, Sample, evaluate, pearson
from cagebreak.learning.scores import pooled_pearson
from cagebreak.states import CageSampler

HERE = Path(__file__).parent
SETS = Path(__file__).parents[2] / "datasets"
SEED = 1
ALPHAS = tuple(10.0**n for n in range(8))
RADII = (0.5, 0.4, 0.6)
MODELS = {  # the recipe and the number of configurations
    "hard_spheres": ("hard-spheres-058/hs058", 10),
    "harmonic": ("harmonic-00045/harmonic", 6),
    "kob_andersen": ("kob-andersen-044/ka044", 4),
}
AMONG_CELLS = (2000, 10_000)  # sweeps that relax and that are measured, of each shape of cell
CHECKPOINTS = (1000, 10_000, 100_000, 300_000, 1_000_000)  # of the paper's sweeps
RELAX = 500_000
LENGTHS = ("mean", "rms", "p50", "p95", "p99")


def displacements(start, model, cell, relax, checkpoints, file):
    """Return the displacements (K, N, 3) to the mean positions after each number of sweeps."""
    if not file.exists():
        sampler = CageSampler(start, model, SEED, cell)
        sampler.relax(relax)
        means = []
        for sweeps in checkpoints:
            sampler.run(sweeps - sampler.sweeps[1])
            means.append(sampler.state().configuration.unwrapped - start.unwrapped)
        np.savez(file, displacements=means)
        print(file.name, flush=True)
    return np.load(file)["displacements"]


def chains():
    """Yield each kind of chain: cell, sweeps that relax, and sweeps after which it is read."""
    for cell in ("voronoi", *RADII):
        yield cell, AMONG_CELLS[0], AMONG_CELLS[1:]
    yield "voronoi", RELAX, CHECKPOINTS


def file_of(folder, name, cell, relax, c):
    return folder / f"{name}_{cell}_{relax}_{c:04d}.npz"


def run(name, folder, paper):
    """Run all chains of a model that are not yet in the folder."""
    study = cb.Study(SETS / f"{MODELS[name][0]}.toml")
    for cell, relax, checkpoints in chains():
        if relax == RELAX and not paper:
            continue
        for c in range(MODELS[name][1]):
            file = file_of(folder, name, cell, relax, c)
            start = study.configuration(c)
            displacements(start, study.recipe.model, cell, relax, checkpoints, file)


def of_cells(name, folder):
    """Yield rows: r of what is learned from each chain, and its difference from the reference.

    The reference has Voronoi cells, and the sweeps at which cells are compared.
    """
    study = cb.Study(SETS / f"{MODELS[name][0]}.toml")
    descriptor = cb.papers.alkemade2023(study.recipe.model)
    starts = [study.configuration(c) for c in range(MODELS[name][1])]
    propensities = [study.propensity(c) for c in range(len(starts))]
    a = [start.species == 0 for start in starts]
    times = propensities[0].times
    found = {}
    for cell, relax, checkpoints in chains():
        files = [file_of(folder, name, cell, relax, c) for c in range(len(starts))]
        present = [c for c, file in enumerate(files) if file.exists()]
        for k, sweeps in enumerate(checkpoints if present else ()):
            alone, samples = [], []
            for c in present:
                moved = np.load(files[c])["displacements"][k]
                mean = propensities[c].mean[:, a[c]]
                lengths = np.linalg.norm(moved[a[c]], axis=1)
                alone.append([pearson(lengths, of_time) for of_time in mean])
                caged = starts[c].replace(positions=starts[c].positions + moved)
                samples.append(Sample(descriptor.compute(caged).values[a[c]], mean[-1:].T))
            key = (cell, relax, sweeps)
            found[key, "dr CS"] = (present, np.array(alone))
            if len(present) == len(starts):
                learner = RidgeCV(alphas=ALPHAS, folds=3, seed=SEED)
                scores = evaluate(learner, samples, seed=SEED, folds=min(5, len(samples)))
                found[key, "X CS LR2"] = (present, of_configurations(scores))
    reference = ("voronoi", *AMONG_CELLS)
    peak = found[reference, "dr CS"][1].mean(axis=0).argmax()
    for (key, feature), (present, r) in found.items():
        column = peak if feature == "dr CS" else 0
        values = r[:, column]
        beyond = values - found[reference, feature][1][present, column]
        time = times[peak] if feature == "dr CS" else times[-1]
        yield name, *key, len(present), feature, time, *spread(values), *spread(beyond)


def of_configurations(scores):
    """Return r (C, 1) in each configuration that was held out."""
    (moments,) = scores.moments.values()
    return np.array([pooled_pearson(of_configuration[None]) for of_configuration in moments])


def of_lengths(name, studies):
    """Yield rows: the lengths of the displacements to the inherent and the cage state."""
    study = cb.Study(studies / f"{Path(MODELS[name][0]).name}.toml")
    lengths, species = {"inherent": [], "cage": []}, []
    for c in range(study.n_configurations):
        species.append(study.configuration(c).species)
        for state, of_state in lengths.items():
            of_state.append(study.state(c, state).displacement)
    species = np.concatenate(species)
    lengths = {state: np.concatenate(of_state) for state, of_state in lengths.items()}
    for s, letter in enumerate("AB"):
        a = species == s
        r = pearson(lengths["inherent"][a], lengths["cage"][a])
        for state, of_state in lengths.items():
            chosen = of_state[a]
            root = np.sqrt((chosen**2).mean())
            percentiles = np.percentile(chosen, [50, 95, 99])
            yield name, letter, state, chosen.mean(), root, *percentiles, r


def spread(values):
    """Return the mean and two standard errors to either side."""
    error = np.std(values, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
    mean = np.mean(values)
    return mean, mean - 2 * error, mean + 2 * error


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("studies", type=Path)
    parser.add_argument("--models", nargs="*", default=list(MODELS), choices=MODELS)
    parser.add_argument("--paper", action="store_true", help="also run the paper's sweeps")
    given = parser.parse_args()
    given.folder.mkdir(exist_ok=True, parents=True)
    for name in given.models:
        run(name, given.folder, given.paper)
    present = [name for name in MODELS if list(given.folder.glob(f"{name}_*"))]
    write(
        "cells",
        "model cell relax sweeps n_configurations feature time r low high difference "
        "difference_low difference_high",
        [row for name in present for row in of_cells(name, given.folder)],
    )
    write(
        "displacements",
        f"model species state {' '.join(LENGTHS)} r_with_other",
        [row for name in MODELS for row in of_lengths(name, given.studies)],
    )


def write(name, columns, rows):
    table = pd.DataFrame(rows, columns=columns.split())
    table.to_csv(HERE / f"{name}.csv", index=False, float_format="%.4f", lineterminator="\n")
    print(table.to_string(), flush=True)


if __name__ == "__main__":
    main()
