"""Numbers of the study of harmonic spheres."""

import numpy as np

import cagebreak as cb
from support.claims import holds, row, table
from support.paths import ROOT
from support.study_claims import (
    PAPER_RUNS,
    WORDS,
    Scores,
    metrics,
    noise_of_runs,
    ordered,
    runs_and_folds,
)

FOLDER = ROOT / "results/harmonic-00045"
DOCUMENT = FOLDER / "README.md"
STUDY = cb.Study(ROOT / "datasets/harmonic-00045/harmonic.toml")
SCORES = Scores.read(FOLDER, ("1.1", "2.7", "11", "28", "114", "290", "1179", "3000"))
EXACT = ["28", "3000"]
ROWS = {
    "X init, LR0": ("LR0", EXACT),
    "X init, LR2": ("LR2", EXACT),
    "X IS": ("X IS", EXACT),
    "X CS": ("X CS", EXACT),
    "\\|F\\|": ("F", EXACT),
    "Δr IS": ("dr IS", EXACT),
    "Δr CS": ("dr CS", EXACT),
    "X init, X CS, Δr CS": ("X init + X CS + dr CS", EXACT),
    "\\|F\\|, X init, X CS, Δr CS": ("F + X init + X CS + dr CS", EXACT),
    "recommended": ("recommended", EXACT),
}
GIVEN = [
    "Alkemade 2023 gives 671 τ",  # section II.A
    "| temperature, density, size ratio, share of A | 0.0045, 0.82, 1.4, 0.5 |",  # section II.A
    "| particles | 2000 |",  # section II.B
    "| configurations | 100 |",
    "| runs of each | 50 |",  # section II.C
    "| times | 10⁻² τ to ten tau_alpha | 10⁻² to",
    "| tau_alpha | 671 τ, from earlier work |",
    "by F_s = 1/e at k = 2 pi / sigma_A |",
    "| cage state | 500,000 + 1,000,000 steps |",  # section III
    "below the 0.8 of the paper",  # figure 2
]


def computed():
    yield from metrics(FOLDER, SCORES.times)
    yield from SCORES.lines(ROWS)
    r = SCORES.over_time
    yield holds(
        "Δr CS predicts better than Δr IS from 0.4 τ on", ordered(r("dr CS", 0.4), r("dr IS", 0.4))
    )
    yield holds(
        "X CS better than X IS and X IS better than X init from 114 τ on",
        ordered(*(r(name, 114) for name in ("X CS", "X IS", "LR2"))),
    )
    apart = (r("X CS") - r("X init + X CS + dr CS")).abs()
    first = apart.index[apart.index > apart.index[apart > 0.01].max()].min()
    yield f"from {first:.0f} τ on X CS alone is within 0.01 of the combination"

    recipe = STUDY.recipe
    model, runs = recipe.model, recipe.isoconfigurational
    first, last = (step.time for step in recipe.preparation.protocol)
    yield f"Harmonic spheres at T = {model.temperature:g}"
    yield (
        f"{WORDS[STUDY.n_configurations].capitalize()} configurations of "
        f"{recipe.preparation.n_particles} particles (rho = {model.number_density:g}, "
        f"size ratio {model.diameters[1] / model.diameters[0]:g})"
    )
    yield f"for {first:g} τ at constant temperature and {last:g} τ at constant energy"
    yield from runs_and_folds(STUDY)
    tau = STUDY.relaxation()
    yield f"F_s of A at k = {runs.wavenumber / np.pi:g} pi / sigma_A falls to 1/e at"
    yield f"at {round(tau['A'], -2):.0f} τ"
    yield holds(f"F_s of B has not by {runs.last:g} τ", np.isnan(tau["B"]))
    yield f"aged for {last / tau['A']:.0f} tau_alpha by our definition"
    drift = STUDY.drift()
    energy = row(drift, quantity="energy")
    shift = f"{energy.difference:.1e} ± {energy.error:.0e}".replace("e-0", "e-")
    yield holds(
        f"its potential energy falls ({shift}) and F_s rises",
        (drift.drifts & (drift.difference > 0))[drift.quantity.str.startswith("F_s")].all(),
    )
    yield from beside_the_paper(tau["A"], last)


def beside_the_paper(tau_alpha, last_step):
    """Yield what is ours in the table of differences, and the trial of fewer runs."""
    recipe = STUDY.recipe
    model, runs, preparation = recipe.model, recipe.isoconfigurational, recipe.preparation
    yield (
        f"0.5 | {model.temperature:g}, {model.number_density:g}, "
        f"{model.diameters[1] / model.diameters[0]:g}, {model.composition[0]:g} |"
    )
    yield f"2000 | {preparation.n_particles} |"
    yield f"100 | {STUDY.n_configurations} |"
    yield f"50 | {runs.n_runs} |"
    yield f"10⁻² to {runs.last:g} τ |"
    yield f"| {last_step:g} τ, ten times the paper's tau_alpha |"
    yield holds("three of our tau_alpha", round(last_step / tau_alpha) == 3)
    yield f"| {round(tau_alpha, -2):.0f} τ for A,"
    relax, measure = recipe.states.cage["sweeps"]
    yield f"| {relax} + {measure:,} sweeps |"
    yield noise_of_runs("harmonic")
    of = row(table(ROOT / "results/cage-state/runs.csv"), model="harmonic")
    yield holds("within 0.001", abs(of.r_half - of.r_half_predicted) < 0.001)
    yield f"With the {PAPER_RUNS} runs of the paper the same law gives {of.r_paper_predicted:.3f}"
    cells = table(ROOT / "results/cage-state/cells.csv")
    short = row(cells[cells.relax < 10_000], model="harmonic", cell="voronoi", feature="dr CS")
    yield holds(
        f"after {short.sweeps:,} instead of {measure:,} r is {short.r:.3f} as well",
        f"{short.r:.3f}" == f"{of.r:.3f}",
    )
