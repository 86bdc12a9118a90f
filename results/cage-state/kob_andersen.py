"""What predicts a Kob-Andersen mixture: configurations of BOTAN, T = 0.44, t about tau_alpha.

Run: python results/cage-state/kob_andersen.py DATA FOLDER, where DATA has train and test/*.npz.
States and features are kept in FOLDER, so that a second run only fits; the table is written to
FOLDER/kob_andersen.csv.
"""

import csv
import sys
from pathlib import Path

import numpy as np

import cagebreak as cb
from cagebreak.descriptors import recommended
from cagebreak.descriptors.base import Features
from cagebreak.learning import Ridge, Sample, evaluate, pearson
from cagebreak.states import CageState, InherentState
from cagebreak.study.selections import columns

SEED = 1
MODEL = cb.kob_andersen(number_density=1.2)  # BOTAN's density
ALPHAS = tuple(10.0**n for n in range(8))
FULL = recommended.recommended(MODEL, "full")

STRUCTURE = {"kind": ["radial", "angular"]}
CAGE = [
    "displacement", "variance", "acceptance", "wall", "energy", "energy var", "force",
    "force var", "laplacian", "laplacian var",
]  # fmt: skip
BASINS = list(recommended.Basins(MODEL).labels().kind)
INHERENT = {"kind": ["energy", "laplacian", "displacement"], "state": "inherent"}


def structure(state, n):
    """Return a selection: radial and angular descriptors of a state, up to generation n."""
    return STRUCTURE | {"state": state, "generation": list(range(n + 1))}


SAMPLED = structure("sampled", 3)
SCALARS = {"kind": CAGE, "state": "sampled"}
BELOW = {"kind": BASINS, "state": "sampled"}
DISPLACEMENT = {"kind": "cage path"}
# Name, selection, centring, weights of the scalars
ROWS = [
    *((f"X init LR{n}", [structure("initial", n)], "global", (1.0,)) for n in (0, 1, 2)),
    ("X IS LR2", [structure("inherent", 2)], "global", (1.0,)),
    *((f"X CS LR{n}", [structure("cage", n)], "global", (1.0,)) for n in (0, 1, 2)),
    ("dr CS", [DISPLACEMENT], "global", (1.0,)),
    (
        "X init + X CS + dr CS",
        [structure("initial", 2), structure("cage", 2), DISPLACEMENT],
        "global",
        (1.0,),
    ),
    ("sampled LR2", [structure("sampled", 2)], "global", (1.0,)),
    ("sampled LR3", [SAMPLED], "global", (1.0,)),
    ("sampled LR3, centred", [SAMPLED], "configuration", (1.0,)),
    ("+ cage scalars", [SAMPLED, SCALARS], "configuration", (1.0,)),
    ("+ weights", [SAMPLED, SCALARS], "configuration", (1.0, 3.0, 10.0)),
    ("+ inherent scalars", [SAMPLED, SCALARS, INHERENT], "configuration", (1.0, 3.0, 10.0)),
    (
        "+ basins: recommended, full",
        [SAMPLED, SCALARS, INHERENT, BELOW],
        "configuration",
        (1.0, 3.0, 10.0),
    ),
    ("scalars and basins alone", [SCALARS, INHERENT, BELOW], "configuration", (1.0,)),
    (
        "recommended, quick",
        [structure("inherent", 4), INHERENT],
        "configuration",
        (1.0, 3.0, 10.0),
    ),
]


