"""Numbers of the comparison of all learners."""

import numpy as np
import pandas as pd

import cagebreak as cb
from support.claims import default, holds, interval, row, table
from support.learner_claims import (
    DIFFERENCE,
    Comparison,
    as_printed,
    below,
    between,
    beyond,
    signed,
    spread,
    with_spread,
)
from support.paths import ROOT
from support.study_claims import CONFIDENCE, WORDS, power

FOLDER = ROOT / "results/alkemade2022"
DOCUMENT = FOLDER / "README.md"
HARD = Comparison(FOLDER / "hard_spheres")
KOB_ANDERSEN = Comparison(FOLDER / "kob_andersen")
STUDY = cb.Study(ROOT / "datasets/hard-spheres-058/hs058.toml")
TIMES = (0.04, 0.4, 2.5, 16, 100, 1000)
# Columns of the tables of hard spheres, and rows of figure 7.
LEARNERS = {
    "A": [
        "network",
        "network ensemble",
        "graph",
        "graph ensemble",
        "equivariant",
        "svm",
        "softness",
    ],
    "B": ["network", "network ensemble", "graph", "svm", "softness"],
}
GRAPHS = {
    "A, generation 0, edges by distance": ("A", "graph"),
    "A, generations 0 to 2": ("A", "graph, averaged"),
    "A, generations 0 to 2, edges by vector": ("A", "graph, vectors"),
    "A, trained on both species": ("A", "graph together"),
    "B, alone": ("B", "graph"),
    "B, trained on both species": ("B", "graph together"),
}
# Rows of the table of Kob-Andersen in its order: learner and features as the document calls them.
SAME, THERE = "the same", "the same, on inherent positions"
ENSEMBLE, SMALL = "ensemble of networks", "network of 10 and 10 nodes"
PHYSICAL = "coarse-grained physical quantities and Δr, inherent state"
ROWS = {
    "ridge": ("ridge", "X init, generations 0 to 2"),
    "network": ("network", SAME),
    "network ensemble": (ENSEMBLE, SAME),
    "graph": ("graph network", "X init, generation 0"),
    "svm": ("support vectors", SAME),
    "softness": ("softness", SAME),
    "ridge on cages": ("ridge", "X CS, generations 0 to 2, Δr CS"),
    "network on cages": ("network", SAME),
    "network ensemble on cages": (ENSEMBLE, SAME),
    "graph on cages": ("graph network", "X CS, generation 0, Δr CS, on cage positions"),
    "ridge, physical": ("ridge", PHYSICAL),
    "network, physical": (SMALL, SAME),
    "network ensemble, physical": ("ensemble of these", SAME),
    "equivariant, physical": ("equivariant network", THERE),
    "ridge, averaged physical": ("ridge", "the same, generations 0 to 2"),
    "network, averaged physical": (SMALL, SAME),
    "equivariant, averaged physical": ("equivariant network", THERE),
    "ridge, recommended": ("ridge", "recommended"),
    "network, recommended": ("network", SAME),
    "network ensemble, recommended": (ENSEMBLE, SAME),
}
GIVEN = [
    "our training , at most 60 epochs",  # the options of the commands
    "all at most 60 epochs",
    # Alkemade 2022, section IV C
    "(3 minutes for ridge on a laptop, 24 hours for a network and 6.5 hours for a graph network on",
    "or, for generation 0, from ridge",
    # the repository EIGNN: results/pcc_*.csv
    # and its notebook, which trains on configurations 1 to 100
    "from up to 400 training configurations (EIGNN: 100) instead of nine or ten: GlassMLP 0.768, "
    "BOTAN 0.755, SE(3)-GNN 0.815, EIGNN 0.818, ridge on cage states 0.779, pooled; 0.756, 0.752, "
    "0.791, 0.817 and 0.782, mean over configurations",
    "(Apache-2.0)",
    # Alkemade 2022, sections I B, III B and III D, tables I and II; Boattini 2021
    "| configurations, runs, times | 100, 50, to 10⁵ τ |",
    "| epochs | around 500 |",
    "about 1000 (Boattini 2021)",
    "table I with 1062 inputs",
    "about 70,000 for that of Bapst 2020",
    "| 3 minutes, laptop |",
    "| 24 hours, GPU |",
    "| training of graph networks | 6.5 hours, GPU |",
    "The ten trainings of the six rows and the two of ours",
    "goes on where it was",
]


