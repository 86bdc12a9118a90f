"""Measures of structure: g(r), S(k), wave vectors and density modes, chains from end to end."""

from cagebreak.structure.chains import end_to_end
from cagebreak.structure.radial_distribution import RadialDistribution, radial_distribution
from cagebreak.structure.structure_factor import StructureFactor, structure_factor
from cagebreak.structure.wave_vectors import WaveVectors, density_modes, shells, wave_vectors

__all__ = [
    "RadialDistribution",
    "StructureFactor",
    "WaveVectors",
    "density_modes",
    "end_to_end",
    "radial_distribution",
    "shells",
    "structure_factor",
    "wave_vectors",
]
