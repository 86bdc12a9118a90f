"""How many sweeps the cage state needs: r of what is learned from it, against sweeps measured.

Run: python results/cage-state/convergence.py DATA FOLDER, where DATA has the train/*.npz of BOTAN
(Kob-Andersen, T = 0.44). Hard spheres are those of the data set `hard-spheres-058`. States are kept
in FOLDER; the table and the figure are written there as convergence.csv and .png.
"""

import csv
import sys
import time
from pathlib import Path

import numpy as np

import cagebreak as cb
from cagebreak.figures import style
from cagebreak.files import botan
from cagebreak.learning import RidgeCV, Sample, evaluate, pearson
from cagebreak.seeding import seed_sequence
from cagebreak.states import CageSampler

SEED = 1
KOB_ANDERSEN = cb.kob_andersen(number_density=1.2)  # BOTAN's density
HARD = Path(__file__).parents[2] / "datasets" / "hard-spheres-058" / "hs058.toml"
N_HARD = 10
CAGING = 6.0  # tau: about where the displacement to the cage state predicts best
RELAX = 2000
SWEEPS = {"kob_andersen": (300, 1000, 3000, 10_000, 30_000)}
SWEEPS["hard_spheres"] = (*SWEEPS["kob_andersen"], 100_000, 300_000)
SEEDS = [SEED, seed_sequence(SEED, "chain", 1)]  # of what `chains=2` runs
ALPHAS = tuple(10.0**n for n in range(8))
HEADER = ["model", "chains", "sweeps", "seconds", "feature", "r", "low", "high"]
"""Sweeps and seconds of a core are those of one chain, its relaxing included in the seconds."""


def checkpoints(start, model, sweeps, file, seed=SEED):
    """Return displacements (K, N, 3) to the cage state after each number of sweeps, and seconds."""
    if not file.exists():
        sampler = CageSampler(start, model, seed)
        moved, seconds, begun = [], [], time.thread_time()
        sampler.relax(RELAX)
        for wanted in sweeps:
            sampler.run(wanted - sampler.sweeps[1])
            seconds.append(time.thread_time() - begun)
            moved.append(sampler.state().configuration.unwrapped - start.unwrapped)
        np.savez(file, moved=moved, seconds=seconds)
        print(file.name, np.round(seconds, 1), flush=True)
    read = np.load(file)
    return read["moved"], read["seconds"]


def kob_andersen(data, folder):
    """Yield rows: r at about tau_alpha of LR2 on the cage state, and of its displacement alone."""
    found = []
    for path in sorted(data.glob("train/*.npz")):
        start, runs = botan.read_runs(path)
        files = [folder / f"ka_{path.stem}_{k}.npz" for k in range(len(SEEDS))]
        courses = [
            checkpoints(start, KOB_ANDERSEN, SWEEPS["kob_andersen"], file, seed)
            for file, seed in zip(files, SEEDS, strict=True)
        ]
        moved, seconds = map(np.array, zip(*courses, strict=True))
        propensity = np.linalg.norm(runs - start.unwrapped, axis=2).mean(axis=0)
        found.append((start, propensity, moved, seconds))
    descriptor = cb.papers.alkemade2023(KOB_ANDERSEN)
    for chains in (1, len(SEEDS)):
        for k, sweeps in enumerate(SWEEPS["kob_andersen"]):
            samples, alone = [], []
            for start, propensity, moved, _ in found:
                a, mean = start.species == 0, moved[:chains, k].mean(axis=0)
                caged = start.replace(positions=start.positions + mean)
                values = descriptor.compute(caged).values
                samples.append(Sample(values[a], propensity[a, None]))
                alone.append(float(pearson(np.linalg.norm(mean[a], axis=1), propensity[a])))
            learner = RidgeCV(alphas=ALPHAS, folds=4, seed=SEED)
            scored = evaluate(learner, samples, seed=SEED, folds=5).table.iloc[0]
            scores = [scored[f"{name}_configuration"] for name in ("r", "low", "high")]
            taken = np.mean([seconds[:chains, k] for *_, seconds in found])
            yield "kob_andersen", chains, sweeps, taken, "X CS LR2", *scores
            yield "kob_andersen", chains, sweeps, taken, "dr CS", *spread(alone)


def hard_spheres(folder):
    """Yield rows: r in the caging regime of the displacement to the cage state, for A."""
    study, found, seconds = cb.Study(HARD), [], []
    for c in range(N_HARD):
        start, propensity = study.configuration(c), study.propensity(c)
        file = folder / f"hs_{c:04d}.npz"
        moved, taken = checkpoints(start, study.recipe.model, SWEEPS["hard_spheres"], file)
        t, a = np.abs(propensity.times - CAGING).argmin(), start.species == 0
        lengths = np.linalg.norm(moved, axis=2)[:, a]
        found.append([float(pearson(each, propensity.mean[t, a])) for each in lengths])
        seconds.append(taken)
    for k, sweeps in enumerate(SWEEPS["hard_spheres"]):
        alone = [each[k] for each in found]
        yield "hard_spheres", 1, sweeps, np.mean(seconds, axis=0)[k], "dr CS", *spread(alone)


def spread(values):
    """Return the mean and two standard errors to either side."""
    mean, error = np.mean(values), np.std(values, ddof=1) / np.sqrt(len(values))
    return mean, mean - 2 * error, mean + 2 * error


def draw(rows, folder):
    """Draw r against the sweeps measured in a chain, a panel a model."""
    names = {"hard_spheres": "hard spheres, 6 τ", "kob_andersen": "Kob-Andersen, about $τ_α$"}
    looks = {"dr CS": style.STATES["cage"], "X CS LR2": style.STATES["inherent"]}
    with style.look():
        figure, panels = style.panels(2, height=2.6)
        for axes, (model, title) in zip(panels, names.items(), strict=True):
            for feature, (color, marker) in looks.items():
                for chains, line in ((1, "-"), (2, "--")):
                    curve = [
                        row for row in rows if (row[0], row[1], row[4]) == (model, chains, feature)
                    ]
                    if not curve:
                        continue
                    _, _, sweeps, _, _, r, low, high = zip(*curve, strict=True)
                    if chains == 1:
                        axes.fill_between(sweeps, low, high, color=color, alpha=0.2, lw=0)
                    name = feature if chains == 1 else f"{feature}, two chains"
                    axes.plot(sweeps, r, line, marker=marker, color=color, ms=3, label=name)
            axes.set_xscale("log")
            axes.set_title(title)
            axes.set_xlabel("sweeps measured, a chain")
            axes.set_ylabel("Pearson $r$")
            axes.legend(loc="center right" if model == "kob_andersen" else "upper left", ncols=2)
        style.save(figure, folder / "convergence")


def main(data, folder):
    """Write the table and the figure."""
    folder.mkdir(exist_ok=True, parents=True)
    rows = []
    with (folder / "convergence.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for row in (*hard_spheres(folder), *kob_andersen(data, folder)):
            rows.append(row)
            rounded = (f"{x:.4f}" for x in row[5:])
            writer.writerow([*row[:3], f"{row[3]:.1f}", row[4], *rounded])
            print(*row, flush=True)
    draw(rows, folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
