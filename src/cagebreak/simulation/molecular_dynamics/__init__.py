"""Molecular dynamics of pair potentials, beside the event-driven dynamics of hard spheres."""

from cagebreak.simulation.molecular_dynamics.engine import MolecularDynamics

__all__ = ["MolecularDynamics"]
