"""Potentials: energies, forces, stress and Laplacians of a configuration."""

from cagebreak.potentials.pair_potentials import (
    FORMS,
    OVERLAP_TOLERANCE,
    PairSums,
    check_range,
    check_species,
    energies,
    energies_forces_laplacians,
    energy,
    forces,
    laplacians,
    pair_table,
    stress,
)

__all__ = [
    "FORMS",
    "OVERLAP_TOLERANCE",
    "PairSums",
    "check_range",
    "check_species",
    "energies",
    "energies_forces_laplacians",
    "energy",
    "forces",
    "laplacians",
    "pair_table",
    "stress",
]
