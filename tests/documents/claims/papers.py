"""Numbers of the page of figures and tables, and what it says of ours."""

import cagebreak as cb
from cagebreak.dynamics.relaxation import tau_alpha
from support.claims import holds, row, table
from support.paths import ROOT
from support.study_claims import power

DOCUMENT = ROOT / "docs/papers.md"
RESULTS = ROOT / "results"
STUDIES = {
    "hard spheres": ("hard-spheres-058", "hs058"),
    "harmonic spheres": ("harmonic-00045", "harmonic"),
    "Kob-Andersen": ("kob-andersen-044", "ka044"),
}
GIVEN = [
    "ridge: r over time for generations 0 to 2",  # figures of Alkemade 2022
    "neural networks: generations 0 to 2",
    "100 configurations, 50 runs, to 10⁵ τ",  # Alkemade 2022, section I B
    "100 configurations, 50 runs, to ten tau_alpha",  # Alkemade 2023, section II
    "32 runs, 4120 τ",  # data of BOTAN
    "instead of 1.203",  # Alkemade 2023, section II A
    "more than the paper's 6 exceed",  # Boattini 2021, text
    "the first 20 descriptors selected",
    "a plateau near 20",
    "stay below the paper's 0.8",  # Alkemade 2023, figure 2
    "500,000 steps to relax and 1,000,000 to measure",  # section III
    "It has 30 runs of one liquid, or 30",  # Rottler and Ortner 2024, simulation details
    # pearson-kob-andersen-a-particles.csv of the literature, from 130 τ on
    "is below the published curves past 100 τ",
]


def computed():
    for name, (folder, recipe) in STUDIES.items():
        study = cb.Study(ROOT / "datasets" / folder / f"{recipe}.toml")
        runs = study.recipe.isoconfigurational
        last = power(runs.last) if name == "hard spheres" else f"{runs.last:g}"
        yield f"| {study.n_configurations} configurations, {runs.n_runs} runs, to {last} τ"
        yield f"have {study.recipe.preparation.n_particles} particles, as in the papers"
    yield from of_long_runs()
    warmer = cb.Study(RESULTS / "beyond-tau-alpha/ka065.toml").recipe.model
    yield f"hard spheres, Kob-Andersen at T = {warmer.temperature:g}"
    botan = row(table(RESULTS / "rottler2024/studies.csv"), system="KA", way="thermal")
    ridge = row(table(RESULTS / "alkemade2022/kob_andersen.csv"), learner="ridge")
    yield f"{ridge.n_configurations} published configurations of {botan.particles} particles"
    yield f"a density of {cb.files.botan.NUMBER_DENSITY:g} instead"
    yield from of_boattini()
    yield from of_networks()
    yield from of_states()
    (r_cut,) = set(table(RESULTS / "rottler2024/distribution.csv").r_cut)
    yield f"first six radial functions, r_cut = {r_cut:g}"
    yield f"distributions of the first radial descriptor, r_cut = {r_cut:g}"


def of_long_runs():
    recipe = cb.Study(RESULTS / "heterogeneity/hard_spheres.toml").recipe
    runs, last = recipe.isoconfigurational, power(recipe.isoconfigurational.last)
    yield f"; {recipe.preparation.n_configurations}, {runs.n_runs} runs, [to {last} τ |"
    yield f"diffusive regime to {last} τ"
    times = table(RESULTS / "hard-spheres-058-long/propensity.csv").groupby("species")
    for _, of in times:
        relaxation = float(tau_alpha(of.time.to_numpy(), of.f_s.to_numpy()[:, None])[0])
        yield f"to {of.time.max() / relaxation:.1f} tau_alpha"


def of_boattini():
    generations = table(RESULTS / "boattini2021/generations.csv")
    botan = generations[(generations.set == "botan") & (generations.species == "A")]
    r = botan.set_index("features").r_configuration
    yield holds(
        "without averages radial ones predict better, with averages angular ones",
        r["LR0 radial"] > r["LR0 angular"] and r["LR2 radial"] < r["LR2 angular"],
    )
    yield holds("averages gain in BOTAN", r["LR2"] > r["LR0"])
    third = generations[generations.features == "LR3"]
    clear = third[(third.difference_low_configuration > 0) & (third.time > 1)]
    places = set(zip(clear.set, clear.species, strict=True)) - {("kob_andersen", "A")}
    gain = clear.difference_configuration.max()
    yield holds(
        f"but for A particles of BOTAN and B particles of hard spheres at long times, which gain "
        f"{gain:.2f}",
        places == {("botan", "A"), ("hard_spheres", "B")},
    )


def of_networks():
    scores = table(RESULTS / "alkemade2022/hard_spheres.csv")
    a = scores[scores.species == "A"].pivot_table(index="learner", columns="time", values="r")
    first, last = a.columns[0], a.columns[-1]
    alone, averaged = a.loc["network, generation 0"], a.loc["network"]
    yield holds(
        "averages lower r at short times and raise it later",
        averaged[first] < alone[first] and averaged[last] > alone[last],
    )
    yield holds(
        "row 2 is not worse at short times", a.loc["network 2"][first] > averaged[first] - 0.01
    )
    yield holds("a graph network is below ridge", (a.loc["graph"] < a.loc["ridge"]).all())


def of_states():
    scores = table(RESULTS / "kob-andersen-044/scores.csv")
    a = scores[scores.species == "A"].pivot_table(
        index="time", columns="features", values="r_configuration"
    )
    yield holds(
        "the combination of Kob-Andersen is at times below Δr CS alone",
        (a["X init + X CS + dr CS"] < a["dr CS"]).any(),
    )
    cage, inherent = (row(scores, species="A", features=f, time=3075) for f in ("X CS", "X IS"))
    yield holds(
        "X CS and X IS are equal within their intervals in the end",
        cage.low_configuration < inherent.r_configuration < cage.high_configuration,
    )
