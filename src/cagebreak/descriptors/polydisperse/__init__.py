"""Descriptors of particles with a diameter each."""

from cagebreak.descriptors.polydisperse.by_size import BySize, Diameter, size_classes
from cagebreak.descriptors.polydisperse.weighted import RadialDiameter

__all__ = ["BySize", "Diameter", "RadialDiameter", "size_classes"]
