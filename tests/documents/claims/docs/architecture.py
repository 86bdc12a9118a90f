"""Numbers of the architecture."""

from support.paths import ROOT

DOCUMENT = ROOT / "docs/architecture.md"
GIVEN = ['such as `("run", 3, 17)` for run 17 of configuration 3']  # an example


def computed():
    yield from ()
