"""Hard spheres grown from random points to the density of their model."""

import math

from cagebreak.configuration import Configuration
from cagebreak.errors import SimulationError
from cagebreak.models import Model
from cagebreak.seeding import Seed, seed_sequence, stream
from cagebreak.simulation.hard_spheres import EventDriven

GROWTH = ((0.8, 0.1), (1.0, 0.01))
"""Growth of the diameters: up to which share of the model's, at which rate per tau (chosen).

Up to about half the packing fraction spheres hardly meet and may grow fast; then slowly.
"""

_CLEARANCE = 1e-9  # spheres are grown this much too large, so that none touches when growth stops


def grow(model: Model, n_particles: int, seed: Seed) -> Configuration:
    """Return spheres grown from random points to the model's packing fraction.

    The points fly and collide while their diameters grow (Lubachevsky and Stillinger 1990), see
    `GROWTH`; once a tau the velocities are scaled back to the model's temperature.

    Parameters
    ----------
    model, n_particles, seed
        See `cagebreak.equilibrate`.

    Returns
    -------
    Configuration
        Positions in the box, and the velocities at the end.

    Raises
    ------
    SimulationError
        If the spheres jam first.
    """
    box = model.box(n_particles)
    points = stream(seed, "points").random((n_particles, 3)) @ box.matrix
    configuration = Configuration(points, model.species(n_particles), box)
    first_velocities: Seed | None = seed_sequence(seed, "growth")
    scale = 0.0
    try:
        for target, rate in GROWTH:
            spheres = EventDriven(
                configuration, model, first_velocities, scale=scale, growth_rate=rate
            )
            duration = (target * (1 + _CLEARANCE) - scale) / rate
            steps = math.ceil(duration)
            for _ in range(steps):
                spheres.run(duration / steps)
                spheres.set_temperature(model.temperature)
            configuration, first_velocities, scale = spheres.configuration, None, target
    except SimulationError as error:
        raise SimulationError(
            f"grow: spheres jammed at packing fraction "
            f"{model.packing_fraction * spheres.scale**3:.4f} "
            f"before reaching {model.packing_fraction:.4f}"
        ) from error
    final = spheres.configuration
    return final.replace(positions=final.wrapped)
