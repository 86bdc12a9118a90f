"""Numbers of the study of who rearranges, by classification from structure."""

import itertools
import math

import cagebreak as cb
from cagebreak.dynamics import plasticity
from cagebreak.learning import classification
from cagebreak.learning.linear_model import logistic
from support.claims import holds, row, table
from support.paths import ROOT
from support.study_claims import CONFIDENCE

FOLDER = ROOT / "results/rottler2024"
DOCUMENT = FOLDER / "README.md"
STUDIES, ACCURACY, GAINS, LEARNING, REGRESSION, VARIANTS, ORDERS, SELECTED, FIRSTS, DISTRIBUTION = (
    table(FOLDER / f"{name}.csv")
    for name in (
        *("studies", "accuracy", "gains", "learning", "regression", "variants", "orders"),
        *("selected", "firsts", "distribution"),
    )
)
CHANCE, STATE, RUNS = (table(FOLDER / f"trial.{name}.csv") for name in ("chance", "state", "runs"))
# How many features each block ends with: pairs with A, all pairs, up to 3 and up to 4 bodies.
MIXTURE, POLYMER = (10, 20, 174, 574), (20, 224, 1121)
CHAINS = cb.Study(ROOT / "datasets/fene-polymer/fene.toml")
BEADS = CHAINS.recipe.model.chain_length
WORDS = {3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 10: "ten"}
FRACTIONS = ("accuracy", "low", "high")
# Rottler and Ortner 2024: simulation details, results and the captions.
GIVEN = [
    "The paper has 30 runs of one liquid of each model, or 30 glasses;",
    "six, r_cut = 4 |",
    "the paper's in about 1000 |",
    "KA at T = 0.44 after 5000 τ, Wahnström at 0.58 and polymer at 0.47 after 1000 τ; one event",
    "60 to 65 % with A-A pairs, 90 with A-B",
    "60 to 65 %, 97 with A-B",
    "75 % (one), 80 (pairs), 85 (3 bodies)",
    "where the paper has 75, 80 and 85.",
    "70 % after ten features",
    "73 % (one), 83 (3 bodies)",
    "saturates at 4 (thermal) and 3 (shear)",
    "(the paper 70)",
    "r_0 = 1",  # variants
    "| all pairs | up to 3 bodies | up to 4 bodies | all particles, 4 bodies |",
    "with l = 0 is a product",
    "(Apache-2.0)",
]


def study(system, way):
    return row(STUDIES, system=system, way=way)


def accuracy(system, way, n, r_cut=2.5):
    """Return accuracy and interval with n features."""
    return row(ACCURACY, system=system, way=way, n_features=n, r_cut=r_cut)


def percent(system, way, n, r_cut=2.5):
    """Return the accuracy with n features: 72."""
    return f"{100 * accuracy(system, way, n, r_cut).accuracy:.0f}"


def score(found):
    """Return an accuracy in per cent with its interval: 72 (67–76)."""
    return "{:.0f} ({:.0f}–{:.0f})".format(*(100 * found[name] for name in FRACTIONS))


def gain(system, way, after, r_cut):
    return row(GAINS, system=system, way=way, after=after, r_cut=r_cut)


def gained(found, digits=0):
    """Return a gain with its interval: 2 % (−2–6)."""
    value, low, high = (f"{100 * found[name]:.{digits}f}" for name in ("gain", "low", "high"))
    return f"{value} % ({low}–{high})".replace("-", "−")


def halves(system, n):
    """Return the accuracies with n features and classes from either half of the runs: 92, 91."""
    rows = RUNS[(RUNS.system == system) & (RUNS.n_features == n)].set_index("of").accuracy
    return [f"{100 * rows[f'half {h}']:.0f}" for h in (0, 1)]


