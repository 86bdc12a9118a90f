"""Numbers of the study of who rearranges, by classification from structure."""

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
STUDIES, ACCURACY, GAINS, LEARNING, REGRESSION, VARIANTS = (
    table(FOLDER / f"{name}.csv")
    for name in ("studies", "accuracy", "gains", "learning", "regression", "variants")
)
# How many features each block ends with: pairs with A, all pairs, up to 3 and up to 4 bodies.
MIXTURE, POLYMER = (10, 20, 174, 574), (20, 224, 1121)
BEADS = cb.Study(ROOT / "datasets/fene-polymer/fene.toml").recipe.model.chain_length
WORDS = {6: "six", 8: "eight", 10: "ten"}
FRACTIONS = ("accuracy", "low", "high")
GIVEN = [
    "three times the runs, at T = 0.47",  # Rottler and Ortner 2024, simulation details
    "30 runs or glasses",  # Rottler and Ortner 2024, simulation details
    "a cut-off of 4 (thermal) and 3 or more (shear)",  # Rottler and Ortner 2024, results, on fig. 3
    "60 to 65 with A-A pairs, 90 with A-B",  # the same
    "60 to 65 with A-A pairs, 97 with A-B",  # the same
    "75 (one), 80 (pairs), 85 (3 bodies)",  # the same
    "70 after ten features",  # the same
    "73 (one), 83 (3 bodies)",  # the same
    "The paper has 75, 80 and 85 %",  # the same
    "the paper has 90.",  # the same
    "below the paper's 97 %",  # the same
    "(the paper 70)",  # the same
    "(the paper has 73 with one feature and 83 with three bodies)",  # the same
    "not 0.58)",  # Rottler and Ortner 2024, simulation details
    "instead of 30,",  # the same
    "r_0 = 1",  # variants
    "(Apache-2.0)",
]


def study(system, way):
    return row(STUDIES, system=system, way=way)


def accuracy(system, way, n, r_cut=2.5, order="basis"):
    """Return accuracy and interval with n features."""
    return row(ACCURACY, system=system, way=way, n_features=n, r_cut=r_cut, order=order)


def percent(system, way, n, r_cut=2.5, order="basis"):
    """Return the accuracy with n features: 72."""
    return f"{100 * accuracy(system, way, n, r_cut, order).accuracy:.0f}"


def gain(system, way, after, r_cut):
    return row(GAINS, system=system, way=way, after=after, r_cut=r_cut)


def gained(found, digits=0):
    """Return a gain with its interval: 2 % (−2–6)."""
    value, low, high = (f"{100 * found[name]:.{digits}f}" for name in ("gain", "low", "high"))
    return f"{value} % ({low}–{high})".replace("-", "−")


def correlation(system, way, n, r_cut):
    """Return r of ridge regression of D2min, or of displacements, with its interval."""
    return row(REGRESSION, system=system, way=way, n_features=n, r_cut=r_cut, learner="Ridge",
               target="moved")  # fmt: skip


def with_interval(found, to="–"):
    return f"{found.r:.2f} ({found.low:.2f}{to}{found.high:.2f})".replace("-", "−")


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
            cells = [
                "{:.0f} ({:.0f}–{:.0f})".format(*(100 * score[name] for name in FRACTIONS))
                for score in found
            ]
            if not mixture:
                cells.insert(1, "")
            yield f"| {each.system}, {each.way} | {' | '.join(cells)} |"


