"""Numbers of the study of Wahnström's mixture."""

import cagebreak as cb
from cagebreak.dynamics.equilibrium import RELAXED
from support.claims import holds, interval, row
from support.paths import ROOT
from support.study_claims import WORDS, Scores, hours, metrics, ordered, relaxation, runs_and_folds

FOLDER = ROOT / "results/wahnstrom-065"
DOCUMENT = FOLDER / "README.md"
STUDY = cb.Study(ROOT / "datasets/wahnstrom-065/wahnstrom.toml")
TIMES = ("0.1", "1", "2.4", "15", "38", "95", "150")
SCORES, OF_B = (Scores.read(FOLDER, TIMES, species) for species in "AB")
# Rows of the table, and the times that have their interval beside them.
ROWS = {
    "X init, LR0": ("LR0", ["95"]),
    "X init, LR1": ("LR1", ["95"]),
    "X init, LR2": ("LR2", ["95"]),
    "X IS": ("X IS", ["95"]),
    "X CS": ("X CS", ["95"]),
    "\\|F\\|": ("F", []),
    "Δr IS": ("dr IS", ["1", "2.4"]),
    "Δr CS": ("dr CS", ["1", "2.4"]),
    "X init, X IS, Δr IS": ("X init + X IS + dr IS", ["95"]),
    "X init, X CS, Δr CS": ("X init + X CS + dr CS", ["95"]),
    "F, X init, X CS, Δr CS": ("F + X init + X CS + dr CS", ["95"]),
    "recommended": ("recommended", TIMES[1:]),
}
GIVEN = [
    # Rottler and Ortner 2024, section II.
    "study T = 0.58 with tau_alpha about 1000 τ, where",
]


def computed():
    yield from metrics(FOLDER, TIMES)
    yield from SCORES.lines(ROWS)
    r = SCORES.over_time
    yield f"at tau_alpha LR0 has {r('LR0', 90).iloc[0]:.2f} and LR1 {r('LR1', 90).iloc[0]:.2f}"
    near, late = (OF_B.at("recommended", time) for time in (2.4, 60))
    yield f"B particles have {near.r_configuration:.2f} {interval(near)} at {near.time:.1f} τ"
    yield f"and {late.r_configuration:.2f} {interval(late)} at {late.time:.0f} τ"
    cage = SCORES.at("dr CS", r("dr CS").idxmax())
    yield f"Δr CS reaches {cage.r_configuration:.2f} at a ceiling of {cage.ceiling:.2f}"
    after = {name: r(name, 15) for name in ("X CS", "X IS", "LR2")}
    yield holds(
        "X CS is above X IS and X init from 15 τ on",
        ordered(after["X CS"], after["X IS"]) and ordered(after["X CS"], after["LR2"]),
    )

    recipe = STUDY.recipe
    model = recipe.model
    quench, held, last = recipe.preparation.protocol
    share = 100 * model.composition[0]
    yield f"A Wahnström mixture at T = {model.temperature:g}"
    yield f"At T = {model.temperature:g} a cage opens"
    yield (
        f"{WORDS[STUDY.n_configurations].capitalize()} configurations of "
        f"{recipe.preparation.n_particles} particles "
        f"(rho = {model.number_density:g}, {share:.0f}:{100 - share:.0f}, smoothed potential)"
    )
    starts = [STUDY.configuration(c) for c in range(STUDY.n_configurations)]
    density = sum(len(each) / each.box.volume for each in starts) / len(starts)
    yield (f"volume is therefore {density:.3f}, and not the {model.number_density:g} of the model")
    yield f"were quenched over {quench.time:g} τ from T = {quench.temperature[0]:g}"
    yield f"for {held.time:g} τ at constant pressure and {last.time:g} τ at constant volume"
    yield f"{hours(recipe.path):.1f} core-hours"
    yield f"within {recipe.states.cage['sweeps'][1]:,} sweeps"
    yield from runs_and_folds(STUDY)
    yield from relaxation(STUDY)
    drift = STUDY.drift()
    of_a = row(drift, quantity="F_s A")
    yield holds("Energy, pressure and F_s do not drift between the halves", not drift.drifts.any())
    yield f"for a decayed F_s is {RELAXED}"
    yield f"F_s of A falls to {of_a['first']:.3f} and {of_a['second']:.3f} over the halves"
