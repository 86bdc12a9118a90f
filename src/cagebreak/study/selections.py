"""What part of the descriptors is learnt from, in the words of a recipe."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cagebreak.descriptors import select
from cagebreak.errors import InputError

Wishes = Mapping[str, Any]
"""``generations`` (a number: up to it; or a list), ``states``, or any field of the labels."""


def named(features: Wishes | Mapping[str, Wishes] | None) -> dict[str, Wishes]:
    """Return selections by name; a single one is called by what it asks for.

    Raises
    ------
    InputError
        If it is neither one table of wishes nor tables of them.
    """
    if features is None:
        features = {}
    if not isinstance(features, Mapping):
        raise InputError(f"features: expected a dict such as dict(generations=2), got {features!r}")
    tables = [isinstance(value, Mapping) for value in features.values()]
    if features and all(tables):
        return dict(features)
    if any(tables):
        raise InputError(f"features: expected one selection, or named ones, got {features!r}")
    text = ", ".join(f"{wish} = {wanted}" for wish, wanted in features.items())
    return {text or "all": features}


def columns(labels: np.recarray, wishes: Wishes) -> NDArray[np.int64]:
    """Return the columns that a selection asks for.

    Raises
    ------
    InputError
        If there is no such label or no such column.
    """
    wanted = dict(wishes)
    if "generations" in wanted:
        generations = wanted.pop("generations")
        if isinstance(generations, int):
            generations = range(generations + 1)
        wanted["generation"] = list(generations)
    if "states" in wanted:
        wanted["state"] = list(wanted.pop("states"))
    return select(labels, **wanted)
