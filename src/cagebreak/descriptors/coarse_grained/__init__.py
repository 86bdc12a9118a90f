"""Energies, densities and Voronoi cells, averaged over several lengths (Jung 2023)."""

from cagebreak.descriptors.coarse_grained.quantities import CoarseGrained

__all__ = ["CoarseGrained"]