def thermal():
    """Yield what is said of the thermal studies."""
    pairs = {
        name: [percent(name, "thermal", n, 4) for n in (10, 20)] for name in ("KA", "Wahnström")
    }
    yield "from {} to {} % in KA".format(*pairs["KA"])
    yield "from {} to {} % in Wahnström, at a cut-off of 4".format(*pairs["Wahnström"])
    ka, wahnstrom = ([gain(name, "thermal", n, 4) for n in MIXTURE[1:]] for name in pairs)
    yield f"particles are {gained(ka[0])} and {gained(wahnstrom[0])}"
    statement = f"Three bodies add nothing significant, {gained(ka[1], 1)} in KA"
    yield holds(statement, max(ka[1].low, wahnstrom[1].low) <= 0)
    yield f"and {gained(wahnstrom[1])} in Wahnström"
    yield holds("four bodies nothing", max(ka[2].low, wahnstrom[2].low) < 0)
    nearer = [gain("KA", "thermal", MIXTURE[2], r_cut) for r_cut in (2, 2.5, 3)]
    added = [100 * each.gain for each in nearer]
    yield holds(
        "At cut-offs of 2, 2.5 and 3 three bodies add "
        f"{min(added):.1f} to {max(added):.1f} % in KA, and every interval is above zero",
        min(each.low for each in nearer) > 0,
    )

    one, twenty, three = (percent("polymer", "thermal", n, 4) for n in (1, *POLYMER[:2]))
    yield f"{one} % with one feature, {twenty} with 20 pairs and {three} with three bodies, at a"
    yield "cut-off of 4. The paired gain"
    third, fourth = (gain("polymer", "thermal", n, 4) for n in POLYMER[1:])
    yield f"gain of the third body is {gained(third, 1)}"
    every = third.configurations == study("polymer", "thermal").configurations == 8
    yield holds("positive in each of the eight configurations", every)
    yield f"that of the fourth {gained(fourth, 1)}"
    near = [100 * gain("polymer", "thermal", n, 2.5).gain for n in POLYMER[1:]]
    yield "at 2.5 sigma the gains are {:.1f} and {:.1f} %".format(*near)
    cutoffs = sorted(ACCURACY.r_cut[ACCURACY.system == "polymer"].unique())
    yield "at cut-offs of {:g} and {:g} only".format(*cutoffs)

    cutoffs = sorted(ACCURACY.r_cut[ACCURACY.system == "KA"].unique())
    of_ka, of_wahnstrom = (
        [percent(name, "thermal", 574, r_cut) for r_cut in cutoffs] for name in pairs
    )
    at = "{:g}, {:g}, {:g} and {:g} sigma".format(*cutoffs)
    yield "in KA, as in the paper: {}, {}, {} and {} % ".format(*of_ka) + f"at {at}"
    span = f"{min(of_wahnstrom)} to {max(of_wahnstrom)} %"
    yield f"it does not, unlike in the paper: {span} at all four"
    liquid = study("Wahnström", "thermal")
    yield f"the liquid is warmer ({liquid.temperature}, "
    yield f"relaxes in {liquid.tau_alpha:.0f} τ"
    yield f"there are {WORDS[liquid.runs]} runs instead of"
    yield f"{2 * liquid.active} particles to learn from"
    curves = row_curves("Wahnström", "thermal")
    several = [curves[f"up to {n} bodies"].accuracy for n in (3, 4)]
    rise = all(each.idxmax() == each.index[-1] for each in several)
    yield holds("the learning curves with three and four bodies still rise", rise)
    reference = VARIANTS[VARIANTS.variant == "as the paper"].set_index(["system", "way"]).accuracy
    others = VARIANTS.set_index(["system", "way"]).accuracy
    yield f"agree within {math.ceil(100 * (others - reference).abs().max())} % in mixtures"
    yield from orders()
    yield from regression()


def row_curves(system, way):
    """Return the learning curve of each block of features."""
    rows = LEARNING[(LEARNING.system == system) & (LEARNING.way == way)]
    return dict(list(rows.groupby("features")))


def orders():
    """Yield what is said of the orders of features."""
    forward, components = "forward selection", "principal components"
    ten = percent("KA", "thermal", 10, order=forward)
    statement = f"ten features of KA reach {ten} %, as twenty of the basis do"
    yield holds(statement, ten == percent("KA", "thermal", 20))
    two = percent("Wahnström", "thermal", 2, order=forward)
    yield f"two of Wahnström reach {two} %"
    best = [percent(name, "thermal", 1, order=forward) for name in ("KA", "Wahnström")]
    yield "the best single features reach {} and {} %".format(*best)
    enough = []
    for name in ("KA", "Wahnström"):
        every = accuracy(name, "thermal", 574).accuracy
        rows = ACCURACY[(ACCURACY.system == name) & (ACCURACY.way == "thermal")]
        rows = rows[(rows.r_cut == 2.5) & (rows.order == components)]
        enough.append(rows.n_features[rows.accuracy >= every - 0.01].min())
    yield "Principal components are within 1 % of all features from {} and {}".format(*enough)


