"""Numbers of the study of hard spheres."""

import runpy

import numpy as np

import cagebreak as cb
from support.claims import holds, table
from support.paths import ROOT
from support.study_claims import (
    CONFIDENCE,
    PAPER_RUNS,
    WORDS,
    Scores,
    ceiling_of,
    metrics,
    power,
)

FOLDER = ROOT / "results/hard-spheres-058"
DOCUMENT = FOLDER / "README.md"
STUDY = cb.Study(ROOT / "datasets/hard-spheres-058/hs058.toml")
SCORES = {species: Scores.read(FOLDER, species=species) for species in "AB"}
COLUMNS = ("LR0", "LR1", "LR2", "LR2 radial", "LR2 angular", "recommended")
LAST = 1e3
DURATION = runpy.run_path(str(FOLDER / "pressure.py"))["DURATION"]
GIVEN = [
    "| packing fraction, size ratio, share of A | 0.58, 0.85, 0.3 |",  # Alkemade 2022, section I A
    "| particles | 2000 |",
    "| configurations | 100 |",  # section I B
    "| aging | at least 10⁵ τ |",
    "| runs of each | 50 |",
    "| times | 10⁻² to 10⁵ τ |",
    "| 354 a generation (Alkemade 2022), generations 0 to 2 |",
    "| 10⁻⁵ to 10⁴, the best |",  # section III A
    "tau_alpha is about 10⁴ τ",  # Alkemade 2022, section II.A
    "where the paper has 100 configurations in all",  # Alkemade 2022, section II.B
]


def pooled(score):
    return f"{score.r:.3f} ({score.low:.3f}–{score.high:.3f})"


def listed(score, suffix=""):
    low, high = score["low" + suffix], score["high" + suffix]
    return f"{score['r' + suffix]:.3f}, {low:.3f}–{high:.3f}"


def pressures(aged):
    """Yield the pressure and the collision rate of the aged configurations and of fresh ones."""
    measured = table(FOLDER / "pressure.csv").groupby("age")[["pressure", "collision_rate"]]
    mean, error, count = measured.mean(), measured.sem(), measured.size()
    old, first, second = (
        f"{mean.pressure[age]:.2f} ± {error.pressure[age]:.2f}" for age in (aged, 100, 400)
    )
    rate = f"{mean.collision_rate[aged]:.1f} ± {error.collision_rate[aged]:.1f}"
    yield f"Pressure and collision rate of the {WORDS[count[aged]]}, over {DURATION:g} τ each"
    yield f"are beta P sigma_A³ = {old} and {rate} collisions"
    yield (
        f"{WORDS[count[100]].capitalize()} fresh systems have a pressure of {first} after 100 τ "
        f"and {second} after 400 τ"
    )


def computed():
    yield from metrics(FOLDER, ("0.1", "1", "10", "100", "1000"))
    recipe = STUDY.recipe
    preparation, runs, model = recipe.preparation, recipe.isoconfigurational, recipe.model
    n, size, last = STUDY.n_configurations, preparation.n_particles, power(runs.last)
    large = round(size * model.composition[0])
    yield f"at a packing fraction of {model.packing_fraction:g}"
    yield (
        f"{large} large (A) and {size - large} small (B) spheres with a size ratio of "
        f"{model.diameters[1] / model.diameters[0]:g}"
    )
    yield (
        f"{WORDS[n].capitalize()} configurations were grown from random points, aged for "
        f"{power(preparation.time)} τ and followed in {runs.n_runs} runs to {last} τ"
    )
    yield from pressures(preparation.time)
    yield holds(
        f"F_s does not fall to 1/e within {last} τ",
        np.isnan(list(STUDY.relaxation().values())).all(),
    )

    yield f"There are {WORDS[recipe.learning.outer_folds]} outer folds of configurations"
    yield f"{CONFIDENCE} bootstrap"
    yield f"the noise of {runs.n_runs} runs"
    yield f"| t = {last} τ | " + " | ".join(COLUMNS) + " | ceiling |"
    for species, scores in SCORES.items():
        found = [scores.at(name, LAST) for name in COLUMNS]
        cells = " | ".join(pooled(each) for each in found)
        yield f"| {species} | {cells} | {found[0].ceiling:.3f} |"
    each = {s: listed(scores.at("LR2", LAST), "_configuration") for s, scores in SCORES.items()}
    yield f"(A, LR2: {each['A']}; B: {each['B']})"

    at = SCORES["A"].at
    radial, angular = (listed(at(f"LR0 {kind}", LAST)) for kind in ("radial", "angular"))
    yield f"(A at {last} τ: {radial}, against {angular})"
    of = SCORES["A"].rows.set_index("time")
    lr0, lr1, lr2 = (of[of.features == name] for name in ("LR0", "LR1", "LR2"))
    peak, dip = lr0.r[:0.5].idxmax(), lr0.r[0.1:].idxmin()
    yield f"(A: {lr0.r[peak]:.2f} at {peak:.2f} τ)"
    yield f"({lr0.r[dip]:.2f} at {dip:.1f} τ under a ceiling of {lr0.ceiling[dip]:.2f}"
    early = lr1.r[lr1.r <= lr0.high].index
    yield f"(A: within the intervals up to {early.max():.0f} τ"
    yield f"{at('LR0', 100).r:.3f} against {at('LR1', 100).r:.3f} at {power(100)} τ"
    yield f"{at('LR0', LAST).r:.3f} against {at('LR1', LAST).r:.3f} at {last} τ"
    yield f"the second generation adds at most {(lr2.r - lr1.r).max():.3f} to the first"
    trained = n - n // recipe.learning.outer_folds
    columns = at("LR2", LAST).n_features
    particles = f"{trained * large} A particles"
    yield f"Each fit has {trained} configurations, {particles}, for {columns} columns"
    yield holds(
        "LR1 and LR2 are below LR0 at short times", (np.maximum(lr1.r, lr2.r) < lr0.r)[:0.5].all()
    )
    yield from beside_the_papers()


def beside_the_papers():
    """Yield what is ours in the table of differences."""
    recipe = STUDY.recipe
    preparation, runs, model = recipe.preparation, recipe.isoconfigurational, recipe.model
    yield (
        f"0.3 | {model.packing_fraction:g}, {model.diameters[1] / model.diameters[0]:g}, "
        f"{model.composition[0]:g} |"
    )
    yield f"2000 | {preparation.n_particles} |"
    yield f"100 | {STUDY.n_configurations} |"
    yield f"τ | {power(preparation.time)} τ |"
    yield f"50 | {runs.n_runs} |"
    yield f"τ | 10{SUPERSCRIPT_MINUS_2} to {power(runs.last)} τ |"
    score = SCORES["A"].at("LR2", LAST)
    first = cb.papers.alkemade2022(model, generations=0).labels()
    yield f"| {len(first)}, generations 0 to {recipe.descriptors.generations} |"
    alphas = recipe.learning.alphas
    yield f"| 10⁻⁵ to {power(max(alphas))}, chosen" if min(alphas) == 1e-5 else "no such alphas"
    with_50 = score.r * ceiling_of(score.ceiling, runs.n_runs, PAPER_RUNS) / score.ceiling
    yield f"{score.r:.3f} of A at {power(LAST)} τ, LR2, would be {with_50:.3f} with {PAPER_RUNS}"
    yield f"| r of A at {power(LAST)} τ, LR2 | a curve, no number | {pooled(score)} |"


SUPERSCRIPT_MINUS_2 = "⁻²"
