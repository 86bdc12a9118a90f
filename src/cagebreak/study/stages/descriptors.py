"""The stages of descriptors: one for each state, and one for the recommended set."""

from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial

import numpy as np
from numpy.lib import recfunctions
from numpy.typing import NDArray

from cagebreak.configuration import Configuration
from cagebreak.descriptors import Features
from cagebreak.descriptors.base import read_labels, same_labels
from cagebreak.descriptors.cage import Source
from cagebreak.errors import StoreError
from cagebreak.files.hdf5 import Dataset
from cagebreak.seeding import Seed
from cagebreak.states import CageState, InherentState
from cagebreak.study.recipe.checks import STATES
from cagebreak.study.recipe.descriptors import RECOMMENDED
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.stages.stage import Stage, file_size
from cagebreak.study.stages.states import MADE_BY, load_state, make_state, make_trial_state
from cagebreak.study.stages.trial import Trial, timed
from cagebreak.study.store import Store, Unit


def describing(source: str) -> str:
    """Return the name of the stage of a source of descriptors: a state, or "recommended"."""
    return f"descriptors-{source}"


def compute(recipe: Recipe, source: str, state: Callable[[str], Source]) -> Features:
    """Return the descriptors of one source.

    Parameters
    ----------
    recipe
    source
        The name of a state, or "recommended".
    state
        Function that returns a state by its name.
    """
    if source != RECOMMENDED:
        return recipe.descriptor(source).compute(state(source))
    inherent, cage = state("inherent"), state("cage")
    assert isinstance(inherent, InherentState)
    assert isinstance(cage, CageState)
    wide = state("wide") if "wide" in states_of(recipe, source) else None
    assert wide is None or isinstance(wide, CageState)
    return recipe.recommended.describe(inherent, cage, wide)


def states_of(recipe: Recipe, source: str) -> tuple[str, ...]:
    """Return the states that a source of descriptors describes."""
    if source != RECOMMENDED:
        return (source,)
    return (*STATES, "wide") if recipe.recommended.wide_chains else STATES


def made_once(recipe: Recipe, configuration: Configuration, seed: Seed) -> Callable[[str], Source]:
    """Return a function that returns a state of a configuration, and computes it once."""
    return cache(lambda name: make_state(recipe, configuration, name, seed))


def describe(recipe: Recipe, sources: Iterable[str], state: Callable[[str], Source]) -> Features:
    """Return the descriptors of several sources, joined by columns; see `compute`."""
    return Features.concatenate([compute(recipe, source, state) for source in sources])


def averaged(
    recipe: Recipe,
    sources: Iterable[str],
    state: Callable[[str], Source],
    cages: Iterator[dict[str, CageState]],
) -> NDArray[np.float64]:
    """Return the values of `describe`, (N, F), averaged over cage states if there are any.

    `state` returns the other states.
    """

    def described(sampled: dict[str, CageState]) -> NDArray[np.float64]:
        def of(name: str) -> Source:
            return sampled[name] if name in sampled else state(name)

        return describe(recipe, sources, of).values

    total, n = described(next(cages, {})), 1
    for sampled in cages:
        total += described(sampled)
        n += 1
    return total / n


def load_features(recipe: Recipe, store: Store, sources: Iterable[str], c: int) -> Features:
    """Return the stored descriptors of configuration `c`, of several sources joined by columns.

    Raises
    ------
    StoreError
        If the columns are others than those of the recipe: columns are selected by their place.
    """
    expected = recipe.labels()
    return Features.concatenate(
        [_load(store, source, c, expected[expected.source == source]) for source in sources]
    )


def _load(store: Store, source: str, c: int, expected: np.recarray) -> Features:
    unit = Unit(describing(source), (c,))
    arrays = store.load(unit)
    return Features(arrays["values"], checked_labels(store, unit, arrays["labels"], expected))


def checked_labels(store: Store, unit: Unit, stored: NDArray, expected: np.recarray) -> np.recarray:
    """Return the stored labels of the columns of a unit, if they are those of this version.

    Raises
    ------
    StoreError
        If they are not.
    """
    labels = labels_in(stored)
    if not same_labels(labels, expected):
        raise StoreError(
            f"{store.path(unit)}: descriptors of another version of cagebreak, {len(labels)} "
            f"columns where this one has {len(expected)}, or others; move the folder "
            f"{unit.stage} away and run the study again"
        )
    return labels


def feature_arrays(features: Features) -> dict[str, Dataset]:
    """Return descriptors and their labels as data sets."""
    return {
        "values": Dataset(features.values, "reduced", "particle, feature"),
        "labels": label_dataset(features.labels),
    }


def label_dataset(labels: NDArray) -> Dataset:
    """Return labels as a data set; `labels_in` returns them."""
    if np.isnan(labels["time"]).all():
        # Structure has no time: the files are to the bit those of versions without this field.
        labels = recfunctions.drop_fields(labels, "time", usemask=False)
    return Dataset(_recast(labels, "U", "S"), "r and width in sigma", "feature")


def labels_in(stored: NDArray) -> np.recarray:
    """Return the labels in the array of a `label_dataset`."""
    return read_labels(_recast(stored, "S", "U"))


def _recast(table: NDArray, old: str, new: str) -> NDArray:
    """Return a structured array whose text fields are converted from dtype kind `old` to `new`.

    numpy's text, kind U, is UTF-32, which HDF5 cannot store. Labels are ASCII, so that bytes, kind
    S, hold them as well.
    """
    width = {"U": 4, "S": 1}[old]
    dtype = [
        (name, f"{new}{field.itemsize // width}" if field.kind == old else field)
        for name, field in ((name, table.dtype[name]) for name in table.dtype.names or ())
    ]
    return np.asarray(table).astype(dtype)


def _describe(source: str, recipe: Recipe, store: Store, unit: Unit) -> None:
    (c,) = unit.address
    features = compute(recipe, source, lambda state: load_state(store, state, c))
    store.save(unit, feature_arrays(features))


def _seconds(source: str, trial: Trial) -> float:
    for state in states_of(trial.recipe, source):
        make_trial_state(trial, state)
    return timed(_describe, source, *trial.study(), Unit(describing(source), (0,)))[1]


def _n_bytes(source: str, recipe: Recipe) -> int:
    n_features = int((recipe.labels().source == source).sum())
    return file_size(recipe.preparation.n_particles * n_features)


def _stage(source: str, needs: tuple[str, ...], keys: tuple[str, ...], weight: float) -> Stage:
    return Stage(
        describing(source),
        needs=needs,
        keys=keys,
        work=partial(_describe, source),
        seconds=partial(_seconds, source),
        n_bytes=partial(_n_bytes, source),
        weight=lambda recipe: weight,
        source=source,
    )


OF_STATES = tuple(
    _stage(state, (MADE_BY[state],), ("descriptors.set", "descriptors.generations"), 1.0)
    for state in STATES
)
OF_ALL = _stage(RECOMMENDED, ("inherent", "cage"), (), 20.0)
