"""Numbers of the trials of vectors and tensors in networks."""

import cagebreak as cb
from support.claims import holds, row, table
from support.paths import ROOT
from support.study_claims import CONFIDENCE

FOLDER = ROOT / "results/vectors"
DOCUMENT = FOLDER / "README.md"
TRIALS = table(FOLDER / "trials.csv")
DIFFERENCES = table(FOLDER / "differences.csv")
LEARNERS = {
    "own features": "own features",
    "neighbors": "neighbors",
    "vectors": "and vectors",
    "vectors, tensors": "and vectors, tensors",
    "vectors, tensors, retrained": "the same, retrained",
}
"""The learners in words of the table."""
SYSTEMS = {
    "hs": ("hard spheres", "hard-spheres-058"),
    "ka050": ("Kob-Andersen", "kob-andersen-050"),
}
GIVEN = [
    "(1000 + 9000 sweeps)",  # SWEEPS of states.py
    "10 own scalars",  # of the recommended set, without surroundings
    "one layer and edges up to 1.5 σ",  # trials.py
    "at most 12 epochs",
    "in 5 folds",
    "in 3 folds",
    "Kob-Andersen at T = 0.5",
    "the ten configurations at T = 0.44",
    CONFIDENCE,
]


def signed(x):
    return f"{x:+.4f}".replace("-", "−")


def at(system, time, learner, against):
    """Return a difference of r."""
    of = DIFFERENCES[DIFFERENCES.system == system]
    return row(of, time=time, learner=learner, against=against)


def lines():
    """Yield the rows of the table: ridge, then the differences from it at each time."""
    times = DIFFERENCES[["system", "time"]].drop_duplicates().values.tolist()
    yield "| | " + " | ".join(f"{SYSTEMS[s][0]}, {t:g} τ" for s, t in times) + " |"
    folds = TRIALS[(TRIALS.part == "folds") & (TRIALS.learner == "ridge")]
    r = folds.groupby(["system", "time"]).r.mean()
    yield "| ridge: r | " + " | ".join(f"{r[tuple(key)]:.4f}" for key in times) + " |"
    for learner, words in LEARNERS.items():
        found = [at(*key, learner, "ridge") for key in times]
        cells = (f"{signed(f.difference)} ({signed(f.low)} to {signed(f.high)})" for f in found)
        yield f"| {words} | " + " | ".join(cells) + " |"


def computed():
    yield from lines()
    for _, dataset in SYSTEMS.values():
        yield f"the {cb.datasets.study(dataset).n_configurations} configurations"
    hard = DIFFERENCES[DIFFERENCES.system == "hs"]
    own = hard[(hard.learner == "own features") & (hard.against == "ridge")]
    yield f"gains {own.difference.min():.3f} to {own.difference.max():.3f} in r"
    beyond = DIFFERENCES[DIFFERENCES.against == "own features"]
    yield holds(
        "no correction with neighbors, vectors or tensors exceeds it at any time",
        not (beyond[beyond.system == "hs"].low > 0).any(),
    )
    vectors = at("hs", 10.0, "vectors", "neighbors")
    yield (
        f"vectors add {signed(vectors.difference)} ({signed(vectors.low)} to "
        f"{signed(vectors.high)}) to neighbors at 10 τ"
    )
    later = hard[(hard.learner == "vectors") & (hard.against == "neighbors") & (hard.time > 10)]
    yield holds("and nothing that is clear later", not (later.low > 0).any())
    six = DIFFERENCES[(DIFFERENCES.system == "ka050") & (DIFFERENCES.against == "ridge")]
    yield f"{(six.low > 0).sum()} of {len(six)} intervals lie above zero"
