"""Checks of the values in a recipe.

A check converts a value, and says what it expects: in words for messages, and as a JSON schema for
editors. The functions below make all three from the same bounds.
"""

import dataclasses
import difflib
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cagebreak.configuration import SPECIES_NAMES
from cagebreak.models.lammps import UNITS

JsonSchema = dict[str, Any]

_SHOWN = 80  # characters of a value in a message
_LARGEST = 1e300  # of a number without other bounds


@dataclass(frozen=True)
class Check:
    """A kind of value.

    Parameters
    ----------
    expected
        What a value has to be: "a whole number from 2 to 10".
    json
        The JSON schema of what it may be.
    convert
        Returns a value as it is kept, or raises a ValueError, whose text may add to `expected`.
    plural
        What several values have to be: "whole numbers from 2 to 10".
    optional
        Whether a key of this kind may be left out.
    """

    expected: str
    json: JsonSchema
    convert: Callable[[Any], Any]
    plural: str = ""
    optional: bool = False

    def also(self, condition: str) -> "Check":
        """Return the check with a condition in its words, which `Recipe` checks."""
        return dataclasses.replace(self, expected=f"{self.expected}; {condition}")


def optional(check: Check) -> Check:
    """Return the check of a key that may be left out."""
    return dataclasses.replace(check, optional=True)


def checked(values: Any, checks: Mapping[str, Check]) -> dict[str, Any]:
    """Return the values of a table as they are kept.

    Raises
    ------
    ValueError
        If it is no table, a key is unknown or missing, or a value is wrong: names the key and its
        value, and what was expected.
    """
    if type(values) is not dict:
        raise ValueError
    for name, value in values.items():
        if name not in checks:
            hint = near(name, checks) or f"its keys are {', '.join(checks)}"
            raise ValueError(f"{entry(name, value)}: no key of this table; {hint}")
    for name, check in checks.items():
        if name not in values and not check.optional:
            raise ValueError(f"{name} is missing: expected {check.expected}")
    return {name: _converted(name, value, checks[name]) for name, value in values.items()}


def _converted(name: str, value: Any, check: Check) -> Any:
    try:
        return check.convert(value)
    except ValueError as error:
        reason = f"; {error}" if str(error) else ""
        raise ValueError(f"{entry(name, value)}: expected {check.expected}{reason}") from None


def table_json(checks: Mapping[str, Check]) -> JsonSchema:
    """Return the JSON schema of the tables that `checked` admits."""
    return {
        "type": "object",
        "properties": {name: check.json for name, check in checks.items()},
        "required": [name for name, check in checks.items() if not check.optional],
        "additionalProperties": False,
    }


def entry(name: str, value: Any) -> str:
    """Return a key and its value as a message shows them."""
    shown = repr(value)
    return f"{name} = {shown if len(shown) <= _SHOWN else shown[:_SHOWN] + '…'}"


def near(name: Any, names: Iterable[str]) -> str:
    """Return a suggestion for a wrong name: the one most like it; empty if none is like it."""
    likest = difflib.get_close_matches(str(name), list(names), n=1)
    return f"did you mean {likest[0]}?" if likest else ""


def short(number: str) -> str:
    """Return a number without the zeros of its exponent: 1e5 for 1e+05."""
    return re.sub(r"e\+?(-?)0*(\d)", r"e\1\2", number)


def integer(low: int, high: int) -> Check:
    """Return a check for whole numbers from `low` to `high`."""

    def convert(value: Any) -> int:
        if type(value) is not int or not low <= value <= high:
            raise ValueError
        return value

    words = f"from {low} to {high}"
    json = {"type": "integer", "minimum": low, "maximum": high}
    return Check(f"a whole number {words}", json, convert, f"whole numbers {words}")


def number(low: float = -_LARGEST, high: float = _LARGEST, above: bool = False) -> Check:
    """Return a check for numbers from `low`, or above it, to `high`, which are kept as floats."""

    def convert(value: Any) -> float:
        if type(value) not in (int, float) or not low <= value <= high or (above and value == low):
            raise ValueError
        return float(value)

    lowest, highest = (short(f"{bound:g}") for bound in (low, high))
    words, json = "", {"type": "number"} | ({"maximum": high} if high < _LARGEST else {})
    if above:
        words = f" above {lowest}" + (f", up to {highest}" if "maximum" in json else "")
        json["exclusiveMinimum"] = low
    elif low > -_LARGEST:
        words = f" from {lowest} to {highest}"
        json["minimum"] = low
    return Check(f"a number{words}", json, convert, f"numbers{words}")


