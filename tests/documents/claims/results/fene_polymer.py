"""Numbers of the study of the polymer."""

import numpy as np

import cagebreak as cb
from support.claims import holds, row, table
from support.paths import ROOT
from support.study_claims import WORDS, Scores, hours, metrics, ordered, relaxation, runs_and_folds

FOLDER = ROOT / "results/fene-polymer"
DOCUMENT = FOLDER / "README.md"
STUDY = cb.Study(ROOT / "datasets/fene-polymer/fene.toml")
SCORES = Scores.read(FOLDER, ("0.1", "1", "2.5", "5.9", "14", "34", "60"))
MIXTURES = ("kob-andersen-050", "harmonic-00045", "wahnstrom-065")
ROWS = {
    "X init, LR0": ("LR0", ["34"]),
    "X init, LR2": ("LR2", ["34"]),
    "X IS": ("X IS", ["34"]),
    "X CS": ("X CS", ["34"]),
    "\\|F\\|": ("F", []),
    "Δr IS": ("dr IS", ["2.5"]),
    "Δr CS": ("dr CS", ["2.5"]),
    "X init, X IS, Δr IS": ("X init + X IS + dr IS", ["34"]),
    "X init, X CS, Δr CS": ("X init + X CS + dr CS", ["2.5", "34"]),
    "F, X init, X CS, Δr CS": ("F + X init + X CS + dr CS", ["2.5", "34"]),
    "recommended": ("recommended", ["2.5", "34", "60"]),
}
# Rottler and Ortner 2024, sections II and III.
GIVEN = [
    "instead of 1500 and",
    "instead of 30;",
    "instead of 0.47 with 1000 τ",
]


def agreement():
    """Yield how D2min and displacement agree."""
    rows = table(FOLDER.parent / "rottler2024/trial.agreement.csv")
    r, shared = (row(rows, system="polymer", of=of).value for of in ("r", "shared"))
    yield f"correlate by {r:.2f}, and the 5 % of the beads with the largest values"
    yield f"share {100 * shared:.0f} %"


def computed():
    yield from metrics(FOLDER, SCORES.times)
    yield from agreement()
    yield from SCORES.lines(ROWS)
    r = SCORES.over_time
    yield holds("Δr CS predicts better than Δr IS,", ordered(r("dr CS", 0.1), r("dr IS", 0.1)))
    yield holds(
        "X CS better than X IS and X IS better than X init from 14 τ on",
        ordered(*(r(name, 14) for name in ("X CS", "X IS", "LR2"))),
    )
    best = r("recommended").max()
    hard = table(FOLDER.parent / "cage-state/hard_spheres.csv").r_configuration.max()
    mixtures = (Scores.read(FOLDER.parent / name).over_time("recommended") for name in MIXTURES)
    low, *_, high = sorted([hard, *(curve.max() for curve in mixtures)])
    yield f"for the mixtures (at best {best:.2f}, there {low:.2f} to {high:.2f})"
    gain = max((r(name) - r("LR0")).max() for name in ("LR1", "LR2"))
    yield f"averages over neighbors gain at most {gain:.2f}"

    recipe = STUDY.recipe
    melt, quench, held, last = recipe.preparation.protocol
    runs, chain = recipe.isoconfigurational, recipe.model.bonds.chain_length
    chains = recipe.preparation.n_particles // chain
    temperature = f"T = {recipe.model.temperature:g}"
    yield f"A FENE polymer at {temperature}"
    n = WORDS[STUDY.n_configurations].capitalize()
    yield f"{n} configurations of {chains} chains of {chain} beads"
    yield f"were melted at T = {melt.temperature[0]:g}"
    yield f"quenched over {quench.time:g} τ at p = {quench.pressure:g}"
    yield f"held for {held.time:g} τ at this pressure and {last.time:g} τ at constant volume"
    yield f"{hours(STUDY.recipe.path):.1f} core-hours"
    yield from runs_and_folds(STUDY)
    yield from relaxation(STUDY)
    tau = STUDY.relaxation()["A"]
    yield f"{chains} chains instead of"
    yield f"{WORDS[runs.n_runs]} runs instead of"
    yield f"{temperature}, where tau_alpha is {tau:.0f} τ"
    drift = STUDY.drift()
    energy, pressure = (row(drift, quantity=name) for name in ("energy", "pressure"))
    yield holds(
        f"energy and pressure still rise, by {energy.difference:.4f} ± {energy.error:.4f} eps a "
        f"bead and {pressure.difference:.3f} ± {pressure.error:.2f}",
        energy.drifts and pressure.drifts,
    )
    configurations = [STUDY.configuration(c) for c in range(STUDY.n_configurations)]
    density = np.mean([len(each) / each.box.volume for each in configurations])
    bonds = np.mean([bond_lengths(each, chain).mean() for each in configurations])
    yield f"The density is {density:.3f}, the mean bond length {bonds:.3f} σ"


def bond_lengths(configuration, chain):
    """Return the lengths of the bonds; beads are in the order of their chains."""
    steps = np.diff(configuration.positions.reshape(-1, chain, 3), axis=1).reshape(-1, 3)
    return np.linalg.norm(configuration.box.minimum_image(steps), axis=1)
