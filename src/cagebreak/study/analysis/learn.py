"""Learning in a study: evaluation of learners, sufficient statistics and forward selection."""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import numpy as np
from sklearn.base import RegressorMixin
from threadpoolctl import threadpool_limits

from cagebreak._sealed import joint_digest
from cagebreak.bootstrap import as_groups
from cagebreak.configuration import SPECIES_NAMES, species_index
from cagebreak.descriptors.recommended import feature_groups
from cagebreak.learning import (
    AlphaWarning,
    Collection,
    Metrics,
    RidgeCV,
    Scores,
    SelectionCurve,
    Source,
    collect,
    near_copies,
    selection_curve,
)
from cagebreak.learning._validation import Integers, require_choice
from cagebreak.learning.learner import traits, with_checkpoints
from cagebreak.learning.model_selection.evaluate import Evaluation, plan
from cagebreak.seeding import seed_sequence
from cagebreak.simulation.isoconfigurational import nearest
from cagebreak.study.analysis.fits import Part, hold_out_all
from cagebreak.study.analysis.samples import StudySamples
from cagebreak.study.recipe import selections
from cagebreak.study.recipe.checks import STRUCTURE
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.sha256sums import sha256
from cagebreak.study.stages.descriptors import describing
from cagebreak.study.stages.propensity import load_propensity
from cagebreak.study.stages.quantities import LOW_WHERE_ACTIVE, TARGETS
from cagebreak.study.stages.stages import STAGES, units
from cagebreak.study.stages.states import MADE_BY
from cagebreak.study.store import Store
from cagebreak.study.unit_file import as_json


def learn(
    recipe: Recipe,
    store: Store,
    learner: RegressorMixin | None = None,
    chosen: Mapping[str, selections.Selection] | None = None,
    species: Sequence[str] | None = None,
    name: str | None = None,
    target: str = TARGETS[0],
    metrics: str | Sequence[str] | Metrics = (),
    times: Sequence[float] | None = None,
) -> Scores:
    """Evaluate a learner on a finished study by nested cross-validation over configurations.

    Each species is evaluated separately, except for a graph network with `share_species`.
    Selections with the same sources are evaluated together. Networks write their checkpoints to the
    folder `trainings` of the study; the outer folds of the recipe's own fit are kept in the folder
    `fits`, and read while nothing that they depend on has changed.

    Parameters
    ----------
    recipe
    store
    learner
        A scikit-learn regressor; by default the ridge regression of the recipe.
    chosen
        Selections by name; by default those of the recipe.
    species
        Letters of the species; by default those of the recipe.
    name
        Name of the learner in the scores.
    target
        The quantity to predict, one of `quantities.TARGETS`.
    metrics
        As of `learning.evaluate`. Names stand for metrics of a quantity whose active particles have
        its highest values, or its lowest (`quantities.LOW_WHERE_ACTIVE`).
    times
        Times in tau; the nearest times of the study are predicted. By default all.

    Warns
    -----
    AlphaWarning
        Once, if alphas lie outside the range that the learner was given.

    Notes
    -----
    The positions in a graph are those of the state of the features, or of the initial state if the
    features come from several states.
    """
    own = learner is None and chosen is None and times is None
    if learner is not None:
        learner = with_checkpoints(learner, store.folder / "trainings")
    # With one BLAS thread results do not depend on the number of cores. Several threads were eight
    # times slower on busy cores.
    with threadpool_limits(limits=1, user_api="blas"), warnings.catch_warnings():
        warnings.simplefilter("ignore", AlphaWarning)  # One for all evaluations follows.
        planned = list(plans(recipe, store, learner, chosen, species, name, target, metrics, times))
        evaluations = [evaluation for *_, evaluation in planned]
        if own:
            parts = parts_of(recipe, store, planned, target)
            results = hold_out_all(parts)
            scores = [e.scores(r) for e, r in zip(evaluations, results, strict=True)]
        else:
            scores = [evaluation.run() for evaluation in evaluations]
    moments = {key: value for part in scores for key, value in part.moments.items()}
    costs = {key: value for part in scores for key, value in part.costs.items()}
    of_metrics = {key: value for part in scores for key, value in part.metrics.items()}
    rows = np.concatenate([part.rows for part in scores])
    outside = np.count_nonzero(rows["alpha_outside"] > 0)
    if outside:
        warnings.warn(
            f"alphas: those of {outside} of {len(rows)} scores lie outside the range that the "
            "learner was given, in some fold; the column alpha_outside of the scores says in which "
            "share of folds",
            AlphaWarning,
            stacklevel=2,
        )
    return Scores(rows, moments, costs, of_metrics)


