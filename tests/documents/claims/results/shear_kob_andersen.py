"""Numbers of the sheared Kob-Andersen glass."""

import cagebreak as cb
from cagebreak.dynamics.plasticity import ACTIVE, AVALANCHE, DISSIPATION
from support.claims import printed
from support.paths import ROOT
from support.shear_claims import events, instead, preparation, shear

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
    yield from events(of, FOLDER)
    yield f"between {of.smallest:.1e}".replace("e-0", "e-")
    yield f"and {of.largest:.0f} eps, half of these less than {of.median:.1f} eps"
    yield f"near a strain of {of.strain_of_peak:.3f}"