def one_of(words: Collection[str]) -> Check:
    """Return a check for one of some words."""

    def convert(value: Any) -> str:
        if type(value) is not str or value not in words:
            raise ValueError(near(value, words))
        return value

    listed = ", ".join(words)
    expected = f"one of {listed}" if len(words) > 2 else " or ".join(words)
    return Check(expected, {"enum": list(words)}, convert, listed)


def matching(pattern: str, expected: str) -> Check:
    """Return a check for a text that a regular expression matches."""

    def convert(value: Any) -> str:
        if type(value) is not str or not re.fullmatch(pattern, value):
            raise ValueError
        return value

    return Check(expected, {"type": "string", "pattern": f"^{pattern}$"}, convert)


def list_of(
    check: Check, ascending: bool = False, empty: bool = False, distinct: bool = True
) -> Check:
    """Return a check for a list, which is kept as a tuple."""

    def convert(values: Any) -> tuple[Any, ...]:
        if type(values) is not list or not (values or empty):
            raise ValueError
        kept = tuple(map(check.convert, values))
        if (distinct and len(set(kept)) != len(kept)) or (ascending and list(kept) != sorted(kept)):
            raise ValueError
        return kept

    words = f"{'ascending ' if ascending else ''}{check.plural}{', or []' if empty else ''}"
    json = {"type": "array", "items": check.json, "uniqueItems": distinct}
    json |= {} if empty else {"minItems": 1}
    return Check(f"a list of {words}", json, convert)


def ascending(empty: bool = False) -> Check:
    """Return a check for a list of numbers above 0, the smallest first."""
    return list_of(number(0, above=True), ascending=True, empty=empty)


def or_list(check: Check, several: Check, always: bool = False) -> Check:
    """Return a check for a value or a list; a list is kept as a tuple, a value if `always`."""

    def convert(value: Any) -> Any:
        if type(value) is not list and not always:
            return check.convert(value)
        return several.convert(value if type(value) is list else [value])

    json = {"anyOf": [check.json, several.json]}
    return Check(f"{check.expected}, or a list", json, convert)


def pair_of(first: Check, second: Check) -> Check:
    """Return a check for a list of two different things, which is kept as a tuple."""

    def convert(value: Any) -> tuple[Any, Any]:
        if type(value) is not list or len(value) != 2:
            raise ValueError
        return first.convert(value[0]), second.convert(value[1])

    json = {"type": "array", "items": [first.json, second.json], "minItems": 2, "maxItems": 2}
    return Check(f"[{first.expected}, {second.expected}]", json, convert)


def _truth(value: Any) -> bool:
    if type(value) is not bool:
        raise ValueError
    return value


BOOLEAN = Check("true or false", {"type": "boolean"}, _truth)
POSITIVE = number(0, above=True)
DIGEST = matching("[0-9a-f]{64}", "the SHA-256 that `cagebreak import` wrote")
FILE_NAME = matching(r"[^/\\\0\n]*[^/\\\0\n.][^/\\\0\n]*", "the name of a file beside the recipe")
SPECIES = dataclasses.replace(
    list_of(one_of(tuple(SPECIES_NAMES))),
    expected="a list of species of the model, for instance A, B",
)
SETS_OF_CONFIGURATIONS = dataclasses.replace(
    list_of(list_of(integer(0, 10**6)), empty=True),
    expected="a list of lists of numbers of configurations, each in one list",
)

PARAMETERS: dict[type | str, Check] = {
    float: number(),
    int: integer(1, 10**9),
    str: FILE_NAME,
    tuple: list_of(POSITIVE, empty=True, distinct=False).also("one for each species"),
    "units": one_of(UNITS),
    "charges": list_of(number(), empty=True, distinct=False).also("one for each species"),
}
"""What a parameter of a model may be, by its type, or by its name if that is here.

The function that makes the model checks more.
"""

SETS = ("alkemade2023", "alkemade2022", "boattini2021", "jung2023")
"""The papers' sets of descriptors, as in `cagebreak.descriptors.papers`."""

QUANTITIES = list_of(
    one_of(
        (
            "displacement",
            "d2min",
            "squared_displacement",
            "cage_relative",
            "bond_breaking",
            "mobile",
            "persistence",
        )
    )
)
"""Quantities of particles that runs measure at all times, as in `stages.quantities`."""

STATES = ("initial", "inherent", "cage")
"""The states of a configuration that can be described."""

STRUCTURE = ("radial", "angular")
"""The kinds of descriptors in the papers' sets, but for jung2023."""

KINDS = (
    *STRUCTURE,
    "density",
    "perimeter",
    "area",
    "volume",
    "diameter",
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
    "coordination",
    "error",
    "distance",
    "escape",
    "radial diameter",
)
"""All kinds; which of them exist depends on the set and the state."""
