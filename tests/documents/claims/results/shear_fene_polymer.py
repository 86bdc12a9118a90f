"""Numbers of the sheared polymer glass."""

import numpy as np

import cagebreak as cb
from cagebreak.dynamics.plasticity import AVALANCHE, DISSIPATION
from support.claims import printed
from support.paths import ROOT
from support.shear_claims import instead, shear, steps_above, windows
from support.study_claims import WORDS

FOLDER = ROOT / "results/shear-fene-polymer"
DOCUMENT = FOLDER / "README.md"
STUDIES = {
    name: ROOT / f"datasets/{name}.toml"
    for name in ("shear-kob-andersen/ka", "shear-wahnstrom/wahnstrom", "shear-fene-polymer/fene")
}
GIVEN = []
LARGE = 0.01  # eps that an event dissipates at least which is no bond that crosses the cut-off
SMALL = 3e-4


def preparation(recipe):
    """Yield how the glasses were made and sheared."""
    chain = recipe.model.chain_length
    melt, quench = recipe.preparation.protocol
    (pressure,) = {step.pressure for step in (melt, quench)}
    yield (
        f"{WORDS[recipe.preparation.n_configurations].capitalize()} glasses of "
        f"{recipe.preparation.n_particles // chain} chains of {chain} beads were melted at T = "
        f"{melt.temperature[0]:g} and quenched to zero over {quench.time:g} tau, both at p = "
        f"{pressure:g}, and sheared quasistatically at constant volume by {recipe.shear.strain:g} "
        f"in steps of {printed(recipe.shear.step)}"
    )


def computed():
    mixture, other, polymer = STUDIES.values()
    recipe = cb.Study(polymer).recipe
    yield from preparation(recipe)
    yield instead(polymer, "beads")
    section, n_glasses = recipe.shear, recipe.preparation.n_configurations
    of = shear(polymer, threshold=LARGE)
    n_steps = n_glasses * section.n_steps
    yield f"{steps_above(polymer, SMALL)} of {n_steps:,} steps dissipate more than {SMALL:g} eps"
    yield f"and {steps_above(polymer, DISSIPATION)} more than {printed(DISSIPATION)}, our threshold"
    yield f"numbers are {steps_above(mixture, SMALL)} and {steps_above(mixture, DISSIPATION)}"
    yield (
        f"{of.n_events} plastic events dissipate more than {LARGE:g} eps, {of.n_late} of them "
        f"after the first {100 * section.discard:g} % of strain"
    )
    yield f"our limit: {100 * AVALANCHE:g} % of the beads"
    yield f": {of.rate:.1f} per glass and 1 %, up to {of.largest:.0f} eps"
    yield f"falls in {of.stress_falls:.0f} % of these steps"
    yield f"the energy in {of.energy_falls:.0f} %"
    yield f"is on average {of.stress:.2f} ± {of.error:.2f} eps/sigma³ after 10 %"
    smooth = [shear(each, DISSIPATION).stress for each in (mixture, other)]
    yield f"[Kob-Andersen](../shear-kob-andersen) has {smooth[0]:.2f} and [Wahnström]" + (
        f"(../shear-wahnstrom) {smooth[1]:.2f}."
    )
    r = recipe.model.pair.cutoff
    yield f"at the cut-off** of {r:g} sigma, by {4 * (6 / r**7 - 12 / r**13):.2f} eps/sigma"
    yield f"{of.minutes:.0f} core-minutes"
    n, _, avalanches, active = windows(FOLDER / "windows.csv")
    yield f"Of {n} windows of {100 * section.window:g} %"
    yield f"{avalanches} are avalanches"
    yield f"have {active} active beads"
    study = cb.Study(polymer)
    glasses = [study.configuration(c) for c in range(study.n_configurations)]
    density = np.mean([len(glass) / glass.box.volume for glass in glasses])
    yield f"The density is {density:.3f}"
