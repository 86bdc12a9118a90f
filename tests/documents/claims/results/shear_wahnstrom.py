"""Numbers of the sheared Wahnström glass."""

from cagebreak.dynamics.plasticity import AVALANCHE, DISSIPATION
from support.paths import ROOT
from support.shear_claims import events, preparation, shear

FOLDER = ROOT / "results/shear-wahnstrom"
DOCUMENT = FOLDER / "README.md"
RECIPE = ROOT / "datasets/shear-wahnstrom/wahnstrom.toml"
GIVEN = []


def computed():
    yield from preparation(RECIPE)
    yield f"our limit: {100 * AVALANCHE:g} % of the A"
    of = shear(RECIPE, threshold=DISSIPATION)
    yield from events(of, FOLDER)
    yield f"between {of.smallest:.1e} and {of.largest:.0f} eps".replace("e-0", "e-")
    yield f"half of these less than {of.median:.1f} eps"
    yield f"near a strain of {of.strain_of_peak:.2f}"
