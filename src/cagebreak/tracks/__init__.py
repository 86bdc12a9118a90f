"""Tracks of particles seen through a microscope: edges, gaps, drift and localization noise."""

from cagebreak.tracks.drift import without_drift
from cagebreak.tracks.edges import configuration_at, inside, reach
from cagebreak.tracks.functions import dynamic_functions, memory
from cagebreak.tracks.gaps import filled
from cagebreak.tracks.matching import check
from cagebreak.tracks.noise import Noise, length_variance, localization_noise, noise_ceiling
from cagebreak.tracks.table import read_tracks
from cagebreak.tracks.tracks import Tracks

__all__ = [
    "Noise",
    "Tracks",
    "check",
    "configuration_at",
    "dynamic_functions",
    "filled",
    "inside",
    "length_variance",
    "localization_noise",
    "memory",
    "noise_ceiling",
    "reach",
    "read_tracks",
    "without_drift",
]
