"""Numbers of networks and baselines."""

import cagebreak as cb
from cagebreak.learning import Ensemble, EquivariantNetwork, GraphNetwork
from cagebreak.learning.neural_network.mlp import ALKEMADE2022
from support.claims import default, holds, row, table
from support.paths import ROOT

DOCUMENT = ROOT / "docs/networks.md"
FOLDER = ROOT / "results/alkemade2022"
SETTINGS = {
    "layers replace, nothing dropped out": "layers replace",
    "layers add, nothing dropped out": "layers add",
    "layers add, 30 % dropped out": "30 % dropped out",
    "layers add, **half** dropped out (default)": "half dropped out",
    "layers add, 80 % dropped out": "80 % dropped out",
}
GIVEN = [
    "A particles, generation 0, pooled r",  # parameters of graph_settings.py
    "The table shows what the settings change, in one training each",
    # Published: the public code of Bapst 2020, and He 2015. Ours: uniform within 1 / sqrt(inputs).
    "have the variance 1 / inputs in the public code of Bapst 2020, 2 / inputs after He, and 1 / "
    "(3 inputs) here",
]


def over_time(scores, learner, score):
    """Return a score of a learner, by species and time."""
    return scores[scores.learner == learner].set_index(["species", "time"])[score]


def span(values):
    return f"{values.min():.3f} to {values.max():.3f}"


def computed():
    share = default(GraphNetwork, "validation")
    yield holds("validation configurations, a fifth of the training ones", share == 0.2)
    half = default(GraphNetwork, "dropout") == 0.5
    yield holds("in each epoch half of a particle's features, drawn anew, are left out", half)
    (nodes,) = default(GraphNetwork, "decoder")
    yield f"The decoder has one hidden layer of {nodes} nodes"
    scores = table(FOLDER / "hard_spheres.csv")
    times = scores.time.unique()
    rows = {3: "network 3", 1: "network 1", 2: "network 2", 4: "network 4", 5: "network"}
    means = table(FOLDER / "hard_spheres.csv").query("species == 'A'").groupby("learner")
    r = means.r_configuration.mean()[list(rows.values())]
    yield holds(
        f"row 3 (alpha = {ALKEMADE2022[3]['alpha']:g}) predicts worse than the others: its r "
        f"of A particles, mean over configurations and six times, is {r.iloc[0]:.3f}, that of "
        f"rows 1, 2, 4 and 5 is {span(r.iloc[1:])}",
        len(times) == 6,
    )

    hard = cb.Study(ROOT / "datasets/hard-spheres-058/hs058.toml").recipe
    n = hard.preparation.n_configurations
    n_test = n // hard.learning.outer_folds
    n_validation = round((n - n_test) * default(GraphNetwork, "validation"))
    yield f"hard spheres at {hard.model.packing_fraction:g}, A particles"
    yield f"six times from {times.min():.2f} to {times.max():.0f} tau"
    yield (
        f"One fold has {n - n_test - n_validation} configurations to train, {n_validation} to "
        f"choose the epoch (validation) and {n_test} to test"
    )
    settings = table(FOLDER / "graph_settings.csv")
    for name, learner in SETTINGS.items():
        of = row(settings, learner=learner)
        yield f"| {name} | {of.epochs:.0f} | {of.validation:.3f} | {of.test:.3f} |"
    zero, two = (row(settings, learner=f"ridge, generations up to {g}").test for g in (0, 2))
    yield f"| ridge, generation 0 (all {n - n_test} configurations) | | | {zero:.3f} |"
    yield f"| ridge, generations 0 to 2 | | | {two:.3f} |"
    cutoff = default(EquivariantNetwork, "cutoff")
    yield f"Edges reach {cutoff} sigma, so"
    yield f"the equivariant network reach {cutoff} sigma by default"

    of_graph, together = (
        row(scores, learner=learner, species="A", time=0.04)
        for learner in ("graph", "graph together")
    )
    yield f"r is {together.r:.3f} instead of {of_graph.r:.3f} at {of_graph.time:.2f} tau"

    ensemble = over_time(scores, "network ensemble", "r")
    single, ridge = (over_time(scores, learner, "r") for learner in ("network", "ridge"))
    above = ensemble - ridge
    yield f"its pooled r is {span(ensemble - single)} above that of a single network, and between"
    yield f"between {-above.min():.3f} below and {above.max():.3f} above that of ridge regression"
    botan = table(FOLDER / "kob_andersen.csv").set_index("learner").r
    kinds = ("", ", physical", ", recommended", " on cages")
    of_all = botan[[f"network ensemble{kind}" for kind in kinds]].to_numpy()
    singles, ridges = (botan[[f"{of}{kind}" for kind in kinds]] for of in ("network", "ridge"))
    state = row(table(ROOT / "results/rottler2024/studies.csv"), system="KA", way="thermal")
    yield f"In Kob-Andersen at T = {state.temperature} it is {span(of_all - singles)} above a"
    yield f"{span(ridges - of_all)} below ridge on the same columns"
    yield holds("averages the predictions of five trainings", default(Ensemble, "members") == 5)