def parts_of(
    recipe: Recipe,
    store: Store,
    planned: Sequence[tuple[list[int], int, selections.Group, Evaluation]],
    target: str,
) -> list[Part]:
    """Return the parts of the recipe's own fit, each with the files of its folds, from `plans`."""
    propensity, _ = load_propensity(store, 0, target)
    return [
        Part(
            evaluation,
            SPECIES_NAMES[number],
            store.folder / "fits" / f"{target}-{SPECIES_NAMES[number]}-{g}",
            _identity(recipe, store, SPECIES_NAMES[number], target, group),
            int((propensity.species == number).sum()),
        )
        for (number,), g, group, evaluation in planned
    ]


def plans(
    recipe: Recipe,
    store: Store,
    learner: RegressorMixin | None = None,
    chosen: Mapping[str, selections.Selection] | None = None,
    species: Sequence[str] | None = None,
    name: str | None = None,
    target: str = TARGETS[0],
    metrics: str | Sequence[str] | Metrics = (),
    times: Sequence[float] | None = None,
) -> Iterator[tuple[list[int], int, selections.Group, Evaluation]]:
    """Yield the species, the number, the selections and the evaluation of each group of selections.

    The parameters are those of `learn`. The groups of each species are numbered from 0.
    """
    settings = recipe.learning
    if not isinstance(metrics, Metrics):
        metrics = replace(Metrics.of(metrics), lowest=target in LOW_WHERE_ACTIVE)
    chosen = settings.selections if chosen is None else chosen
    species = species or settings.species
    default = {"center": settings.center, "weights": (1.0,)}
    numbers = [species_index(letter, recipe.model.n_species) for letter in species]
    labels = recipe.labels()
    study_times = load_propensity(store, 0, target)[0].times
    time_indices = np.arange(len(study_times))
    if times is not None:
        time_indices = np.unique(nearest(study_times, times))
    learner_traits = traits(RidgeCV() if learner is None else learner)
    graphs = learner_traits.learns_from == "graphs"
    species_sets = [numbers] if learner_traits.share_species else [[s] for s in numbers]
    for species_numbers in species_sets:
        for g, group in enumerate(selections.groups(labels, chosen, default)):
            of_sources = labels[np.isin(labels.source, group.sources)]
            ridge = RidgeCV(
                alphas=settings.alphas,
                folds=settings.inner_folds,
                clip=settings.clip,
                seed=recipe.study.seed,
                **group.learned,
            )
            evaluation = plan(
                ridge if learner is None else learner,
                StudySamples(
                    store,
                    recipe,
                    species_numbers,
                    group.sources,
                    group.read,
                    target,
                    time_indices,
                    _one_state(of_sources[group.read]) if graphs else None,
                ),
                seed=seed_sequence(recipe.study.seed, "fit"),
                columns=group.columns,
                feature_groups=feature_groups(of_sources[group.read].view(np.recarray)),
                configuration_mean=group.configuration_mean,
                times=study_times[time_indices],
                folds=settings.outer_folds,
                n_resamples=settings.bootstrap,
                groups=recipe.groups,
                metrics=metrics,
                name="Ridge" if learner is None and name is None else name,
            )
            yield species_numbers, g, group, evaluation


_FITTED = (
    "study",
    "model",
    "preparation",
    "isoconfigurational",
    "states",
    "descriptors",
    *(f"learning.{key}" for key in ("outer_folds", "inner_folds", "alphas", "center", "clip")),
)
"""Sections and keys of the recipe that a fit depends on, beside its selections."""


def _identity(
    recipe: Recipe, store: Store, species: str, target: str, group: selections.Group
) -> str:
    """Return the SHA-256 of everything that the fit to a group of selections depends on."""
    stages = ["propensity", *map(describing, group.sources)]
    about = {
        "version": version("cagebreak"),
        "recipe": recipe.select(_FITTED),
        "units": {
            stage: joint_digest(map(store.content, units(recipe, STAGES[stage])))
            for stage in stages
        },
        "species": species,
        "target": target,
        "read": group.read.tolist(),
        "selections": [(name, columns.tolist()) for name, columns in group.columns.items()],
        "learned": group.learned,
        "configuration_mean": group.configuration_mean,
    }
    return sha256(as_json(about).encode())


