"""Simulating glass formers."""

from cagebreak.simulation import (
    equilibrate,
    hard_spheres,
    isoconfigurational,
    lammps,
    molecular_dynamics,
    shear,
)
from cagebreak.simulation.pair_lines import tabulate

__all__ = [
    "equilibrate",
    "hard_spheres",
    "isoconfigurational",
    "lammps",
    "molecular_dynamics",
    "shear",
    "tabulate",
]
