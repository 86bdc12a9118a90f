"""Numbers of the sheared polymer glass."""

import numpy as np

import cagebreak as cb
from support.paths import ROOT
from support.shear_claims import shear, steps_above, windows

FOLDER = ROOT / "results/shear-fene-polymer"
DOCUMENT = FOLDER / "README.md"
STUDIES = {
    name: ROOT / f"datasets/{name}.toml"
    for name in ("shear-kob-andersen/ka", "shear-wahnstrom/wahnstrom", "shear-fene-polymer/fene")
}
GIVEN = [
    "of 60 chains of 20 beads were melted at T = 1 and quenched to zero over 500 tau, both at p = "
    "1, and sheared quasistatically at constant volume by 0.25 in steps of 1e-4",  # the recipe
    "after the first 10 % of strain",
    "our limit: 10 % of the beads",
    "of 2.25 sigma",
    "more than 3e-4 eps",
    "more than 1e-3, our threshold",
    "more than 0.01 eps",
    "windows of 1 %",
    "6 glasses of 1200 beads instead of 30; steps of 1e-4 instead of 5e-5",  # Rottler, Ortner 2024
]


def computed():
    mixture, other, polymer = STUDIES.values()
    of = shear(polymer, threshold=1e-2)
    n_steps = 6 * cb.Study(polymer).recipe.shear.n_steps
    yield f"{steps_above(polymer, 3e-4)} of {n_steps:,} steps dissipate more than"
    yield f"and {steps_above(polymer, 1e-3)} more than 1e-3"
    yield f"numbers are {steps_above(mixture, 3e-4)} and {steps_above(mixture, 1e-3)}"
    yield f"{of.n_events} plastic events dissipate more than"
    yield f"eps, {of.n_late} of them after"
    yield f": {of.rate:.1f} per glass and 1 %, up to {of.largest:.0f} eps"
    yield f"falls in {of.stress_falls:.0f} % of these steps"
    yield f"the energy in {of.energy_falls:.0f} %"
    yield f"is on average {of.stress:.2f} ± {of.error:.2f} eps/sigma³ after 10 %"
    smooth = [shear(recipe, 1e-3).stress for recipe in (mixture, other)]
    yield f"[Kob-Andersen](../shear-kob-andersen) has {smooth[0]:.2f} and [Wahnström]" + (
        f"(../shear-wahnstrom) {smooth[1]:.2f}."
    )
    r = 2.25
    yield f"sigma, by {4 * (6 / r**7 - 12 / r**13):.2f} eps/sigma"
    yield f"{of.minutes:.0f} core-minutes"
    n, _, avalanches, active = windows(FOLDER / "windows.csv")
    yield f"Of {n} windows"
    yield f"{avalanches} are avalanches"
    yield f"have {active} active beads"
    study = cb.Study(polymer)
    glasses = [study.configuration(c) for c in range(study.n_configurations)]
    density = np.mean([len(glass) / glass.box.volume for glass in glasses])
    yield f"The density is {density:.3f}"
