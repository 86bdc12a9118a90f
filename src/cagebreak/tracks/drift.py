"""The drift of the whole sample under the camera."""

from __future__ import annotations

import numpy as np

from cagebreak.errors import InputError
from cagebreak.tracks.tracks import Tracks, require_tracks


def without_drift(tracks: Tracks) -> Tracks:
    r"""Return tracks without the motion that all particles share.

    The drift from one frame to the next is the mean displacement of the particles seen in both. Its
    error is that of a mean over N particles, :math:`\sqrt{2 \sigma^2 / N}` a step from localization
    alone. In a small window the mean also contains true motion of long waves. Rotation is not taken
    out.

    Parameters
    ----------
    tracks

    Returns
    -------
    Tracks
        `drift` has what was taken out, and the window stays where the camera saw it.

    Raises
    ------
    InputError
        If two successive frames have no particle in common.
    """
    require_tracks(tracks)
    frames = tracks.frames
    steps = np.zeros((len(frames), 3))
    for f in range(1, len(frames)):
        lag = int(frames[f] - frames[f - 1])
        first, second = tracks.pairs(lag, tracks.rows(int(frames[f - 1])))
        if len(first) == 0:
            raise InputError(
                f"tracks: expected particles that are in two successive frames, got none in "
                f"{frames[f - 1]} and {frames[f]}; a drift between them is unknown"
            )
        steps[f] = tracks.displacements(first, second).mean(axis=0)
    drift = np.cumsum(steps, axis=0)
    of_rows = drift[np.searchsorted(frames, tracks.frame)]
    return tracks.replace(positions=tracks.positions - of_rows, drift=tracks.drift + drift)
