"""Numbers of the study of the Kob-Andersen mixture."""

import numpy as np

import cagebreak as cb
from support.claims import holds, row
from support.paths import ROOT
from support.study_claims import (
    PAPER_RUNS,
    WORDS,
    Scores,
    ceiling_of,
    metrics,
    ordered,
    relaxation,
    runs_and_folds,
)

FOLDER = ROOT / "results/kob-andersen-050"
DOCUMENT = FOLDER / "README.md"
STUDY = cb.Study(ROOT / "datasets/kob-andersen-050/ka050.toml")
SCORES = Scores.read(FOLDER, ("0.1", "2.8", "11", "29", "118", "300"))
ROWS = {
    "X init, LR0": ("LR0", []),
    "X init, LR2": ("LR2", ["300"]),
    "X IS": ("X IS", ["300"]),
    "X CS": ("X CS", ["300"]),
    "\\|F\\|": ("F", []),
    "Δr IS": ("dr IS", ["2.8"]),
    "Δr CS": ("dr CS", ["2.8"]),
    "X init, X CS, Δr CS": ("X init + X CS + dr CS", []),
    "F, X init, X CS, Δr CS": ("F + X init + X CS + dr CS", []),
    "recommended": ("recommended", ["2.8", "118", "300"]),
}
GIVEN = [
    # Alkemade 2023, sections II.A and II.B, figure 2.
    "| temperature | 0.44 |",
    "in place of 3075 τ",
    "| density, share of A | 1.203, 0.8 |",
    "| particles | 2000 |",
    "| configurations | 100 |",
    "| runs of each | 50 |",
    "| 10⁻² τ to ten tau_alpha | 10⁻² to",
    "| 500,000 + 1,000,000 steps |",
    "at its highest | above 0.8 |",
    "is expected with 50 |",
    "rather than more than 0.8, at",
    "instead of 0.44",
    "instead of 50",
]


def computed():
    yield from metrics(FOLDER, SCORES.times)
    yield from SCORES.lines(ROWS)
    r = SCORES.over_time
    yield holds("in the caging regime (from 0.7 τ on)", ordered(r("dr CS", 0.67), r("dr IS", 0.67)))
    yield holds(
        "X CS better than X IS and X IS better than X init at long times (from 11 τ on)",
        ordered(*(r(name, 11) for name in ("X CS", "X IS", "LR2"))),
    )
    caging = SCORES.at("dr CS", r("dr CS").idxmax())
    yield f"Δr CS reaches {caging.r_configuration:.2f}"
    yield f"at a ceiling of {caging.ceiling:.2f}"
    yield f"({caging.r_configuration / caging.ceiling:.2f} of the ceiling)"
    gain = r("X init + X CS + dr CS") - r("X CS + dr CS")
    yield holds(
        f"up to 0.4 τ, and by at most {gain[0.5:].max():.2f} later", (gain[0.02:0.5] > 0).all()
    )
    loss = r("dr CS") - r("X init + X CS + dr CS")
    below = loss[0.1:].index[loss[0.1:] > 0]
    yield f"from {below.min():.1f} to {below.max():.0f} τ the combination is below Δr CS alone"
    averaged = max((r(name) - r("LR0")).max() for name in ("LR1", "LR2"))
    yield f"LR1 and LR2 gain at most {averaged:.2f} over LR0"
    yield f"for {SCORES.at('LR2', 1).n_features} columns of a state"
    late = SCORES.at("recommended", 188)
    yield f"({late.r:.3f}, {late.low:.3f}–{late.high:.3f}, at {late.time:.0f} τ"
    yield f"where the mean over configurations is {late.r_configuration:.3f})"

    yield from beside_the_paper(caging)
    recipe = STUDY.recipe
    n, size = STUDY.n_configurations, recipe.preparation.n_particles
    first, last = (step.time for step in recipe.preparation.protocol)
    model, runs, folds = recipe.model, recipe.isoconfigurational, recipe.learning.outer_folds
    yield f"A Kob-Andersen mixture at T = {model.temperature:g}"
    yield f"The temperature is {model.temperature:g} instead"
    configurations = f"{WORDS[n].capitalize()} configurations"
    yield f"{configurations} of {size} particles (rho = {model.number_density:g}"
    yield f"{configurations} of {size * model.composition[0]:.0f} A particles"
    yield f"for {first:g} τ at constant temperature and {last:g} τ at constant energy"
    yield f"there are {WORDS[runs.n_runs]} runs instead of"
    yield from runs_and_folds(STUDY)
    fewest, most = sorted({n - len(held_out) for held_out in np.array_split(range(n), folds)})
    yield f"from {WORDS[fewest]} or {WORDS[most]} configurations here"
    yield from relaxation(STUDY)
    drift = STUDY.drift()
    energy, pressure = (row(drift, quantity=name) for name in ("energy", "pressure"))
    yield holds(
        "the potential energy does not drift, but the pressure does "
        f"({pressure.difference:.3f} ± {pressure.error:.4f})",
        pressure.drifts and not energy.drifts,
    )


def beside_the_paper(caging):
    """Yield what is ours in the table of differences."""
    recipe = STUDY.recipe
    model, runs, preparation = recipe.model, recipe.isoconfigurational, recipe.preparation
    first, last = (step.time for step in preparation.protocol)
    tau_alpha = STUDY.relaxation()["A"]
    yield f"| temperature | 0.44 | {model.temperature:g} |"
    yield f"core-hours: tau_alpha is {tau_alpha:.0f} τ in place of 3075 τ"
    yield f"1.203, 0.8 | {model.number_density:g}, {model.composition[0]:g} |"
    yield f"2000 | {preparation.n_particles} |"
    yield f"100 | {STUDY.n_configurations} |"
    yield f"| {first:g} τ at constant temperature, then {last / tau_alpha:.1f} tau_alpha |"
    yield f"50 | {runs.n_runs} |"
    yield f"10⁻² to {runs.last:g} τ |"
    relax, measure = recipe.states.cage["sweeps"]
    yield f"| {relax} + {measure:,} sweeps |"
    r, ceiling = caging.r_configuration, caging.ceiling
    expected = r / ceiling * ceiling_of(ceiling, runs.n_runs, PAPER_RUNS)
    yield (
        f"above 0.8 | {r:.3f}, of a ceiling of {ceiling:.3f} | the noise of {WORDS[runs.n_runs]} "
        f"runs: {expected:.3f} is expected with {PAPER_RUNS}"
    )
