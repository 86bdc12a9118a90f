"""Glass formers: particles, potentials and state points."""

from cagebreak.models.glass_formers import (
    fene_polymer,
    hard_spheres,
    harmonic_spheres,
    kob_andersen,
    kob_andersen_smoothed,
    wahnstrom,
)
from cagebreak.models.model import Bonds, Model, PairPotential, Table
from cagebreak.models.tabulated import tabulated

__all__ = [
    "Bonds",
    "Model",
    "PairPotential",
    "Table",
    "fene_polymer",
    "hard_spheres",
    "harmonic_spheres",
    "kob_andersen",
    "kob_andersen_smoothed",
    "tabulated",
    "wahnstrom",
]
