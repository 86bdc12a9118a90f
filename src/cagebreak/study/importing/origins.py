"""A long trajectory as a study: configurations at several times, each with the stretch after it.

Configurations at neighboring times share their structure. They are in one block, which is held out
as a whole. Between blocks lies a gap that is longer than the memory of the structure.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cagebreak.errors import InputError
from cagebreak.files import Frame
from cagebreak.study.importing.starts import COPY, NEAR, residual, sample, spacing

LEAST_BLOCKS = 3
"""Smallest number of blocks in all trajectories, as of outer folds in a recipe."""

MOST_BLOCKS = 5
"""Largest number of blocks of a trajectory, as many as outer folds in a recipe."""

SHARE_OF_GAPS = 1 / 3
"""Largest share of a trajectory that lies in gaps, unless the fewest blocks need more (chosen)."""

FRAMES = 100
"""Number of frames that the memory of the structure is measured with."""


@dataclass(frozen=True, eq=False)
class Stretches:
    """The origins of a trajectory and the frames after each.

    Parameters
    ----------
    frames
        For each origin, the indices of its frame and of those at the lags after it.
    times : (T,) array
        The lags, in tau.
    blocks
        The block of each origin.
    gap
        Time from the last origin of a block to the first of the next, in tau.
    """

    frames: Sequence[NDArray[np.int64]]
    times: NDArray[np.float64]
    blocks: Sequence[int]
    gap: float


def memory(frames: Sequence[Frame], times: NDArray[np.float64], copies: bool = False) -> float:
    """Return the longest time, in tau, after which two frames still share their structure.

    Infinity if the first and the last frame share it. With `copies`, the longest time after which
    a frame is still a copy of another; see `starts`.
    """
    chosen = sorted(sampled(times))
    start = frames[0].configuration
    particles = sample(len(start))
    fractions = np.array(
        [
            frames[i].configuration.positions[particles] @ frames[i].configuration.box.inverse
            for i in chosen
        ]
    )
    distance = spacing(start)
    longest = 0.0
    for a in range(len(chosen) - 1):
        lags = times[chosen] - times[chosen[a]]
        later = np.flatnonzero(lags > longest)
        if not len(later):
            break
        squared = (residual(fractions[a], fractions[later], start.box.matrix) ** 2).sum(axis=-1)
        if copies:
            shared = squared.mean(axis=1) <= (COPY * distance) ** 2
        else:
            shared = (squared <= (distance / 2) ** 2).mean(axis=1) >= NEAR
        longest = max(longest, lags[later[shared]].max(initial=0.0))
    return math.inf if longest >= times[-1] else longest


def sampled(times: NDArray[np.float64]) -> set[int]:
    """Return the numbers of the frames that the memory of the structure is measured with."""
    grid = np.linspace(0, times[-1], min(FRAMES, len(times)))
    return set(np.abs(times - grid[:, None]).argmin(axis=1).tolist())


def stretches(
    file: Path, times: NDArray[np.float64], n: int, longest: float, least: int
) -> Stretches | None:
    """Return `n` origins at equal intervals, each followed by frames at the same lags.

    Parameters
    ----------
    file
        The file that messages name.
    times : (F,) array
        Times of the frames, the first at 0.
    n
        Number of origins.
    longest
        The `memory` of the trajectory, in tau.
    least
        Smallest number of blocks.

    Returns
    -------
    Stretches or None
        None if the trajectory is too short for the blocks.

    Raises
    ------
    InputError
        If there are too few frames or origins, or frames are not at the same lags after equal
        intervals.
    """
    if len(times) < n + 1:
        raise InputError(
            f"origins: expected at most {len(times) - 1}, since {file} has {len(times)} frames, "
            f"got {n}"
        )
    total, tolerance = times[-1], 1e-3 * np.diff(times).min()
    regular = False
    for period in times[:0:-1].tolist():
        if n * period > total + tolerance:
            continue
        if _lags(times, np.arange(n) * period, period, tolerance) is not None:
            regular = True
        # The gap is a number of periods, and longer than the memory.
        skipped = 0 if period > longest else math.floor(min(longest / period, len(times)))
        n_blocks = min(n, MOST_BLOCKS)
        if skipped:
            n_blocks = min(n_blocks, int(total * SHARE_OF_GAPS / longest) + 1)
        n_blocks = max(n_blocks, min(n, least))
        blocks = np.concatenate(
            [np.full(len(part), b) for b, part in enumerate(np.array_split(np.arange(n), n_blocks))]
        )
        starts = (np.arange(n) + blocks * skipped) * period
        if n_blocks < least or starts[-1] + period > total + tolerance:
            continue
        lags = _lags(times, starts, period, tolerance)
        if lags is None:
            continue
        at = [_indices(times, start + np.append(0.0, lags), tolerance) for start in starts]
        gap = (skipped + 1) * period
        return Stretches(at, lags, blocks.tolist(), gap)
    if n < least:
        raise InputError(f"origins: expected at least {least}, for folds, got {n}")
    if not regular:
        raise InputError(
            f"origins: expected {file} to have frames at {n} equal intervals, each followed by "
            "frames at the same lags (equal time steps, or a repeated series of steps), got the "
            f"times {', '.join(f'{time:g}' for time in times[:6])}, ... ({len(times)})"
        )
    return None


def _lags(
    times: NDArray[np.float64], starts: NDArray[np.float64], period: float, tolerance: float
) -> NDArray[np.float64] | None:
    """Return the lags up to a period that follow every start; None if a start has no frame."""
    if (_indices(times, starts, tolerance) < 0).any():
        return None
    inside = times[(times > starts[0] + tolerance) & (times < starts[0] + period + tolerance)]
    lags = inside - starts[0]
    for start in starts[1:]:
        lags = lags[_indices(times, start + lags, tolerance) >= 0]
    return lags if len(lags) else None


def _indices(
    times: NDArray[np.float64], chosen: NDArray[np.float64], tolerance: float
) -> NDArray[np.int64]:
    """Return the index of each time, -1 where there is none."""
    right = np.clip(np.searchsorted(times, chosen), 1, len(times) - 1)
    nearest = np.where(chosen - times[right - 1] < times[right] - chosen, right - 1, right)
    return np.where(np.abs(times[nearest] - chosen) <= tolerance, nearest, -1)
