"""Measures of motion: propensity, relaxation, heterogeneity, D2min, plasticity, equilibration."""

from cagebreak.dynamics import (
    d2min,
    displacements,
    equilibrium,
    fields,
    four_point,
    functions,
    neighbor_motion,
    plasticity,
    propensity,
    relaxation,
    scattering,
    van_hove,
)

__all__ = [
    "d2min",
    "displacements",
    "equilibrium",
    "fields",
    "four_point",
    "functions",
    "neighbor_motion",
    "plasticity",
    "propensity",
    "relaxation",
    "scattering",
    "van_hove",
]
