"""Glass formers: particles, potentials and state points."""

from cagebreak.models.glass_formers import (
    fene_polymer,
    hard_spheres,
    harmonic_spheres,
    kob_andersen,
    kob_andersen_smoothed,
    wahnstrom,
)
from cagebreak.models.lammps import lammps
from cagebreak.models.model import (
    Bonds,
    LammpsLines,
    Model,
    PairPotential,
    Sizes,
    Table,
    as_model,
)
from cagebreak.models.polydisperse import (
    polydisperse_hard_spheres,
    soft_discs,
    soft_spheres,
)
from cagebreak.models.tabulated import tabulated
from cagebreak.models.two_dimensions import (
    hard_discs,
    harmonic_discs,
    kob_andersen_2d,
    kob_andersen_2d_ternary,
)

__all__ = [
    "Bonds",
    "LammpsLines",
    "Model",
    "PairPotential",
    "Sizes",
    "Table",
    "as_model",
    "fene_polymer",
    "hard_discs",
    "hard_spheres",
    "harmonic_discs",
    "harmonic_spheres",
    "kob_andersen",
    "kob_andersen_2d",
    "kob_andersen_2d_ternary",
    "kob_andersen_smoothed",
    "lammps",
    "polydisperse_hard_spheres",
    "soft_discs",
    "soft_spheres",
    "tabulated",
    "wahnstrom",
]
