"""A key of a recipe, as a field of the section that it stands in."""

import dataclasses
from typing import Any, NamedTuple

from cagebreak.study.recipe.checks import Check


class Key(NamedTuple):
    """A key of a recipe: its check, its value in a new recipe, in a small one, and its comment."""

    check: Check
    full: Any
    small: Any
    comment: str


def key(check: Check, full: Any, comment: str, small: Any = None) -> Any:
    """Return the field of a key. An optional key that a recipe leaves out is None."""
    metadata = {"key": Key(check, full, full if small is None else small, comment)}
    if check.optional:
        return dataclasses.field(default=None, metadata=metadata)
    return dataclasses.field(metadata=metadata)
