"""Films of particles that move the more, the more crowded they are."""

import warnings

import numpy as np

import cagebreak as cb
from cagebreak.errors import ConfigurationWarning
from support.tracks.filmed import table_of

RADIAL = cb.Radial(r=(0.9, 1.1), width=(0.1, 0.1), n_species=2)
EDGE = 16.0
SLOW, FAST = 0.02, 0.1


def film(seed=1, n_frames=40, n=400, noise=0.0, lost=0.0, periodic="", speed=1.0):
    """Return tracks of particles that move the more, the more neighbors of species B they have."""
    seen, species, kept = crowded(seed, n_frames, n, noise, lost, speed)
    low, high = (0, EDGE) if periodic else (-1, EDGE + 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConfigurationWarning)
        return cb.read_tracks(
            table_of(seen, species, kept),
            length=1.0,
            interval=0.5,
            window=((low, high), (low, high)),
            periodic=periodic,
        )


def crowded(seed=1, n_frames=40, n=400, noise=0.0, lost=0.0, speed=1.0):
    """Return seen positions (F, N, 2), species (N,), and which are found, (F, N)."""
    random = np.random.default_rng(seed)
    positions = np.empty((n_frames, n, 2))
    positions[0] = random.uniform(0, EDGE, (n, 2))
    species = np.arange(n) % 2
    for f in range(1, n_frames):
        box = cb.Configuration(np.mod(positions[f - 1], EDGE), species, (EDGE, EDGE))
        crowd = RADIAL.compute(box).values[:, 2:].sum(axis=1)
        width = SLOW + (FAST - SLOW) * np.minimum(crowd / 4, 1)
        steps = speed * random.normal(size=(n, 2)) * width[:, None]
        positions[f] = np.mod(positions[f - 1] + steps, EDGE)
    seen = positions + random.normal(0, noise, positions.shape)
    return seen, species, random.uniform(size=(n_frames, n)) >= lost
