"""Simulating glass formers."""

from cagebreak.simulation import equilibrate, hard_spheres, isoconfigurational, lammps, shear
from cagebreak.simulation.pair_lines import tabulate

__all__ = ["equilibrate", "hard_spheres", "isoconfigurational", "lammps", "shear", "tabulate"]
