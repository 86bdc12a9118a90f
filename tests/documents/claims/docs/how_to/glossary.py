"""Numbers of the glossary."""

from cagebreak.dynamics.relaxation import overlap
from cagebreak.learning.classification import SHARE
from support.claims import default
from support.paths import ROOT

DOCUMENT = ROOT / "docs/glossary.md"
GIVEN = [  # definitions
    "positions (N, 3)",
    "the time at which it falls to 1/e",
    "generation 0 is the feature itself",
    "are linear fits to generations up to 0, 1, 2",
    "even and over the odd runs, (2, T, N)",
    "sqrt(2 r' / (1 + r'))",
]


def computed():
    length = default(overlap, "length")
    yield f"nearer to their start than a length, {length:g} sigma by default"
    yield f"among the most mobile {100 * SHARE:.0f} % (thermal)"