def regression():
    """Yield what is said of the regression at rest."""
    ka, wahnstrom = (
        [correlation(name, "thermal", n, 4).r for n in (10, 20, 574)]
        for name in ("KA", "Wahnström")
    )
    yield "from {:.2f} to {:.2f} in KA ({:.2f} with all features, cut-off 4)".format(*ka)
    low, high, every = (f"{r:.2f}".replace("-", "−") for r in wahnstrom)
    yield f"from {low} to {high} in Wahnström ({every})"
    one = correlation("Wahnström", "thermal", 1, 4)
    yield f"With one feature r is {with_interval(one, ' to ')} in Wahnström"
    one, pairs, three = (correlation("polymer", "thermal", n, 4) for n in (1, 20, 224))
    yield f"r is {one.r:.2f} with one feature, {pairs.r:.2f} with pairs"
    yield f"and {with_interval(three)} with three bodies"


def sheared():
    """Yield what is said of the sheared glasses."""
    ten, most = ([percent("KA", "shear", n, r_cut) for r_cut in (2.5, 3, 4)] for n in (10, 20))
    yield holds(f"reach {ten[0]} %", len(set(ten)) == 1)
    yield f"A-B pairs give the maximum ({min(most)} to {max(most)} at cut-offs of 2.5 and more)"
    near, far = (gained(gain("KA", "shear", 20, r_cut), 1) for r_cut in (2.5, 4))
    yield f"the paired gain of A-B pairs is uncertain: {near} at 2.5 and {far} at 4"
    pairs = [percent("Wahnström", "shear", n) for n in MIXTURE[:2]]
    yield "for the maximum ({}, then {} %)".format(*pairs)
    one, pairs, three = (percent("polymer", "shear", n, 4) for n in (1, *POLYMER[:2]))
    yield f"The polymer has {one} % with one feature, {pairs} with pairs and {three} with three"
    yield "with three bodies, at a cut-off of 4"
    third = gain("polymer", "shear", POLYMER[1], 4)
    yield f"The paired gain of the third body is {gained(third, 1)}"
    smaller = third.gain < gain("polymer", "thermal", POLYMER[1], 4).gain
    yield holds("not significant, and smaller than at rest", third.low <= 0 and smaller)
    most = (third.configurations, study("polymer", "shear").configurations) == (5, 6)
    yield holds("positive in five of six glasses", most)
    cutoffs = sorted(ACCURACY.r_cut[ACCURACY.system == "KA"].unique())
    added = [
        gain(name, "shear", n, r_cut).low
        for name in ("KA", "Wahnström")
        for n in MIXTURE[2:]
        for r_cut in cutoffs
    ]
    yield holds("Three and four bodies add nothing in mixtures", max(added) <= 0)
    ka, wahnstrom = (
        [percent(name, "shear", 20, r_cut) for r_cut in cutoffs] for name in ("KA", "Wahnström")
    )
    yield "with all pairs KA has {}, {}, {} and {} %".format(*ka)
    yield "Wahnström {}, {}, {} and {}".format(*wahnstrom)
    ka, wahnstrom, polymer = (
        with_interval(correlation(name, "shear", n, 2.5))
        for name, n in (("KA", 574), ("Wahnström", 574), ("polymer", 1121))
    )
    yield f"r = {ka} in KA, {wahnstrom} in Wahnström and {polymer} in the polymer"


def settings():
    """Yield what the classes and the learner are."""
    strained = cb.Study(ROOT / "datasets/shear-kob-andersen/ka.toml").recipe.shear
    yield f"a window of {100 * strained.window:g} % of strain"
    share = f"{100 * classification.SHARE:g} %"
    yield f"the {share} most and the {share} least mobile"
    yield f"above {plasticity.ACTIVE} sigma²"
    yield f"chosen from {min(logistic.ALPHAS):g} to {max(logistic.ALPHAS):g} by"
    yield f"are {CONFIDENCE}, by bootstrap"


def computed():
    yield from settings()
    yield from data()
    yield from tables()
    yield from thermal()
    yield from sheared()
