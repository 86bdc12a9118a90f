"""Numbers of the trials of vectors, tensors and pairs in networks."""

import runpy
import sys

import cagebreak as cb
from support.claims import holds, signed, table
from support.paths import ROOT
from support.study_claims import CONFIDENCE

FOLDER = ROOT / "results/vectors"
DOCUMENT = FOLDER / "README.md"
BOTAN = "tau_alpha"
"""The time of the runs of BOTAN, in place of a number."""


def timed(name):
    """Return a table of the folder with times as numbers, where they are."""
    rows = table(FOLDER / name)
    return rows.assign(time=[x if x == BOTAN else float(x) for x in rows["time"]])


TRIALS = timed("trials.csv")
DIFFERENCES = timed("differences.csv").set_index(["system", "time", "learner", "against"])
TIMES = DIFFERENCES.index.droplevel(["learner", "against"]).unique()
LEARNERS = {
    "own features": "own features",
    "neighbors": "neighbors",
    "vectors": "neighbors, vectors",
    "vectors, tensors": "neighbors, vectors, tensors",
    "vectors, tensors, retrained": "the same, retrained",
}
"""The corrections in words of the table."""
GIVEN = ["T = 0.44"]  # of the data of BOTAN, which were not run


def cell(*key):
    if key not in DIFFERENCES.index:
        return "not run"
    found = DIFFERENCES.loc[key]
    return f"{signed(found.difference)} ({signed(found.low)} to {signed(found.high)})"


def gains(learner, against):
    """Return at which systems and times an interval is above zero."""
    rows = DIFFERENCES.xs((learner, against), level=("learner", "against"))
    return list(rows[rows.low > 0].index)


def of_script(name):
    """Return the names of a script of the folder."""
    sys.path.insert(0, str(FOLDER))
    try:
        return runpy.run_path(str(FOLDER / name))
    finally:
        sys.path.remove(str(FOLDER))


def computed():
    yield f"with {CONFIDENCE} bootstrap intervals"
    yield from lines()
    yield from setting()
    yield from verdicts()


def lines():
    """Yield the rows of the table: ridge, then the differences from it at each time."""
    names = {"hs": "hard spheres", "ka050": "Kob-Andersen"}
    of_times = [f"{names[system]}, {time:g} τ" for system, time in TIMES if time != BOTAN]
    yield " | ".join([*of_times, "Kob-Andersen, tau_alpha"])
    r = TRIALS[TRIALS.learner == "ridge"].groupby(["system", "time"], sort=False).r.mean()
    yield "| ridge: r | " + " | ".join(f"{r[key]:.4f}" for key in TIMES) + " |"
    for learner, words in LEARNERS.items():
        cells = " | ".join(cell(*key, learner, "ridge") for key in TIMES)
        yield f"| {words} | {cells} |"


def setting():
    """Yield what is said of the systems and of the fits."""
    states = of_script("states.py")
    relaxing, measured = states["SWEEPS"]
    yield f"({relaxing} + {measured} sweeps)"
    n = TRIALS.groupby("system").configuration.nunique()
    for system, folds in (("hs", 5), ("ka050", 3), ("ka044", 5)):
        yield f"the {n[system]} configurations of the"
        yield f"in {folds} folds"
    yield f"T = {cb.datasets.study('kob-andersen-050').recipe.model.temperature:g} the"
    # Settings of trials.py, which needs torch.
    text = (FOLDER / "trials.py").read_text()
    folds, layers = '"hs": 5, "ka050": 3, "ka044": 5', '"layers": 1'
    asked = folds, "CUTOFF = 1.5", '"epochs": 12', "epochs=40", layers
    same = all(setting in text for setting in asked)
    yield holds("edges up to 1.5 σ, one training in each fold, at most 12 epochs", same)
    yield holds("at most 12 epochs, the fully connected one at most 40 epochs", same)
    once = TRIALS.drop_duplicates(["system", "configuration", "learner"])
    seconds = once[once.system == "hs"].groupby("learner").seconds.median()
    yield (
        f"in {seconds['own features']:.0f} s of CPU time a fold on hard spheres, against "
        f"{seconds['vectors']:.0f} s with vectors"
    )


def verdicts():
    """Yield what the intervals say."""
    own = DIFFERENCES.xs(("own features", "ridge"), level=("learner", "against"))
    hard = own.loc["hs"]
    yield f"gains up to {hard.difference.max():.3f} in r"
    networks = list(LEARNERS)[1:]
    better = [gains(learner, "own features") for learner in networks]
    never = not any(system == "hs" for found in better for system, _ in found)
    yield holds("no network that reads neighbors exceeds it on hard spheres", never)
    assert better[:2] == [[("ka050", 30.0)]] * 2
    assert not gains("neighbors", "ridge").count(("ka050", 30.0))
    yield holds("At 30 τ of Kob-Andersen two do, and neither exceeds ridge", not better[2])
    assert gains("vectors", "neighbors") == [("hs", 10.0)]
    yield f"gain {cell('hs', 10.0, 'vectors', 'neighbors')} at 10 τ of hard spheres and"
    assert not gains("vectors, tensors", "vectors")
    retrained = "vectors, tensors, retrained", "vectors, tensors"
    assert gains(*retrained) == [("hs", 1000.0)]
    yield f"gains {cell('hs', 1000.0, *retrained)} at 1000 τ of hard spheres and nothing elsewhere"
    own_botan = DIFFERENCES.loc["ka044", BOTAN, "own features", "ridge"]
    yield holds("configurations own features gain nothing", own_botan.low < 0 < own_botan.high)
    over = sorted(
        {key for learner in LEARNERS for key in gains(learner, "ridge") if key[0] == "ka050"}
    )
    assert over == [("ka050", 3.0), ("ka050", 300.0)]
    assert sum(gains(name, "ridge").count(key) for name in LEARNERS for key in over) == 3
    trials = table(ROOT / "results/collective/trials.csv").set_index(["system", "trial"])
    hard, soft = (trials.difference[s, "prediction, powers"] for s in ("hs", "ka044"))
    yield f"powers of the prediction gain {hard:.4f} on hard spheres and lose {-soft:.4f} on"
