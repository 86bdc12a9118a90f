"""Coarse-grained densities, energies and Voronoi cells (:cite:`Jung2023`)."""

from cagebreak.descriptors.coarse_grained.quantities import CoarseGrained

__all__ = ["CoarseGrained"]