def _one_state(labels: np.ndarray) -> str:
    states = np.unique(labels["state"])
    return str(states[0]) if len(states) == 1 and states[0] in MADE_BY else "initial"


SIZES = (1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 32, 40, 50, 63, 80, 100, 130, 160, 200)
"""Numbers of descriptors in a selection curve: all up to six, then ten per decade (chosen)."""
LENGTHS = {"sigma": "sigma of the model", "spacing": "number density^(-1/3)"}
"""Units of length of the distances in a source's labels."""
UNITS = {"length": LENGTHS["sigma"], "time": "tau of the model"}


def structure(recipe: Recipe) -> dict[str, Any]:
    """Return the selection of structural descriptors of the recipe's first state."""
    return {"kind": list(STRUCTURE), "states": [recipe.descriptors.states[0]]}


def source(
    recipe: Recipe,
    store: Store,
    chosen: selections.Selection | None,
    species: str,
    times: Sequence[float] | None = None,
    length: str = "sigma",
) -> Source:
    """Return the samples of a selection and a species, with their labels, units and times.

    Parameters
    ----------
    recipe
    store
    chosen
        The selection; by default that of `structure`.
    species
        Letter of the species.
    times
        Times in tau; the nearest times of the study are read. By default all.
    length
        Unit of the distances in the labels, a key of `LENGTHS`.
    """
    require_choice("length", length, tuple(LENGTHS))
    number = species_index(species, recipe.model.n_species)
    labels = recipe.labels()
    indices = selections.columns(labels, structure(recipe) if chosen is None else chosen)
    names = tuple(dict.fromkeys(labels.source[indices].tolist()))
    of_sources = np.flatnonzero(np.isin(labels.source, names))
    study_times = load_propensity(store, 0)[0].times
    time_indices = np.arange(len(study_times))
    if times is not None:
        time_indices = np.array(nearest(study_times, times))
    columns = np.searchsorted(of_sources, indices)
    samples = StudySamples(store, recipe, [number], names, columns, times=time_indices)
    chosen_labels = np.array(labels[indices])
    if length == "spacing":
        spacing = recipe.model.number_density ** (-1 / 3)
        for name in ("r", "width"):
            # Rounding makes labels equal if descriptor sets scale with the spacing.
            lengths = chosen_labels[name] / spacing
            chosen_labels[name] = np.round(lengths, 9)
    units = UNITS | {"length": LENGTHS[length]}
    return Source(samples, chosen_labels, units, study_times[time_indices], recipe.groups)


def statistics(
    recipe: Recipe, store: Store, chosen: selections.Selection | None, species: str
) -> Collection:
    """Return the sufficient statistics of each configuration, for a selection and a species."""
    data = source(recipe, store, chosen, species)
    about = {"model": recipe.model.name, **data.units}
    with threadpool_limits(limits=1, user_api="blas"):
        return collect(
            data.samples,
            species=species,
            labels=data.labels,
            times=data.times,
            clip=recipe.learning.clip,
            about=about,
            groups=recipe.groups,
        )


def require_distinct(recipe: Recipe, store: Store) -> None:
    """Check that configurations have different features unless they share a fold.

    Files are compared up to a shift when they are imported. Features find rotated and mirrored
    copies too.

    Raises
    ------
    InputError
        If two configurations are copies of one structure.
    """
    for species in recipe.learning.species:
        data = source(recipe, store, None, species)
        group = as_groups(data.groups, len(data.samples))
        near_copies.require_distinct(data.samples, _differ(group), "configuration {}".format)


def _differ(group: Integers) -> Callable[[int, int], bool]:
    """Return a function that returns whether two configurations are in different groups."""
    return lambda i, j: bool(group[i] != group[j])


def selection(
    recipe: Recipe, store: Store, n: int, chosen: selections.Selection | None, species: str
) -> SelectionCurve:
    """Return how r of ridge regression grows with the number of forward-selected descriptors."""
    settings = recipe.learning
    collection = statistics(recipe, store, chosen, species)
    n = min(n, collection.n_features)
    with threadpool_limits(limits=1, user_api="blas"):
        return selection_curve(
            collection,
            n,
            seed=seed_sequence(recipe.study.seed, "fit"),
            alphas=settings.alphas,
            sizes=[size for size in SIZES if size < n] + [n],
            folds=settings.outer_folds,
            n_resamples=settings.bootstrap,
        )
