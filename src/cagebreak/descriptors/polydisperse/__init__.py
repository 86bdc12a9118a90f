"""Descriptors of particles with a diameter each."""

from cagebreak.descriptors.polydisperse.by_size import BySize, Diameter, size_classes

__all__ = ["BySize", "Diameter", "size_classes"]
