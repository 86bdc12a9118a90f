"""A system of freud: a `freud.box.Box`, which is in single precision, and points."""

from typing import Any

from cagebreak.configuration._arrays import Floats
from cagebreak.configuration.interchange.arrays import Arrays, Particles, box_of, centered
from cagebreak.configuration.interchange.gsd import edges_of, matrix_of
from cagebreak.configuration.interchange.packages import imported, require
from cagebreak.errors import InputError

KINDS = ("freud.box.Box",)


def arrays_of(box: Any, points: Any, species: Any) -> Arrays:
    """Return the arrays of `Configuration.from_freud`."""
    require("box", box, KINDS)
    if box.is2D:
        raise InputError("box: expected a three-dimensional box, got a two-dimensional one")
    matrix = matrix_of([box.Lx, box.Ly, box.Lz, box.xy, box.xz, box.yz])
    return Arrays(points, species, box_of("box", matrix, box.periodic.tolist())[0], None, None)


def system_of(configuration: Particles) -> tuple[Any, Floats]:
    """Return the box and the points of `Configuration.to_freud`."""
    edges = edges_of(configuration.box, "freud")
    library = imported("freud", "freud-analysis")
    return library.box.Box(*edges), centered(configuration)[0]
