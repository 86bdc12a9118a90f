"""Gaps in tracks: frames in which a particle that is there was not found."""

from __future__ import annotations

import numpy as np

from cagebreak.errors import InputError
from cagebreak.models.arguments import is_whole
from cagebreak.tracks.tracks import Tracks, require_tracks


def filled(tracks: Tracks, longest: int) -> Tracks:
    """Return tracks with short gaps filled by straight lines.

    A particle that is missing in the frame that is described leaves a hole in the surroundings of
    its neighbors. The filled positions describe surroundings only: they never are the start or the
    end of a displacement (`Tracks.seen` is False).

    Parameters
    ----------
    tracks
    longest
        Largest number of missing frames in a gap that is filled; the `memory` of trackpy. Only
        frames that have other particles are filled.

    Raises
    ------
    InputError
        If `longest` is not 1, 2, ...
    """
    require_tracks(tracks)
    if not is_whole(longest) or longest < 1:
        raise InputError(f"longest: expected a number of frames from 1, got {longest!r}")
    order = np.lexsort((tracks.frame, tracks.particle))
    before, after = order[:-1], order[1:]
    place = np.searchsorted(tracks.frames, tracks.frame)
    missing = place[after] - place[before] - 1
    gap = (tracks.particle[before] == tracks.particle[after]) & (missing > 0)
    gap &= missing <= longest
    before, after, missing = before[gap], after[gap], missing[gap]
    repeated = np.repeat(np.arange(len(before)), missing)
    within = np.arange(len(repeated)) - np.repeat(np.cumsum(missing) - missing, missing) + 1
    first, second = before[repeated], after[repeated]
    frame = tracks.frames[place[first] + within]
    share = (frame - tracks.frame[first]) / (tracks.frame[second] - tracks.frame[first])
    positions = tracks.positions[first]
    positions = positions + share[:, None] * tracks.displacements(first, second)
    rows = np.concatenate([np.arange(len(tracks)), first])
    new = {
        "frame": np.concatenate([tracks.frame, frame]),
        "particle": tracks.particle[rows],
        "positions": np.concatenate([tracks.positions, positions]),
        "species": tracks.species[rows],
        "seen": np.concatenate([tracks.seen, np.zeros(len(first), bool)]),
    }
    if tracks.diameters is not None:
        new["diameters"] = tracks.diameters[rows]
    order = np.lexsort((new["particle"], new["frame"]))
    return tracks.replace(**{name: values[order] for name, values in new.items()})