def computed():
    yield from tables_of_hard_spheres()
    yield from ensembles()
    yield from single_networks()
    yield from rows_of_table_1()
    yield from generations()
    yield from graph_networks()
    yield from learning_curve()
    yield from table_of_kob_andersen()
    yield from learners_of_kob_andersen()
    yield from order_parameters()
    yield from costs_of_table_1()
    yield from settings()
    yield from beside_the_paper()
    yield from as_printed(STUDY, FOLDER)


def tables_of_hard_spheres():
    yield holds(
        "from which every pooled r, mean, interval and difference follows",
        HARD.follows() and KOB_ANDERSEN.follows(),
    )
    yield f"{CONFIDENCE} bootstrap"
    yield f"## Hard spheres at {STUDY.recipe.model.packing_fraction}"
    n, folds = STUDY.n_configurations, STUDY.recipe.learning.outer_folds
    validation = round((n - n // folds) * default(cb.GraphNetwork, "validation"))
    yield holds(
        f"There are {WORDS[n]} configurations in {WORDS[folds]} outer folds: {n - n // folds} for "
        "training, of which networks keep three to choose the epoch",
        validation == 3,
    )
    yield holds("There are six times", len(HARD.times) == len(TIMES) == 6)
    yield f"and {n // folds} for testing, each once"
    of_a, of_b = (HARD.moments_of("ridge", species)[0, 0, 0] for species in "AB")
    yield f"rows are {of_a:.0f} A and {of_b:.0f} B particles a configuration"
    n_all, n_own = (HARD.at(name, 1000).n_features for name in ("ridge", "svm"))
    yield f"generations 0 to 2 of the initial state ({n_all} features)"
    yield f"the others generation 0 ({n_own})"
    yield f"and {n_all - n_own} further columns only add noise"
    for species, learners in LEARNERS.items():
        for time in TIMES:
            ridge = HARD.at("ridge", time, species)
            cells = [f"{ridge.r:.3f} {interval(ridge, 3, '')}", f"{ridge.ceiling:.3f}"]
            cells += [with_spread(*HARD.at(name, time, species)[DIFFERENCE]) for name in learners]
            yield f"| {time} | {' | '.join(cells)} |"
    columns = pd.DataFrame([HARD.at(name, 1000) for name in ("ridge", *LEARNERS["A"])])
    for title, values, form in (
        ("parameters, six times", columns.parameters, ",.0f"),
        ("training, five folds, CPU s", columns.training_seconds, ".0f"),
        ("predicting all 20, CPU s", columns.inference_seconds, ".2g"),
        ("memory, GB", columns.memory / 1e9, ".2g"),
    ):
        ridge, *others = (f"{value:{form}}" for value in values)
        yield f"| {title} | {ridge} | | {' | '.join(others)} |"


def ensembles():
    networks, of_b = (HARD.of("network ensemble", species) for species in "AB")
    both = pd.concat([networks, of_b])
    yield holds(
        f"mean of five networks is {between(networks.difference)} ridge for A particles, and "
        f"{between(of_b.difference)} for B; every interval without zero is above",
        (both.difference[both.difference_low * both.difference_high > 0] > 0).all(),
    )
    graphs = HARD.of("graph ensemble")
    (outside,) = graphs.time[graphs.difference_low * graphs.difference_high > 0]
    yield (
        f"no averages over them, is {below(graphs.difference)}; only at {outside:.2f} τ does the "
        "interval exclude zero"
    )
    names = ("ridge", "network ensemble", "graph ensemble")
    ridge, five, graphs = (f"{HARD.at(name, 1000).training_seconds:.0f}" for name in names)
    yield f"Ridge took {ridge} CPU s, five networks {five}, five graph networks {graphs}"
    exceeds = HARD.paired("graph ensemble", "svm")[3:]
    cells = [f"{mean:.3f} ({low:.3f} to {high:.3f})" for mean, low, high in exceeds]
    yield f"same descriptors by {cells[0]} at 16 τ, {cells[1]} at 100 and {cells[2]} at 1000"


def single_networks():
    network = HARD.of("network")
    early = network.time < 20
    equal = network.difference_low * network.difference_high < 0
    by = below(network.difference[early]).removesuffix(" below")
    yield holds(
        f"below ridge** by {by} until 16 τ for A particles, and equal from 100 τ on",
        (equal != early).all(),
    )
    yield f"single graph network is {below(HARD.of('graph').difference)} ridge for A particles, and"
    yield f"and {between(HARD.of('graph', 'B').difference)} for B"
    names = ("ridge", "network", "graph")
    ridge, one, graph = (HARD.at(name, 1000).training_seconds for name in names)
    yield f"a network takes {one / ridge:.0f} times as long as ridge"
    yield f"and a graph network {10 * round(graph / ridge / 10)} times"
    mean, low, high = HARD.paired("equivariant", "graph").T
    clear = [round(time, 2) for time in HARD.times[low * high > 0]]
    yield holds(
        f"is {between(mean)} the graph network; the interval excludes zero at 0.04 τ (below) and "
        "0.4 τ (above)",
        clear == [0.04, 0.4] and mean[0] < 0 < mean[1],
    )
    vectors = HARD.of("svm")
    yield holds(
        "Averages over neighbors matter from 16 τ on: support vectors on generation 0 are below",
        (vectors.difference_high[vectors.time > 15] < 0).all(),
    )
    first = vectors.iloc[0]
    yield holds(
        f"At 0.04 τ they are above by {first.difference:.3f}: there generation 0 suffices",
        first.difference_low > 0,
    )


def rows_of_table_1():
    first, second, fourth, fifth = (
        HARD.of(name).r for name in ("network 1", "network 2", "network 4", "network")
    )
    apart = np.ptp([second, fourth, fifth], axis=0).max()
    yield f"rows 2, 4 and 5 (`network`) agree within {apart:.3f} at every time"
    yield f"Row 1, of a single layer, is up to {(fifth - first).max():.3f} below"
    third = HARD.of("network 3")
    within = third.r_configuration
    yield holds(
        f"near 0 until 16 τ, and {within.min():.2f} to {within.max():.2f} within",
        third.r[third.time < 20].abs().max() < 0.08,
    )


def generations():
    zero, one, two = (
        HARD.of(name).r for name in ("network, generation 0", "network, generation 1", "network")
    )
    scores = table(ROOT / "results/hard-spheres-058/scores.csv").query("species == 'A'")
    without, averaged = (
        np.array([row(scores, features=name, time=time).r for time in TIMES])
        for name in ("LR0", "LR1")
    )
    gain, of_ridge = (one - zero).to_numpy(), averaged - without
    yield holds(
        "A network gains more from generation 1 than ridge: for A particles from 16 τ on, at "
        f"1000 τ {gain[-1]:.3f} where ridge gains {of_ridge[-1]:.3f}",
        (gain > of_ridge)[3:].all(),
    )
    yield f"Generation 2 adds at most {(two - one).max():.3f}"
    yield "r is {:.3f}, {:.3f} and {:.3f} at 1000 τ".format(*(r.iloc[-1] for r in (zero, one, two)))


def graph_networks():
    yield f"| t / τ | {' | '.join(f'{time:g}' for time in TIMES)} | CPU s |"
    for title, (species, name) in GRAPHS.items():
        rows = HARD.of(name, species)
        seconds = f"{rows.training_seconds.iloc[0]:.0f}"
        if name == "graph together":
            seconds = f"{seconds} for both" if species == "A" else ""
        yield f"| {title} | {' | '.join(f'{r:.3f}' for r in rows.r)} | {seconds}"
    apart = HARD.of("graph, vectors").r - HARD.of("graph, averaged").r
    yield f"as good as edges with distances, within {apart.abs().max():.3f}"
    gain = HARD.of("graph, averaged").r - HARD.of("graph").r
    yield holds("improve it from 16 τ on", (gain[gain.index > 15] > 0).all())
    score = HARD.at("graph, averaged", 1000)
    span = spread(score.difference_low, score.difference_high)
    yield f"to the r of ridge ({signed(score.difference)}, {span} at 1000 τ)"


def learning_curve():
    curve = table(FOLDER / "hard_spheres.learning_curve.csv")

    def behind(learner, n, time):
        return -row(curve, learner=learner, n=n, time=time).difference

    def shown(n):
        score = row(curve, learner="graph", n=n, time=1000)
        return f"{-score.difference:.3f} ({-score.beyond_high:.3f} to {-score.beyond_low:.3f})"

    yield (
        f"at 1000 τ it is {shown(4)} below ridge with 4 configurations, "
        f"{behind('graph', 8, 1000):.3f} with 8, {behind('graph', 12, 1000):.3f} with 12 and "
        f"{shown(16)} with 16"
    )
    yield holds(
        "From 0.4 to 16 τ it is further below with 16 configurations than with 4",
        all(behind("graph", 16, time) > behind("graph", 4, time) for time in (0.4, 2.5, 16)),
    )
    few, many = (behind("graph", n, 100) for n in (4, 16))
    yield f"at 100 τ nearly as far ({few:.3f} and {many:.3f})"
    few, many = (-behind("network", n, 0.04) for n in (4, 16))
    yield f"at 0.04 and 0.4 τ, from {signed(few)} to {signed(many)} at 0.04 τ"
    of_four = curve[(curve.learner == "network ensemble") & (curve.n == 4)]
    yield f"is within {of_four.difference.abs().max():.3f} of ridge even with 4"
    yield f"on n of the {curve.n.max()} configurations"
    r = curve.pivot(index="time", columns=["learner", "n"], values="r")
    gain = {name: r[name][16] - r[name][12] for name in curve.learner.unique()}
    ridge, five = (
        f"{gain[name].min():.3f} to {gain[name].max():.3f}"
        for name in ("ridge", "network ensemble")
    )
    yield holds(
        "Ridge and the mean of five networks have not converged with 16: from 12 to 16 they gain "
        f"{ridge} and {five}",
        min(gain["ridge"].min(), gain["network ensemble"].min()) > 0,
    )
    one, graph = (gain[name] for name in ("network", "graph"))
    yield holds(
        f"gain at some times and lose at others, at most {-one.min():.3f} and {-graph.min():.3f}",
        min(one.max(), graph.max()) > 0 > max(one.min(), graph.min()),
    )


def ridge_of(name):
    """Return the ridge regression on the features of a learner of Kob-Andersen."""
    for features in (" on cages", ", averaged physical", ", physical", ", recommended"):
        if name.endswith(features):
            return f"ridge{features}"
    return "ridge"


def table_of_kob_andersen():
    for name, titles in ROWS.items():
        score = KOB_ANDERSEN.at(name, 4120)
        cells = [*titles, str(score.n_features), f"{score.r:.3f} {interval(score, 3, '')}"]
        cells.append(f"{score.r_configuration:.3f} {interval(score, 3)}")
        for kind in ("pooled", "configuration"):
            pair = KOB_ANDERSEN.paired(name, ridge_of(name), score=kind)[0]
            cells.append("" if name == ridge_of(name) else with_spread(*pair))
        cells += [f"{score.training_seconds:.3g}", f"{score.memory / 1e9:.2g}"]
        yield f"| {' | '.join(cells)} |"
    yield f"a noise ceiling of {KOB_ANDERSEN.at('ridge', 4120).ceiling:.3f}"
    botan = row(table(ROOT / "results/rottler2024/studies.csv"), system="KA", way="thermal")
    yield f"## Kob-Andersen at T = {botan.temperature}, A particles"
    n = KOB_ANDERSEN.at("ridge", 4120).n_configurations
    yield f"The data are the {WORDS[n]} configurations"
    trained = sorted({n - len(fold) for fold in np.array_split(range(n), 5)})
    kept = {round(k * default(cb.GraphNetwork, "validation")) for k in trained}
    yield holds(
        "There are five outer folds with nine or ten training configurations, of which networks "
        "keep two to choose the epoch",
        trained == [9, 10] and kept == {2},
    )
    yield f"({botan.particles} particles, {botan.runs} runs each to {botan.time:.0f} τ)"
    yield f"Kob-Andersen, A, at {KOB_ANDERSEN.times[0]:.0f} τ"


def learners_of_kob_andersen():
    r = {name: KOB_ANDERSEN.at(name, 4120).r for name in ROWS}
    rises = [r[name] - r[name.removesuffix(" on cages")] for name in r if name.endswith("cages")]
    yield f"From the initial state to cages r rises by {min(rises):.2f} to {max(rises):.2f}"
    gains = {name: r[name] - r[ridge_of(name)] for name in r}
    single = [name for name, (learner, _) in ROWS.items() if learner in ("network", SMALL)]
    single += [name for name in ROWS if name.startswith("equivariant")]
    yield f"single networks are {below([gains[name] for name in single])} it, pooled"
    init, cage, recommended, physical = (
        f"{-gains[f'network ensemble{features}']:.3f}"
        for features in ("", " on cages", ", recommended", ", physical")
    )
    yield (
        f"on the initial state ({init} below) and on cages ({cage}), and in part on the "
        f"recommended set ({recommended}) and on physical quantities ({physical})"
    )
    few, many = (KOB_ANDERSEN.at(f"ridge, {name}", 4120) for name in ("physical", "recommended"))
    yield f"{few.n_features} coarse-grained physical quantities of the inherent state"
    yield f"near the {many.n_features} columns of the recommended set"
    mean, low, high = KOB_ANDERSEN.paired(few.learner, many.learner)[0]
    yield f"Pooled they are {beyond(mean)} ({spread(low, high)})"
    mean, low, high = KOB_ANDERSEN.paired(few.learner, many.learner, score="configuration")[0]
    yield f"Within configurations they are {beyond(mean)} ({-high:.3f} to {-low:.3f})"
    network = KOB_ANDERSEN.at("equivariant, physical", 4120)
    mean, low, high = KOB_ANDERSEN.paired(network.learner, "network, physical")[0]
    times = network.training_seconds / few.training_seconds
    yield (
        f"r is {network.r:.3f}, equal to that of a small network on the quantities alone "
        f"(difference {abs(mean):.3f}, {spread(low, high)}), and {few.r - network.r:.3f} below "
        f"ridge, at {1000 * round(times / 1000)} times its cost"
    )


def order_parameters():
    hard, kob = (
        table(FOLDER / f"{name}.order_parameters.csv") for name in ("hard_spheres", "kob_andersen")
    )
    yield holds("No number has r above 0.40", max(hard.r.max(), kob.r.max()) < 0.4)
    yield holds(
        "only where a parameter of hard spheres predicts nothing, with r below zero",
        (hard.r[hard.alpha_outside > 0] < 0).all(),
    )

    def at(learner, time):
        return row(hard, learner=learner, time=time).r

    def states(learner, *names):
        return [row(kob, learner=learner, state=state).r for state in names]

    def span(learner):
        found = states(learner, "initial", "inherent", "cage")
        return f"{min(found):.2f} to {max(found):.2f}"

    volume, energy = at("cell volume", 0.04), at("energy", 0.04)
    yield holds(
        f"have {volume:.2f} and {energy:.2f} at 0.04 τ, and below 0 at 1000 τ",
        max(at("cell volume", 1000), at("energy", 1000)) < 0,
    )
    cage, inherent = states("displacement", "cage", "inherent")
    yield f"displacement to the cage or inherent state has {cage:.2f} and {inherent:.2f} with its"
    alone = row(table(ROOT / "results/cage-state/kob_andersen.csv"), features="dr CS").r
    yield f"to the cage state, without them, it has {alone:.2f}"
    first, second, third = states("energy", "initial", "inherent", "cage")
    yield f"The energy has {first:.2f}, {second:.2f} and {third:.2f} in the"
    yield f"has {at('structural order', 1000):.2f} for hard spheres at 1000 τ"
    yield f"instead of two it has {at('structural order of 4', 1000):.2f}"
    yield f"ridge on the same eight bond orders has {at('bond order, ridge', 1000):.2f}"
    two, four = span("structural order"), span("structural order of 4")
    yield f"at this temperature it has {two} ({four} with four)"
    yield f"and ridge on the bond orders {span('bond order, ridge')}"


def costs_of_table_1():
    names = ("network 1", "network 2", "network 3", "network 4", "network")
    rows = pd.DataFrame([HARD.at(name, 1000) for name in names])
    seconds, memory = rows.training_seconds, rows.memory / 1e9
    yield f"{seconds.min():.0f} to {seconds.max():.0f} CPU s each"
    (all_alike,) = {f"{each:.2f}" for each in memory}
    yield f"and {all_alike} GB"


def settings():
    yield f"(neighbors within {cb.EquivariantNetwork().cutoff} σ)"
    yield f"its penalty, alpha = {cb.MLPRegressor.alkemade2022(3).alpha:.0f}"
    rate, other = (cb.GraphNetwork.alkemade2022(number).learning_rate for number in (1, 4))
    rates = f"with the paper's rate of {rate:.0e} (row 4: {other:.0e})"
    yield rates.replace("e-0", "e-")


def beside_the_paper():
    """Yield what is ours in the table of differences."""
    runs = STUDY.recipe.isoconfigurational
    yield f"to 10⁵ τ | {STUDY.n_configurations}, {runs.n_runs}, to {power(runs.last)} τ |"
    n_folds = STUDY.recipe.learning.outer_folds
    yield f"| {WORDS[n_folds]} folds, each configuration once |"
    trained = STUDY.n_configurations - STUDY.n_configurations // n_folds
    chosen = round(default(cb.GraphNetwork, "validation") * trained)
    yield holds(f"best on three of {trained} training configurations", chosen == 3)
    epochs = default(cb.MLPRegressor, "epochs")
    yield f"up to {epochs} (neural) and 60 (graph)"
    ridge, network, graph = (HARD.at(name, 1000) for name in ("ridge", "network", "graph"))
    yield f"| {ridge.parameters // len(TIMES)} | |"
    yield f"| {network.parameters // len(TIMES):,} (row 5) |"
    yield f"| {graph.parameters:,} for {WORDS[len(TIMES)]} times |"
    yield f"| {ridge.training_seconds:.0f} CPU s, six times and five folds |"
    yield f"| {network.training_seconds:.0f} CPU s | all times"
    yield f"| {graph.training_seconds:.0f} CPU s | six times"
