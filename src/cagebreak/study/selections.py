"""What part of the descriptors is learnt from, in the words of a recipe."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cagebreak.descriptors import select
from cagebreak.errors import InputError

Wishes = Mapping[str, Any]
"""``generations`` (a number: up to it; or a list), ``states``, or any field of the labels."""

Selection = Wishes | Sequence[Wishes]
"""Columns that fulfil all wishes of a table; or those of several tables together."""


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


class Group(NamedTuple):
    """Selections that draw from the same states, to be learnt together."""

    states: tuple[str, ...]
    read: NDArray[np.int64]
    """Which columns of these states, side by side, any of the selections has."""
    columns: dict[str, NDArray[np.int64]]
    """Of each selection, as places among those that are read."""


def by_states(labels: np.recarray, chosen: Mapping[str, NDArray[np.int64]]) -> list[Group]:
    """Return selections in groups that draw from the same states.

    What is learnt together takes memory for the square of the number of its columns.
    """
    together: dict[tuple[str, ...], dict[str, NDArray[np.int64]]] = {}
    for name, columns in chosen.items():
        states = tuple(dict.fromkeys(labels.state[columns].tolist()))
        together.setdefault(states, {})[name] = columns
    groups = []
    for states, members in together.items():
        read = np.unique(np.concatenate(list(members.values())))
        of_states = np.flatnonzero(np.isin(labels.state, states))
        places = {name: np.searchsorted(read, columns) for name, columns in members.items()}
        groups.append(Group(states, np.searchsorted(of_states, read), places))
    return groups


def _columns(labels: np.recarray, wishes: Wishes) -> NDArray[np.int64]:
    wanted = dict(wishes)
    if "generations" in wanted:
        generations = wanted.pop("generations")
        if isinstance(generations, int):
            generations = range(generations + 1)
        wanted["generation"] = list(generations)
    if "states" in wanted:
        wanted["state"] = list(wanted.pop("states"))
    return select(labels, **wanted)


def _is_selection(value: Any) -> bool:
    if isinstance(value, Mapping):
        return True
    several = isinstance(value, list | tuple) and len(value) > 0
    return several and all(isinstance(part, Mapping) for part in value)
