"""Checks of the values in a recipe."""

import re
from collections.abc import Callable
from typing import Any

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
