"""Figures of :cite:`Rottler2024`: rearrangements, and classifiers on the cluster expansion."""

from cagebreak.figures.rottler2024.classification import (
    accuracy,
    distributions,
    learning_curves,
    pair_functions,
    radial_basis,
    selections,
)
from cagebreak.figures.rottler2024.rearrangements import slices, stress_strain

__all__ = [
    "accuracy",
    "distributions",
    "learning_curves",
    "pair_functions",
    "radial_basis",
    "selections",
    "slices",
    "stress_strain",
]