def data():
    """Yield the numbers of features, and the rows of the table of data."""
    ka, polymer = (ACCURACY.n_features[ACCURACY.system == name].max() for name in ("KA", "polymer"))
    yield f"{ka} features of two to four bodies in a mixture, {polymer} in the polymer"
    ka, wahnstrom, polymer = (study(name, "thermal") for name in ("KA", "Wahnström", "polymer"))
    yield f"| KA, thermal | the {WORDS[ka.configurations]} training configurations"
    for name, of in (("Wahnström", wahnstrom), ("polymer", polymer)):
        yield f"| {name}, thermal | [{WORDS[of.configurations]}"
    yield (
        f"{ka.particles} particles, T = {ka.temperature}, {ka.runs} runs, {ka.time:.0f} τ, "
        f"described in our inherent states | {ka.active} |"
    )
    yield (
        f"of {wahnstrom.particles}, T = {wahnstrom.temperature}, {WORDS[wahnstrom.runs]} runs, "
        f"{wahnstrom.time:.0f} τ | {wahnstrom.active} |"
    )
    yield (
        f"of {polymer.particles // BEADS} chains of {BEADS} beads, T = {polymer.temperature}, "
        f"{WORDS[polymer.runs]} runs, {polymer.time:.0f} τ | {polymer.active} |"
    )
    for name in ("KA", "Wahnström"):
        glass = study(name, "shear")
        yield f"| {name}, shear | [{WORDS[glass.configurations]}"
        yield f"of {glass.particles} | {glass.active} |"
    glass = study("polymer", "shear")
    yield f"| polymer, shear | [{WORDS[glass.configurations]}"
    yield f"of {glass.particles // BEADS} chains of {BEADS} beads | {glass.active} |"


def tables():
    """Yield the rows of the two tables of accuracies, without the column of the paper."""
    for r_cut in (2.5, 4):
        blocks = "| one feature | pairs with A | all pairs | up to 3 bodies | up to 4 bodies |"
        yield f"| cut-off {r_cut:g} σ {blocks}"
        for each in STUDIES.itertuples():
            mixture = each.system != "polymer"
            found = [
                accuracy(each.system, each.way, n, r_cut)
                for n in (1, *(MIXTURE if mixture else POLYMER))
            ]
            cells = [score(each) for each in found]
            if not mixture:
                cells.insert(1, "")
            yield f"| {each.system}, {each.way} | {' | '.join(cells)} |"


def beside():
    """Yield our numbers in the table beside the paper's."""
    liquids = {name: study(name, "thermal") for name in ("KA", "Wahnström", "polymer")}
    for name, text in (
        ("KA", "KA at {:g} after {:.0f} τ"), ("Wahnström", "Wahnström at {:g} after {:.0f} τ"),
    ):  # fmt: skip
        yield text.format(liquids[name].temperature, liquids[name].time)
    polymer = liquids["polymer"]
    yield f"polymer at {polymer.temperature:g} after {polymer.time:.0f} τ; the fewest events"
    yield f"the polymer relaxes in {CHAINS.relaxation()['A']:.0f} τ, the paper's"
    for system, way in itertools.product(("KA", "Wahnström"), ("thermal", "shear")):
        ten, twenty = (score(accuracy(system, way, n, 4)) for n in MIXTURE[:2])
        more = " with A-A pairs" if (system, way) == ("Wahnström", "shear") else ""
        yield f"{ten}{more}, {twenty}"
    yield ", ".join(score(accuracy("polymer", "thermal", n, 4)) for n in (1, *POLYMER[:2]))
    yield ", ".join(score(accuracy("polymer", "shear", n, 4)) for n in (1, POLYMER[1]))
    yield f"| {2 * liquids['Wahnström'].active} particles |"
    yield f"with half of ours three bodies have {' and '.join(halves('polymer', POLYMER[1]))}"
    wider = row(STATE, system="KA", d2min_cutoff=2.5, n_features=MIXTURE[0])
    yield f"with {wider.d2min_cutoff:g} σ A-A pairs have {score(wider)}"


