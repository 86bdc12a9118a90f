"""What is predicted of single particles, by the fit that did not see their configuration."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from cagebreak._frames import with_whole_names
from cagebreak.configuration import SPECIES_NAMES, species_index
from cagebreak.dynamics.fields import COLUMNS, Fields, field_heterogeneity
from cagebreak.dynamics.propensity import Propensity
from cagebreak.errors import InputError
from cagebreak.seeding import seed_sequence
from cagebreak.simulation.isoconfigurational import nearest
from cagebreak.study.recipe import descriptors, selections
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.stages.equilibrate import SHOWN, load_configuration
from cagebreak.study.stages.propensity import load_propensity
from cagebreak.study.stages.quantities import TARGETS
from cagebreak.study.store import Store

if TYPE_CHECKING:
    from sklearn.base import RegressorMixin

MAP = [
    ("configuration", "i8"),
    ("particle", "i8"),
    ("species", "U1"),
    ("x", "f8"),
    ("y", "f8"),
    ("z", "f8"),
    ("time", "f8"),
    ("features", "U64"),
    ("propensity", "f8"),
    ("predicted", "f8"),
]
"""Columns of the table of particles."""

FIELDS = np.dtype([("species", "U1"), *COLUMNS.descr])
"""Columns of the table of fields."""


def held_out(
    recipe: Recipe,
    store: Store,
    c: int,
    selection: str,
    times: Sequence[float] | None = None,
    target: str = TARGETS[0],
) -> NDArray[np.float64]:
    """Return what is predicted of configuration `c` by the fit of the fold that holds it out.

    It is the prediction of which `learn` scores the moments. The one of the first configuration is
    read from the files of the recipe's own fit, where it is kept. For any other one the fold is
    fitted again.

    Parameters
    ----------
    recipe, store
    c
    selection
        Name of the recipe's selection of features.
    times
        Times in tau; the nearest times of the study are predicted, in this order. Default all.
    target
        As of `learn`.

    Returns
    -------
    (T, N) array
        NaN for particles of a species that the recipe does not learn.

    Raises
    ------
    InputError
        If the recipe has no such selection.
    """
    _require_selection(recipe, selection)
    rows: Any = slice(None)
    if times is not None:
        # What is learned has each time once, in ascending order.
        study_times = load_propensity(store, c, target)[0].times
        used, rows = np.unique(nearest(study_times, times), return_inverse=True)
    with threadpool_limits(limits=1, user_api="blas"):
        if (kept := _kept(recipe, store, [c], selection, target)) is not None:
            return kept[c] if times is None else kept[c][used[rows]]
        one = {selection: recipe.learning.selections[selection]}
        return np.asarray(_fitted_again(recipe, store, [c], one, times, target)[c][rows])


def all_held_out(
    recipe: Recipe, store: Store, selection: str, letter: str, target: str = TARGETS[0]
) -> list[NDArray[np.float64]]:
    """Return `held_out` of every configuration for one species; every fold is fitted once.

    Particles of other species are NaN.

    Raises
    ------
    InputError
        If the recipe has no such selection.
    """
    _require_selection(recipe, selection)
    every = range(recipe.preparation.n_configurations)
    with threadpool_limits(limits=1, user_api="blas"):
        predicted = _kept(recipe, store, every, selection, target, [letter])
        if predicted is None:
            one = {selection: recipe.learning.selections[selection]}
            predicted = _fitted_again(recipe, store, every, one, None, target, [letter])
    return [predicted[c] for c in every]


def _require_selection(recipe: Recipe, selection: str) -> None:
    chosen = recipe.learning.selections
    if selection not in chosen:
        raise InputError(f"selection: expected one of {', '.join(chosen)}, got {selection!r}")


def _fitted_again(
    recipe: Recipe,
    store: Store,
    configurations: Sequence[int],
    one: Mapping[str, selections.Selection],
    times: Sequence[float] | None,
    target: str,
    letters: Sequence[str] | None = None,
    learner: "RegressorMixin | None" = None,
) -> dict[int, NDArray[np.float64]]:
    """Return what is predicted of some configurations by one selection, named.

    Their folds are fitted again.
    """
    from cagebreak.learning.model_selection.nested_fits import overview
    from cagebreak.learning.model_selection.outer_fold import Fold
    from cagebreak.study.analysis.learn import plans

    (selection,) = one
    groups = plans(recipe, store, learner, one, letters, target=target, times=times)
    planned = [evaluation for *_, evaluation in groups]
    species = {c: load_propensity(store, c, target)[0].species for c in configurations}
    shape = {c: (len(planned[0].times), len(species[c])) for c in configurations}
    predicted = {c: np.full(shape[c], np.nan) for c in configurations}
    for evaluation in planned:
        outer = evaluation.outer.with_small_samples()
        seen = overview(outer)
        for k in sorted({int(outer.fold[c]) for c in configurations}):
            fold = Fold.without(outer, k, seen)
            for c in (c for c in configurations if outer.fold[c] == k):
                sample = outer.samples[c]
                for letter in sample.rows():
                    of_species = species[c] == SPECIES_NAMES.index(letter)
                    values = fold.predict(c, sample, letter, selection)
                    predicted[c][:, of_species] = values.T
    return predicted


def _kept(
    recipe: Recipe,
    store: Store,
    configurations: Sequence[int],
    selection: str,
    target: str,
    letters: Sequence[str] | None = None,
) -> dict[int, NDArray[np.float64]] | None:
    """Return what the files of the recipe's own fit say of some configurations, if they do.

    They always have the particles of the first, and those of all after a fit with metrics.
    """
    from cagebreak.study.analysis.learn import parts_of, plans

    only_first = list(configurations) == [SHOWN]
    metrics = () if only_first else ("spearman",)  # of any metrics the same is kept
    planned = plans(recipe, store, species=letters, target=target, metrics=metrics)
    measured = {c: load_propensity(store, c, target)[0] for c in configurations}
    predicted = {c: np.full(each.mean.shape, np.nan) for c, each in measured.items()}
    for part in parts_of(recipe, store, list(planned), target):
        outer = part.evaluation.outer
        key = (part.species, selection)
        present = {c: p.species == SPECIES_NAMES.index(part.species) for c, p in measured.items()}
        having = [c for c in configurations if selection in outer.columns and present[c].any()]
        for k in sorted({int(outer.fold[c]) for c in having}):
            result = part.read(k)
            if result is None or (only_first and not result.predicted):
                return None
            found = (
                {SHOWN: result.predicted[key]}
                if only_first
                else {c: values for c, values, _ in result.particles(key)}
            )
            for c in (c for c in having if outer.fold[c] == k):
                predicted[c][:, present[c]] = found[c].T
    return predicted


def selection_shown(recipe: Recipe) -> str:
    """Return the recommended selection, or else the one with the most features.

    Neither is chosen by its score on the configuration that is shown.
    """
    labels, chosen = recipe.labels(), recipe.learning.selections
    columns = {name: selections.columns(labels, each) for name, each in chosen.items()}
    recommended = np.flatnonzero(labels.source == descriptors.RECOMMENDED)
    for name, indices in columns.items():
        if len(recommended) and np.array_equal(indices, recommended):
            return name
    return max(columns, key=lambda name: len(columns[name]))


def time_shown(propensity: Propensity) -> float:
    """Return the time at which propensities differ most, relative to their mean.

    They do near the structural relaxation time, where the dynamics is most heterogeneous. The
    particles are those of the most frequent species.
    """
    of_species = propensity.species == np.bincount(propensity.species).argmax()
    mean = propensity.mean[:, of_species]
    return float(propensity.times[np.argmax(mean.std(axis=1) / mean.mean(axis=1))])


def map_table(recipe: Recipe, store: Store) -> np.ndarray:
    """Return the measured and the predicted propensity of each particle of a configuration."""
    configuration = load_configuration(store, SHOWN)
    propensity, _ = load_propensity(store, SHOWN)
    time, selection = time_shown(propensity), selection_shown(recipe)
    rows = np.zeros(len(configuration), with_whole_names(MAP, features=[selection]))
    rows["configuration"], rows["particle"] = SHOWN, np.arange(len(configuration))
    rows["species"] = np.array(list(SPECIES_NAMES))[configuration.species]
    rows["x"], rows["y"], rows["z"] = configuration.wrapped.T
    rows["time"], rows["features"] = time, selection
    rows["propensity"] = propensity.mean[propensity.times == time][0]
    rows["predicted"] = held_out(recipe, store, SHOWN, selection, [time])[0]
    return rows


def fields_table(recipe: Recipe, store: Store, letter: str) -> np.ndarray:
    """Return how measured and predicted propensities vary in space, for a species.

    What is predicted is that of `selection_shown`, of each configuration by the fit that has not
    seen it.
    """
    return fields_of(recipe, store, letter)


def fields_of(
    recipe: Recipe,
    store: Store,
    letter: str,
    target: str = TARGETS[0],
    features: Any = None,
    learner: "RegressorMixin | None" = None,
    times: Sequence[float] | None = None,
) -> np.ndarray:
    """Return how a measured and a predicted quantity vary in space, for a species.

    The parameters are those of `Contents.fields`.
    """
    # scikit-learn takes a second to import, so it is imported when it is needed.
    from cagebreak.learning.learner import with_checkpoints

    every = range(recipe.preparation.n_configurations)
    starts = [load_configuration(store, c) for c in every]
    measured = [load_propensity(store, c, target)[0] for c in every]
    used = np.arange(len(measured[0].times))
    if times is not None:
        used = np.unique(nearest(measured[0].times, times))
    selection = selection_shown(recipe)
    if features is None and learner is None:
        predicted = [p[used] for p in all_held_out(recipe, store, selection, letter, target)]
    else:
        if learner is not None:
            learner = with_checkpoints(learner, store.folder / "trainings")
        one: Mapping[str, selections.Selection]
        one = {selection: recipe.learning.selections[selection]}
        one = one if features is None else selections.named(features)
        if len(one) != 1:
            raise InputError(f"features: expected one selection, got {', '.join(one)}")
        with threadpool_limits(limits=1, user_api="blas"):
            found = _fitted_again(recipe, store, every, one, times, target, [letter], learner)
        predicted = [found[c] for c in every]
    number = species_index(letter, recipe.model.n_species)
    rows = [np.flatnonzero(start.species == number) for start in starts]
    fields = [
        Fields(m.halves[:, used][..., r], m.mean[used][:, r], p[:, r])
        for m, p, r in zip(measured, predicted, rows, strict=True)
    ]
    of_species = field_heterogeneity(
        starts,
        fields,
        rows,
        measured[0].times[used],
        seed=seed_sequence(recipe.study.seed, "fields"),
        n_resamples=recipe.learning.bootstrap,
        groups=recipe.groups,
    )
    table = np.zeros(len(of_species), FIELDS)
    table["species"] = SPECIES_NAMES[number]
    for name in of_species.dtype.names or ():
        table[name] = of_species[name]
    return table
