"""A `DataCollection` of OVITO: everything in double precision; ids do not change the order."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from cagebreak.configuration.interchange.arrays import Arrays, Particles, box_of, diameters_of
from cagebreak.configuration.interchange.names import species_of
from cagebreak.configuration.interchange.packages import imported, require
from cagebreak.configuration.species import SPECIES_NAMES
from cagebreak.errors import InputError

KINDS = ("ovito.data.DataCollection",)


def arrays_of(data: Any, species: Sequence[str] | None = None) -> Arrays:
    """Return the arrays of `Configuration.from_ovito`."""
    require("data", data, KINDS)
    particles, cell = data.particles, data.cell
    if particles is None or particles.positions is None:
        raise InputError("data.particles: expected particles with positions, got none")
    d = 2 if cell is not None and cell.is2D else 3
    matrix = None if cell is None else np.asarray(cell[...])[:, :3].T
    box, change = box_of("data.cell", matrix, (True,) * 3 if cell is None else cell.pbc, d)
    images = particles.get("Periodic Image")
    positions = np.array(particles.positions[...])
    if d == 2:
        positions[:, 2] -= positions[0, 2]  # OVITO draws a plane at any height
    radii = particles.get("Radius")
    of_particles = _species(particles.particle_types, particles.count, species)
    return Arrays(
        positions,
        of_particles,
        box,
        None if particles.velocities is None else particles.velocities[...],
        None if images is None else images[...] @ change,
        diameters_of("Radius", None if radii is None else 2 * radii[...], of_particles),
    )


def collection_of(configuration: Particles) -> Any:
    """Return the data collection of `Configuration.to_ovito`."""
    library = imported("ovito.data", "ovito")
    data = library.DataCollection()
    origin = np.zeros((3, 1))
    box = configuration.box
    cell = data.create_cell(np.hstack([box.sheet.T, origin]), pbc=(True, True, True))
    cell.is2D = box.dimension == 2
    particles = data.create_particles(count=len(configuration))
    particles.create_property("Position", data=configuration.positions)
    types = particles.create_property("Particle Type", data=configuration.species + 1)
    for number, name in enumerate(SPECIES_NAMES[: configuration.n_species], start=1):
        types.types.append(library.ParticleType(id=number, name=name))
    if configuration.velocities is not None:
        particles.create_property("Velocity", data=configuration.velocities)
    if configuration.images is not None:
        if abs(configuration.images).max() >= 2**31:
            raise InputError(
                "configuration: expected images below 2^31 for OVITO, got "
                f"{abs(configuration.images).max()}"
            )
        particles.create_property("Periodic Image", data=configuration.images)
    if configuration.diameters is not None:
        particles.create_property("Radius", data=configuration.diameters / 2)
    return data


def _species(types: Any, n: int, species: Sequence[str] | None) -> np.ndarray:
    """Return the species; types without a name are called by their number."""
    if types is None:
        return np.zeros(n, np.int64)
    names = {kind.id: kind.name or str(kind.id) for kind in types.types}
    words = [names.get(number, str(number)) for number in types[...].tolist()]
    return species_of("data", {"particle types": words}, species, names.values())
