"""Numbers among the arguments of models and simulations."""

import math
from typing import Any

from cagebreak.errors import InputError


def real(value: Any) -> float:
    """Return an argument as a float; NaN, which lies in no range, if it is no real number.

    A string is none, even "0.5".
    """
    if isinstance(value, str | bytes):
        return math.nan
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def is_whole(value: Any) -> bool:
    """Return whether an argument is a whole number."""
    return real(value).is_integer()


def within(name: str, value: float, low: float, high: float, closed_below: bool = False) -> None:
    """Raise an `InputError` if an argument is no number above `low` and up to `high`."""
    number = real(value)
    inside = (low <= number if closed_below else low < number) and number <= high
    if not inside:
        start = "[" if closed_below else "("
        raise InputError(f"{name}: expected a number in {start}{low}, {high}], got {value!r}")
