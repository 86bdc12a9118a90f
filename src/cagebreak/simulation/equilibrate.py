"""From nothing to an equilibrated configuration: growth from a random packing, then ageing."""

import math

import numpy as np

from cagebreak.configuration import Configuration
from cagebreak.errors import InputError, SimulationError
from cagebreak.models import Model
from cagebreak.seeding import Seed, seed_sequence, stream
from cagebreak.simulation.hard_spheres import EventDriven

SEGMENT = 500.0
"""Equilibration goes in steps of this many tau; a study stores the state after each."""

GROWTH = ((0.8, 0.1), (1.0, 0.01))
"""Growth of the diameters: up to which share of the model's, at which rate per tau (chosen).

Up to about half the packing fraction spheres hardly meet and may grow fast; then slowly.
"""

_CLEARANCE = 1e-9  # spheres are grown this much too large, so that none touches when growth stops


def equilibrate(model: Model, n_particles: int, time: float, seed: Seed) -> Configuration:
    """Return an equilibrated configuration: `grow`, then `age` in steps of `SEGMENT`.

    Parameters
    ----------
    model
        The glass former; sets composition and density.
    n_particles
        At least 2. Counts of the species are those nearest to the model's composition.
    time
        How long to equilibrate after growth, in tau. Whether it was long enough is shown by
        `cagebreak.dynamics.relaxation`.
    seed
        Of the random packing and the first velocities.

    Returns
    -------
    Configuration
        Positions in the box, and the velocities at the end.

    Raises
    ------
    InputError
        If `n_particles` or `time` is out of range.
    SimulationError
        If the spheres jam before they have grown to the model's packing fraction.
    """
    check_duration("time", time)
    configuration = grow(model, n_particles, seed)
    for duration in segments(time):
        configuration = age(configuration, model, duration)
    return configuration


def segments(time: float) -> list[float]:
    """Return the steps in which `equilibrate` spends `time`: `SEGMENT` each, then the rest."""
    whole = int(time // SEGMENT)
    rest = time - whole * SEGMENT
    return [SEGMENT] * whole + ([rest] if rest > 0 else [])


def grow(model: Model, n_particles: int, seed: Seed) -> Configuration:
    """Return spheres grown from random points to the model's packing fraction.

    The points fly and collide while their diameters grow (Lubachevsky and Stillinger 1990), see
    `GROWTH`; once a tau the velocities are scaled back to the model's temperature.

    Parameters
    ----------
    model, n_particles, seed
        See `equilibrate`.

    Raises
    ------
    InputError
        If there are fewer than two particles.
    SimulationError
        If the spheres jam first.
    """
    if n_particles != int(n_particles) or n_particles < 2:
        raise InputError(f"n_particles: expected a whole number of at least 2, got {n_particles!r}")
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
    return _settled(spheres)


def age(configuration: Configuration, model: Model, duration: float) -> Configuration:
    """Return the configuration after `duration` tau more, going on with its velocities.

    Raises
    ------
    InputError
        If the duration is negative or not finite.
    """
    check_duration("duration", duration)
    spheres = EventDriven(configuration, model)
    spheres.run(duration)
    return _settled(spheres)


def _settled(spheres: EventDriven) -> Configuration:
    # Stored positions lie in the box, so that a long equilibration loses no digits.
    final = spheres.configuration
    return final.replace(positions=final.wrapped)


def check_duration(name: str, value: float) -> None:
    """Raise `InputError` unless the duration is finite and not negative."""
    if not (np.isfinite(value) and value >= 0):
        raise InputError(f"{name}: expected a finite time >= 0 in tau, got {value!r}")
