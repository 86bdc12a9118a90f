"""Numbers of the generations."""

from cagebreak.descriptors import Generations
from support.claims import default
from support.paths import ROOT

DOCUMENT = ROOT / "docs/descriptors/generations.md"
GIVEN = ["whose columns are joined: generation 0"]  # the definition


def computed():
    yield f"cut-off and decay length, in sigma | {default(Generations, 'r_c')}, about"
