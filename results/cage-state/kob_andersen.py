"""What predicts a Kob-Andersen mixture: configurations of BOTAN, T = 0.44, t about tau_alpha.

Run: python results/cage-state/kob_andersen.py DATA FOLDER, where DATA has train and test/*.npz.
States and features are kept in FOLDER, so that a second run only fits; the table is written to
FOLDER/kob_andersen.csv, and the noise ceiling of each configuration to kob_andersen.ceilings.csv.
"""

import csv
import sys
from dataclasses import fields
from pathlib import Path

import numpy as np

import cagebreak as cb
from cagebreak.descriptors import recommended, select
from cagebreak.files import botan
from cagebreak.learning import RidgeCV, Sample, evaluate, pearson
from cagebreak.learning.linear_model.whitening import LENGTH, NUGGET
from cagebreak.learning.scores import ceiling, pair_moments
from cagebreak.seeding import seed_sequence
from cagebreak.states import CageState, InherentState
from cagebreak.states.cage import pool_chains

SEED = 1
MODEL = cb.kob_andersen(number_density=1.2)  # BOTAN's density
ALPHAS = tuple(10.0**n for n in range(8))
FULL, MEDIUM, QUICK = (recommended.recommended(MODEL, size) for size in ("full", "medium", "quick"))
HEADER = [
    "features", "n_features", "r", "low", "high", "r_configuration", "low_configuration",
    "high_configuration", "ceiling", "test_401", "test_402", "weight", "alpha",
]  # fmt: skip

CAGE = {"body": 1, "state": "sampled"}
INHERENT = {"body": 1, "state": "inherent"}
FACTORS = (1.0, 3.0, 10.0)
CORRELATION = (LENGTH, NUGGET)


def up_to(n):
    """Return the radial and angular descriptors up to a generation."""
    return {"kind": ["radial", "angular"], "generation": list(range(n + 1))}


def sampled(n):
    """Return the same, averaged over samples of the cage."""
    return up_to(n) | {"state": "sampled"}


# Name; what is read of which block of features; centering; weights of the scalars; correlation
ROWS = [
    *((f"X init LR{n}", [("initial", up_to(n))], "global", (1.0,)) for n in (0, 1, 2)),
    ("X IS LR2", [("inherent", up_to(2))], "global", (1.0,)),
    *((f"X CS LR{n}", [("cage", up_to(n))], "global", (1.0,)) for n in (0, 1, 2)),
    ("dr CS", [("displacement", {})], "global", (1.0,)),
    (
        "X init + X CS + dr CS",
        [("initial", up_to(2)), ("cage", up_to(2)), ("displacement", {})],
        "global",
        (1.0,),
    ),
    ("sampled LR2", [("one chain", sampled(2))], "global", (1.0,)),
    ("sampled LR3", [("one chain", sampled(3))], "global", (1.0,)),
    ("sampled LR3, centered", [("one chain", sampled(3))], "configuration", (1.0,)),
    (
        "+ cage scalars",
        [("one chain", sampled(3)), ("one chain", CAGE)],
        "configuration",
        (1.0,),
    ),
    ("+ weights", [("one chain", sampled(3)), ("one chain", CAGE)], "configuration", FACTORS),
    (
        "+ inherent scalars",
        [("one chain", sampled(3)), ("one chain", CAGE), ("one chain", INHERENT)],
        "configuration",
        FACTORS,
    ),
    ("+ initial LR0", [("one chain", {})], "configuration", FACTORS),
    ("+ second chain: recommended, full", [("two chains", {})], "configuration", FACTORS),
    ("recommended, medium", [("medium", {})], "configuration", FACTORS),
    ("recommended, quick", [("quick", {})], "configuration", FACTORS),
    ("scalars of two chains alone", [("two chains", {"body": 1})], "configuration", (1.0,)),
]
# The same with errors that are alike for near particles
CORRELATED = [
    (f"{size}, correlated errors", [(block, {})], "configuration", FACTORS, CORRELATION)
    for size, block in (("full", "two chains"), ("medium", "medium"), ("quick", "quick"))
]


def kept(path, make, cls, start):
    """Return a state of a configuration: read if its file is there, else made and written."""
    names = [field.name for field in fields(cls) if field.name not in ("start", "configuration")]
    if not path.exists():
        state = make()
        arrays = {name: getattr(state, name) for name in names}
        np.savez(path, positions=state.configuration.positions, **arrays)
    read = np.load(path)
    configuration = start.replace(positions=read["positions"])
    return cls(start, configuration, **{name: read[name] for name in names})


