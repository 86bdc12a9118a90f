"""A system of freud: a `freud.box.Box`, which is in single precision, and points."""

from typing import Any

from cagebreak.configuration._arrays import Floats
from cagebreak.configuration.interchange.arrays import Arrays, Particles, box_of, centered
from cagebreak.configuration.interchange.gsd import edges_of, matrix_of
from cagebreak.configuration.interchange.packages import imported, require

KINDS = ("freud.box.Box",)


def arrays_of(box: Any, points: Any, species: Any) -> Arrays:
    """Return the arrays of `Configuration.from_freud`."""
    require("box", box, KINDS)
    d = 2 if box.is2D else 3
    matrix = matrix_of([box.Lx, box.Ly, box.Lz, box.xy, box.xz, box.yz], d)
    return Arrays(points, species, box_of("box", matrix, box.periodic.tolist(), d)[0], None, None)


def system_of(configuration: Particles) -> tuple[Any, Floats]:
    """Return the box and the points of `Configuration.to_freud`."""
    edges = edges_of(configuration.box, "freud")
    library = imported("freud", "freud-analysis")
    box = library.box.Box(*edges)
    if configuration.box.dimension == 2:
        x, y, _, xy, _, _ = edges
        box = library.box.Box(x, y, xy=xy, is2D=True)
    return box, centered(configuration)[0]
