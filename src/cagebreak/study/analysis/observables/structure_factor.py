"""The structure factor of the configurations of a study."""

import numpy as np

from cagebreak.structure import structure_factor
from cagebreak.study.analysis.observables.means import mean_of_configurations
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.stages.equilibrate import load_configuration
from cagebreak.study.store import Store

K_MAX = 20.0
"""Largest wave number in 1 / sigma: the second peak of a liquid and beyond."""

COLUMNS = np.dtype(
    [
        ("species", "U3"),
        ("neighbors", "U3"),
        ("k", "f8"),
        ("s", "f8"),
        ("low_s", "f8"),
        ("high_s", "f8"),
    ]
)


def structure_factors(recipe: Recipe, store: Store) -> np.ndarray:
    """Return S(k) of each pair of species, and of all particles ("all" with "all")."""
    starts = [load_configuration(store, c) for c in range(recipe.preparation.n_configurations)]
    # Shells of one width for all boxes; some of the first may have no wave vector.
    width = 2 * np.pi / starts[0].box.longest
    factors = [structure_factor(start, K_MAX, width) for start in starts]
    names = recipe.model.species_names
    pairs = np.array([factor.pairs for factor in factors])
    k = np.nanmean([factor.k for factor in factors], axis=0)
    curves = {
        (names[a], names[b]): pairs[:, a, b]
        for a in range(pairs.shape[1])
        for b in range(a, pairs.shape[1])
    }
    curves["all", "all"] = np.array([factor.total for factor in factors])
    parts = []
    for (species, neighbors), values in curves.items():
        rows = np.zeros(len(k), COLUMNS)
        rows["species"], rows["neighbors"], rows["k"] = species, neighbors, k
        rows["s"], bounds = mean_of_configurations(recipe, values, "structure factor")
        rows["low_s"], rows["high_s"] = bounds
        parts.append(rows[np.isfinite(k)])
    return np.concatenate(parts)
