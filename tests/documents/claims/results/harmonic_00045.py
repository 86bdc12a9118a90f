"""Numbers of the study of harmonic spheres."""

import numpy as np

import cagebreak as cb
from support.claims import holds, row
from support.paths import ROOT
from support.study_claims import WORDS, Scores, metrics, ordered, runs_and_folds

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
    "rather than more than 0.8, with",  # figure 2
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
    best = SCORES.at("dr CS", r("dr CS").idxmax())
    yield f"Δr CS reaches {best.r_configuration:.2f} rather"
    yield f"with an interval up to {best.high_configuration:.2f}"

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
    yield f"({recipe.states.cage['sweeps'][1]:,} sweeps here)"
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
