"""Learning in a study: which of its columns are read together, and what is put together again."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.base import RegressorMixin
from threadpoolctl import threadpool_limits

from cagebreak.configuration import species_index
from cagebreak.descriptors.recommended import feature_groups
from cagebreak.learning import (
    Collection,
    RidgeCV,
    Scores,
    SelectionCurve,
    Source,
    collect,
    evaluate,
    selection_curve,
)
from cagebreak.learning._validation import require_choice
from cagebreak.learning.learner import traits, with_checkpoints
from cagebreak.seeding import seed_sequence
from cagebreak.study.analysis.samples import StudySamples, nearest
from cagebreak.study.recipe import selections
from cagebreak.study.recipe.checks import STRUCTURE
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.stages.propensity import TARGETS, load_propensity
from cagebreak.study.stages.states import MADE_BY
from cagebreak.study.store import Store


def learn(
    recipe: Recipe,
    store: Store,
    learner: RegressorMixin | None = None,
    chosen: Mapping[str, selections.Selection] | None = None,
    species: Sequence[str] | None = None,
    name: str | None = None,
    target: str = TARGETS[0],
    times: Sequence[float] | None = None,
) -> Scores:
    """Evaluate a learner on a study that is done.

    The learner is the recipe's ridge regression if omitted, and so are selections and species.

    Selections that draw from the same sources are learned together, one species after the other
    (or all species together by a graph network that takes them so). Of `times` the nearest are
    learned, all if omitted. Trainings of networks are kept in the folder `trainings` of the study.
    A graph has the positions of the state that its features are of, and
    those of the initial state if they are of several.
    """
    wanted = recipe.learning
    chosen = wanted.selections if chosen is None else chosen
    species = species or wanted.species
    if learner is not None:
        learner = with_checkpoints(learner, store.folder / "trainings")
    default = {"center": wanted.center, "weights": (1.0,)}
    numbers = [species_index(letter, recipe.model.n_species) for letter in species]
    labels = recipe.labels()
    known = load_propensity(store, 0, target)[0].times
    learned = np.arange(len(known))
    if times is not None:
        learned = np.unique(nearest(known, times))
    takes = traits(RidgeCV() if learner is None else learner)
    graphs = takes.learns_from == "graphs"
    parts = []
    # One thread gives the same bits anywhere; on busy cores several were eight times slower.
    with threadpool_limits(limits=1, user_api="blas"):
        for species_numbers in [numbers] if takes.share_species else [[s] for s in numbers]:
            for group in selections.groups(labels, chosen, default):
                of_sources = labels[np.isin(labels.source, group.sources)]
                ridge = RidgeCV(
                    alphas=wanted.alphas,
                    folds=wanted.inner_folds,
                    clip=wanted.clip,
                    seed=recipe.study.seed,
                    **group.learned,
                )
                part = evaluate(
                    ridge if learner is None else learner,
                    StudySamples(
                        store,
                        recipe,
                        species_numbers,
                        group.sources,
                        group.read,
                        target,
                        learned,
                        _one_state(of_sources[group.read]) if graphs else None,
                    ),
                    seed=seed_sequence(recipe.study.seed, "fit"),
                    columns=group.columns,
                    feature_groups=feature_groups(of_sources[group.read].view(np.recarray)),
                    configuration_mean=group.configuration_mean,
                    times=known[learned],
                    folds=wanted.outer_folds,
                    n_resamples=wanted.bootstrap,
                    name="Ridge" if learner is None and name is None else name,
                )
                parts.append(part)
    moments = {key: value for part in parts for key, value in part.moments.items()}
    costs = {key: value for part in parts for key, value in part.costs.items()}
    return Scores(np.concatenate([part.rows for part in parts]), moments, costs)


def _one_state(labels: np.ndarray) -> str:
    states = np.unique(labels["state"])
    return str(states[0]) if len(states) == 1 and states[0] in MADE_BY else "initial"


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
    labels = recipe.labels()
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
