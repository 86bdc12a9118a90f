"""Random configurations without overlap, for molecular dynamics to start from."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Configuration
from cagebreak.models import Model, harmonic_spheres
from cagebreak.seeding import Seed, stream
from cagebreak.states.inherent import inherent_state

FORCE_TOLERANCE = 1e-2
"""Largest force left between the soft spheres, in eps / sigma (chosen): no more than that is needed
for particles to lie apart."""

BOND_LENGTH = 0.96
"""Of chains as they grow, in sigma: where the energy of a bond is least, to three digits."""

SECOND_NEIGHBOR = 1.02
"""How near the next but one in a growing chain may come, in sigma (chosen): chains then are as
stiff as they are in a melt of beads, end to end."""


def random_packing(model: Model, n_particles: int, seed: Seed) -> Configuration:
    """Return random points pushed apart: the minimum of soft harmonic spheres of the same sizes.

    Chains grow as random walks that do not fold back, and keep their bonds while pushed.

    Parameters
    ----------
    model
        Sets composition, density, chains, and the contact distances sigma_ij of the soft spheres.
    n_particles
    seed
        The address of the points is "points".

    Raises
    ------
    InputError
        If the particles do not make whole chains.
    """
    species, box = model.species(n_particles), model.box(n_particles)
    rng = stream(seed, "points")
    points = rng.random((n_particles // model.chain_length, 3)) @ box.matrix
    if model.chain_length > 1:
        points = _grow_chains(points, model.chain_length, rng)
    ones = ((1.0,) * model.n_species,) * model.n_species
    pair = replace(harmonic_spheres().pair, epsilon=ones, sigma=model.pair.sigma)
    return inherent_state(
        Configuration(points, species, box),
        replace(model, pair=pair),
        force_tolerance=FORCE_TOLERANCE,
    ).configuration


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
            from_next_but_one = BOND_LENGTH * np.linalg.norm(before + step, axis=1)
            folded &= from_next_but_one < SECOND_NEIGHBOR
        beads.append(beads[-1] + BOND_LENGTH * step)
    return np.stack(beads, axis=1).reshape(-1, 3)


def _directions(n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    vectors = rng.standard_normal((n, 3))
    return vectors / np.linalg.norm(vectors, axis=1)[:, None]
