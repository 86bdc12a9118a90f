r"""Swaps: Monte Carlo moves that exchange the diameters of two particles.

A pair of particles is drawn at random, and the exchange of their diameters is accepted with
probability :math:`\min(1, e^{-\Delta U / kT})`; that of hard spheres, if none overlap after it.
Together with dynamics, swaps equilibrate polydisperse particles at far lower temperatures, and hard
spheres at far higher densities, than dynamics alone (:cite:`Ninarello2017`, :cite:`Berthier2019`,
:cite:`Berthier2016`).
"""

from __future__ import annotations

import math

import numpy as np

from cagebreak.configuration import Configuration, as_configuration
from cagebreak.errors import InputError
from cagebreak.models.arguments import is_whole, real
from cagebreak.models.model import Model
from cagebreak.neighbors import neighbor_table
from cagebreak.potentials.overlaps import separated
from cagebreak.potentials.pair_potentials import FORMS, check_range, check_species, pair_table
from cagebreak.potentials.sizes import reach, require_own_sizes
from cagebreak.seeding import Seed, seed_sequence, stream
from cagebreak.simulation.engines import Engine, verlet
from cagebreak.simulation.hard_spheres import EventDriven
from cagebreak.simulation.swaps import _swap_kernel as kernel
from cagebreak.simulation.thermostat import Thermostat
from cagebreak.simulation.verlet import means_of

INTERVAL = 0.5
"""Time of molecular dynamics between two blocks of swaps, in tau (chosen: positions then have
moved, and rows of neighbors are made anew at little cost)."""

_A_CALL = 1_000_000  # attempts of a call: about a second, after which Ctrl-C is heard


def swap_diameters(
    configuration: Configuration,
    model: Model,
    attempts: int,
    *,
    seed: Seed,
    temperature: float | None = None,
) -> tuple[Configuration, int]:
    """Attempt to exchange the diameters of random pairs of particles, at fixed positions.

    Parameters
    ----------
    configuration
        N particles with diameters.
    model
        One with `sizes`, such as `cagebreak.soft_spheres` or
        `cagebreak.polydisperse_hard_spheres`.
    attempts
        Number of pairs that are drawn.
    seed
        The address of the pairs is "swaps".
    temperature
        kT, in eps; default that of the model. Swaps of hard spheres do not depend on it.

    Returns
    -------
    configuration
        With the diameters after all attempts; positions and velocities are the same.
    accepted
        Number of exchanges.

    Raises
    ------
    InputError
        If the model has no diameters of particles, or a number is not positive.
    ConfigurationError
        If the configuration is not one of the model, or hard spheres overlap.
    """
    configuration = as_configuration(configuration)
    require_own_sizes(model)
    check_species(configuration, model)
    check_range(configuration, model)
    if model.is_hard:
        configuration = separated(configuration, model)
    if not is_whole(attempts) or attempts < 0:
        raise InputError(f"attempts: expected a whole number >= 0, got {attempts!r}")
    kT = model.temperature if temperature is None else temperature
    if not 0 < real(kT) < math.inf:
        raise InputError(f"temperature: expected a positive number, got {temperature!r}")
    assert model.sizes is not None
    n, rng = len(configuration), stream(seed, "swaps")
    neighbors = neighbor_table(configuration, reach(configuration, model))
    squares = (neighbors.vectors**2).sum(axis=1)
    diameters = np.array(configuration.diameters)
    accepted, left = 0, int(attempts)
    table, form, eta = pair_table(model.pair), FORMS[model.pair.form], model.sizes.nonadditivity
    near = neighbors.offsets, neighbors.neighbors, squares, diameters, eta
    while left:
        block = min(left, _A_CALL)
        pairs = rng.integers(n, size=(block, 2))
        if model.is_hard:
            accepted += kernel.swap_hard(pairs, *near)
        else:
            accepted += kernel.swap(pairs, rng.random(block), *near, form, table, 1 / kT)
        left -= block
    return configuration.replace(diameters=diameters), accepted


def swapping_dynamics(
    start: Configuration,
    model: Model,
    thermostat: Thermostat,
    swaps: float,
    seed: Seed,
    engine: Engine | None = None,
) -> tuple[Configuration, dict[str, float]]:
    """Run molecular dynamics with a thermostat, interrupted by swaps every `INTERVAL`.

    Parameters
    ----------
    start
        N particles with diameters and velocities.
    model, engine
    thermostat
        Its duration is that of the run.
    swaps
        Attempts a particle and tau.
    seed
        Of the thermostat and the swaps of each block, by its number.

    Returns
    -------
    configuration
        At the end; unwrapped positions, and velocities.
    means
        Of temperature, energy, pressure and density, by name.
    """
    n_blocks = max(round(thermostat.duration / INTERVAL), 1)
    length = thermostat.duration / n_blocks
    slope = (thermostat.end - thermostat.start) / n_blocks
    configuration, readings = start, []
    for block in range(n_blocks):
        first = thermostat.start + slope * block
        bath = Thermostat(first, first + slope, length)
        of_block = seed_sequence(seed, "swaps", block)
        dynamics = verlet(configuration, model, None, engine, thermostat=bath, noise=of_block)
        dynamics.run(length)
        readings.append(dynamics.readings)
        configuration, _ = swap_diameters(
            dynamics.configuration,
            model,
            round(swaps * length * len(start)),
            seed=of_block,
            temperature=first + slope,
        )
    return configuration, means_of(readings)


def swapping_collisions(
    start: Configuration, model: Model, duration: float, swaps: float, seed: Seed
) -> tuple[Configuration, dict[str, float]]:
    """Run event-driven dynamics of hard spheres, interrupted by swaps every `INTERVAL`.

    Parameters
    ----------
    start
        N spheres with diameters and velocities.
    model
    duration
        In tau.
    swaps
        Attempts a sphere and tau.
    seed
        Of the swaps of each block, by its number.

    Returns
    -------
    configuration
        At the end; unwrapped positions, and velocities.
    means
        Of temperature, pressure and density, by name.
    """
    n_blocks = max(round(duration / INTERVAL), 1)
    length, configuration, readings = duration / n_blocks, start, []
    for block in range(n_blocks):
        spheres = EventDriven(configuration, model)
        spheres.run(length)
        readings.append((spheres.temperature, spheres.pressure))
        attempts = round(swaps * length * len(start))
        of_block = seed_sequence(seed, "swaps", block)
        configuration, _ = swap_diameters(spheres.configuration, model, attempts, seed=of_block)
    temperature, pressure = np.mean(readings, axis=0).tolist()
    density = len(start) / start.box.volume
    return configuration, {"temperature": temperature, "pressure": pressure, "density": density}
