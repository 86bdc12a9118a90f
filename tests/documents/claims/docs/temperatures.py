"""Numbers of one model for all temperatures."""

from cagebreak.learning import PooledRidgeCV
from support.claims import default, holds
from support.paths import ROOT

DOCUMENT = ROOT / "docs/temperatures.md"
GIVEN = [
    "over 1/T or over",  # an equation
]


def computed():
    yield holds("f = 0 is one fit for all", 0.0 in default(PooledRidgeCV, "deviations"))
    yield holds("By default the deviations are linear", default(PooledRidgeCV, "degree") == 1)
