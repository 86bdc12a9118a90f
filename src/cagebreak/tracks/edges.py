"""Edges of the window: which surroundings are whole, and tracks as configurations.

A box is periodic. A frame is placed into one that is longer than the window by the reach of the
descriptors on each axis with an edge, so that particles at opposite edges do not see each other.
Particles that are nearer than the reach to an edge miss neighbors beyond it. They are marked.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Box, Configuration
from cagebreak.descriptors import Angular, AtomicClusterExpansion, Descriptor, Generations, Radial
from cagebreak.descriptors.polydisperse import BySize, Diameter, RadialDiameter
from cagebreak.descriptors.shells import cutoff
from cagebreak.errors import InputError
from cagebreak.models.arguments import real
from cagebreak.tracks.tracks import Tracks, require_tracks

SLACK = 1e-9
"""Relative length by which particles must be farther than the reach from an edge, for rounding."""


def reach(descriptor: Descriptor) -> float:
    """Return the distance in sigma beyond which particles do not change the features of a particle.

    Generation n reaches n cut-offs of the averages farther than generation 0.

    Parameters
    ----------
    descriptor
        `Radial`, `Angular`, `AtomicClusterExpansion`, `Generations` of them, and those by size.

    Raises
    ------
    InputError
        If the reach depends on where particles are, as of Voronoi cells and solid-angle neighbors,
        or the descriptor needs a potential or a state.
    """
    match descriptor:
        case Radial() | Angular() | RadialDiameter():
            return cutoff(np.array(descriptor.r), np.array(descriptor.width))
        case AtomicClusterExpansion():
            return float(descriptor.r_cut)
        case BySize():
            return reach(descriptor.descriptor)
        case Diameter():
            return 0.0
        case Generations():
            return max(map(reach, descriptor.descriptors)) + descriptor.n_max * descriptor.r_c
    raise InputError(
        "descriptor: expected one of known reach: Radial, Angular, AtomicClusterExpansion, or "
        "Generations of them, as papers.alkemade2022, alkemade2023, boattini2021 and rottler2024 "
        f"make; got {type(descriptor).__name__}"
    )


def inside(tracks: Tracks, frame: int, distance: float) -> NDArray[np.bool_]:
    """Return whether the surroundings of each particle of a frame are whole, (n,).

    Parameters
    ----------
    tracks
    frame
    distance
        Radius of the surroundings in sigma, such as the `reach` of a descriptor. No edge may be
        nearer.

    Raises
    ------
    InputError
        If no particle is in the frame, or the distance is negative.
    """
    require_tracks(tracks)
    if not 0 <= real(distance) < np.inf:
        raise InputError(f"distance: expected a length in sigma of at least 0, got {distance!r}")
    d = tracks.dimension
    positions = tracks.in_window(tracks.rows(frame))[:, :d]
    nearest = np.minimum(positions, tracks.lengths - positions)
    nearest[:, list(tracks.periodic)] = np.inf
    return np.asarray(nearest.min(axis=1) > distance * (1 + SLACK))


def configuration_at(tracks: Tracks, frame: int, distance: float) -> Configuration:
    """Return the particles of a frame in a periodic box that is longer than the window.

    Axes with an edge are longer by `distance`. The density of the box is thus below that of the
    sample: structure factors and radial distribution functions of it are not those of the sample.

    Parameters
    ----------
    tracks
    frame
    distance
        As of `inside`, in sigma.

    Returns
    -------
    Configuration
        Particles in the order of the rows of the frame.

    Raises
    ------
    InputError
        If no particle is in the frame, or the distance is not positive.
    """
    require_tracks(tracks)
    if not 0 < real(distance) < np.inf:
        raise InputError(f"distance: expected a positive length in sigma, got {distance!r}")
    rows = tracks.rows(frame)
    edges = tracks.lengths + np.where(tracks.periodic, 0.0, distance)
    return Configuration(
        tracks.in_window(rows),
        tracks.species[rows],
        Box(np.diag(edges)),
        diameters=None if tracks.diameters is None else tracks.diameters[rows],
    )
