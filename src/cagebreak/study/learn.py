"""Learning in a study: which of its columns are read together, and what is put together again."""

from collections.abc import Mapping, Sequence

import numpy as np
from sklearn.base import RegressorMixin, clone
from threadpoolctl import threadpool_limits

from cagebreak.configuration import species_index
from cagebreak.descriptors.recommended import families
from cagebreak.learning import Ridge, Scores, evaluate
from cagebreak.learning.outer_fits import takes_graphs
from cagebreak.seeding import seed_sequence
from cagebreak.study import describe, selections
from cagebreak.study.recipe import Recipe
from cagebreak.study.samples import StudySamples, nearest
from cagebreak.study.stages import SOURCES, load_propensity
from cagebreak.study.store import Store


def learn(
    recipe: Recipe,
    store: Store,
    learner: RegressorMixin | None,
    chosen: Mapping[str, selections.Selection],
    species: Sequence[str],
    name: str | None,
    target: str,
    times: Sequence[float] | None = None,
) -> Scores:
    """Evaluate a learner, by default the recipe's ridge regression, on a study that is done.

    Selections that draw from the same sources are learnt together, one species after the other
    (or all species together by a graph network that takes them so). Of `times` the nearest are
    learnt, all if omitted. Trainings of networks are kept in the folder `trainings` of the study.
    A graph has the positions of the state that its features are of, and
    those of the initial state if they are of several.
    """
    wanted = recipe.learning
    if learner is not None:
        learner = _resumable(learner, store)
    default = {"center": wanted.center, "weights": (1.0,)}
    numbers = [species_index(letter, recipe.model.n_species) for letter in species]
    labels = describe.labels(recipe)
    known = load_propensity(store, 0, target)[0].times
    learnt = np.arange(len(known))
    if times is not None:
        learnt = np.unique(nearest(known, times))
    graphs = takes_graphs(learner)
    together = graphs and bool(getattr(learner, "together", False))
    parts = []
    # One thread gives the same bits anywhere; on busy cores several were eight times slower.
    with threadpool_limits(limits=1, user_api="blas"):
        for species_numbers in [numbers] if together else [[number] for number in numbers]:
            for group in selections.groups(labels, chosen, default):
                of_sources = labels[np.isin(labels.source, group.sources)]
                ridge = Ridge(
                    alphas=wanted.alphas,
                    folds=wanted.inner_folds,
                    clip=wanted.clip,
                    seed=recipe.study.seed,
                    **group.learnt,
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
                        learnt,
                        _one_state(of_sources[group.read]) if graphs else None,
                    ),
                    seed=seed_sequence(recipe.study.seed, "fit"),
                    columns=group.columns,
                    families=families(of_sources[group.read].view(np.recarray)),
                    level=group.level,
                    times=known[learnt],
                    folds=wanted.outer_folds,
                    n_resamples=wanted.bootstrap,
                    name=name,
                )
                parts.append(part)
    moments = {key: value for part in parts for key, value in part.moments.items()}
    costs = {key: value for part in parts for key, value in part.costs.items()}
    return Scores(np.concatenate([part.table for part in parts]), moments, costs)


def _resumable(learner: RegressorMixin, store: Store) -> RegressorMixin:
    """Return a learner whose trainings go on where they were stopped, if it does not say where."""
    parameters = learner.get_params().items()
    unsaid = [
        name for name, value in parameters if name.split("__")[-1] == "checkpoint" and value is None
    ]
    if not unsaid:
        return learner
    return clone(learner).set_params(**dict.fromkeys(unsaid, store.folder / "trainings"))


def _one_state(labels: np.ndarray) -> str:
    states = np.unique(labels["state"])
    return str(states[0]) if len(states) == 1 and states[0] in SOURCES else "initial"
