"""Numbers of the glossary."""

from cagebreak.learning.classification import SHARE
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
    yield f"among the most mobile {100 * SHARE:.0f} % (thermal)"
