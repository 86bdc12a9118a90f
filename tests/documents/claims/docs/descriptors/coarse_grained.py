"""Numbers of the coarse-grained descriptors."""

import numpy as np

import cagebreak as cb
from cagebreak.bootstrap import interval as bootstrap
from cagebreak.descriptors.coarse_grained import quantities
from support.claims import default, holds, interval, row, table
from support.paths import ROOT
from support.study_claims import WORDS

DOCUMENT = ROOT / "docs/descriptors/coarse-grained.md"
FOLDER = ROOT / "results/kob-andersen-050"
TIMES = (0.1, 2.8, 18, 46, 118, 300)
SETS = {
    "X init (alkemade2023)": "LR2",
    "X IS (alkemade2023)": "X IS",
    "Δr IS": "dr IS",
    "X init, X IS, Δr IS": "X init + X IS + dr IS",
}
COARSE_GRAINED = {
    "coarse-grained, initial": "coarse-grained, initial",
    "coarse-grained, IS": "coarse-grained, IS",
    "only energies, IS": "only energies, IS",
    "only cells, IS": "only cells, IS",
    "only densities, IS": "only densities, IS",
    "coarse-grained and Δr, IS": "coarse-grained and dr, IS",
    "the same, of both states": "the same, of both states",
    "the same, and the net force": "the same, and the net force",
}
GIVEN = [
    "with a volume of 1/sqrt(2) if the distance of neighbors is 1",  # printed by the demonstration
]


def of_a(path, learner="Ridge"):
    scores = table(path)
    if "species" in scores:
        scores = scores[scores.species == "A"]
    return scores[scores.learner == learner]


def mean(scores, features):
    return scores[scores.features == features].r_configuration.mean()


def computed():
    lengths = ", ".join(f"{length:g}" for length in quantities.LENGTHS)
    yield f"L, in sigma; chosen: {lengths} |"
    model = cb.kob_andersen()
    n_columns = len(cb.papers.jung2023(model).labels())
    yield f"has {n_columns} columns for a mixture"
    reach = quantities.CUTOFF * max(quantities.LENGTHS)
    yield f"up to {quantities.CUTOFF} of the longest length, {reach} sigma"
    yield holds(
        "half a box of 4000 particles",
        round((4000 / model.number_density) ** (1 / 3) / 2, 1) == reach,
    )

    recipe = cb.Study(FOLDER / "ka050.toml").recipe
    n = recipe.preparation.n_particles
    yield f"with {WORDS[recipe.learning.outer_folds]} outer folds"
    number = WORDS[recipe.preparation.n_configurations]
    yield f"on {number} configurations, so that"
    yield (
        f"The data are {number} configurations of {n} Kob-Andersen particles at T = "
        f"{recipe.model.temperature}"
    )
    sets, ours = of_a(FOLDER / "scores.csv"), of_a(FOLDER / "coarse_grained.csv")
    times = sets.time.unique()
    yield f"mean over {len(times)} times from {times.min():g} τ"
    yield "| t / τ | columns | " + " | ".join(f"{time:g}" for time in TIMES) + " | mean |"
    for scores, rows in ((sets, SETS), (ours, COARSE_GRAINED)):
        for name, features in rows.items():
            found = [row(scores, features=features, time=time) for time in TIMES]
            values = " | ".join(f"{each.r_configuration:.3f}" for each in found)
            of_all = mean(scores, features)
            yield f"| {name} | {found[0].n_features} | {values} | {of_all:.3f} |"

    both = {"coarse-grained, IS": ours, "X IS": sets}
    r = {
        name: np.array([row(scores, features=name, time=t).r_configuration for t in TIMES])
        for name, scores in both.items()
    }
    n_few, n_many = n_columns, row(sets, features="X IS", time=46).n_features
    yield holds(
        "an eighth of the columns predicts better at all times shown",
        (r["coarse-grained, IS"] > r["X IS"]).all() and round(n_many / n_few) == 8,
    )
    few, many = (
        interval(row(scores, features=name, time=46), 3).strip("()").replace("–", " to ")
        for name, scores in both.items()
    )
    percent = 100 * default(bootstrap, "confidence")
    yield f"At 46 τ the {percent:.0f} % intervals are {few} and {many}, on"
    yield f"is better ({mean(sets, 'recommended'):.3f})"
    network = of_a(FOLDER / "coarse_grained.csv", "MLPRegressor")
    by_network, by_ridge = (mean(each, "coarse-grained and dr, IS") for each in (network, ours))
    yield f"the network above reaches {by_network:.3f} and ridge {by_ridge:.3f}"

    botan = row(table(ROOT / "results/rottler2024/studies.csv"), system="KA", way="thermal")
    learners = table(ROOT / "results/alkemade2022/kob_andersen.csv")
    physical = row(learners, learner="ridge, physical")
    recommended = row(learners, learner="ridge, recommended")
    yield (
        f"On {WORDS[physical.n_configurations]} configurations of {botan.particles} particles at "
        f"T = {botan.temperature}"
    )
    yield f"and {physical.time:.0f} τ (BOTAN), {physical.n_features} columns of the inherent state"
    yield f"near the {recommended.n_features} of the recommended set"
    values = [f"{each.r_configuration:.3f} {interval(each, 3)}" for each in (physical, recommended)]
    yield f"r = {values[0]} against {values[1]}"
    yield f"and {physical.r:.3f} against {recommended.r:.3f} pooled"
