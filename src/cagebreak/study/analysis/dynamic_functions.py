"""The dynamic functions of a study, from the sums over particles that its runs keep."""

from cagebreak.dynamics.functions import DynamicFunctions, from_reductions
from cagebreak.seeding import seed_sequence
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.stages.propensity import load_propensity, load_reductions
from cagebreak.study.store import Store


def functions_of(recipe: Recipe, store: Store) -> DynamicFunctions:
    """Return the usual dynamic functions of the runs from all configurations.

    Raises
    ------
    InputError
        If the recipe does not keep them.
    """
    every = range(recipe.preparation.n_configurations)
    reducers, reduced = zip(*(load_reductions(recipe, store, c) for c in every), strict=True)
    return from_reductions(
        reducers,
        reduced,
        load_propensity(store, 0)[0].times,
        seed_sequence(recipe.study.seed, "functions"),
        recipe.learning.bootstrap,
        groups=recipe.groups,
    )
