"""Numbers of the cage state."""

from cagebreak.states import cage, cage_sampler, lammps_cage
from support.claims import printed
from support.paths import ROOT

DOCUMENT = ROOT / "docs/states/cage.md"
GIVEN = [
    "Positions are 32-bit integers",  # the type of the kernel's arrays
    "min(1, exp(-dH / kT))",  # the rule of Metropolis
]


def computed():
    yield f"by default {cage.PRECISION} sigma: measure until"
    yield f"is below this; {cage.RELAX} sweeps relax"
    yield f"tuned to an acceptance of {cage_sampler.ACCEPTANCE} during"
    few, many = lammps_cage.STEPS
    yield f"trajectory of {few} to {many} time steps from"
    yield f"as much as {few} to {many} time steps of dynamics"
    yield f"tuned to an acceptance of {lammps_cage.ACCEPTANCE} during"
    yield f"with a margin of {printed(cage_sampler._HARD_MARGIN)} for hard spheres"
