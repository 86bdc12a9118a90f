"""Checks of the values in a recipe that are tables: steps, the cage state, selections."""

from dataclasses import replace
from typing import Any

from cagebreak.descriptors.base import RENAMED_KINDS
from cagebreak.descriptors.caged.cage_average import STATE as SAMPLED
from cagebreak.descriptors.caged.wide_cage import STATE as WIDE
from cagebreak.simulation.preparation import ENSEMBLES, Step
from cagebreak.study.recipe.checks import (
    BOOLEAN,
    KINDS,
    STATES,
    Check,
    ascending,
    checked,
    integer,
    list_of,
    number,
    one_of,
    optional,
    or_list,
    pair_of,
    table_json,
)
from cagebreak.study.recipe.descriptors import RECOMMENDED

CENTER = one_of(("global", "configuration"))

_TEMPERATURE = number(0, 1e6, above=True)
_STEP = {
    "ensemble": one_of(ENSEMBLES),
    "time": number(0, 1e12),
    "temperature": optional(
        or_list(_TEMPERATURE, list_of(_TEMPERATURE, empty=True, distinct=False), always=True)
    ),
    "pressure": optional(number(-1e6, 1e6)),
    "swaps": optional(number(0, 1e6)),
}

_LENGTHS = pair_of(integer(0, 10**9), integer(1, 10**9))
_CAGE = {
    "sweeps": optional(_LENGTHS),
    "trajectories": optional(_LENGTHS),
    "chains": optional(integer(1, 1000)),
    "wide_chains": optional(integer(1, 1000)),
    "precision": optional(number(0, 10, above=True)),
}


def _kind() -> Check:
    """Return the check of a kind of descriptors, which may have the name of an earlier version."""
    kind = one_of(KINDS)

    def convert(value: Any) -> str:
        return kind.convert(RENAMED_KINDS.get(value, value) if type(value) is str else value)

    return replace(kind, convert=convert)


_GENERATION, _KIND = integer(0, 20), _kind()
_CRITERIA = {
    "generations": optional(or_list(_GENERATION, list_of(_GENERATION))),
    "kind": optional(or_list(_KIND, list_of(_KIND))),
    "states": optional(list_of(one_of((*STATES, SAMPLED, WIDE)))),
    "body": optional(integer(1, 2)),
    "set": optional(one_of((RECOMMENDED,))),
    "center": optional(CENTER),
    "weights": optional(ascending()),
}


def _steps(values: Any) -> tuple[dict[str, Any], ...]:
    if type(values) is not list or not values:
        raise ValueError
    return tuple(map(_step, values))


def _step(value: Any) -> dict[str, Any]:
    try:
        step = checked(value, _STEP)
        Step(**step)
    except ValueError as error:
        raise ValueError(
            f"in a step, {error}" if str(error) else f"{value!r} is no table"
        ) from None
    return step


def _cage(value: Any) -> dict[str, Any]:
    cage = checked(value, _CAGE)
    # Only a run of a given length has chains.
    lengths = set(cage) - {"chains", "wide_chains"} if "precision" not in cage else set(cage)
    if lengths != {"precision"} and not set() < lengths <= {"sweeps", "trajectories"}:
        raise ValueError
    return cage


def _selections(values: Any) -> dict[str, Any]:
    if type(values) is not dict or not values:
        words = {name: _CRITERIA[name].expected for name in ("kind", "states", "set", "center")}
        raise ValueError("; ".join(f"{name}: {expected}" for name, expected in words.items()))
    return {name: _selection(name, selection) for name, selection in values.items()}


def _selection(name: str, selection: Any) -> dict[str, Any] | tuple[dict[str, Any], ...]:
    try:
        if type(selection) is list and selection:
            return tuple(checked(criteria, _CRITERIA) for criteria in selection)
        return checked(selection, _CRITERIA)
    except ValueError as error:
        raise ValueError(f"{name!r} {f'has {error}' if str(error) else 'is no table'}") from None


_LENGTH = number(0, 100, above=True)
_KEEP = {
    "squared_displacement": optional(BOOLEAN),
    "cage_relative": optional(_LENGTH),
    "bond_breaking": optional(pair_of(_LENGTH, _LENGTH)),
    "mobile": optional(_LENGTH),
    "persistence": optional(_LENGTH),
    "functions": optional(_LENGTH),
    "van_hove": optional(_LENGTH),
    "vectors": optional(ascending()),
}


def _keep(value: Any) -> dict[str, Any]:
    keep = checked(value, _KEEP)
    if "bond_breaking" in keep and keep["bond_breaking"][0] > keep["bond_breaking"][1]:
        raise ValueError("bond_breaking: the first length is the smaller one")
    return keep


_STEP_JSON, _CRITERIA_JSON = table_json(_STEP), table_json(_CRITERIA)

STEPS = Check(
    f"a list of tables of ensemble ({_STEP['ensemble'].expected}), time, and, where wanted, "
    "temperature (one, or two to go from one to the other), pressure, swaps a particle and tau",
    {"type": "array", "items": _STEP_JSON, "minItems": 1},
    _steps,
)
"""The steps of a preparation."""

CAGE = Check(
    "either sweeps, trajectories or both = [to relax, to measure], with chains of each if more "
    "than one and wide_chains if any, or precision = ..., a length in sigma",
    table_json(_CAGE) | {"minProperties": 1},
    _cage,
)
"""How a cage state is reached."""

KEEP = Check(
    "a table of squared_displacement = true, cage_relative = cut-off of neighbors, bond_breaking = "
    "[near, far], mobile, persistence and functions = length of the overlap, in sigma, van_hove = "
    "largest distance, in sigma, vectors = times in tau",
    table_json(_KEEP),
    _keep,
)
"""What is kept of each run beside the displacements."""

SELECTIONS = Check(
    f"named tables of {', '.join(_CRITERIA)}, or lists of such tables",
    {
        "type": "object",
        "additionalProperties": {
            "anyOf": [_CRITERIA_JSON, {"type": "array", "items": _CRITERIA_JSON, "minItems": 1}]
        },
        "minProperties": 1,
    },
    _selections,
)
"""Selections of descriptors by name, and how `RidgeCV` learns from them."""
