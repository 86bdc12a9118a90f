"""What a hybrid fit reads of a study, and whether all of it is done."""

from __future__ import annotations

from typing import Protocol

from cagebreak.errors import StoreError
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.stages.ends import DESCRIBED
from cagebreak.study.store import Store


class FinishedStudy(Protocol):
    """What is read of a study."""

    recipe: Recipe
    store: Store

    def require_finished(self, *others: str) -> None:
        """Raise a `StoreError` unless everything that a fit needs, and other stages, are done."""


def require_finished(study: FinishedStudy, ends: bool) -> None:
    """Raise a `StoreError` unless all that is read is done; say what needs no ends."""
    study.require_finished()
    if not ends:
        return
    try:
        study.require_finished(DESCRIBED.name)
    except StoreError as error:
        raise StoreError(
            f"{error}; or leave the ends of runs out: ends=False, or cagebreak hybrid --no-ends"
        ) from None
