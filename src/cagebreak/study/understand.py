"""What a study's fits know: statistics, selections and sources for transfer, of chosen columns."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from cagebreak.configuration import species_index
from cagebreak.learning import Collection, SelectionCurve, Source, collect, selection_curve
from cagebreak.learning._checks import require_choice
from cagebreak.seeding import seed_sequence
from cagebreak.study import describe, selections
from cagebreak.study.recipe import Recipe
from cagebreak.study.samples import StudySamples, nearest
from cagebreak.study.stages import load_propensity
from cagebreak.study.store import Store
from cagebreak.study.values import STRUCTURE

SIZES = (1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 32, 40, 50, 63, 80, 100, 130, 160, 200)
"""Numbers of descriptors that are scored: all up to six, then ten a decade."""
LENGTHS = {"sigma": "sigma of the model", "spacing": "number density^(-1/3)"}
"""In which the labels of a source may tell distances."""
UNITS = {"length": LENGTHS["sigma"], "time": "tau of the model"}


def structure(recipe: Recipe) -> dict[str, Any]:
    """Return the selection of the structural descriptors of the first state described."""
    return {"kind": list(STRUCTURE), "states": [recipe.descriptors.states[0]]}


def source(
    recipe: Recipe,
    store: Store,
    chosen: selections.Selection | None,
    species: str,
    times: Sequence[float] | None = None,
    length: str = "sigma",
) -> Source:
    """Return the samples of a selection and species, with their labels, units and times."""
    require_choice("length", length, tuple(LENGTHS))
    number = species_index(species, recipe.model.n_species)
    labels = describe.labels(recipe)
    found = selections.columns(labels, structure(recipe) if chosen is None else chosen)
    names = tuple(dict.fromkeys(labels.source[found].tolist()))
    of_sources = np.flatnonzero(np.isin(labels.source, names))
    known = load_propensity(store, 0)[0].times
    wanted = np.arange(len(known)) if times is None else np.array(nearest(known, times))
    places = np.searchsorted(of_sources, found)
    samples = StudySamples(store, recipe, [number], names, places, times=wanted)
    chosen_labels = np.array(labels[found])
    if length == "spacing":
        spacing = recipe.model.number_density ** (-1 / 3)
        for name in ("r", "width"):
            # Sets that scale with the spacing are equal then, but for the rounding of a double.
            chosen_labels[name] = np.round(chosen_labels[name] / spacing, 9)
    units = UNITS | {"length": LENGTHS[length]}
    return Source(samples, chosen_labels, units, known[wanted])


def statistics(
    recipe: Recipe, store: Store, chosen: selections.Selection | None, species: str
) -> Collection:
    """Return the statistics of each configuration."""
    found = source(recipe, store, chosen, species)
    about = {"model": recipe.model.name, **found.units}
    with threadpool_limits(limits=1, user_api="blas"):
        return collect(
            found.samples,
            species=species,
            labels=found.labels,
            times=found.times,
            clip=recipe.learning.clip,
            about=about,
        )


def selection(
    recipe: Recipe, store: Store, n: int, chosen: selections.Selection | None, species: str
) -> SelectionCurve:
    """Return how accuracy grows with the number of descriptors chosen, by ridge regression."""
    wanted = recipe.learning
    collection = statistics(recipe, store, chosen, species)
    n = min(n, collection.n_features)
    with threadpool_limits(limits=1, user_api="blas"):
        return selection_curve(
            collection,
            n,
            seed=seed_sequence(recipe.study.seed, "fit"),
            alphas=wanted.alphas,
            sizes=[size for size in SIZES if size < n] + [n],
            folds=wanted.outer_folds,
            n_resamples=wanted.bootstrap,
        )