def thermal():
    """Yield what is said of the accuracy at rest."""
    pairs = {
        name: [percent(name, "thermal", n, 4) for n in (10, 20)] for name in ("KA", "Wahnström")
    }
    yield "from {} to {} % in KA".format(*pairs["KA"])
    yield "from {} to {} % in Wahnström, at a cut-off of 4".format(*pairs["Wahnström"])
    ka, wahnstrom = ([gain(name, "thermal", n, 4) for n in MIXTURE[1:]] for name in pairs)
    yield f"The paired gains are {gained(ka[0])} and {gained(wahnstrom[0])}"
    third = {
        name: [gain(name, "thermal", MIXTURE[2], r_cut) for r_cut in (2, 2.5, 3, 4)]
        for name in pairs
    }
    added = [100 * each.gain for each in third["KA"]]
    yield holds(
        f"In KA three bodies add {min(added):.1f} to {max(added):.1f} % at cut-offs of 2, 2.5, 3 "
        "and 4, and every interval is above zero",
        min(each.low for each in third["KA"]) > 0,
    )
    yield holds(
        f"In Wahnström they add nothing significant, {gained(wahnstrom[1], 1)} at a cut-off of 4",
        max(each.low for each in third["Wahnström"]) < 0.0005,
    )
    fourth = [gain(name, "thermal", MIXTURE[3], r_cut).low for name in pairs for r_cut in (2, 4)]
    yield holds("Four bodies add nothing", max(fourth) <= 0)

    one, twenty, three = (percent("polymer", "thermal", n, 4) for n in (1, *POLYMER[:2]))
    yield f"{one} % with one feature, {twenty} with 20 pairs and {three} with three bodies, at a"
    yield "cut-off of 4, where the paper has"
    third, fourth = (gain("polymer", "thermal", n, 4) for n in POLYMER[1:])
    yield f"gain of the third body is {gained(third, 1)}"
    every = third.configurations == study("polymer", "thermal").configurations == 8
    yield holds("positive in each of the eight configurations", every)
    yield f"that of the fourth {gained(fourth, 1)}"
    near = [100 * gain("polymer", "thermal", n, 2.5).gain for n in POLYMER[1:]]
    yield "at 2.5 sigma the gains are {:.1f} and {:.1f} %".format(*near).replace("-", "−")
    cutoffs = sorted(ACCURACY.r_cut[ACCURACY.system == "polymer"].unique())
    yield "at cut-offs of {:g} and {:g} only".format(*cutoffs)

    cutoffs = sorted(ACCURACY.r_cut[ACCURACY.system == "KA"].unique())
    of_ka, of_wahnstrom = (
        [percent(name, "thermal", 574, r_cut) for r_cut in cutoffs] for name in pairs
    )
    at = "{:g}, {:g}, {:g} and {:g} sigma".format(*cutoffs)
    yield "as in the paper: {}, {}, {} and {} % ".format(*of_ka) + f"at {at}"
    span = f"{min(of_wahnstrom)} to {max(of_wahnstrom)} %"
    yield f"it does not: {span} at all four"
    reference = VARIANTS[VARIANTS.variant == "as the paper"].set_index(["system", "way"]).accuracy
    others = VARIANTS.set_index(["system", "way"]).accuracy
    yield f"agree within {math.ceil(100 * (others - reference).abs().max())} % in mixtures"
    yield f"in mixtures at a cut-off of {VARIANTS.r_cut.unique().item():g}"


