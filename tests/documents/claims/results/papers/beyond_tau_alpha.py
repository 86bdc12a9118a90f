"""Numbers of the study of r far beyond tau_alpha."""

import cagebreak as cb
from cagebreak.dynamics.relaxation import tau_alpha
from support.claims import holds, row, table
from support.paths import ROOT
from support.study_claims import CONFIDENCE, PAPER_RUNS, as_printed, ceiling_of

FOLDER = ROOT / "results/beyond-tau-alpha"
DOCUMENT = FOLDER / "README.md"
RECIPE = cb.Study(FOLDER / "ka065.toml").recipe
SCORES, FALLS = table(FOLDER / "scores.csv"), table(FOLDER / "falls.csv")
TAU = SCORES.groupby("species").tau_alpha.first()
LAST = RECIPE.isoconfigurational.last
FEATURES = ("LR0", "LR1", "LR2", "recommended")
TIMES = ("1.5", "2.4", "15", "38", "60", "150")
GIVEN = [
    "to 10⁵ τ",  # Alkemade 2022, section I B
    "about ten tau_alpha, and",  # the same: tau_alpha is of the order of 10⁴ τ
]


def computed():
    runs, prepared = RECIPE.isoconfigurational, RECIPE.preparation
    yield f"at T = {RECIPE.model.temperature:g}"
    yield (
        f"{prepared.n_configurations} configurations of {prepared.n_particles} particles, "
        f"{runs.n_runs} runs each to {LAST:g} τ"
    )
    yield f"tau_alpha is {TAU['A']:.0f} τ for A and {TAU['B']:.1f} τ for B"
    yield f"{LAST / TAU['A']:.0f} and {LAST / TAU['B']:.0f} tau_alpha"
    yield f"{CONFIDENCE} bootstrap"
    long = table(ROOT / "results/hard-spheres-058-long/propensity.csv")
    long = long[long.species == "A"]
    tau = float(tau_alpha(long.time.to_numpy(), long.f_s.to_numpy()[:, None])[0])
    yield f"end at {long.time.max() / tau:.1f} tau_alpha"
    yield f"past the ballistic regime, to {LAST:g} τ"
    yield f"| largest at / τ | r there | r at {LAST:g} τ |"
    for species in "AB":
        yield from curves(species)
        yield from fallen(species)
    yield from verdicts()


def at(species, features, time):
    return row(SCORES, species=species, features=features, time=float(time))


def fall(species, features, of="r", start="largest"):
    """Return what a selection loses until the last time."""
    rows = FALLS[FALLS["from"] == start]
    return row(rows, species=species, features=features, of=of)


def curves(species):
    """Yield the rows of the table of r over time: r, its ceiling, and r over its ceiling."""
    nearest = (at(species, "LR0", time).time for time in TIMES)
    yield f"| {species}, t / τ | " + " | ".join(map(as_printed, nearest, TIMES))
    for features in FEATURES:
        of_times = [at(species, features, time) for time in TIMES]
        yield f"| {features} | " + " | ".join(f"{score.r:.3f}" for score in of_times)
        if features in ("LR2", "recommended"):
            ratios = " | ".join(f"{score.noiseless:.3f}" for score in of_times)
            yield f"| {features} over the ceiling | {ratios}"
    yield "| ceiling | " + " | ".join(f"{at(species, 'LR0', time).ceiling:.3f}" for time in TIMES)


def fallen(species):
    """Yield the rows of the table of falls: of r, and of r over its ceiling."""
    for features in FEATURES:
        of_r, of_ratio = fall(species, features), fall(species, features, "noiseless", "tau_alpha")
        yield (
            f"| {species}, {features} | {of_r.time:.2g} | {of_r.value:.3f} | {of_r.value_last:.3f} "
            f"| {lost(of_r)} | {of_ratio.value:.3f} "
            f"| {of_ratio.value_last:.3f} ({of_ratio['last']:.2g} τ) | {lost(of_ratio)} |"
        )


def lost(found):
    """Return a fall with its interval."""
    return f"{found.fall:.3f} ({found.low:.3f} to {found.high:.3f})".replace("-", "−")


def verdicts():
    """Yield what is said of the falls."""
    of_r = FALLS[FALLS.of == "r"]
    least = of_r[of_r["from"] == "largest"].fall.min()
    yield holds(
        f"**r falls by {least:.2f} or more**, of every selection and both species, and every "
        "interval excludes zero",
        (of_r.low > 0).all(),
    )
    ceilings = [at("A", "LR2", time).ceiling for time in (TAU["A"], LAST)]
    yield "from {:.3f} near tau_alpha to {:.3f} at {:g} τ".format(*ceilings, LAST)
    of_ratio = FALLS[(FALLS.of == "noiseless") & (FALLS["from"] == "tau_alpha")]
    clear = of_ratio[of_ratio.low > 0]
    yield holds(
        f"only the fall of LR0 of A, {lost(clear.iloc[0])}, is clear",
        [*clear.species, *clear.features] == ["A", "LR0"],
    )
    last = at("A", "LR2", LAST)
    more = ceiling_of(last.ceiling, RECIPE.isoconfigurational.n_runs, PAPER_RUNS)
    yield f"With {PAPER_RUNS} runs the ceiling of A would be {more:.2f} at {LAST:g} τ"
