"""A metallic glass, silicon and silica by lines of LAMMPS, and crystals of them."""

import numpy as np

import cagebreak as cb
from cagebreak.models import lammps
from support.lammps.models import KB, SIGMA, diamond

# A metal of two species, somewhat like copper and zirconium; all numbers are chosen. The pair
# energy is A exp(-p (r / r_0 - 1)), the density exp(-2 q (r / r_0 - 1)), both tapered, and the
# energy of an atom in its density is -D sqrt(rho).
NEAREST = np.array([[2.55, 2.80], [2.80, 3.15]])
REPULSION, EMBEDDING = np.array([[0.09, 0.12], [0.12, 0.18]]), np.array([1.2, 2.0])
P, Q, METAL_CUTOFF = 10.0, 2.5, 6.0
N_RHO, N_R, MOST_RHO = 4000, 4000, 60.0


def _taper(r):
    return np.where(r < METAL_CUTOFF, (1 - (r / METAL_CUTOFF) ** 2) ** 3, 0.0)


def metal_pair(a, b, r):
    return REPULSION[a, b] * np.exp(-P * (r / NEAREST[a, b] - 1)) * _taper(r)


def metal_density(a, b, r):
    return np.exp(-2 * Q * (r / NEAREST[a, b] - 1)) * _taper(r)


def metal_embedding(a, rho):
    return -EMBEDDING[a] * np.sqrt(rho)


def metal_table():
    """Return the potential as a table of the style eam/fs."""
    r = np.arange(N_R) * METAL_CUTOFF / (N_R - 1)
    rho = np.arange(N_RHO) * MOST_RHO / (N_RHO - 1)
    spacings = f"{N_RHO} {rho[1]!r} {N_R} {r[1]!r} {METAL_CUTOFF!r}".replace("np.float64", "")
    parts = ["own", "numbers", "chosen", "2 Cu Zr", spacings.replace("(", "").replace(")", "")]
    for a, element in enumerate(("29 63.546 3.6 fcc", "40 91.224 3.2 hcp")):
        # Densities of the style are those that an atom of the element makes at others.
        columns = [metal_embedding(a, rho), *(metal_density(b, a, r) for b in (0, 1))]
        parts += [element, *(f"{value:.17g}" for column in columns for value in column)]
    for a, b in ((0, 0), (1, 0), (1, 1)):
        parts += [f"{value:.17g}" for value in r * metal_pair(a, b, r)]
    return "\n".join(parts) + "\n"


def metal(kelvin=900.0):
    return lammps(
        "pair_style eam/fs\npair_coeff * * CuZr.eam.fs Cu Zr",
        files={"CuZr.eam.fs": metal_table()},
        masses=[63.546, 91.224], diameters=[1.0, 1.2], units="metal", sigma=2.5,
        temperature=KB * kelvin, number_density=0.058 * 2.5**3,
    )  # fmt: skip


# Tersoff, Phys. Rev. B 38, 9902 (1988), table I, the set of silicon that is called T3.
TERSOFF = {
    "Si.tersoff": "Si Si Si 3.0 1.0 0.0 1.0039e5 16.217 -0.59825 0.78734 1.0999e-6 1.7322 471.18 "
    "2.85 0.15 2.4799 1830.8\n"
}


def tersoff(kelvin=1500.0):
    return lammps(
        "pair_style tersoff\npair_coeff * * Si.tersoff Si",
        files=TERSOFF,
        masses=[28.0855], units="metal", sigma=SIGMA, temperature=KB * kelvin,
        number_density=0.4594,
    )  # fmt: skip


# Van Beest, Kramer and van Santen, Phys. Rev. Lett. 64, 1955 (1990), table I: A, b and c.
BKS = {(0, 1): (18003.7572, 4.87318, 133.5381), (1, 1): (1388.7730, 2.76000, 175.0000)}
CHARGES, BKS_CUTOFF, SILICA_SIGMA = np.array([2.4, -1.2]), 5.0, 1.6


def bks_pair(a, b, r):
    """Return A exp(-b r) - c / r^6, shifted to 0 at the cut-off."""

    def bare(r):
        return strength * np.exp(-slope * r) - c / r**6

    strength, slope, c = BKS.get((a, b), (0.0, 1.0, 0.0))
    return bare(r) - bare(BKS_CUTOFF)


def silica(kelvin=2500.0, tables=False):
    """Return silica; LAMMPS interpolates charges in tables by default."""
    coefficients = "\n".join(
        f"pair_coeff {a + 1} {b + 1} {A!r} {1 / slope!r} {c!r}"
        for (a, b), (A, slope, c) in {(0, 0): (0.0, 1.0, 0.0), **BKS}.items()
    )
    return lammps(
        f"pair_style buck/coul/long {BKS_CUTOFF} 8.0\n{coefficients}\n"
        f"pair_modify shift yes{'' if tables else ' table 0'}\nkspace_style ewald 1e-6",
        masses=[28.0855, 15.9994], charges=CHARGES, composition=[1 / 3, 2 / 3], units="metal",
        sigma=SILICA_SIGMA, temperature=KB * kelvin, number_density=0.066 * SILICA_SIGMA**3,
    )  # fmt: skip


def caesium_chloride(n_cells=3, edge=3.26 / 2.5):
    """Return the crystal of equal parts, as of CuZr, in units of sigma."""
    corners = np.stack(np.meshgrid(*[np.arange(n_cells)] * 3), axis=-1).reshape(-1, 3) * edge
    return cb.Configuration(
        np.concatenate([corners, corners + edge / 2]),
        np.repeat([0, 1], len(corners)), n_cells * edge,
    )  # fmt: skip


def cristobalite(edge=7.16 / SILICA_SIGMA):
    """Return silicon on diamond with oxygen halfway between neighbors, in units of sigma."""
    sites = diamond(1, edge).positions
    first = np.repeat(sites[:4], 4, axis=0)
    ways = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) * edge / 8
    return cb.Configuration(
        np.concatenate([sites, first + np.tile(ways, (4, 1))]), np.repeat([0, 1], [8, 16]), edge
    )


GLASSES = {
    "metal": ("eam/fs", metal(), caesium_chloride()),
    "silicon": ("tersoff", tersoff(), diamond(2, 5.432 / SIGMA)),
    "silica": ("buck/coul/long", silica(), cristobalite()),
}
"""The style, the model, and a crystal of it."""
