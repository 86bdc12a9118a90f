"""Checks of the values in a recipe."""

import re
from collections.abc import Callable
from typing import Any

from cagebreak.descriptors.cage_average import STATE as SAMPLED
from cagebreak.errors import InputError
from cagebreak.simulation.preparation import ENSEMBLES, Step
from cagebreak.study.recipe.descriptors import RECOMMENDED

Check = Callable[[Any], Any]
"""Returns the value as it is kept, or raises a ValueError, whose text says more."""


def integer(low: int, high: int) -> Check:
    """Return a check for whole numbers from `low` to `high`."""

    def check(value: Any) -> int:
        if type(value) is not int or not low <= value <= high:
            raise ValueError
        return value

    return check


def number(low: float, high: float, open_below: bool = False) -> Check:
    """Return a check for numbers from `low` to `high`, which are kept as floats."""

    def check(value: Any) -> float:
        if type(value) not in (int, float) or not low <= value <= high:
            raise ValueError
        if open_below and value == low:
            raise ValueError
        return float(value)

    return check


def one_of(names: tuple[str, ...]) -> Check:
    """Return a check for one of some words."""

    def check(value: Any) -> str:
        if type(value) is not str or value not in names:
            raise ValueError
        return value

    return check


def list_of(check: Check) -> Check:
    """Return a check for a list of different items, kept as a tuple."""

    def check_list(value: Any) -> tuple:
        if type(value) is not list or not value:
            raise ValueError
        checked = tuple(check(item) for item in value)
        if len(set(checked)) != len(checked):
            raise ValueError
        return checked

    return check_list


def boolean(value: Any) -> bool:
    """Check a truth value."""
    if type(value) is not bool:
        raise ValueError
    return value


def ascending(value: Any) -> tuple[float, ...]:
    """Check a list of numbers above 0, the smallest first."""
    numbers = list_of(number(0, 1e300, open_below=True))(value)
    if list(numbers) != sorted(numbers):
        raise ValueError
    return numbers


def times(value: Any) -> tuple[float, ...]:
    """Check a list of times above 0, the first one first; it may be empty."""
    return () if value == [] else ascending(value)


def digest(value: Any) -> str:
    """Check a SHA-256 in hexadecimal."""
    if type(value) is not str or not re.fullmatch("[0-9a-f]{64}", value):
        raise ValueError
    return value


def numbers_above_0(value: Any) -> tuple[float, ...]:
    """Check a list of numbers above 0; it may be empty."""
    if type(value) is not list:
        raise ValueError
    return tuple(map(number(0, 1e300, open_below=True), value))


def file_name(value: Any) -> str:
    """Check the name of a file in the folder of the recipe."""
    if type(value) is not str or not re.fullmatch(r"[^/\\\0\n]*[^/\\\0\n.][^/\\\0\n]*", value):
        raise ValueError
    return value


DESCRIPTORS = ("alkemade2023", "alkemade2022", "boattini2021", "jung2023")
"""The papers' sets of descriptors, as in `cagebreak.descriptors.papers`."""

STATES = ("initial", "inherent", "cage")
"""The states of a configuration that can be described."""

STRUCTURE = ("radial", "angular")
"""The kinds of descriptors in the papers' sets, but for jung2023."""

KINDS = (
    *STRUCTURE,
    "density",
    "energy variance",
    "perimeter",
    "area",
    "volume",
    "displacement",
    "variance",
    "anisotropy",
    "force",
    "energy",
    "laplacian",
    "acceptance",
    "cell_rejection",
    "energy var",
    "force var",
    "laplacian var",
)
"""All kinds; which there are depends on the set and the state."""

RENAMED = {"wall": "cell_rejection"}
"""Present names of what older recipes and units call otherwise."""


def _kind(value: Any) -> str:
    return one_of(KINDS)(RENAMED.get(value, value) if type(value) is str else value)


def _kinds(value: Any) -> str | tuple[str, ...]:
    return list_of(_kind)(value) if type(value) is list else _kind(value)


def _generations(value: Any) -> int | tuple[int, ...]:
    generation = integer(0, 20)
    return list_of(generation)(value) if type(value) is list else generation(value)


_WISHES: dict[str, Check] = {
    "generations": _generations,
    "kind": _kinds,
    "states": list_of(one_of((*STATES, SAMPLED))),
    "body": integer(1, 2),
    "set": one_of((RECOMMENDED,)),
    "center": one_of(("global", "configuration")),
    "weights": ascending,
}


def selections(value: Any) -> dict[str, Any]:
    """Check the table of named selections, each a table of wishes or a list of them."""
    if type(value) is not dict or not value:
        raise ValueError
    return {name: _selection(name, selection) for name, selection in value.items()}


def _selection(name: str, selection: Any) -> dict[str, Any] | tuple[dict[str, Any], ...]:
    if type(selection) is list and selection:
        return tuple(_wishes(name, part) for part in selection)
    return _wishes(name, selection)


def _wishes(name: str, wishes: Any) -> dict[str, Any]:
    if type(wishes) is not dict:
        raise ValueError(f"{name!r} is no table")
    checked = {}
    for wish, wanted in wishes.items():
        try:
            checked[wish] = _WISHES[wish](wanted)
        except (KeyError, ValueError):
            raise ValueError(f"{name!r} has {wish} = {wanted!r}") from None
    return checked


def cage(value: Any) -> dict[str, Any]:
    """Check how a cage state is reached: by sweeps, with or without chains, or to a precision."""
    if type(value) is not dict:
        raise ValueError
    if set(value) == {"precision"}:
        return {"precision": number(0, 10, open_below=True)(value["precision"])}
    if not {"sweeps"} <= set(value) <= {"sweeps", "chains"}:
        raise ValueError
    wanted = value["sweeps"]
    if type(wanted) is not list or len(wanted) != 2:
        raise ValueError
    relax, measure = wanted
    checked = {"sweeps": (integer(0, 10**9)(relax), integer(1, 10**9)(measure))}
    if "chains" in value:
        checked["chains"] = integer(1, 1000)(value["chains"])
    return checked


def steps(value: Any) -> tuple[dict[str, Any], ...]:
    """Check the steps of a preparation."""
    if type(value) is not list or not value:
        raise ValueError
    return tuple(_step(step) for step in value)


def _step(value: Any) -> dict[str, Any]:
    if type(value) is not dict or not {"ensemble", "time"} <= set(value) <= set(_STEP):
        raise ValueError(f"{value!r} has not the keys of a step")
    checked = {}
    for name, wanted in value.items():
        try:
            checked[name] = _STEP[name](wanted)
        except ValueError:
            raise ValueError(f"a step has {name} = {wanted!r}") from None
    try:
        Step(**checked)
    except InputError as error:
        raise ValueError(str(error)) from None
    return checked


def _temperatures(value: Any) -> tuple[float, ...]:
    temperature = number(0, 1e6, open_below=True)
    values = value if type(value) is list else [value]
    return tuple(temperature(each) for each in values)


_STEP: dict[str, Check] = {
    "ensemble": one_of(ENSEMBLES),
    "time": number(0, 1e12),
    "temperature": _temperatures,
    "pressure": number(-1e6, 1e6),
}
