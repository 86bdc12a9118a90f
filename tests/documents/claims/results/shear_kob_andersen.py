"""Numbers of the sheared Kob-Andersen glass."""

import cagebreak as cb
from cagebreak.dynamics.plasticity import ACTIVE, AVALANCHE, DISSIPATION
from support.claims import printed
from support.paths import ROOT
from support.shear_claims import instead, preparation, shear, windows

FOLDER = ROOT / "results/shear-kob-andersen"
DOCUMENT = FOLDER / "README.md"
RECIPE = ROOT / "datasets/shear-kob-andersen/ka.toml"
GIVEN = []


def computed():
    recipe = cb.Study(RECIPE).recipe
    yield from preparation(RECIPE)
    yield instead(RECIPE, "particles")
    yield f"{recipe.preparation.protocol[0].time:g} tau of melt"
    yield f"one step of {printed(recipe.shear.step)} adds more"
    yield f"over {100 * AVALANCHE:g} % of the A particles active, D2min > {ACTIVE} sigma²"
    of = shear(RECIPE, threshold=DISSIPATION)
    yield f"(the threshold is {printed(DISSIPATION)})"
    yield f"There are {of.n_events} plastic events, {of.n_late} of them after"
    yield f": {of.rate:.1f} per glass and 1 %"
    yield f"between {of.smallest:.1e}".replace("e-0", "e-")
    yield f"and {of.largest:.0f} eps, half of these less than {of.median:.1f} eps"
    yield f"peaks at {of.peak:.2f} eps/sigma³ near a strain of {of.strain_of_peak:.3f}"
    yield f"after 10 % it is on average {of.stress:.3f} ± {of.error:.3f}"
    yield f"falls in {of.stress_falls:.0f} % of the steps with an event"
    yield f"the energy in {of.energy_falls:.0f} %"
    yield f"{of.minutes:.0f} core-minutes"
    n, quiet, avalanches, active = windows(FOLDER / "windows.csv")
    yield f"Of {n} windows of 1 %, {quiet} have no event and {avalanches} are avalanches"
    yield f"have {active} active A particles"
