"""Numbers of the study of r far beyond tau_alpha."""

import cagebreak as cb
from support.claims import holds, row, table
from support.paths import ROOT
from support.study_claims import CONFIDENCE, as_printed

FOLDER = ROOT / "results/beyond-tau-alpha"
DOCUMENT = FOLDER / "README.md"
RECIPE = cb.Study(FOLDER / "ka065.toml").recipe
SCORES, FALLS = table(FOLDER / "scores.csv"), table(FOLDER / "falls.csv")
TAU = SCORES.groupby("species").tau_alpha.first()
LAST = RECIPE.isoconfigurational.last
FEATURES = ("LR0", "LR1", "LR2", "recommended")
TIMES = ("1.2", "11", "28", "70", "240")
GIVEN = [
    "to 10⁵ τ",  # Alkemade 2022, section I B
    "about ten tau_alpha",  # the same: tau_alpha is of the order of 10⁴ τ
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
    """Yield the rows of the table of falls."""
    for features in FEATURES:
        of_r, of_ratio = (fall(species, features, of) for of in ("r", "noiseless"))
        yield (
            f"| {species}, {features} | {of_r.time:.3g} | {of_r.value:.3f} | {of_r.value_last:.3f} "
            f"| {lost(of_r)} | {of_ratio.time:.3g} | {of_ratio.value:.3f} "
            f"| {of_ratio.value_last:.3f} | {lost(of_ratio)} |"
        )


def lost(found):
    """Return a fall with its interval."""
    return f"{found.fall:.3f} ({found.low:.3f} to {found.high:.3f})".replace("-", "−")


def verdicts():
    """Yield what is said of the falls."""
    of_r = FALLS[FALLS.of == "r"]
    yield holds("every interval excludes zero", (of_r.low > 0).all())
