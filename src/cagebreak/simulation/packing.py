"""Random configurations without overlap, from which simulations start."""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Box, Configuration
from cagebreak.errors import SimulationError
from cagebreak.models.glass_formers import harmonic_spheres
from cagebreak.models.model import Model
from cagebreak.seeding import Seed, seed_sequence, stream
from cagebreak.simulation.hard_spheres import EventDriven
from cagebreak.states.inherent import inherent_state

FORCE_TOLERANCE = 1e-2
"""Largest force left between the soft spheres, in eps / sigma (chosen)."""

BOND_LENGTH = 0.96
"""Bond length of growing chains, in sigma: the minimum of the energy of a bond, to three digits."""

SECOND_NEIGHBOR = 1.02
"""Smallest distance of second neighbors in a growing chain, in sigma (chosen): end-to-end distances
then are those of a melt of beads."""


def random_packing(model: Model, n_particles: int, seed: Seed) -> Configuration:
    """Return random points pushed apart: the minimum of soft harmonic spheres of the same sizes.

    Sizes of particles are the quantiles of their distribution, in random order.

    Chains grow as random walks that do not fold back, and keep their bonds while pushed.

    Parameters
    ----------
    model
        Sets composition, density, chains, and the contact distances sigma_ij of the soft spheres.
    n_particles
    seed
        The address of the points is "points", that of the order of sizes "sizes".

    Raises
    ------
    InputError
        If the particles do not make whole chains.
    """
    species, box = model.species(n_particles), model.box(n_particles)
    rng = stream(seed, "points")
    points = _points(n_particles // model.chain_length, box, rng)
    if model.chain_length > 1:
        points = _grow_chains(points, model.chain_length, rng)
    diameters = _diameters(model, n_particles, seed)
    ones = ((1.0,) * model.n_species,) * model.n_species
    pair = replace(harmonic_spheres().pair, epsilon=ones, sigma=model.pair.sigma)
    return inherent_state(
        Configuration(points, species, box, diameters=diameters),
        replace(model, pair=pair, lammps=None),
        force_tolerance=FORCE_TOLERANCE,
    ).configuration


def _diameters(model: Model, n: int, seed: Seed) -> NDArray[np.float64] | None:
    """Return the quantiles of the sizes of particles, in random order; None if they have none."""
    if model.sizes is None:
        return None
    return stream(seed, "sizes").permutation(model.sizes.quantiles(n))


def _points(n: int, box: Box, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return random points of a box, (n, 3)."""
    fractions = rng.random((n, 3))
    fractions[:, box.dimension :] = 0.0
    return fractions @ box.matrix


def _grow_chains(
    starts: NDArray[np.float64], length: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return chains that begin at `starts` (C, 3), one after the other, (C * length, 3)."""
    beads, step = [starts], _directions(len(starts), rng)
    for _ in range(length - 1):
        before, step = step, _directions(len(starts), rng)
        folded = np.full(len(starts), len(beads) > 1)
        while folded.any():
            step[folded] = _directions(int(folded.sum()), rng)
            second_neighbor = BOND_LENGTH * np.linalg.norm(before + step, axis=1)
            folded &= second_neighbor < SECOND_NEIGHBOR
        beads.append(beads[-1] + BOND_LENGTH * step)
    return np.stack(beads, axis=1).reshape(-1, 3)


def _directions(n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    vectors = rng.standard_normal((n, 3))
    return vectors / np.linalg.norm(vectors, axis=1)[:, None]


GROWTH = ((0.8, 0.1), (1.0, 0.01))
"""Stages of growth: diameters at the end as a share of the model's, and rate per tau (chosen).

Up to about half the packing fraction spheres hardly meet and may grow fast; then slowly.
"""

_CLEARANCE = 1e-9  # spheres are grown this much too large, so that none touches when growth stops


def grow(model: Model, n_particles: int, seed: Seed) -> Configuration:
    """Return spheres grown from random points to the model's packing fraction.

    The points fly and collide while their diameters grow (:cite:`Lubachevsky1990`), see
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
    points = _points(n_particles, box, stream(seed, "points"))
    diameters = _diameters(model, n_particles, seed)
    configuration = Configuration(points, model.species(n_particles), box, diameters=diameters)
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
