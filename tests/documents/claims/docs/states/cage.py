"""Numbers of the cage state."""

from cagebreak.states import cage, cage_sampler
from support.claims import printed
from support.paths import ROOT

DOCUMENT = ROOT / "docs/states/cage.md"
GIVEN = ["Positions are 32-bit integers"]  # the type of the kernel's arrays


def computed():
    yield f"is below this; {cage.RELAX} sweeps relax"
    yield f"tuned to an acceptance of {cage_sampler.ACCEPTANCE} during"
    yield f"with a margin of {printed(cage_sampler._HARD_MARGIN)} for hard spheres"
