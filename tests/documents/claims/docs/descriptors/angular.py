"""Numbers of the angular descriptors."""

import numpy as np

from cagebreak.descriptors._shell_kernel import TAIL
from support.claims import printed
from support.paths import ROOT

DOCUMENT = ROOT / "docs/descriptors/angular.md"
GIVEN = [
    "It is between 0 and 1",  # of the addition theorem
    "degrees of the spherical harmonics, from 1",
    "q is 0 where all weights are zero",
    "q_4 = 0.190941 and q_6 = 0.574524 in the shell of its 12 nearest neighbors",  # demonstration
]


def computed():
    yield f"A weight below {printed(np.exp(-TAIL))} is taken as zero"
