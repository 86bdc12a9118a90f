"""What part of the descriptors is learned from, in the words of a recipe."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cagebreak.descriptors import select
from cagebreak.errors import InputError
from cagebreak.study.recipe.checks import STRUCTURE
from cagebreak.study.recipe.descriptors import RECOMMENDED

Wishes = Mapping[str, Any]
"""``generations`` (a number: up to it; or a list), ``states``, or any field of the labels.

``set = "recommended"`` draws from the recommended set instead of the paper's. ``center`` and
``weights`` say how `RidgeCV` learns from it.
"""

LEARNED = {"center": "configuration", "weights": (1.0, 3.0, 10.0)}
"""How a selection from the recommended set is learned, unless it says otherwise."""

Selection = Wishes | Sequence[Wishes]
"""Columns that fulfill all wishes of a table; or those of several tables together."""


def named(features: Wishes | Mapping[str, Selection]) -> dict[str, Selection]:
    """Return selections by name; a single one is called by what it asks for.

    Raises
    ------
    InputError
        If it is neither one table of wishes nor selections by name.
    """
    if not isinstance(features, Mapping):
        raise InputError(f"features: expected a dict such as dict(generations=2), got {features!r}")
    tables = [_is_selection(value) for value in features.values()]
    if features and all(tables):
        return dict(features)
    if any(tables):
        raise InputError(f"features: expected one selection, or named ones, got {features!r}")
    text = ", ".join(f"{wish} = {wanted}" for wish, wanted in features.items())
    return {text or "all": features}


def columns(labels: np.recarray, selection: Selection) -> NDArray[np.int64]:
    """Return the columns that a selection asks for.

    Raises
    ------
    InputError
        If there is no such label or no such column.
    """
    parts = [selection] if isinstance(selection, Mapping) else selection
    return np.unique(np.concatenate([_columns(labels, wishes) for wishes in parts]))


def learned(selection: Selection, default: Mapping[str, Any]) -> dict[str, Any]:
    """Return how a selection is learned: `center` and `weights`.

    Raises
    ------
    InputError
        If its tables disagree.
    """
    parts = [selection] if isinstance(selection, Mapping) else selection
    ways = [_way(wishes, default) for wishes in parts]
    if any(way != ways[0] for way in ways):
        raise InputError("center, weights: expected the same in all tables that are joined")
    return ways[0]


class Group(NamedTuple):
    """Selections that draw from the same sources and are learned alike, to be learned together."""

    sources: tuple[str, ...]
    read: NDArray[np.int64]
    """Which columns of these sources, side by side, are read."""
    columns: dict[str, NDArray[np.int64]]
    """Of each selection, as places among those that are read."""
    learned: dict[str, Any]
    configuration_mean: int | None
    """The place of the column from which the mean of a configuration is predicted."""


def groups(
    labels: np.recarray, chosen: Mapping[str, Selection], default: Mapping[str, Any]
) -> list[Group]:
    """Return selections in groups that draw from the same sources and are learned alike.

    What is learned together takes memory for the square of the number of its columns. Where means
    are subtracted in each configuration, the mean is learned for itself, from the energy of the
    inherent state if that is among the columns.
    """
    together: dict[tuple, dict[str, NDArray[np.int64]]] = {}
    for name, selection in chosen.items():
        found = columns(labels, selection)
        sources = tuple(dict.fromkeys(labels.source[found].tolist()))
        way = tuple(learned(selection, default).items())
        together.setdefault((sources, way), {})[name] = found
    result = []
    for (sources, way), members in together.items():
        energy = _energy(labels, sources)
        if dict(way)["center"] != "configuration":
            energy = energy[:0]
        read = np.unique(np.concatenate([*members.values(), energy]))
        of_sources = np.flatnonzero(np.isin(labels.source, sources))
        places = {name: np.searchsorted(read, found) for name, found in members.items()}
        place = int(np.searchsorted(read, energy[0])) if len(energy) else None
        result.append(Group(sources, np.searchsorted(of_sources, read), places, dict(way), place))
    return result


def _columns(labels: np.recarray, wishes: Wishes) -> NDArray[np.int64]:
    wanted = {name: wish for name, wish in wishes.items() if name not in LEARNED}
    of_set = labels.source == RECOMMENDED
    if wanted.pop("set", "") != RECOMMENDED:
        of_set = ~of_set
    if not of_set.any():
        raise InputError("set: expected the recommended one among the descriptors, found none")
    if "generations" in wanted:
        generations = wanted.pop("generations")
        if isinstance(generations, int):
            generations = range(generations + 1)
        wanted["generation"] = list(generations)
    if "states" in wanted:
        wanted["state"] = list(wanted.pop("states"))
    return np.flatnonzero(of_set)[select(labels[of_set], **wanted)]


def _way(wishes: Wishes, default: Mapping[str, Any]) -> dict[str, Any]:
    usual = LEARNED if wishes.get("set") == RECOMMENDED else default
    return {name: wishes.get(name, usual[name]) for name in LEARNED}


def _energy(labels: np.recarray, sources: tuple[str, ...]) -> NDArray[np.int64]:
    """Return the column of a particle's energy in the inherent state, if there is one."""
    itself = (labels.kind == "energy") & (labels.state == "inherent") & np.isnan(labels.r)
    return np.flatnonzero(itself & np.isin(labels.source, sources))


def _is_selection(value: Any) -> bool:
    if isinstance(value, Mapping):
        return True
    several = isinstance(value, list | tuple) and len(value) > 0
    return several and all(isinstance(part, Mapping) for part in value)


def default_selections(force: bool, small: bool = False) -> dict[str, Any]:
    """Return them by name; LR2 is the X^init of Alkemade 2023.

    Parameters
    ----------
    force
        Whether the net force is among the descriptors: not of hard spheres.
    small
        Of a small study, which leaves out the one that doubles the columns for the inherent
        state.
    """
    selections: dict[str, Any] = {f"LR{n}": _structure(n) for n in (0, 1, 2)}
    for n in (0, 2):
        for kind in STRUCTURE:
            selections[f"LR{n} {kind}"] = _structure(n, kind)
    for name, state in (("IS", "inherent"), ("CS", "cage")):
        selections[f"X {name}"] = _structure(2, states=(state,))
        selections[f"dr {name}"] = _single("displacement", state)
        if state == "cage" or not small:
            both = _structure(2, states=("initial", state))
            selections[f"X init + X {name} + dr {name}"] = (both, _single("displacement", state))
    selections["X CS + dr CS"] = (_structure(2, states=("cage",)), _single("displacement", "cage"))
    if force:
        pull = _single("force", "initial")
        selections["F"] = pull
        for name in ("X CS + dr CS", "X init + X CS + dr CS"):
            selections[f"F + {name}"] = (pull, *selections[name])
    if not small:
        selections["recommended"] = {"set": RECOMMENDED}
    return selections


def _structure(n: int, kind: Any = STRUCTURE, states: tuple[str, ...] = ("initial",)) -> dict:
    return {"generations": n, "kind": kind, "states": states}


def _single(kind: str, state: str) -> dict[str, Any]:
    return {"generations": 0, "kind": kind, "states": (state,)}
