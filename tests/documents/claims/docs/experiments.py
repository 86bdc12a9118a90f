"""Numbers of the page on experiments."""

import cagebreak as cb
from cagebreak.tracks import reach
from support.paths import ROOT

DOCUMENT = ROOT / "docs/experiments.md"
GIVEN = [
    "L keeps the share (1 − 2 reach / L)^2",  # a strip at both ends of each of two axes
    "extrapolation of the MSD to t = 0",
]


def computed():
    model = cb.hard_discs()
    for generations in range(3):
        distance = reach(cb.papers.alkemade2022(model, generations=generations))
        yield f"`alkemade2022`, `generations={generations}` | {distance:.1f} |"
