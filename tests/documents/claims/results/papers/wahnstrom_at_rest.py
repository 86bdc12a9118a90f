"""Numbers of the trials of the classification of Wahnström at rest."""

import math

import numpy as np

import cagebreak as cb
from documents.claims.results.rottler2024 import (
    FOLDER,
    LEARNING,
    accuracy,
    halves,
    score,
    study,
)
from support.claims import holds, row, table
from support.paths import ROOT
from support.study_claims import CONFIDENCE, WORDS

DOCUMENT = FOLDER / "wahnstrom.md"
STATE, PARTICLES, TIMES, DISPLACEMENT, OVERFITTING = (
    of[(of.system == "Wahnström") & (of.way == "thermal")]
    for of in (
        table(FOLDER / f"trial.{name}.csv")
        for name in ("state", "particles", "times", "displacement", "overfitting")
    )
)
STUDY = cb.Study(ROOT / "datasets/wahnstrom-058/wahnstrom-058.toml")
WARMER = cb.Study(ROOT / "datasets/wahnstrom-065/wahnstrom.toml")
PAPER, RUNS = STUDY.recipe, STUDY.recipe.isoconfigurational
PAIRS_WITH_A, PAIRS = 10, 20
TIME = study("Wahnström", "thermal").time
GIVEN = [
    # Rottler and Ortner 2024, text of figure 3 and simulation details
    "of the paper, T = 0.58, and the paper with 97.",
    "The paper has 30 runs",
    "The paper takes 50,000 τ",
]


def relaxation(found):
    """Return tau_alpha, or beyond which time it is."""
    beyond = np.isnan(found.tau_alpha)
    return f"above {shown(found.time)}" if beyond else shown(found.tau_alpha)


def shown(time):
    """Return a time with three digits."""
    return f"{float(f'{time:.3g}'):g}"


def longest(rows):
    """Return the rows of each temperature at its longest time."""
    return rows[rows.time == rows.groupby("temperature").time.transform("max")]


def mean_density(study):
    """Return the mean number density of the configurations of a study."""
    configurations = map(study.configuration, range(study.n_configurations))
    return np.mean([len(each) / each.box.volume for each in configurations])


def at(temperature, n, rows=STATE):
    return row(longest(rows), temperature=temperature, n_features=n)


def computed():
    yield f"{CONFIDENCE} intervals"
    for part in (of_all_pairs, of_other_data, penalties, more, states, equilibration):
        yield from part()


def of_all_pairs():
    """Yield the accuracy of the study."""
    found = accuracy("Wahnström", "thermal", PAIRS, 4)
    printed = score(found).replace(" ", " % ")
    yield f"{printed} from all pairs"
    yield f"at the temperature of the paper, T = {PAPER.model.temperature:g}"
    yield f"as in the study, D2min at {TIME:.0f} τ | {score(found)} |"
    yield holds(
        f"it is {printed}, whose interval contains the paper's 97",
        found.low < 0.97 < found.high,
    )
    yield f"| at T = {PAPER.model.temperature:g} | all pairs |"
    yield f"The data set at T = {PAPER.model.temperature:g}"


def of_other_data():
    """Yield the rows of other runs, times and targets at the paper's temperature."""
    reference = accuracy("Wahnström", "thermal", PAIRS, 4)
    found = at(PAPER.model.temperature, PAIRS, PARTICLES)
    yield f"particles held out, not configurations | {score(found)} |"
    apart = max(
        abs(at(t, PAIRS).accuracy - at(t, PAIRS, PARTICLES).accuracy)
        for t in STATE.temperature.unique()
    )
    yield f"Particles drawn at random give the same accuracy within {math.ceil(100 * apart)} %"
    both = " and ".join(halves("Wahnström", PAIRS))
    yield f"either half of the runs | {both} |"
    yield f"the halves give {both} %"
    pairs = TIMES[TIMES.n_features == PAIRS]
    for time in (100, 316):
        yield f"D2min at {time} τ | {score(row(pairs, time=time))} |"
    low, high = (f"{100 * value:.0f}" for value in (pairs.accuracy.min(), pairs.accuracy.max()))
    yield f"between {low} and {high} % at all times from {pairs.time.min():g} τ on"
    moved = row(DISPLACEMENT, n_features=PAIRS)
    yield f"displacement in place of D2min | {score(moved)} |"
    other = STATE[(STATE.time == 100) & (STATE.n_features == PAIRS)]
    near, far = (row(other, d2min_cutoff=radius) for radius in (1.5, 2.5))
    yield (
        f"{WORDS[near.runs]} other runs to {near.time:.0f} τ, radius of D2min "
        f"{near.d2min_cutoff:g} σ | {score(near)} |"
    )
    yield f"the same runs, radius {far.d2min_cutoff:g} σ | {score(far)} |"
    yield holds(
        "A larger radius of D2min does not raise it, nor does displacement",
        far.accuracy <= near.accuracy and moved.accuracy <= reference.accuracy,
    )


def penalties():
    """Yield what a penalty that is too large loses."""
    found = [row(OVERFITTING, n_features=PAIRS, alpha=alpha) for alpha in (0.01, 1.0, 100.0)]
    for each in found:
        yield f"a penalty of {each.alpha:g} | {score(each)} |"
    yield f"With a penalty of 1 the accuracy in training is {100 * found[1].training:.0f} %"
    yield f"with 0.01 it is {100 * found[0].training:.0f} %"


def more():
    """Yield what more configurations give."""
    learning = LEARNING[(LEARNING.system == "Wahnström") & (LEARNING.way == "thermal")]
    curve = learning[learning.features == "pairs with A, B"].set_index("n_configurations").accuracy
    yield (
        "one, three, five and seven configurations gives "
        + ", ".join(f"{100 * curve[n]:.0f}" for n in (1, 3, 5))
        + f" and {100 * curve[7]:.0f} %"
    )
    yield holds("no longer rises at its end", abs(curve[7] - curve[5]) < 0.01)


def states():
    """Yield the rows of the table of temperatures, and the line through the other two."""
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
    warm = max(STATE.temperature)
    cold, warm = (at(t, PAIRS) for t in (PAPER.model.temperature, warm))
    yield (
        f"From T = {warm.temperature:g} to {cold.temperature:g} tau_alpha grows from "
        f"{warm.tau_alpha:.3g} to {cold.tau_alpha:.3g} τ, and the accuracy from "
        f"{100 * warm.accuracy:.0f} to {100 * cold.accuracy:.0f} %"
    )
    densities = [mean_density(study) for study in (STUDY, WARMER)]
    yield (
        f"The density is {densities[0]:.3f} at T = {PAPER.model.temperature:g}, and "
        f"{densities[1]:.3f} at {WARMER.recipe.model.temperature:g}, where the model has "
        f"{PAPER.model.number_density:g}"
    )


def equilibration():
    """Yield how the configurations were made, and that they are in equilibrium."""
    steps = [step.time for step in PAPER.preparation.protocol]
    n = PAPER.preparation.n_configurations
    yield (
        f"has {n} configurations, followed for {sum(steps):g} τ, and {n * RUNS.n_runs} runs for "
        f"{RUNS.last:g} τ"
    )
    tau = STUDY.relaxation()["A"]
    yield f"tau_alpha of A is {tau:.0f} τ, and the last step is {steps[-1] / tau:.0f} times as long"
    drift = STUDY.drift()
    energy = row(drift, quantity="energy")
    yield holds(
        f"over the halves of the last {steps[-1]:g} τ the energy of a particle falls by "
        f"{-energy.difference:.3f} ± {energy.error:.3f} ε",
        not drift.drifts.any(),
    )
