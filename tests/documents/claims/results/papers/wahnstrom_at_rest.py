"""Numbers of the trials that tell why Wahnström at rest has a lower accuracy than in the paper."""

import numpy as np

import cagebreak as cb
from cagebreak.learning.linear_model import logistic
from documents.claims.results.rottler2024 import (
    FOLDER,
    LEARNING,
    PENALTIES,
    accuracy,
    halves,
    score,
)
from support.claims import holds, printed, row, table
from support.paths import ROOT
from support.study_claims import CONFIDENCE, WORDS

DOCUMENT = FOLDER / "wahnstrom.md"
STATE, AGED, PARTICLES, TIMES, DISPLACEMENT, OVERFITTING = (
    of[(of.system == "Wahnström") & (of.way == "thermal")]
    for of in (
        table(FOLDER / f"trial.{name}.csv")
        for name in ("state", "aged", "particles", "times", "displacement", "overfitting")
    )
)
STUDY = cb.Study(ROOT / "datasets/wahnstrom-058/wahnstrom-058.toml")
WARMER = cb.Study(ROOT / "datasets/wahnstrom-065/wahnstrom.toml")
PAPER, RUNS = STUDY.recipe, STUDY.recipe.isoconfigurational
PAIRS_WITH_A, PAIRS = 10, 20
GIVEN = [
    # Rottler and Ortner 2024, text of figure 3 and simulation details
    "where the paper has 97",
    "at the temperature and the time of the paper, T = 0.58 and 1000 τ; the paper with 97.",
    "reaches the paper's 97.",
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
    for part in (of_all_pairs, penalties, more, states, equilibration):
        yield from part()
    densities = [mean_density(study) for study in (STUDY, WARMER)]
    yield (
        f"became {densities[0]:.3f} at T = {PAPER.model.temperature:g} and {densities[1]:.3f} at "
        f"{WARMER.recipe.model.temperature:g}, where the paper has {PAPER.model.number_density:g}"
    )


def of_all_pairs():
    """Yield the rows of the table of trials at the paper's temperature."""
    reference = accuracy("Wahnström", "thermal", PAIRS, 4)
    yield f"{100 * reference.accuracy:.0f} % where the paper has 97"
    yield f"{100 * reference.accuracy:.0f} % {score(reference).split(' ', 1)[1]} from all pairs"
    yield f"at T = {PAPER.model.temperature:g}"
    low, high = min(logistic.ALPHAS), max(logistic.ALPHAS)
    yield f"as in the study: penalties from {low:g} to {high:g} | {score(reference)} |"
    found = row(PENALTIES, system="Wahnström", way="thermal", n_features=PAIRS)
    yield f"from {printed(found.weakest)} to {found.strongest:g} | {score(found)} |"
    found = at(PAPER.model.temperature, PAIRS, PARTICLES)
    yield f"particles held out, not configurations | {score(found)} |"
    yield holds(
        "Particles drawn at random give the same accuracy here",
        max(
            abs(at(t, PAIRS).accuracy - at(t, PAIRS, PARTICLES).accuracy)
            for t in STATE.temperature.unique()
        )
        < 0.01,
    )
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
    older = row(AGED, n_features=PAIRS)
    # further_runs.py --age 2: two stretches of 1000 tau
    yield f"such runs from configurations older by 2000 τ | {score(older)} |"
    yield holds(
        f"Older ones have {score(older).replace(' ', ' % ')} in {WORDS[older.runs]} runs to "
        f"{older.time:g} τ, the younger ones {score(near).replace(' ', ' % ')} in as many such "
        "runs; the intervals overlap",
        (older.runs, older.time) == (near.runs, near.time) and older.low < near.high,
    )
    yield holds(
        "A larger radius of D2min does not raise it, nor does displacement",
        far.accuracy <= near.accuracy and moved.accuracy <= reference.accuracy,
    )


def penalties():
    """Yield what weaker penalties give."""
    low, high = min(logistic.ALPHAS), max(logistic.ALPHAS)
    yield f"chooses from {low:g} to {high:g}, in training alone"
    found = row(PENALTIES, system="Wahnström", way="thermal", n_features=PAIRS)
    yield holds(f"all pairs have {score(found).replace(' ', ' % ')}", found.high >= 0.97)
    values = (100 * found[name] for name in ("gain", "gain_low", "gain_high"))
    yield holds("The paired gain is {:.1f} % ({:.1f}–{:.1f})".format(*values), found.gain_low > 0)
    stiff, free = (row(OVERFITTING, n_features=PAIRS, alpha=alpha) for alpha in (1.0, 0.01))
    in_training = "With a penalty of {:g} the accuracy in training is {:.0f} %"
    yield in_training.format(stiff.alpha, 100 * stiff.training)
    yield f"With {free.alpha:g} it is {100 * free.training:.0f} %"
    others = PENALTIES[PENALTIES.n_features >= PAIRS].drop(index=found.name)
    yield holds(
        f"weaker penalties gain at most {100 * others.gain.max():.1f} %, and no interval is above",
        (others.gain_low <= 0).all(),
    )


def more():
    """Yield what more configurations give."""
    learning = LEARNING[(LEARNING.system == "Wahnström") & (LEARNING.way == "thermal")]
    curve = learning[learning.features == "pairs with A, B"].set_index("n_configurations").accuracy
    yield (
        "one, three, five and seven configurations gives "
        + ", ".join(f"{100 * curve[n]:.0f}" for n in (1, 3, 5))
        + f" and {100 * curve[7]:.0f} %"
    )
    yield holds("still rises at its end", curve[7] == curve.max() and curve[7] - curve[5] > 0.02)


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
    coldest, cold, warm = (at(t, PAIRS) for t in (PAPER.model.temperature, 0.65, 0.8))
    yield (
        f"From T = {warm.temperature:g} to {cold.temperature:g} tau_alpha grows from "
        f"{warm.tau_alpha:.3g} to {cold.tau_alpha:.3g} τ, and the accuracy from "
        f"{100 * warm.accuracy:.0f} to {100 * cold.accuracy:.0f} %"
    )
    line = np.polyfit((cold.temperature, warm.temperature), (cold.accuracy, warm.accuracy), 1)
    yield holds(
        f"At T = {coldest.temperature:g} it is {100 * coldest.accuracy:.0f} %, which is what a "
        "line through the other two",
        abs(np.polyval(line, coldest.temperature) - coldest.accuracy) < 0.005,
    )


def equilibration():
    """Yield how the configurations were made, and how they change."""
    yield f"The data set at T = {PAPER.model.temperature:g}"
    steps = [step.time for step in PAPER.preparation.protocol]
    n = PAPER.preparation.n_configurations
    yield (
        f"has {n} configurations, followed for {sum(steps):g} τ, and {n * RUNS.n_runs} runs for "
        f"{RUNS.last:g} τ"
    )
    drift = STUDY.drift()
    energy, f_s = (row(drift, quantity=name) for name in ("energy", "F_s A"))
    yield holds(
        f"over the halves of the last {steps[-1]:g} τ the energy of a particle falls by "
        f"{-energy.difference:.3f} ± {energy.error:.3f} ε",
        energy.drifts,
    )
    yield f"F_s of A falls to {f_s['first']:.2f} in the first"
    yield f"and to {f_s.second:.2f} in the second"
    mean = STUDY.table("propensity")
    last = row(mean[mean.species == "A"], time=RUNS.last)
    yield f"In the runs F_s of A falls to {last.f_s:.2f} in {last.time:g} τ"
