"""Numbers of the sheared Wahnström glass."""

from cagebreak.dynamics.plasticity import AVALANCHE, DISSIPATION
from support.paths import ROOT
from support.shear_claims import preparation, shear, windows

FOLDER = ROOT / "results/shear-wahnstrom"
DOCUMENT = FOLDER / "README.md"
RECIPE = ROOT / "datasets/shear-wahnstrom/wahnstrom.toml"
GIVEN = []


def computed():
    yield from preparation(RECIPE)
    yield f"our limit: {100 * AVALANCHE:g} % of the A"
    of = shear(RECIPE, threshold=DISSIPATION)
    yield f"There are {of.n_events} plastic events, {of.n_late} of them after"
    yield f": {of.rate:.1f} per glass and 1 %"
    yield f"between {of.smallest:.1e} and {of.largest:.0f} eps".replace("e-0", "e-")
    yield f"half of these less than {of.median:.1f} eps"
    yield f"peaks at {of.peak:.2f} eps/sigma³ near a strain of {of.strain_of_peak:.2f}"
    yield f"after 10 % it is on average {of.stress:.3f} ± {of.error:.3f}"
    yield f"in {of.stress_falls:.0f} % of the steps with an event, the energy in"
    yield f"the energy in {of.energy_falls:.0f} %"
    yield f"{of.minutes:.0f} core-minutes"
    n, quiet, avalanches, active = windows(FOLDER / "windows.csv")
    yield f"Of {n} windows of 1 %, {quiet} have no event and {avalanches} are avalanches"
    yield f"have {active} active A particles"
