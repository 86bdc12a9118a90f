"""Numbers of the trials that tell why Wahnström at rest has a lower accuracy than in the paper."""

import numpy as np

import cagebreak as cb
from support.claims import holds, row, table
from support.paths import ROOT
from support.study_claims import CONFIDENCE, WORDS

FOLDER = ROOT / "results/rottler2024"
DOCUMENT = FOLDER / "wahnstrom.md"
STATE, PARTICLES = (
    of[of.system == "Wahnström"]
    for of in (table(FOLDER / f"trial.{name}.csv") for name in ("state", "particles"))
)
PAPER = cb.Study(FOLDER / "wahnstrom-058.toml").recipe
RUNS = table(FOLDER / "trial.runs.csv")
LEARNING = table(FOLDER / "learning.csv")
PAIRS_WITH_A, PAIRS = 10, 20
GIVEN = [
    # Rottler and Ortner 2024, text of figure 3 and simulation details
    "where the paper has 97",
    "the paper, at T = 0.58, with 97.",
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
    """Yield the rows of the table of temperatures, and lines through them to the paper's."""
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
    cold, warm = (row(STATE, temperature=t, n_features=PAIRS) for t in (0.65, 0.8))
    yield f"all pairs, at T = {cold.temperature:g};"
    yield (
        f"From T = {warm.temperature:g} to {cold.temperature:g} tau_alpha grows from "
        f"{warm.tau_alpha:.3g} to {cold.tau_alpha:.3g} τ, and the accuracy from "
        f"{100 * warm.accuracy:.0f} to {100 * cold.accuracy:.0f} %"
    )
    paper = PAPER.model.temperature, np.log(PAPER.isoconfigurational.last)
    scales = (cold.temperature, warm.temperature), np.log((cold.tau_alpha, warm.tau_alpha))
    in_t, in_tau = (
        100 * np.polyval(np.polyfit(scale, (cold.accuracy, warm.accuracy), 1), there)
        for scale, there in zip(scales, paper, strict=True)
    )
    yield f"in T reaches {in_t:.0f} % at {PAPER.model.temperature:g}, and a line in ln tau_alpha"
    yield f"{in_tau:.0f} % at {PAPER.isoconfigurational.last:g} τ, the paper's time"
    held = [abs(at(t, PAIRS).accuracy - at(t, PAIRS, PARTICLES).accuracy) for t in (0.65, 0.8)]
    yield holds("Particles drawn at random give the same accuracy here", max(held) < 0.01)
    steps = sum(step.time for step in PAPER.preparation.protocol)
    n = PAPER.preparation.n_configurations
    yield (
        f"follows {n} configurations for {steps:g} τ and {n * PAPER.isoconfigurational.n_runs} "
        f"runs for {PAPER.isoconfigurational.last:g} τ"
    )


def amounts():
    """Yield what more runs and more configurations give."""
    rows = RUNS[(RUNS.system == "Wahnström") & (RUNS.n_features == PAIRS)].set_index("of")
    halves = [100 * rows.accuracy[f"half {h}"] for h in (0, 1)]
    yield f"{100 * rows.accuracy['all']:.0f} % where the paper has 97"
    yield f"inactive ones with {100 * rows.accuracy['all']:.0f} % from all pairs"
    yield (
        f"{WORDS[int(rows.runs['half 0'])]} runs give {halves[0]:.0f} and {halves[1]:.0f} %, "
        f"{WORDS[int(rows.runs['all'])]} {100 * rows.accuracy['all']:.0f}"
    )
    learning = LEARNING[(LEARNING.system == "Wahnström") & (LEARNING.way == "thermal")]
    curve = learning[learning.features == "pairs with A, B"].set_index("n_configurations").accuracy
    yield (
        "one, three, five and seven configurations gives "
        + ", ".join(f"{100 * curve[n]:.0f}" for n in (1, 3, 5))
        + f" and {100 * curve[7]:.0f} %"
    )
    limit = np.polyfit(1 / curve.index.to_numpy(), curve, 1)[1]
    yield f"which, linear in 1/n, reach {100 * limit:.0f} %"
