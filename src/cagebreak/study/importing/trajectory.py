"""Times and displacements of the frames of one run, after checks that they belong together."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Box, Configuration
from cagebreak.errors import InputError
from cagebreak.files import Frame
from cagebreak.study.importing.starts import reordered

LARGEST_STRAIN = 0.1
"""Largest change of the box of a run, as a strain (chosen: beyond it a run is a deformation)."""

AMBIGUOUS = 0.45
"""Share of the box that no particle may cross between two frames of wrapped positions (chosen).

Of a particle that moves by half the box, the shortest way is not the way that it went.
"""

SPREAD = 1.25
"""Extent of positions, in lengths of the box, beyond which they are not wrapped (chosen).

LAMMPS wraps positions only when it makes neighbor lists, so that they leave the box by a little.
"""

REPEATED = 1e-4
"""Largest difference of two frames, in sigma, that is taken for rounding."""


@dataclass(frozen=True)
class Clock:
    """What the user states about times; see `Study.import_files`."""

    timestep: float | None
    interval: float | None


@dataclass(frozen=True, eq=False)
class Trajectory:
    """The frames of a run.

    Parameters
    ----------
    frames
    times : (F,) array
        Times of the frames, counted from the first, in tau.
    displacements : (F, N, 3) array
        Displacements from the first frame, in sigma.
    remarks
        What was done to the frames, in words.
    """

    frames: Sequence[Frame]
    times: NDArray[np.float64]
    displacements: NDArray[np.float64]
    remarks: tuple[str, ...]


def trajectory(file: Path, frames: Sequence[Frame], clock: Clock, wrapped: bool) -> Trajectory:
    """Return the frames of a run with their times and displacements.

    Parameters
    ----------
    file
        The file that messages name.
    frames
        At least one.
    clock
    wrapped
        Whether positions are wrapped and have no images.

    Raises
    ------
    InputError
        If the frames are not of the same particles in the same order, their times do not ascend or
        are unknown, positions contradict `wrapped`, or the box changes too much.
    """
    for number, frame in enumerate(frames[1:], start=2):
        _require_same_particles(file, frames[0], frame, number)
    times = _times(file, frames, clock)
    frames, times, repeated = _without_repeated(file, frames, times)
    _require_same_order(file, frames)
    displacements, strain = _displacements(file, frames, wrapped)
    remarks = []
    if repeated:
        remarks.append(f"{file}: {repeated} frames repeat the one before, and are left out")
    if strain:
        remarks.append(
            f"{file}: the box changes by up to {strain:.2g}; displacements are those in fractions "
            "of the box, times the box of the first frame, without their mean"
        )
    return Trajectory(frames, times, displacements, tuple(remarks))


def _require_same_particles(file: Path, first: Frame, frame: Frame, number: int) -> None:
    start, current = first.configuration, frame.configuration
    expected = f"{file}: expected the particles of its first frame in every other"
    if len(current) != len(start):
        raise InputError(f"{expected}, {len(start)}, got {len(current)} in frame {number}")
    if (first.ids is None) != (frame.ids is None):
        without = "the first" if first.ids is None else f"frame {number}"
        raise InputError(f"{expected}: {without} states no ids, others do")
    if first.ids is not None and frame.ids is not None and (frame.ids != first.ids).any():
        new = int(frame.ids[~np.isin(frame.ids, first.ids)][0])
        raise InputError(
            f"{file}: expected the ids of its first frame in every other, got id {new} in frame "
            f"{number}"
        )
    differs = np.flatnonzero(current.species != start.species)
    if len(differs):
        raise InputError(
            f"{expected}, got another species of particle {differs[0]} in frame {number} "
            f"({len(differs)} such particles)"
        )


def _require_same_order(file: Path, frames: Sequence[Frame]) -> None:
    """Raise if particles without ids are in another order in the next frame."""
    for number, (previous, frame) in enumerate(pairwise(frames), start=2):
        if frame.ids is None and reordered(previous.configuration, frame.configuration):
            raise InputError(
                f"{file}: frame {number} has its particles in the places of the frame before, but "
                "in another order, and the file has no column of ids that is known; write their "
                "ids as a column id, or the particles in one order"
            )


def _times(file: Path, frames: Sequence[Frame], clock: Clock) -> NDArray[np.float64]:
    """Return the times of all frames, counted from the first."""
    if len(frames) == 1:
        return np.zeros(1)
    states_steps = _tell_apart([frame.step for frame in frames])
    states_times = _tell_apart([frame.time for frame in frames])
    stated = np.zeros(0)
    if states_times:
        stated = np.array([frame.time for frame in frames], dtype=np.float64)
        stated -= stated[0]
    if clock.interval is not None:
        if states_steps or states_times:
            raise InputError(
                f"interval: {file} states {'times' if states_times else 'time steps'}, "
                f"expected none; import without it, got {clock.interval!r}"
            )
        return np.arange(len(frames), dtype=np.float64) * clock.interval
    if clock.timestep is not None and states_steps:
        steps = np.array([frame.step for frame in frames])
        times = (steps - steps[0]).astype(np.float64) * clock.timestep
        if states_times and not np.allclose(stated, times, rtol=1e-2, atol=clock.timestep):
            raise InputError(
                f"timestep: {file} states the time {stated[-1]:g} of its last frame, but "
                f"{steps[-1] - steps[0]} steps of {clock.timestep:g} make {times[-1]:g}; "
                "import without it, or with the right one"
            )
        return times
    if states_times:
        return stated
    if states_steps:
        raise InputError(
            f"timestep: {file} states no times but time steps, expected the duration of a step in "
            "tau (timestep=, --timestep), got none"
        )
    raise InputError(
        f"interval: {file} states no times and no time steps in all of its {len(frames)} frames, "
        "or the same in all (looked for: Time, Step and Timestep in extended XYZ, ITEM: TIME and "
        "ITEM: TIMESTEP in dumps), expected the time between two frames in tau (interval=, "
        "--interval), got none"
    )


def _tell_apart(stated: Sequence[float | None]) -> bool:
    """Return whether all frames state a time or a step, and not the same one.

    Files whose writer knows neither, as of the library gsd, state 0 in all frames.
    """
    return None not in stated and len(set(stated)) > 1


def _without_repeated(
    file: Path, frames: Sequence[Frame], times: NDArray[np.float64]
) -> tuple[Sequence[Frame], NDArray[np.float64], int]:
    """Leave out frames that repeat the one before, as restarted runs write them."""
    kept = [0]
    for i in range(1, len(frames)):
        before = kept[-1]
        if times[i] > times[before]:
            kept.append(i)
            continue
        if times[i] < times[before]:
            raise InputError(
                f"{file}: expected ascending times, got {times[i]:g} in frame {i + 1} after "
                f"{times[before]:g}; sort the frames, or remove those that a restart wrote again"
            )
        now, then = frames[i].configuration, frames[before].configuration
        apart = np.abs(now.box.minimum_image(now.positions - then.positions)).max()
        if apart > REPEATED:
            raise InputError(
                f"{file}: expected ascending times, got frames {before + 1} and {i + 1} at "
                f"{times[i]:g}, {apart:.2g} sigma apart"
            )
    return [frames[i] for i in kept], times[kept], len(frames) - len(kept)


def _displacements(
    file: Path, frames: Sequence[Frame], wrapped: bool
) -> tuple[NDArray[np.float64], float]:
    """Return the displacements from the first frame, (F, N, 3), and the largest strain of the box.

    The strain is 0 for a constant box. Of a box that changes, fractions of the box are compared, so
    that its affine deformation is left out; so is the mean displacement, since it depends on the
    origin of the box.
    """
    start = frames[0].configuration
    boxes = [_continued(start.box, frame.configuration.box) for frame in frames]
    strain = max(
        (_strain(file, start.box, box, i) for i, box in enumerate(boxes, start=1)), default=0.0
    )
    believed = _are_unwrapped(file, frames, wrapped)
    displacement = np.zeros(start.positions.shape)
    displacements = [displacement]
    for i, (previous, frame) in enumerate(pairwise(frames), start=2):
        before, now = previous.configuration, frame.configuration
        if strain:
            fractions = now.unwrapped @ boxes[i - 1].inverse
            fractions = fractions - before.unwrapped @ boxes[i - 2].inverse
            if wrapped:
                fractions = fractions - np.rint(fractions)
            step = fractions @ start.box.matrix
        elif wrapped:
            step = start.box.minimum_image(now.positions - before.positions)
        else:
            step = now.unwrapped - before.unwrapped
        if not believed:
            _require_short(file, start.box, step, wrapped, i)
        displacement = displacement + step
        displacements.append(displacement - displacement.mean(axis=0) if strain else displacement)
    return np.array(displacements), strain


def _continued(first: Box, box: Box) -> Box:
    """Return a box with the lattice vectors that continue those of the first.

    A simulation of shear flips its box to an equivalent one.
    """
    basis = np.rint(first.matrix @ box.inverse)
    flipped = abs(np.linalg.det(basis) - 1) < 0.5 and (basis != np.eye(3)).any()
    return Box(basis @ box.matrix) if flipped else box


def _strain(file: Path, first: Box, box: Box, number: int) -> float:
    """Return the largest component of the strain of a box; 0 if it is rounding."""
    strain = float(np.abs(first.inverse @ box.matrix - np.eye(3)).max())
    if strain > LARGEST_STRAIN:
        raise InputError(
            f"{file}: expected the box of its first frame in every other, or a change of at most "
            f"{LARGEST_STRAIN:g}, got a strain of {strain:.3g} in frame {number}: edges of "
            f"{_edges(box)}, at first {_edges(first)}"
        )
    return strain if strain > 1e-9 else 0.0


def _edges(box: Box) -> str:
    return " x ".join(f"{length:.5g}" for length in box.lengths)


def _are_unwrapped(file: Path, frames: Sequence[Frame], wrapped: bool) -> bool:
    """Return whether positions are known to be unwrapped.

    Raises
    ------
    InputError
        If frames contradict each other or `wrapped`.
    """
    have_images = [frame.configuration.images is not None for frame in frames]
    if any(have_images) and not all(have_images):
        raise InputError(
            f"{file}: expected images in all frames or in none, got none in frame "
            f"{have_images.index(False) + 1}"
        )
    if all(have_images):
        if wrapped:
            raise InputError(
                f"wrapped: {file} states images or unwrapped positions, which say how far each "
                "particle went; import without it"
            )
        return True
    extents = [_extent(frame.configuration) for frame in frames]
    widest = int(np.argmax(extents))
    if wrapped and extents[widest] > SPREAD:
        raise InputError(
            f"wrapped: {file} has positions over {extents[widest]:.3g} lengths of the box in frame "
            f"{widest + 1}, so that they are not wrapped; import without it"
        )
    return extents[widest] > SPREAD


def _extent(configuration: Configuration) -> float:
    fractions = configuration.positions @ configuration.box.inverse
    return float(np.ptp(fractions, axis=0).max())


def _require_short(
    file: Path, box: Box, step: NDArray[np.float64], wrapped: bool, number: int
) -> None:
    """Raise if it is unknown which way a particle went."""
    shares = np.abs(step @ box.inverse).max(axis=1)
    particle = int(np.argmax(shares))
    if wrapped and shares[particle] > AMBIGUOUS:
        raise InputError(
            f"{file}: particle {particle} moves by {shares[particle]:.3g} of the box between "
            f"frames {number - 1} and {number}, expected at most {AMBIGUOUS:g}: wrapped positions "
            "do not say which way it went; write images, unwrapped positions or more frames (and "
            "the ids of the particles, if they change their order)"
        )
    if not wrapped and shares[particle] > 0.5:
        raise InputError(
            f"{file}: particle {particle} moves by {shares[particle]:.3g} of the box between "
            f"frames {number - 1} and {number}, all positions are within one box, and they have no "
            "images; import with wrapped if they are wrapped, or write images or unwrapped "
            "positions"
        )
