"""What a study computes of each state of a configuration: a paper's descriptors, and scalars."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from cagebreak.descriptors import (
    CageAnisotropy,
    CageDisplacement,
    CageVariance,
    Descriptor,
    Generations,
    NetForce,
    papers,
)
from cagebreak.models import Model

if TYPE_CHECKING:
    from cagebreak.study.recipe import Recipe


def descriptor(recipe: "Recipe", state: str) -> Generations:
    """Return the descriptor of a state: the paper's set and the scalars that the state has."""
    wanted = recipe.descriptors
    paper = getattr(papers, wanted.set)(recipe.model, generations=wanted.generations)
    return replace(paper, descriptors=(*paper.descriptors, *_scalars(recipe.model, state)))


def labels(recipe: "Recipe") -> np.recarray:
    """Return the labels of all columns, state by state, without computing them."""
    states = recipe.descriptors.states
    parts = [descriptor(recipe, state).labels(state) for state in states]
    return np.concatenate(parts).view(np.recarray)


def _scalars(model: Model, state: str) -> tuple[Descriptor, ...]:
    if state == "cage":
        return (CageDisplacement(), CageVariance(), CageAnisotropy())
    if state == "inherent":
        return (CageDisplacement(),)
    # Hard spheres feel no force between collisions.
    return () if model.pair.form == "hard_log" else (NetForce(model),)
