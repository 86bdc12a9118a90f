"""Potentials: energies, forces, stress and Laplacians of a configuration."""

from cagebreak.potentials.pair_potentials import (
    FORMS,
    PairSums,
    check_range,
    check_species,
    energies,
    energies_and_forces,
    energies_forces_laplacians,
    energy,
    forces,
    laplacians,
    pair_table,
    stress,
)

__all__ = [
    "FORMS",
    "PairSums",
    "check_range",
    "check_species",
    "energies",
    "energies_and_forces",
    "energies_forces_laplacians",
    "energy",
    "forces",
    "laplacians",
    "pair_table",
    "stress",
]
