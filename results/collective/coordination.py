"""The coordination in the samples of a cage state that the recommended set reads."""

import numpy as np

from cagebreak.descriptors.caged.cage_average import samples_of
from cagebreak.neighbors import neighbor_table

FIRST_SHELL = 1.4
"""Distance within which a particle is a neighbor, over sigma of the pair."""
VARIANCE_FLOOR = 1e-3


def coordination_of_samples(model, cage):
    """Return mean number, its log variance, neighbors that come and go, share kept, (N, 4)."""
    samples, n = samples_of(cage), len(cage.start)
    of_samples = [neighbors(model, sample) for sample in samples]
    numbers = np.array([np.bincount(pairs // n, minlength=n) for pairs in of_samples])
    pairs, counts = np.unique(np.concatenate(of_samples), return_counts=True)
    share, particles = counts / len(samples), pairs // n
    at_start = neighbors(model, cage.start)
    first = np.bincount(at_start // n, minlength=n)
    stayed = np.bincount(particles, share * np.isin(pairs, at_start), minlength=n)
    columns = [
        numbers.mean(axis=0),
        np.log(numbers.var(axis=0) + VARIANCE_FLOOR),
        np.bincount(particles, share * (1 - share), minlength=n),
        np.divide(stayed, first, out=np.ones(n), where=first > 0),
    ]
    return np.stack(columns, axis=1)


def neighbors(model, configuration):
    """Return the neighbors j of each particle i as i N + j, in ascending order."""
    reaches = FIRST_SHELL * np.asarray(model.pair.sigma)
    table = neighbor_table(configuration, float(reaches.max()))
    i, j = table.pairs.T
    near = table.distances < reaches[configuration.species[i], configuration.species[j]]
    near &= i != j
    return np.unique(i[near] * len(configuration) + j[near])
