"""Numbers among the arguments of models and simulations."""

import math
from typing import Any


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
