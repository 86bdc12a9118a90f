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
STUDY = cb.Study(ROOT / "datasets/wahnstrom-058/wahnstrom-058.toml")
WARMER = cb.Study(ROOT / "datasets/wahnstrom-065/wahnstrom.toml")
PAPER = STUDY.recipe
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


def relaxation(found):
    """Return tau_alpha, or beyond which time it is."""
    beyond = np.isnan(found.tau_alpha)
    return f"above {shown(found.time)}" if beyond else shown(found.tau_alpha)


def shown(time):
    """Return a time with three digits."""
    return f"{float(f'{time:.3g}'):g}"


def mean_density(study):
    """Return the mean number density of the configurations of a study."""
    configurations = map(study.configuration, range(study.n_configurations))
    return np.mean([len(each) / each.box.volume for each in configurations])


def at(temperature, n, rows=STATE):
    return row(rows, temperature=temperature, n_features=n)


def computed():
    yield f"{CONFIDENCE} intervals"
    yield from states()
    yield from amounts()
    densities = [mean_density(study) for study in (STUDY, WARMER)]
    yield (
        f"became {densities[0]:.3f} at T = {PAPER.model.temperature:g} and {densities[1]:.3f} at "
        f"{WARMER.recipe.model.temperature:g}, where the paper has {PAPER.model.number_density:g}"
    )


def states():
    """Yield the rows of the table of temperatures, and lines through them to the paper's."""
    for temperature in sorted(STATE.temperature.unique()):
        few, pairs = (at(temperature, n) for n in (PAIRS_WITH_A, PAIRS))
        yield (
            f"| {temperature:g} | {relaxation(pairs)} | {shown(pairs.time)} | {score(few)} "
            f"| {score(pairs)} | {score(at(temperature, PAIRS, PARTICLES))} |"
        )
    prepared = {(each.configurations, each.particles, each.runs) for each in STATE.itertuples()}
    ((configurations, particles, runs),) = prepared
    yield (
        f"{WORDS[configurations]} configurations of {particles} particles and {WORDS[runs]} runs"
    )
    coldest, cold, warm = (at(t, PAIRS) for t in (PAPER.model.temperature, 0.65, 0.8))
    yield f"the last time, {coldest.time:g} τ as in the paper"
    yield f"all pairs, at T = {cold.temperature:g};"
    yield f"not the reason.** At T = {cold.temperature:g}, training"
    yield f"are of T = {cold.temperature:g}."
    yield (
        f"From T = {warm.temperature:g} to {cold.temperature:g} tau_alpha grows from "
        f"{warm.tau_alpha:.3g} to {cold.tau_alpha:.3g} τ, and the accuracy from "
        f"{100 * warm.accuracy:.0f} to {100 * cold.accuracy:.0f} %"
    )
    line = np.polyfit((cold.temperature, warm.temperature), (cold.accuracy, warm.accuracy), 1)
    yield holds(
        f"At\n  the paper's temperature it is {100 * coldest.accuracy:.0f} %, which is what a line "
        "through the other two",
        abs(np.polyval(line, coldest.temperature) - coldest.accuracy) < 0.005,
    )
    yield holds("The interval remains\n  below the paper's 97", coldest.high < 0.97)
    held = [
        abs(at(t, PAIRS).accuracy - at(t, PAIRS, PARTICLES).accuracy)
        for t in sorted(STATE.temperature.unique())
    ]
    yield holds("Particles drawn at random give the same accuracy here", max(held) < 0.01)
    steps = sum(step.time for step in PAPER.preparation.protocol)
    yield f"at the paper's temperature: ours is {steps:g} τ"
    n, runs = PAPER.preparation.n_configurations, PAPER.isoconfigurational
    yield (
        f"has {n} configurations, followed for {steps:g} τ, and {n * runs.n_runs} runs for "
        f"{runs.last:g} τ"
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
