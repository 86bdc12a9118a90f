"""Numbers of the radial descriptors."""

import numpy as np

from cagebreak.descriptors._shell_kernel import TAIL
from support.claims import printed
from support.paths import ROOT

DOCUMENT = ROOT / "docs/descriptors/radial.md"
GIVEN = [
    # The demonstration prints both.
    "The perfect fcc crystal has 12 neighbors at distance 1 and 6 at the square root of 2",
]


def computed():
    yield f"A weight below {printed(np.exp(-TAIL))} is taken as zero"
