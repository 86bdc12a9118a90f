"""Selections of descriptors: which columns are learned from, in the words of a recipe."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cagebreak.descriptors import select
from cagebreak.errors import InputError
from cagebreak.study.recipe.checks import STRUCTURE
from cagebreak.study.recipe.descriptors import RECOMMENDED

Criteria = Mapping[str, Any]
"""``generations`` (a number, for all up to it; or a list), ``states``, or any field of the labels.

``set = "recommended"`` takes columns of the recommended set instead of the paper's. ``center`` and
``weights`` are parameters of `RidgeCV`.
"""

LEARNED = {"center": "configuration", "weights": (1.0, 3.0, 10.0)}
"""Parameters with which a selection of the recommended set is learned by default."""

Selection = Criteria | Sequence[Criteria]
"""The columns that meet all criteria of a table; or the union over several tables."""


def named(features: Criteria | Mapping[str, Selection]) -> dict[str, Selection]:
    """Return selections by name; the name of a single one is made of its criteria.

    Raises
    ------
    InputError
        If it is neither one table of criteria nor selections by name.
    """
    if not isinstance(features, Mapping):
        raise InputError(f"features: expected a dict such as dict(generations=2), got {features!r}")
    tables = [_is_selection(value) for value in features.values()]
    if features and all(tables):
        return dict(features)
    if any(tables):
        raise InputError(f"features: expected one selection, or named ones, got {features!r}")
    text = ", ".join(f"{name} = {value}" for name, value in features.items())
    return {text or "all": features}


def columns(labels: np.recarray, selection: Selection) -> NDArray[np.int64]:
    """Return the columns of a selection.

    Raises
    ------
    InputError
        If there is no such label or no such column.
    """
    parts = [selection] if isinstance(selection, Mapping) else selection
    if not _is_selection(parts):
        raise InputError(
            "features: expected a dict such as dict(generations=2), or a list of them, got "
            f"{selection!r}"
        )
    return np.unique(np.concatenate([_columns(labels, criteria) for criteria in parts]))


def learned(selection: Selection, default: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters with which a selection is learned: `center` and `weights`.

    Raises
    ------
    InputError
        If its tables disagree.
    """
    parts = [selection] if isinstance(selection, Mapping) else selection
    parameters = [_parameters(criteria, default) for criteria in parts]
    if any(other != parameters[0] for other in parameters):
        raise InputError("center, weights: expected the same in all tables that are joined")
    return parameters[0]


class Group(NamedTuple):
    """Selections with the same sources and parameters, which are learned in one pass."""

    sources: tuple[str, ...]
    read: NDArray[np.int64]
    """The columns that are read, among those of all sources side by side."""
    columns: dict[str, NDArray[np.int64]]
    """The columns of each selection, among those that are read."""
    learned: dict[str, Any]
    configuration_mean: int | None
    """The column from which a configuration's mean is learned, among those that are read."""


def groups(
    labels: np.recarray, chosen: Mapping[str, Selection], default: Mapping[str, Any]
) -> list[Group]:
    """Return selections in groups of the same sources and parameters.

    The memory of a group grows with the square of its number of columns. Where means are
    subtracted in each configuration, a configuration's mean is learned separately: from the energy
    of the inherent state, if that is among the columns.
    """
    alike: dict[tuple, dict[str, NDArray[np.int64]]] = {}
    for name, selection in chosen.items():
        of_selection = columns(labels, selection)
        sources = tuple(dict.fromkeys(labels.source[of_selection].tolist()))
        parameters = tuple(learned(selection, default).items())
        alike.setdefault((sources, parameters), {})[name] = of_selection
    result = []
    for (sources, parameters), members in alike.items():
        energy = _energy(labels, sources)
        if dict(parameters)["center"] != "configuration":
            energy = energy[:0]
        read = np.unique(np.concatenate([*members.values(), energy]))
        of_sources = np.flatnonzero(np.isin(labels.source, sources))
        result.append(
            Group(
                sources=sources,
                read=np.searchsorted(of_sources, read),
                columns={name: np.searchsorted(read, own) for name, own in members.items()},
                learned=dict(parameters),
                configuration_mean=int(np.searchsorted(read, energy[0])) if len(energy) else None,
            )
        )
    return result


def _columns(labels: np.recarray, criteria: Criteria) -> NDArray[np.int64]:
    on_labels = {name: value for name, value in criteria.items() if name not in LEARNED}
    of_set = labels.source == RECOMMENDED
    if on_labels.pop("set", "") != RECOMMENDED:
        of_set = ~of_set
    if not of_set.any():
        raise InputError("set: expected the recommended one among the descriptors, found none")
    if "generations" in on_labels:
        generations = on_labels.pop("generations")
        if isinstance(generations, int):
            generations = range(generations + 1)
        on_labels["generation"] = list(generations)
    if "states" in on_labels:
        on_labels["state"] = list(on_labels.pop("states"))
    return np.flatnonzero(of_set)[select(labels[of_set], **on_labels)]


def _parameters(criteria: Criteria, default: Mapping[str, Any]) -> dict[str, Any]:
    usual = LEARNED if criteria.get("set") == RECOMMENDED else default
    return {name: criteria.get(name, usual[name]) for name in LEARNED}


def _energy(labels: np.recarray, sources: tuple[str, ...]) -> NDArray[np.int64]:
    """Return the column of a particle's energy in the inherent state, if there is one."""
    is_energy = (labels.kind == "energy") & (labels.state == "inherent") & np.isnan(labels.r)
    return np.flatnonzero(is_energy & np.isin(labels.source, sources))


def _is_selection(value: Any) -> bool:
    if isinstance(value, Mapping):
        return True
    several = isinstance(value, list | tuple) and len(value) > 0
    return several and all(isinstance(part, Mapping) for part in value)


def default_selections(force: bool, small: bool = False, sized: bool = False) -> dict[str, Any]:
    """Return the selections of a new recipe by name; LR2 is the X^init of :cite:`Alkemade2023`.

    Parameters
    ----------
    force
        Whether the net force is among the descriptors. Hard spheres have none.
    small
        Whether the study is small. It leaves out the recommended set, and the selection of all
        columns of two states that includes the inherent state.
    sized
        Whether particles have sizes of their own, which then are descriptors as well.
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
    if sized:
        kinds = (*STRUCTURE, "radial diameter", "diameter")
        for n in (0, 1, 2):
            selections[f"LR{n} + size"] = _structure(n, kinds)
        both = _structure(2, kinds, states=("initial", "cage"))
        selections["X init + X CS + dr CS + size"] = (both, _single("displacement", "cage"))
    return selections


def _structure(n: int, kind: Any = STRUCTURE, states: tuple[str, ...] = ("initial",)) -> dict:
    return {"generations": n, "kind": kind, "states": states}


def _single(kind: str, state: str) -> dict[str, Any]:
    return {"generations": 0, "kind": kind, "states": (state,)}
