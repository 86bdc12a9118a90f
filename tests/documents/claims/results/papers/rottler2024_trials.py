"""Numbers of the trials that tell where the classification differs from the paper's, and why."""

import math

from documents.claims.results.rottler2024 import (
    CHANCE,
    FOLDER,
    LEARNING,
    MIXTURE,
    POLYMER,
    RUNS,
    STATE,
    WORDS,
    accuracy,
    halves,
    of_study,
    score,
)
from support.claims import holds, row, table
from support.study_claims import CONFIDENCE

DOCUMENT = FOLDER / "trials.md"
OVERFITTING, AGREEMENT, DISPLACEMENT = (
    table(FOLDER / f"trial.{name}.csv") for name in ("overfitting", "agreement", "displacement")
)
# Rottler and Ortner 2024, text
GIVEN = [
    "| 20 pairs | best | 174, three bodies | best | 574, four bodies | best |",
    "the paper's 65.",
    "where the paper has 95 %,",
    "the paper's 85,",
    "the polymer at T = 0.47, and with 1500 chains.",
]


def settings():
    """Yield the cut-off and the confidence."""
    tables = (CHANCE, OVERFITTING, RUNS, STATE, AGREEMENT, DISPLACEMENT)
    (r_cut,) = {r_cut for each in tables for r_cut in each.r_cut}
    yield f"at a cut-off of {r_cut:g}. Intervals are {CONFIDENCE}, by bootstrap"


def below_chance():
    """Yield what is said of one feature of Wahnström under shear."""
    found = row(CHANCE, system="Wahnström", way="shear")
    yield f"The accuracy is {100 * found.accuracy:.1f} %"
    yield f"would not give {100 * found.accuracy:.1f}."
    yield f"and {100 * found.accuracy:.1f} is not exceptional"
    yield f"and {100 * found.training:.1f} % where all glasses are fitted and predicted"
    yield holds(
        f"in {WORDS[found.larger]} of the {WORDS[found.configurations]} glasses",
        2 * found.larger == found.configurations,
    )
    yield f"its own sign the accuracy would be {100 * found.own:.0f} %"
    permuted, swapped = (
        [100 * found[f"{way}{name}"] for name in ("", "_low", "_high")]
        for way in ("permuted", "swapped")
    )
    yield holds(
        "permuted within each glass it is {:.1f} % ({:.1f}–{:.1f})".format(*permuted),
        100 * found.accuracy < permuted[1],
    )
    yield holds(
        "exchanged in glasses drawn at random it is {:.1f} % ({:.1f}–{:.1f})".format(*swapped),
        swapped[1] <= 100 * found.accuracy,
    )


def overfitted():
    """Yield the rows of the table of overfitting: training and test, and the best penalty."""
    low, high = OVERFITTING.alpha.min(), OVERFITTING.alpha.max()
    yield "for a penalty of 1, and the best of seven"
    yield f"the best of seven penalties from {low:g} to 1e{math.log10(high):g}"
    lost = [[], []]
    for system in ("KA", "Wahnström"):
        rows = of_study(LEARNING, system, "shear").set_index(["n_configurations", "features"])
        for k, n in enumerate((1, 5)):
            pairs, three = (
                rows.accuracy[n, name] for name in ("pairs with A, B", "up to 3 bodies")
            )
            lost[k].append(100 * (pairs - three))
    yield "three bodies lose {:.1f} % in KA and {:.1f} % in Wahnström".format(*lost[0])
    yield "with five {:.1f} and {:.1f} %".format(*lost[1])
    for system in ("KA", "Wahnström"):
        rows = of_study(OVERFITTING, system, "shear")
        cells = []
        for n in MIXTURE[1:]:
            of = rows[rows.n_features == n].set_index("alpha")
            best = of.accuracy.idxmax()
            one = of.loc[1.0]
            cells.append(f"{100 * one.training:.1f} / {100 * one.accuracy:.1f}")
            cells.append(f"{100 * of.accuracy[best]:.1f} ({best:g})")
        yield f"| {system} | {' | '.join(cells)} |"


def half_the_runs():
    """Yield the rows of the table of classes from half of the runs."""
    for system in RUNS.system.unique():
        rows = RUNS[(RUNS.system == system) & (RUNS.n_features == MIXTURE[1])].set_index("of")
        yield (
            f"| {system} | {rows.runs['all']} | {score(rows.loc['all'])} "
            f"| {rows.runs['half 0']} | {' and '.join(halves(system, MIXTURE[1]))} |"
        )
    three = row(RUNS, system="polymer", of="all", n_features=POLYMER[1])
    yield f"In the polymer three bodies have {score(three)} % with {WORDS[three.runs]} runs"
    yield f"and {' and '.join(halves('polymer', POLYMER[1]))} with five"


def agreed():
    """Yield how D2min and displacement agree."""
    names = ("KA", "Wahnström", "polymer")
    r, shared = (
        [row(AGREEMENT, system=name, of=of).value for name in names] for of in ("r", "shared")
    )
    yield "by r = {:.2f} (KA), {:.2f} (Wahnström) and {:.2f} (polymer)".format(*r)
    yield "the 5 % with the largest values share {:.0f}, {:.0f} and {:.0f} %".format(
        *(100 * value for value in shared)
    )
    by_d2min = [score(accuracy("polymer", "thermal", n, 4)) for n in (1, *POLYMER[:2])]
    rows = DISPLACEMENT[DISPLACEMENT.system == "polymer"]
    by_displacement = [score(each) for _, each in rows.iterrows()]
    for scores in (by_d2min, by_displacement):
        yield "{} % with one feature, {} with pairs and {} with three bodies".format(*scores)


def states():
    """Yield the accuracies at other state points of KA."""
    pairs = []
    ka = STATE[STATE.system == "KA"]
    for _, rows in ka.groupby(["temperature", "particles", "d2min_cutoff"]):
        of = rows.iloc[0]
        cells = [score(rows[rows.n_features == n].iloc[0]) for n in (1, *MIXTURE[:2])]
        yield (
            f"| {of.temperature:g} | {of.configurations} of {of.particles} | {of.runs} "
            f"| {of.time:.0f} | {of.d2min_cutoff:g} | {' | '.join(cells)} |"
        )
        if of.d2min_cutoff == 1.5:
            pairs.append(100 * rows.accuracy.iloc[-1])
        else:
            yield f"With a radius of {of.d2min_cutoff:g} σ, {cells[1]} % with A-A pairs is not"
    yield "and runs: {:.0f}, {:.0f} and {:.0f} %".format(*sorted(pairs))


def computed():
    for part in (settings, below_chance, overfitted, half_the_runs, agreed, states):
        yield from part()
