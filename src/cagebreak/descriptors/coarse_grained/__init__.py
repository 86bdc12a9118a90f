"""Coarse-grained densities, energies and Voronoi cells (Jung, Biroli and Berthier 2023)."""

from cagebreak.descriptors.coarse_grained.quantities import CoarseGrained

__all__ = ["CoarseGrained"]
