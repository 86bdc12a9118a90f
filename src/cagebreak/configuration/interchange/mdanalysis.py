"""A `Universe` or `AtomGroup` of MDAnalysis, at the present frame: single precision, no images."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from cagebreak.configuration.interchange.arrays import (
    Arrays,
    Particles,
    box_of,
    diameters_of,
    lower_triangular,
)
from cagebreak.configuration.interchange.names import species_of
from cagebreak.configuration.interchange.packages import imported, require
from cagebreak.configuration.species import SPECIES_NAMES
from cagebreak.errors import InputError

KINDS = ("MDAnalysis.Universe", "MDAnalysis.AtomGroup")

CLOSEST = 1e-5
"""Largest error of the lattice vectors of a universe, in heights of the box (chosen: positions in
single precision have about as large errors); a tilt by ten edges makes larger ones."""

_LABELS = ("types", "names", "elements")


def arrays_of(atoms: Any, species: Sequence[str] | None = None) -> Arrays:
    """Return the arrays of `Configuration.from_mdanalysis`."""
    require("atoms", atoms, KINDS)
    group = atoms.atoms
    if not len(group):
        raise InputError("atoms: expected at least one particle, got none")
    step = group.universe.trajectory.ts if hasattr(group.universe, "trajectory") else None
    if step is None or not step.has_positions:
        raise InputError("atoms: expected a trajectory with positions, got none")
    labels = {name: words for name in _LABELS if any(words := _words(group, name))}
    # What has no name for some of the particles rules only if nothing else does.
    labels = {name: words for name, words in labels.items() if all(words)} or labels
    of_particles = (
        species_of("atoms", labels, species) if labels else np.zeros(len(group), np.int64)
    )
    sizes = 2 * group.radii if hasattr(group, "radii") else None
    return Arrays(
        group.positions,
        of_particles,
        box_of("atoms.dimensions", step.triclinic_dimensions, (True, True, True))[0],
        group.velocities if step.has_velocities else None,
        None,
        diameters_of("atoms.radii", sizes, of_particles),
    )


def universe_of(configuration: Particles) -> Any:
    """Return the universe of `Configuration.to_mdanalysis`."""
    lower_triangular(configuration.box, "MDAnalysis")
    library = imported("MDAnalysis", "MDAnalysis")
    velocities = configuration.velocities
    universe = library.Universe.empty(
        len(configuration), trajectory=True, velocities=velocities is not None
    )
    universe.add_TopologyAttr("types", np.array(list(SPECIES_NAMES))[configuration.species])
    if configuration.diameters is not None:
        universe.add_TopologyAttr("radii", configuration.diameters / 2)
    universe.atoms.positions = configuration.positions
    if velocities is not None:
        universe.atoms.velocities = velocities
    matrix, height = configuration.box.sheet, configuration.box.heights.min()
    universe.dimensions = library.lib.mdamath.triclinic_box(*matrix)
    held = universe.trajectory.ts.triclinic_dimensions
    if held is None or np.abs(held - matrix).max() > CLOSEST * height:
        raise InputError(
            "configuration: MDAnalysis holds the angles of a box in single precision, too coarse "
            f"for {matrix.tolist()}; ASE, OVITO and freud hold it"
        )
    return universe


def _words(group: Any, name: str) -> list[str]:
    """Return an attribute of the particles as text; nothing if they do not have it."""
    return np.asarray(getattr(group, name)).astype(str).tolist() if hasattr(group, name) else []
