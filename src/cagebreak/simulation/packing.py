"""Random configurations without overlap, for molecular dynamics to start from."""

from dataclasses import replace

from cagebreak.configuration import Configuration
from cagebreak.models import Model, harmonic_spheres
from cagebreak.seeding import Seed, stream
from cagebreak.states.inherent import inherent_state

FORCE_TOLERANCE = 1e-2
"""Largest force left between the soft spheres, in eps / sigma (chosen): no more than that is needed
for particles to lie apart."""


def random_packing(model: Model, n_particles: int, seed: Seed) -> Configuration:
    """Return random points pushed apart: the minimum of soft harmonic spheres of the same sizes.

    Parameters
    ----------
    model
        Sets composition, density, and the contact distances sigma_ij of the soft spheres.
    n_particles
    seed
        The address of the points is "points".
    """
    box = model.box(n_particles)
    points = stream(seed, "points").random((n_particles, 3)) @ box.matrix
    ones = ((1.0,) * model.n_species,) * model.n_species
    pair = replace(harmonic_spheres().pair, epsilon=ones, sigma=model.pair.sigma)
    start = Configuration(points, model.species(n_particles), box)
    return inherent_state(
        start, replace(model, pair=pair), force_tolerance=FORCE_TOLERANCE
    ).configuration