def sheared():
    """Yield what is said of the accuracy under shear."""
    ten, most = ([percent("KA", "shear", n, r_cut) for r_cut in (2.5, 3, 4)] for n in (10, 20))
    yield f"reach {min(ten)} to {max(ten)} %"
    yield f"pairs give the maximum ({min(most)} to {max(most)} at cut-offs of 2.5 and more)"
    near, far = (gained(gain("KA", "shear", 20, r_cut), 1) for r_cut in (2.5, 4))
    yield f"the paired gain of A-B pairs is uncertain: {near} at 2.5 and {far} at 4"
    one, pairs, three = (percent("polymer", "shear", n, 4) for n in (1, *POLYMER[:2]))
    yield f"has {one} % with one feature, {pairs} with pairs and {three} with three bodies"
    yield "with three bodies, at a cut-off of 4"
    third = gain("polymer", "shear", POLYMER[1], 4)
    yield f"The paired gain of the third body is {gained(third, 1)}"
    smaller = third.gain < gain("polymer", "thermal", POLYMER[1], 4).gain
    yield holds("not significant, and smaller than at rest", third.low <= 0 and smaller)
    most = (third.configurations, study("polymer", "shear").configurations) == (4, 6)
    yield holds("positive in four of six glasses", most)
    mixtures = GAINS[(GAINS.way == "shear") & (GAINS.system != "polymer")]
    worst = [100 * mixtures.gain[mixtures.after == n].min() for n in MIXTURE[2:]]
    yield "three by up to {:.1f} % and four by up to {:.1f} %".format(*(-each for each in worst))
    many = mixtures[mixtures.after.isin(MIXTURE[2:])]
    yield holds(
        f"{WORDS[int((many.high < 0).sum())]} of sixteen intervals are below zero",
        len(many) == 16 and (many.low <= 0).all(),
    )
    cutoffs = sorted(ACCURACY.r_cut[ACCURACY.system == "KA"].unique())
    ka, wahnstrom = (
        [percent(name, "shear", 20, r_cut) for r_cut in cutoffs] for name in ("KA", "Wahnström")
    )
    yield "with all pairs KA has {}, {}, {} and {}".format(*ka)
    yield "Wahnström {}, {}, {} and {}".format(*wahnstrom)


PRINTED = {
    ("KA", "thermal"): "A1 B1", ("Wahnström", "thermal"): "A1 B1", ("polymer", "thermal"): "A1",
    ("KA", "shear"): "A1 B1", ("Wahnström", "shear"): "A8 A7", ("polymer", "shear"): "A1",
}  # fmt: skip
"""The first features that the paper selects, in the order of `firsts`."""


def of_study(rows, system, way):
    """Return the rows of a study."""
    return rows[(rows.system == system) & (rows.way == way)]


def first_features():
    """Yield the rows of the table of first features."""
    for (system, way), printed in PRINTED.items():
        rows = of_study(FIRSTS, system, way).set_index("order")
        if rows.empty:
            continue
        theirs, pairs = rows.loc[f"printed {printed}"], rows.loc["selected of pairs"]
        chosen = of_study(SELECTED, system, way)
        yield (
            f"| {system}, {way} | {', '.join(printed.split())}: {score(theirs)} "
            f"| {', '.join(pairs.features.split())}: {score(pairs)} "
            f"| {'; '.join(chosen.feature[:2])} |"
        )


def reached(system, way, n, order="sequential selection"):
    """Return the accuracy with n selected features, with its interval."""
    return score(row(ORDERS, system=system, way=way, order=order, n_features=n))


def selection():
    """Yield what is said of selected features; figure 5."""
    yield from first_features()
    ten = row(SELECTED, system="KA", way="thermal", rank=10)
    yield f"ten features reach {100 * ten.accuracy:.0f} % on the particles they are selected on"
    yield f"Under shear five features reach {reached('KA', 'shear', 5)} % in KA"
    yield from selected_of_wahnstrom()
    yield f"Under shear fifteen reach {reached('Wahnström', 'shear', 15)} %"
    yield f"where all have {percent('KA', 'thermal', 20, 4)}: few features suffice"
    yield f"where all pairs have {percent('Wahnström', 'shear', 20, 4)}."
    yield f"the choice among {MIXTURE[2]} candidates"


def selected_of_wahnstrom():
    """Yield what is said of selected features of Wahnström at rest."""
    printed = row(FIRSTS, system="Wahnström", way="thermal", order="printed A1 B1")
    yield f"A1 and B1 alone reach {score(printed)} %"
    one, twenty = (percent("Wahnström", "thermal", n, 4) for n in (1, MIXTURE[1]))
    yield f"where all pairs have {twenty}: few features suffice"
    yield f"A1 alone has {one} %"
    rows = of_study(SELECTED, "Wahnström", "thermal").set_index("rank")
    yield "begins with products of these two, A1 B1 and A1 A1, that is " + " and ".join(
        f'"{feature}"' for feature in rows.feature[:2]
    )
    yield f"The first two features reach {reached('Wahnström', 'thermal', 2)} %"
    yield f"Ten reach {reached('Wahnström', 'thermal', 10)} %"
    yield f"and {100 * rows.accuracy[10]:.0f} % on the particles they are selected on"


