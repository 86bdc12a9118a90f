"""Models whose potentials are tables of those of other models."""

import itertools

import numpy as np

import cagebreak as cb
from naive import potentials as naive


def arrays(model, first, n):
    """Return r, u and -u' of each pair of species, from `first` to its cut-off."""
    found = {}
    for a, b in itertools.combinations_with_replacement(range(model.n_species), 2):
        u, slope = naive.pair(model.pair, a, b)
        r = np.linspace(first, model.pair.cutoffs[a, b], n)
        found["AB"[a] + "AB"[b]] = (r, u(r), -slope(r))
    return found


def tabulated(model=None, first=0.0, n=50, **options):
    """Return a model of tables: by default of harmonic spheres, which cubic pieces have exactly."""
    model = cb.harmonic_spheres() if model is None else model
    state = {
        "temperature": model.temperature,
        "number_density": model.number_density,
        "composition": model.composition,
        "masses": model.masses,
    }
    return cb.tabulated(arrays(model, first, n), **state | options)
