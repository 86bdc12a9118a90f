"""Selection curves of all species of a study, each in a process of its own."""

import numpy as np

from cagebreak.study.analysis import learn
from cagebreak.study.analysis.fits import WORTH, operations_per_second
from cagebreak.study.recipe import selections
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.run.engines import available_cores, pool, serial
from cagebreak.study.stages.propensity import load_propensity
from cagebreak.study.store import Store

OF_A_STEP = 15.0
"""Time of an operation of forward selection, in that of a product of matrices (measured)."""


def selection_curves(
    recipe: Recipe, store: Store, n: int, workers: int | None = None
) -> list[np.ndarray]:
    """Return the rows of `learn.selection` of each species, the same for any number of workers.

    Parameters
    ----------
    recipe
    store
    n
        Largest number of descriptors.
    workers
        Number of processes; by default one for each core, and none for what takes seconds.
    """
    species = recipe.learning.species
    n_workers = min(workers or available_cores(), len(species))
    parallel = n_workers > 1 and (workers is not None or _seconds(recipe, store, n) > WORTH)
    with pool(n_workers) if parallel else serial(1) as engine:
        futures = [engine.executor.submit(_rows, recipe, store, n, letter) for letter in species]
        return [future.result() for future in futures]


def _rows(recipe: Recipe, store: Store, n: int, species: str) -> np.ndarray:
    return learn.selection(recipe, store, n, None, species).rows


def _seconds(recipe: Recipe, store: Store, n: int) -> float:
    """Return the time that the selections of all species take, roughly."""
    n_features = len(selections.columns(recipe.labels(), learn.structure(recipe)))
    n_times = len(load_propensity(store, 0)[0].times)
    # Each fold selects once, and once for each of up to five inner folds.
    n_selections = 1 + 6 * recipe.learning.outer_folds
    steps = len(recipe.learning.species) * n_selections * n_times * min(n, n_features)
    operations = 2 * steps * n_features * min(n, n_features)
    return OF_A_STEP * operations / operations_per_second()
