"""Dynamic functions of tracks, with localization noise taken out, and the memory of structure."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cagebreak._frames import to_frame
from cagebreak.dynamics.relaxation import non_gaussian_of
from cagebreak.errors import ConfigurationWarning, InputError
from cagebreak.models.arguments import is_whole, real
from cagebreak.tracks.noise import Noise, as_variance
from cagebreak.tracks.tracks import Tracks, require_tracks

if TYPE_CHECKING:
    from pandas import DataFrame

Floats = NDArray[np.float64]

COLUMNS = np.dtype(
    [("species", "U1"), ("lag", "i8"), ("time", "f8"), ("n", "i8"), ("share", "f8")]
    + [(name, "f8") for name in ("msd", "alpha_2", "f_s")]
)

REMEMBERED = 1 / math.e
"""Share of particles near their place at which a structure is remembered no longer (chosen)."""

N_LAGS = 50
"""Number of lags that the memory is searched at, and of frames that it is searched from."""


def dynamic_functions(
    tracks: Tracks,
    lags: Sequence[int],
    *,
    k: float = 2 * np.pi,
    noise: Noise | ArrayLike | None = None,
) -> DataFrame:
    r"""Return MSD, non-Gaussian parameter and F_s of each species, averaged over all frames.

    With s the variances of the noise of a displacement, twice those of a coordinate, the moments of
    the true displacement follow from those of the seen one, l, without an approximation:

    .. math::
        \langle \Delta r^2 \rangle &= \langle l^2 \rangle - \textstyle\sum_a s_a \\
        \langle \Delta r^4 \rangle &= \langle l^4 \rangle
            - 2 \langle \Delta r^2 \rangle \textstyle\sum_a s_a
            - 4 \sum_a s_a \langle \Delta a^2 \rangle
            - \left(\sum_a s_a\right)^2 - 2 \sum_a s_a^2 \\
        F_s(k, t) &= \frac1d \sum_a e^{k^2 s_a / 2} \langle \cos k l_a \rangle

    Parameters
    ----------
    tracks
        After the drift was taken out.
    lags
        In frames.
    k
        Wave number in 1 / sigma.
    noise
        What is taken out: `localization_noise`, or the variance of a coordinate in sigma^2, for all
        axes or each; default none.

    Returns
    -------
    DataFrame
        A row for each species and lag: `time` in tau; `n` displacements of particles seen in both
        frames, which are the `share` of the particles in the first one; `msd` in sigma^2,
        `alpha_2`, `f_s`.

    Raises
    ------
    InputError
        If k is not positive, a lag is not 1, 2, ..., or no particle is seen in frames so far apart.

    Warns
    -----
    ConfigurationWarning
        If the noise is more than the particles are seen to move.
    """
    require_tracks(tracks)
    if not 0 < real(k) < np.inf:
        raise InputError(f"k: expected a positive wave number, got {k!r}")
    d = tracks.dimension
    s = 2 * as_variance(noise, d)[:d]
    lags = as_lags(tracks, lags)
    rows = np.zeros(len(lags) * tracks.n_species, COLUMNS)
    at = iter(rows)
    for lag in lags:
        first, second = tracks.pairs(lag)
        moved = tracks.displacements(first, second)[:, :d]
        starts = np.isin(tracks.frame + lag, tracks.frames) & tracks.seen
        for number, name in enumerate(tracks.names()):
            of_species = moved[tracks.species[first] == number]
            n_starts = int(np.count_nonzero(starts & (tracks.species == number)))
            squares = (of_species**2).mean(axis=0) if len(of_species) else np.full(d, np.nan)
            fourth = ((of_species**2).sum(axis=1) ** 2).mean() if len(of_species) else np.nan
            waves = np.cos(k * of_species).mean(axis=0) if len(of_species) else np.full(d, np.nan)
            true = squares - s
            msd = true.sum()
            fourth -= 2 * msd * s.sum() + 4 * s @ true + s.sum() ** 2 + 2 * s @ s
            row = next(at)
            row["species"], row["lag"], row["time"] = name, lag, lag * tracks.interval
            row["n"], row["share"] = len(of_species), len(of_species) / max(n_starts, 1)
            row["msd"], row["f_s"] = msd, np.mean(waves * np.exp(k * k * s / 2))
            row["alpha_2"] = non_gaussian_of(np.array([msd]), np.array([fourth]), d)[0]
    beyond = rows[rows["msd"] <= 0][:1]
    for row in beyond if s.any() else ():
        warnings.warn(
            f"noise: {s.sum():.3g} sigma^2 of noise are taken out of an MSD of "
            f"{row['msd'] + s.sum():.3g} of species {row['species']} at {row['lag']} frames; the "
            "functions mean nothing there: the noise is in other units, or an upper bound",
            ConfigurationWarning,
            stacklevel=2,
        )
    return to_frame(rows[np.argsort(rows["species"], kind="stable")])


def as_lags(tracks: Tracks, lags: Sequence[int]) -> list[int]:
    """Return ascending numbers of frames.

    Raises
    ------
    InputError
        Unless they ascend from 1, and some frames are so far apart.
    """
    given = np.atleast_1d(np.asarray(lags))
    if given.ndim != 1 or not len(given) or not all(map(is_whole, given.tolist())):
        raise InputError(f"lags: expected numbers of frames, such as [1, 2, 4], got {lags!r}")
    result = [int(lag) for lag in given]
    if result[0] < 1 or (np.diff(result) <= 0).any():
        raise InputError(f"lags: expected ascending numbers of frames from 1, got {result}")
    for lag in result:
        if not np.isin(tracks.frames + lag, tracks.frames).any():
            raise InputError(
                f"lags: expected differences of frames, of which there are {len(tracks.frames)} "
                f"from {tracks.frames[0]} to {tracks.frames[-1]}, got {lag}"
            )
    return result


def memory(tracks: Tracks) -> int:
    """Return the number of frames over which the structure is remembered.

    It is remembered while more than 1 / e of the particles, which are seen in both frames, are
    within half of the mean spacing of their place. This is the time that the import of
    trajectories leaves between blocks of origins that are learned from and predicted.

    Returns
    -------
    int
        At least 1; one more than the last lag if even then the structure is remembered.

    Raises
    ------
    InputError
        If there are fewer than two frames.
    """
    require_tracks(tracks)
    frames = tracks.frames
    if len(frames) < 2:
        raise InputError(f"tracks: expected at least two frames, got {len(frames)}")
    total, n = int(frames[-1] - frames[0]), len(frames)
    # Differences of frames that there are: a film may have every tenth one.
    later = np.unique(np.rint(np.linspace(1, n - 1, min(N_LAGS, n - 1))).astype(int))
    lags, longest = frames[later] - frames[0], 1
    chosen = frames[np.unique(np.linspace(0, n - 1, min(N_LAGS, n)).astype(int))]
    starts = np.flatnonzero(np.isin(tracks.frame, chosen))
    for lag in lags.tolist():
        first, second = tracks.pairs(lag, starts)
        if len(first) == 0:
            continue
        moved = tracks.displacements(first, second)
        squared = ((moved - moved.mean(axis=0)) ** 2).sum(axis=1)
        if (squared <= (tracks.spacing / 2) ** 2).mean() >= REMEMBERED:
            longest = lag
    return total + 1 if longest == lags[-1] else longest
