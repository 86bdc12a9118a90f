"""What is predicted of single particles, by the fit that did not see their configuration."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from cagebreak._frames import with_whole_names
from cagebreak.configuration import SPECIES_NAMES
from cagebreak.dynamics.propensity import Propensity
from cagebreak.errors import InputError
from cagebreak.study.recipe import descriptors, selections
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.stages.equilibrate import SHOWN, load_configuration
from cagebreak.study.stages.propensity import TARGETS, load_propensity
from cagebreak.study.store import Store

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
    # scikit-learn takes a second to import, so it is imported when it is needed.
    from cagebreak.learning.model_selection.nested_fits import overview
    from cagebreak.learning.model_selection.outer_fold import Fold
    from cagebreak.study.analysis.learn import plans
    from cagebreak.study.analysis.samples import nearest

    chosen = recipe.learning.selections
    if selection not in chosen:
        raise InputError(f"selection: expected one of {', '.join(chosen)}, got {selection!r}")
    propensity = load_propensity(store, c, target)[0]
    rows: Any = slice(None)
    if times is not None:
        # What is learned has each time once, in ascending order.
        used, rows = np.unique(nearest(propensity.times, times), return_inverse=True)
    with threadpool_limits(limits=1, user_api="blas"):
        if (kept := _kept(recipe, store, c, selection, target)) is not None:
            return kept if times is None else kept[used[rows]]
        one = {selection: chosen[selection]}
        planned = [e for *_, e in plans(recipe, store, None, one, target=target, times=times)]
        predicted = np.full((len(planned[0].times), len(propensity.species)), np.nan)
        for evaluation in planned:
            outer = evaluation.outer.with_small_samples()
            fold = Fold.without(outer, int(outer.fold[c]), overview(outer))
            sample = outer.samples[c]
            for letter in sample.rows():
                of_species = propensity.species == SPECIES_NAMES.index(letter)
                predicted[:, of_species] = fold.predict(c, sample, letter, selection).T
    return np.asarray(predicted[rows])


def _kept(
    recipe: Recipe, store: Store, c: int, selection: str, target: str
) -> NDArray[np.float64] | None:
    """Return what the files of the recipe's own fit say of a configuration, if they do."""
    from cagebreak.study.analysis.learn import parts_of, plans

    if c != SHOWN:
        return None
    propensity, _ = load_propensity(store, c, target)
    predicted = np.full(propensity.mean.shape, np.nan)
    parts = parts_of(recipe, store, list(plans(recipe, store, target=target)), target)
    for part in parts:
        outer = part.evaluation.outer
        of_species = propensity.species == SPECIES_NAMES.index(part.species)
        if selection in outer.columns and of_species.any():
            result = part.read(int(outer.fold[c]))
            if result is None or not result.predicted:
                return None
            predicted[:, of_species] = result.predicted[part.species, selection].T
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
