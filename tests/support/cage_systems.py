"""Configurations and models that the tests of the cage state share."""

from functools import cache

import numpy as np

import cagebreak as cb
from cagebreak import models
from cagebreak.configuration import Box
from cagebreak.potentials.sizes import diameters_of
from naive import cage as naive
from support.table_models import tabulated

SHEARED = np.array([[4.1, 0, 0], [1.3, 4.0, 0], [-0.9, 0.8, 4.3]])


def jittered(n_cells, box, n_species=2, noise=0.02, seed=1):
    """Return a simple cubic crystal of n_cells^3 particles in any box, a little disturbed."""
    rng = np.random.default_rng(seed)
    fractions = np.stack(np.meshgrid(*[np.arange(n_cells)] * 3), axis=-1).reshape(-1, 3) / n_cells
    positions = fractions @ np.asarray(box, float)
    positions = positions + rng.uniform(-noise, noise, positions.shape)
    return cb.Configuration(positions, rng.integers(0, n_species, len(positions)), Box(box))


def sized(configuration, model, seed=1):
    """Return a configuration whose particles have sizes of their own, those of a model."""
    diameters = np.random.default_rng(seed).permutation(model.sizes.quantiles(len(configuration)))
    return configuration.replace(diameters=diameters)


def across(configuration):
    """Return a configuration moved so that its rows cross the box, and wrapped."""
    box = configuration.box
    return configuration.replace(positions=box.wrap(configuration.positions + box.matrix[2] / 2))


SOFT, SIZED = models.soft_spheres(0.3), models.polydisperse_hard_spheres(0.3)

SYSTEMS = {
    "hard spheres": (models.hard_spheres(0.4), jittered(4, np.eye(3) * 4.6)),
    "hard spheres, sheared": (models.hard_spheres(0.4), jittered(3, SHEARED)),
    "Kob-Andersen": (models.kob_andersen(1.0), jittered(3, np.diag([3.1, 3.3, 3.0]))),
    "smoothed": (models.kob_andersen_smoothed(1.0), jittered(3, SHEARED * 0.78)),
    "harmonic": (models.harmonic_spheres(0.02), jittered(3, np.eye(3) * 3.3)),
    "tabulated": (
        tabulated(models.kob_andersen(1.0), first=0.2, n=300),
        jittered(3, np.diag([3.1, 3.3, 3.0])),
    ),
    "sizes": (SOFT, sized(jittered(3, np.diag([3.1, 2.9, 3.0]), 1), SOFT)),
    "sizes, sheared": (SOFT, sized(jittered(3, SHEARED * 0.75, 1), SOFT)),
    "hard spheres, sizes": (SIZED, sized(jittered(3, np.eye(3) * 4.6, 1), SIZED)),
    # Rows of the lattice are the chains; a bond of each is to an image.
    "chains": (models.fene_polymer(50.0, chain_length=3), across(jittered(3, np.eye(3) * 3.4, 1))),
    "chains, sheared": (
        models.fene_polymer(20.0, chain_length=3),
        across(jittered(3, SHEARED * 0.87, 1)),
    ),
}


def voronoi_test(configuration, model):
    """Return inside(i, displacement) of the size-weighted Voronoi cells."""
    diameters = diameters_of(configuration, model)
    neighbors = cache(lambda i: naive.sann(configuration, i))
    return lambda i, u: naive.in_voronoi(diameters, i, *neighbors(i), u)


def fcc(n_cells, length):
    corners = np.stack(np.meshgrid(*[np.arange(n_cells)] * 3), axis=-1).reshape(-1, 1, 3)
    basis = np.array([[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]])
    positions = (corners + basis).reshape(-1, 3) * length / n_cells
    return cb.Configuration(positions, [0] * len(positions), length)


def glass(model, n=300, seed=1):
    start = cb.equilibrate(cb.hard_spheres(0.5), n, 5, seed=seed)
    scale = (model.box(n).volume / start.box.volume) ** (1 / 3)
    return cb.Configuration(start.positions * scale, start.species, start.box.matrix * scale)


@cache
def dense_hard_spheres():
    model = cb.hard_spheres(0.55)
    return model, cb.equilibrate(model, 300, 5, seed=1)


def crystal():
    # At packing fraction 0.6; contact is at 0.74.
    return fcc(3, 3 * (4 * np.pi / 6 / 0.6) ** (1 / 3))
