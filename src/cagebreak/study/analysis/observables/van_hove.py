"""The van Hove function of the runs of a study."""

import numpy as np

from cagebreak.study.analysis.observables.means import mean_of_configurations
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.stages.propensity import load_van_hove
from cagebreak.study.store import Store

COLUMNS = np.dtype(
    [
        ("species", "U1"),
        ("neighbors", "U1"),
        ("time", "f8"),
        ("r", "f8"),
        ("g", "f8"),
        ("low_g", "f8"),
        ("high_g", "f8"),
    ]
)


def van_hove_functions(recipe: Recipe, store: Store) -> np.ndarray:
    """Return the self part of each species (no neighbors), and the distinct part of each pair."""
    every = range(recipe.preparation.n_configurations)
    times, r, self_part, distinct = zip(*(load_van_hove(store, c) for c in every), strict=True)
    names = recipe.model.species_names
    of_all = np.array(self_part), np.array(distinct)
    n_species = of_all[0].shape[2]
    curves = {(names[a], ""): of_all[0][:, :, a] for a in range(n_species)}
    for a in range(n_species):
        for b in range(n_species):
            curves[names[a], names[b]] = of_all[1][:, :, a, b]
    parts = []
    for (species, neighbors), values in curves.items():
        mean, bounds = mean_of_configurations(recipe, values, "van Hove")
        rows = np.zeros(mean.shape, COLUMNS)
        rows["species"], rows["neighbors"] = species, neighbors
        rows["time"], rows["r"] = times[0][:, None], r[0]
        rows["g"], (rows["low_g"], rows["high_g"]) = mean, bounds
        parts.append(rows.ravel())
    return np.concatenate(parts)