def described(start, stem, folder):
    """Return the features of a configuration, in blocks."""
    inherent = kept(
        folder / f"inherent_{stem}.npz",
        lambda: cb.inherent_state(start, MODEL, force_tolerance=recommended.FORCE_TOLERANCE),
        InherentState,
        start,
    )

    def chains_of(name, size):
        """Return the chains that `size.compute(start, seed=SEED)` runs."""
        seeds = [SEED, *(seed_sequence(SEED, "chain", k) for k in range(1, size.chains))]
        return [
            kept(
                folder / f"{name}{k}_{stem}.npz",
                lambda seed=seed: cb.cage_state(
                    start, MODEL, seed=seed, sweeps=size.sweeps, samples=recommended.SAMPLES
                ),
                CageState,
                start,
            )
            for k, seed in enumerate(seeds)
        ]

    chains = chains_of("chain", FULL)
    both = pool_chains(chains)
    paper = cb.papers.alkemade2023(MODEL)
    return {
        "initial": paper.compute(start),
        "inherent": paper.compute(inherent),
        "cage": paper.compute(both),
        "displacement": cb.CageDisplacement().compute(both),
        "one chain": FULL.describe(inherent, chains[0]),
        "two chains": FULL.describe(inherent, both),
        "medium": MEDIUM.describe(inherent, pool_chains(chains_of("medium", MEDIUM))),
        "quick": QUICK.describe(inherent),
    }


def displacements(path):
    """Return a configuration, and how far each A particle moved in each run."""
    configuration, moved = botan.read_runs(path)
    a = configuration.species == 0
    return configuration, np.linalg.norm(moved - configuration.unwrapped, axis=2)[:, a]


def halves_of(lengths):
    """Return the propensities of the even and of the odd runs."""
    return np.stack([lengths[k::2].mean(axis=0) for k in (0, 1)])


def ceilings(data, folder):
    """Write the noise ceiling of each configuration."""
    with (folder / "kob_andersen.ceilings.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["part", "file", "ceiling"])
        for path in [*sorted(data.glob("train/*.npz")), *sorted(data.glob("test/*.npz"))]:
            even, odd = halves_of(displacements(path)[1])[:, :, None]
            (of_file,) = ceiling(pair_moments(even, odd)[None], 1)
            writer.writerow([path.parent.name, path.name, f"{of_file:.4f}"])


def sample(path, folder):
    """Return the blocks of features, the targets, their halves, and the particles, for A."""
    configuration, lengths = displacements(path)
    a = configuration.species == 0
    file = folder / f"features_{path.stem}.npz"
    if not file.exists():
        blocks = described(configuration, path.stem, folder)
        arrays = {f"{name} values": block.values[a] for name, block in blocks.items()}
        arrays |= {f"{name} labels": np.asarray(block.labels) for name, block in blocks.items()}
        np.savez(file, **arrays)
    halves = halves_of(lengths)
    print(path.name, flush=True)
    there = cb.Configuration(
        configuration.positions[a], configuration.species[a], configuration.box
    )
    return dict(np.load(file)), lengths.mean(axis=0)[:, None], halves[:, :, None], there


def selected(made, selection):
    """Return samples of the selected columns, and their labels."""
    samples, labels = [], []
    for blocks, targets, halves, there in made:
        parts = []
        labels = []
        for block, wishes in selection:
            of_block = blocks[f"{block} labels"].view(np.recarray)
            chosen = select(of_block, **wishes)
            parts.append(blocks[f"{block} values"][:, chosen])
            labels.append(of_block[chosen])
        samples.append(
            Sample(np.concatenate(parts, axis=1), targets, halves=halves, configuration=there)
        )
    return samples, np.concatenate(labels).view(np.recarray)


def row(made, name, selection, center, weights, correlation=None):
    """Return a row of the table: accuracy within the training set, and on the test set."""
    train, labels = selected(made["train"], selection)
    test, _ = selected(made["test"], selection)
    feature_groups = recommended.feature_groups(labels)
    learner = RidgeCV(
        alphas=ALPHAS,
        folds=4,
        center=center,
        weights=weights,
        seed=SEED,
        error_correlation=correlation,
    )
    # With centering, the mean of a configuration is predicted from its inherent energy.
    energy = (labels.kind == "energy") & (labels.state == "inherent") & np.isnan(labels.r)
    column = int(np.flatnonzero(energy)[0]) if energy.any() else None
    found = evaluate(
        learner, train, seed=SEED, feature_groups=feature_groups, configuration_mean=column, folds=5
    ).table.iloc[0]
    learner.fit(
        np.concatenate([each.features for each in train]),
        np.concatenate([each.targets for each in train])[:, 0],
        np.repeat(np.arange(len(train)), [len(each.features) for each in train]),
        feature_groups,
        [each.configuration for each in train],
    )
    tested = [float(pearson(learner.predict(s.features), s.targets[:, 0])) for s in test]
    numbers = [*(float(found[column]) for column in HEADER[2:9]), *tested]
    rounded = [f"{number:.4f}" for number in numbers]
    return [name, len(labels), *rounded, learner.weights_[-1], learner.alpha_]


def main(data, folder):
    """Write the tables."""
    folder.mkdir(exist_ok=True, parents=True)
    ceilings(data, folder)
    made = {
        part: [sample(path, folder) for path in sorted(data.glob(f"{part}/*.npz"))]
        for part in ("train", "test")
    }
    with (folder / "kob_andersen.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for wanted in [*ROWS, *CORRELATED]:
            found = row(made, *wanted)
            writer.writerow(found)
            file.flush()
            print(*found, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
