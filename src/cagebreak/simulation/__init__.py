"""Simulating glass formers."""

from cagebreak.simulation import equilibrate, hard_spheres, isoconfigurational, lammps, shear

__all__ = ["equilibrate", "hard_spheres", "isoconfigurational", "lammps", "shear"]
