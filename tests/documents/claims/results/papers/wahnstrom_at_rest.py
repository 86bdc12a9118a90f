"""Numbers of the trials that tell why Wahnström at rest has a lower accuracy than in the paper."""

import numpy as np

from support.claims import row, table
from support.paths import ROOT
from support.study_claims import CONFIDENCE, WORDS

FOLDER = ROOT / "results/rottler2024/wahnstrom"
DOCUMENT = FOLDER / "README.md"
STATE, PARTICLES = (table(FOLDER / f"trial.{name}.csv") for name in ("state", "particles"))
RUNS = table(FOLDER.parent / "trial.runs.csv")
LEARNING = table(FOLDER.parent / "learning.csv")
PAIRS_WITH_A, PAIRS = 10, 20
GIVEN = [
    # Rottler and Ortner 2024, text of figure 3 and simulation details
    "the paper has 97",
    "the paper, at T = 0.58",
    "The paper has 30 runs",
]


def score(found):
    """Return an accuracy in per cent with its interval: 72 (67–76)."""
    return "{:.0f} ({:.0f}–{:.0f})".format(*(100 * found[k] for k in ("accuracy", "low", "high")))


def at(temperature, n, rows=STATE):
    return row(rows, temperature=temperature, n_features=n)


def computed():
    yield f"{CONFIDENCE} intervals"
    yield from states()
    yield from amounts()


def states():
    """Yield the rows of the table of temperatures."""
    for temperature in sorted(STATE.temperature.unique()):
        few, pairs = (at(temperature, n) for n in (PAIRS_WITH_A, PAIRS))
        yield (
            f"| {temperature:g} | {pairs.tau_alpha:.3g} | {pairs.time:.3g} | {score(few)} "
            f"| {score(pairs)} | {score(at(temperature, PAIRS, PARTICLES))} |"
        )
    prepared = {(each.configurations, each.particles, each.runs) for each in STATE.itertuples()}
    ((configurations, particles, runs),) = prepared
    yield (
        f"{WORDS[configurations]} configurations of {particles} particles and {WORDS[runs]} runs"
    )


def amounts():
    """Yield what more runs and more configurations give."""
    rows = RUNS[(RUNS.system == "Wahnström") & (RUNS.n_features == PAIRS)].set_index("of")
    halves = [100 * rows.accuracy[f"half {h}"] for h in (0, 1)]
    yield (
        f"{WORDS[int(rows.runs['half 0'])]} runs give {halves[0]:.0f} and {halves[1]:.0f} %, "
        f"{WORDS[int(rows.runs['all'])]} {100 * rows.accuracy['all']:.0f}"
    )
    learning = LEARNING[(LEARNING.system == "Wahnström") & (LEARNING.way == "thermal")]
    curve = learning[learning.features == "pairs with A, B"].set_index("n_configurations").accuracy
    yield (
        "one, three, five and seven configurations give "
        + ", ".join(f"{100 * curve[n]:.0f}" for n in (1, 3, 5))
        + f" and {100 * curve[7]:.0f} %"
    )
    limit = np.polyfit(1 / curve.index.to_numpy(), curve, 1)[1]
    yield f"linear in 1/n, reach {100 * limit:.0f} %"
