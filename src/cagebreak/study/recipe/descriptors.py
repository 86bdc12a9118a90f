"""The descriptors that a study computes of each state: a paper's set, and the state's scalars.

The recommended set, which draws from all states, may stand beside them.
"""

from collections.abc import Mapping
from dataclasses import replace

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
from cagebreak.models.model import Model

RECOMMENDED = "recommended"
"""The source of the columns that belong to no single state."""


def descriptor(model: Model, set_: str, generations: int, state: str) -> Generations:
    """Return the descriptor of a state: the paper's set and the scalars that the state has.

    Parameters
    ----------
    model
    set_
        A paper's set: the name of a function in `cagebreak.papers`.
    generations
        How often descriptors are averaged over neighbors.
    state
        "initial", "inherent" or "cage".
    """
    paper = getattr(papers, set_)(model, generations=generations)
    return replace(paper, descriptors=(*paper.descriptors, *_scalars(model, state)))


def labels(sources: Mapping[str, Generations | Recommended]) -> np.recarray:
    """Return the labels of all columns without computing them, each with its `source`."""
    parts = []
    for source, described in sources.items():
        part = (
            described.labels() if isinstance(described, Recommended) else described.labels(source)
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
    return () if model.is_hard else (NetForce(model),)