def components():
    """Yield where principal components are above the order of the basis in mixtures."""
    basis = ACCURACY[ACCURACY.r_cut == 4].rename(columns={"accuracy": "in_order"})
    rows = ORDERS[(ORDERS.order == "principal components") & (ORDERS.system != "polymer")]
    rows = rows.merge(basis[["system", "way", "n_features", "in_order"]])
    above = (rows.accuracy > rows.in_order).groupby(rows.n_features)
    few, more = [3, 5, 7, 10], [15, 20, 30]
    yield holds(
        "three to ten components are above it, before A-B pairs are included, and 15 to 30 below",
        above.all()[few].all() and not above.any()[more].any(),
    )


def descriptor():
    """Yield what is said of the first radial descriptor; figure 4."""
    means = DISTRIBUTION.groupby(["system", "way", "active"]).value.mean()
    for system, way in {(system, way) for system, way, _ in means.index}:
        inactive, active = (f"{means[system, way, k]:.2f}" for k in (0, 1))
        yield f"| {system}, {way} | {active} | {inactive} |".replace("-", "−")
    found = row(CHANCE, system="Wahnström", way="thermal")
    n, larger = int(found.configurations), int(found.larger)
    p = 2 * sum(math.comb(n, k) for k in range(larger, n + 1)) / 2**n
    yield f"in {WORDS[larger]} of {WORDS[n]} configurations (sign test: p = {p:.2f})"


def regression():
    """Yield the rows of the table of regressions; figure 7."""
    for system, way in PRINTED:
        rows = of_study(REGRESSION, system, way)
        few = rows[rows.particles == "labeled"].set_index("n_features")
        every = rows[rows.particles == "all"].set_index("n_features")
        ends = (1, *(MIXTURE if system != "polymer" else POLYMER))
        cells = [""] * 5
        if not few.empty:
            cells = [f"{few.r[n]:.2f} ({few.low[n]:.2f} to {few.high[n]:.2f})" for n in ends]
            cells[1:1] = [""] * (5 - len(cells))
        cells.append(f"{every.r[ends[-1]]:.2f}")
        yield f"| {system}, {way} | {' | '.join(cells)} |".replace("-", "−")


def learned():
    """Yield the rows of the table of learning curves; figure 6."""
    for system, way in PRINTED:
        rows = of_study(LEARNING, system, way)
        rows = rows[rows.features == "up to 3 bodies"].set_index("n_configurations")
        most = rows.index.max()
        yield (
            f"| {system}, {way} | {rows.r_cut[1]:g} | {score(rows.loc[1])} "
            f"| {score(rows.loc[most])} ({most}) |"
        )
        several = of_study(LEARNING, system, way).groupby("features").accuracy
        rises = several.last() - several.first()
        yield holds("The curves of pairs rise least", rises.idxmin().startswith("pairs"))


def cutoffs():
    """Yield the cut-offs of the figures."""
    (r_cut,) = {*SELECTED.r_cut, *ORDERS.r_cut, *FIRSTS.r_cut}
    yield f"terms of two and three bodies with a cut-off of {r_cut:g};"
    (r_cut,) = set(DISTRIBUTION.r_cut)
    yield f"The cut-off is {r_cut:g}."


def settings():
    """Yield what the classes and the learner are."""
    strained = cb.Study(ROOT / "datasets/shear-kob-andersen/ka.toml").recipe.shear
    yield f"a window of {100 * strained.window:g} % of strain"
    share = f"{100 * classification.SHARE:g} %"
    yield f"the {share} most and the {share} least mobile"
    yield f"above {plasticity.ACTIVE} sigma²"
    yield f"from {min(logistic.SEARCHED):g} to 1e{math.log10(max(logistic.SEARCHED)):.0f} by"
    yield f"are {CONFIDENCE}, by bootstrap"


def computed():
    for part in (
        *(settings, data, beside, tables, thermal, sheared, selection, components, descriptor),
        *(learned, regression, cutoffs),
    ):
        yield from part()
