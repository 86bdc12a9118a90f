"""What a study computes of each state of a configuration: a paper's descriptors, and scalars.

Beside them may stand the recommended set, which draws from all states.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.lib import recfunctions

from cagebreak.descriptors import (
    CageAnisotropy,
    CageDisplacement,
    CageVariance,
    Descriptor,
    Generations,
    NetForce,
    papers,
)
from cagebreak.descriptors.recommended import Recommended
from cagebreak.models import Model

if TYPE_CHECKING:
    from cagebreak.study.recipe import Recipe


RECOMMENDED = "recommended"
"""The source of the columns that belong to no single state."""


def sources(recipe: "Recipe") -> tuple[str, ...]:
    """Return where columns come from, in order: the states, and the recommended set if wanted."""
    wanted = recipe.descriptors
    return (*wanted.states, RECOMMENDED) if wanted.recommended else wanted.states


def recommended(recipe: "Recipe") -> Recommended:
    """Return the recommended set, from the recipe's own cage states."""
    return Recommended(recipe.model, **recipe.states.cage)


def descriptor(recipe: "Recipe", state: str) -> Generations:
    """Return the descriptor of a state: the paper's set and the scalars that the state has."""
    wanted = recipe.descriptors
    paper = getattr(papers, wanted.set)(recipe.model, generations=wanted.generations)
    return replace(paper, descriptors=(*paper.descriptors, *_scalars(recipe.model, state)))


def labels(recipe: "Recipe") -> np.recarray:
    """Return the labels of all columns without computing them, each with its `source`."""
    parts = []
    for source in sources(recipe):
        part = (
            recommended(recipe).labels()
            if source == RECOMMENDED
            else descriptor(recipe, source).labels(source)
        )
        named = np.full(len(part), source, "U16")
        parts.append(recfunctions.append_fields(part, "source", named, usemask=False))
    return np.concatenate(parts).view(np.recarray)


def _scalars(model: Model, state: str) -> tuple[Descriptor, ...]:
    if state == "cage":
        return (CageDisplacement(), CageVariance(), CageAnisotropy())
    if state == "inherent":
        return (CageDisplacement(),)
    # Hard spheres feel no force between collisions.
    return () if model.pair.form == "hard_log" else (NetForce(model),)
