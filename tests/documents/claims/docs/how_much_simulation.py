"""Numbers of the page on short runs."""

from support.paths import ROOT

DOCUMENT = ROOT / "docs/how-much-simulation.md"
GIVEN = ["a perfect prediction has r = 1,"]  # the definition of r


def computed():
    return []
