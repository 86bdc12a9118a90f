"""Models of lines of LAMMPS, with parameters printed in papers."""

import numpy as np

import cagebreak as cb
from cagebreak.models import lammps

# Stillinger and Weber, Phys. Rev. B 31, 5262 (1985), eqs. 2.3 to 2.6: A, B, p, q, a, lambda, gamma;
# epsilon is 50 kcal/mol and sigma 2.0951 Angstrom, eq. 2.9.
EPSILON, SIGMA = 50 / 23.06055, 2.0951
SILICON = {
    "Si.sw": f"Si Si Si {EPSILON!r} {SIGMA} 1.80 21.0 1.20 -0.333333333333333 "
    "7.049556277 0.6022245584 4.0 0.0 0.0\n"
}
SILICON_LINES = "pair_style sw\npair_coeff * * Si.sw Si   # Stillinger and Weber 1985\n"
KB = 8.617343e-5

KOB_ANDERSEN_LINES = """
pair_style lj/cut 2.5
pair_coeff 1 1 1.0 1.0  2.5
pair_coeff 1 2 1.5 0.8  2.0
pair_coeff 2 2 0.5 0.88 2.2
pair_modify shift yes
"""
SMOOTHED_LINES = """
pair_style lj/smooth 2.2 2.5
pair_coeff 1 1 1.0 1.0  2.2  2.5
pair_coeff 1 2 1.5 0.8  1.76 2.0
pair_coeff 2 2 0.5 0.88 1.936 2.2
pair_modify shift yes
"""


def silicon(kelvin=1500.0, density=0.4594, **options):
    """Return silicon of Stillinger and Weber; the density is that of the crystal."""
    return lammps(
        SILICON_LINES,
        files=SILICON,
        masses=[28.0855],
        units="metal",
        sigma=SIGMA,
        temperature=KB * kelvin,
        number_density=density,
        **options,
    )


def as_lines(model, lines):
    """Return a mixture of this package whose interaction is lines of LAMMPS."""
    return lammps(
        lines,
        masses=model.masses,
        temperature=model.temperature,
        number_density=model.number_density,
        composition=model.composition,
        diameters=model.diameters,
    )


def diamond(n_cells, edge):
    """Return diamond cubic silicon of n_cells^3 cells, in units of sigma."""
    corners = np.stack(np.meshgrid(*[np.arange(n_cells)] * 3), axis=-1).reshape(-1, 1, 3)
    faces = np.array([[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]])
    basis = np.concatenate([faces, faces + 0.25])
    positions = (corners + basis).reshape(-1, 3) * edge
    return cb.Configuration(positions, [0] * len(positions), n_cells * edge)
