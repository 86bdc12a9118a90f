"""Numbers of the page on lines of LAMMPS."""

from cagebreak.models.lammps import UNITS
from cagebreak.potentials.lammps import forces
from support.claims import holds
from support.paths import ROOT

DOCUMENT = ROOT / "docs/lammps.md"
GIVEN: list[str] = []


def computed():
    yield f"shaken by up to {forces.SHAKE} sigma"
    seconds = {UNITS["metal"].time_step * 1e-12, UNITS["real"].time_step * 1e-15}
    yield holds(
        f"{UNITS['lj'].time_step} tau in `lj` and 1 fs else",
        max(seconds) - min(seconds) < 1e-20 and set(UNITS) == {"lj", "metal", "real"},
    )