def states(configuration, path):
    """Return the inherent and the cage state of a configuration, from the file if it is there."""
    if path.exists():
        kept = dict(np.load(path))
    else:
        cage = cb.cage_state(
            configuration, MODEL, seed=SEED, sweeps=FULL.sweeps, samples=recommended.SAMPLES
        )
        inherent = cb.inherent_state(
            configuration, MODEL, force_tolerance=recommended.FORCE_TOLERANCE
        )
        kept = {
            name: getattr(cage, name)
            for name in ("displacement", "covariance", "acceptance", "wall", "error")
        }
        kept |= {"mean": cage.configuration.positions, "samples": cage.samples.astype(np.float32)}
        kept |= {"inherent": inherent.configuration.positions, "energy": inherent.energy}
        kept |= {"force": inherent.force, "iterations": inherent.iterations}
        np.savez(path, **kept)
    per_particle = ("displacement", "covariance", "acceptance", "wall", "error")
    cage = CageState(
        start=configuration,
        configuration=configuration.replace(positions=kept["mean"]),
        **{name: kept[name] for name in per_particle},
        sweeps=FULL.sweeps,
        step=np.nan,
        samples=kept["samples"].astype(np.float64),
    )
    inherent = InherentState(
        configuration,
        configuration.replace(positions=kept["inherent"]),
        energy=float(kept["energy"]),
        force=float(kept["force"]),
        iterations=int(kept["iterations"]),
    )
    return inherent, cage


def sample(path, folder):
    """Return labels, and what is learnt from the A particles of a file."""
    configuration, moved = cb.files.botan.read_runs(path)
    lengths = np.linalg.norm(moved - configuration.unwrapped, axis=2)
    kept = folder / f"features_{path.stem}.npz"
    if not kept.exists():
        inherent, cage = states(configuration, folder / f"states_{path.stem}.npz")
        paper = cb.papers.alkemade2023(MODEL, generations=2)
        wide = cb.papers.alkemade2023(MODEL, generations=4)
        displacement = cb.CageDisplacement().compute(cage)
        displacement.labels["kind"] = "cage path"  # apart from that of the recommended set
        parts = [
            paper.compute(configuration), wide.compute(inherent), paper.compute(cage),
            displacement, FULL.describe(inherent, cage),
        ]  # fmt: skip
        everything = Features.concatenate(parts)
        chosen = configuration.species == 0
        np.savez(kept, values=everything.values[chosen], labels=np.asarray(everything.labels))
    read = np.load(kept)
    a = configuration.species == 0
    halves = np.stack([lengths[k::2].mean(axis=0)[a] for k in (0, 1)])
    print(path.name, read["values"].shape, flush=True)
    return read["labels"].view(np.recarray), Sample(
        read["values"], lengths.mean(axis=0)[a][:, None], halves=halves[:, :, None]
    )


def main(data, folder):
    """Write the table."""
    folder.mkdir(exist_ok=True, parents=True)
    made = {
        part: [sample(path, folder) for path in sorted(data.glob(f"{part}/*.npz"))]
        for part in ("train", "test")
    }
    labels = made["train"][0][0]
    train, test = ([each for _, each in made[part]] for part in ("train", "test"))
    with (folder / "kob_andersen.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            ["features", "n_features", "r", "low", "high", "r_configuration", "low_configuration",
             "high_configuration", "ceiling", "test_401", "test_402", "weight", "alpha"]
        )  # fmt: skip
        for name, selection, center, weights in ROWS:
            chosen = columns(labels, selection)
            member = recommended.families(labels[chosen])
            learner = Ridge(alphas=ALPHAS, folds=4, center=center, weights=weights, seed=SEED)
            parts = [Sample(s.features[:, chosen], s.targets, halves=s.halves) for s in train]
            row = evaluate(learner, parts, seed=SEED, families=member, folds=5).table[0]
            X = np.concatenate([part.features for part in parts])
            groups = np.repeat(np.arange(len(parts)), [len(part.features) for part in parts])
            learner.fit(X, np.concatenate([s.targets for s in train])[:, 0], groups, member)
            tested = [
                float(pearson(learner.predict(s.features[:, chosen]), s.targets[:, 0]))
                for s in test
            ]
            numbers = [row["r"], row["low"], row["high"], row["r_configuration"]]
            numbers += [row["low_configuration"], row["high_configuration"], row["ceiling"]]
            found = [name, len(chosen), *(f"{x:.4f}" for x in [*map(float, numbers), *tested])]
            found += [learner.weights_[-1], learner.alpha_]
            writer.writerow(found)
            file.flush()
            print(*found, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
