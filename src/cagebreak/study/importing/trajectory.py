"""Times and displacements of the frames of one run, after checks that they belong together.

A run is read one frame at a time: its times first, then the displacements.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Configuration
from cagebreak.dynamics.displacements import Follower
from cagebreak.errors import InputError
from cagebreak.files import Frame
from cagebreak.study.importing.starts import reordered

REPEATED = 1e-4
"""Largest difference of two frames, in sigma, that is taken for rounding."""


@dataclass(frozen=True)
class Clock:
    """What the user states about times; see `Study.import_files`."""

    timestep: float | None
    interval: float | None


class Stamp(NamedTuple):
    """The time step and the time that a frame states, or None."""

    step: int | None
    time: float | None


@dataclass(frozen=True, eq=False)
class Timeline:
    """When the frames of a run are.

    Parameters
    ----------
    times : (F,) array
        Times of the frames that do not repeat the one before, counted from the first, in tau.
    repeats : sequence of bool
        Whether each frame of the file repeats the one before, as restarted runs write them.
    """

    times: NDArray[np.float64]
    repeats: Sequence[bool]

    @classmethod
    def of(cls, file: Path, stamps: Sequence[Stamp], clock: Clock) -> "Timeline":
        """Return the timeline of frames.

        Raises
        ------
        InputError
            If the times do not ascend or are unknown.
        """
        times = _times(file, stamps, clock)
        repeats = [False] * len(times)
        latest = times[0]
        for i in range(1, len(times)):
            if times[i] < latest:
                raise InputError(
                    f"{file}: expected ascending times, got {times[i]:g} in frame {i + 1} after "
                    f"{latest:g}; sort the frames, or remove those that a restart wrote again"
                )
            repeats[i] = bool(times[i] == latest)
            latest = times[i]
        return cls(times[~np.array(repeats)], repeats)


@dataclass(frozen=True, eq=False)
class Trajectory:
    """A run.

    Parameters
    ----------
    times : (F,) array
        Times of the frames, counted from the first, in tau.
    displacements : (F, N, 3) array
        Displacements from the first frame, in sigma.
    starts
        The first frame, and others that were asked for, by their numbers.
    remarks
        What was done to the frames, in words.
    """

    times: NDArray[np.float64]
    displacements: NDArray[np.float64]
    starts: Mapping[int, Configuration]
    remarks: tuple[str, ...]


def trajectory(
    file: Path,
    frames: Iterable[Frame],
    timeline: Timeline,
    wrapped: bool,
    starts: Iterable[int] = (),
) -> Trajectory:
    """Return the displacements of a run.

    Parameters
    ----------
    file
        The file that messages name.
    frames
        At least one.
    timeline
        That of the frames.
    wrapped
        Whether positions are wrapped and have no images.
    starts
        Numbers of frames, without those that repeat the one before, that are to be kept.

    Raises
    ------
    InputError
        If the frames are not of the same particles in the same order, positions contradict
        `wrapped`, or the box changes too much.
    """
    chosen = {0, *starts}
    kept: dict[int, Configuration] = {}
    n_frames = len(timeline.times)
    run = distinct(file, frames, timeline)
    first = previous = next(run)
    kept[0] = first.configuration
    follower = Follower(str(file), first.configuration, wrapped)
    displacements = np.zeros((n_frames, *first.configuration.positions.shape))
    number = 0
    for number, frame in enumerate(run, start=1):
        if frame.ids is None and reordered(previous.configuration, frame.configuration):
            raise InputError(
                f"{file}: frame {number + 1} has its particles in the places of the frame before, "
                "but in another order, and the file has no column of ids that is known; write "
                "their ids as a column id, or the particles in one order"
            )
        displacements[number] = follower.follow(frame.configuration)
        if number in chosen:
            kept[number] = frame.configuration
        previous = frame
    if number + 1 != n_frames:
        raise InputError(f"{file}: expected {n_frames} frames, as at first, got {number + 1}")
    follower.finish(displacements)
    remarks = []
    if repeated := sum(timeline.repeats):
        remarks.append(f"{file}: {repeated} frames repeat the one before, and are left out")
    if follower.strain:
        remarks.append(
            f"{file}: the box changes by up to {follower.strain:.2g}; displacements are those in "
            "fractions of the box, times the box of the first frame, without their mean"
        )
    return Trajectory(timeline.times, displacements, kept, tuple(remarks))


def distinct(file: Path, frames: Iterable[Frame], timeline: Timeline) -> Iterator[Frame]:
    """Yield the frames of a run but those that repeat the one before.

    Raises
    ------
    InputError
        If they are not of the same particles, or two frames at one time differ.
    """
    first: Frame | None = None
    before: Frame | None = None
    number_before = 0
    # A run that goes on may have more frames than when their times were read.
    for number, (repeats, frame) in enumerate(zip(timeline.repeats, frames, strict=False), 1):
        first = first or frame
        _require_same_particles(file, first, frame, number)
        if before is None or not repeats:
            yield frame
            before, number_before = frame, number
            continue
        now, then = frame.configuration, before.configuration
        apart = np.abs(now.box.minimum_image(now.positions - then.positions)).max()
        if apart > REPEATED:
            time = timeline.times[number_before - 1 - sum(timeline.repeats[:number_before])]
            raise InputError(
                f"{file}: expected ascending times, got frames {number_before} and {number} at "
                f"{time:g}, {apart:.2g} sigma apart"
            )


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


def _times(file: Path, stamps: Sequence[Stamp], clock: Clock) -> NDArray[np.float64]:
    """Return the times of all frames, counted from the first."""
    if len(stamps) == 1:
        return np.zeros(1)
    states_steps = _tell_apart([stamp.step for stamp in stamps])
    states_times = _tell_apart([stamp.time for stamp in stamps])
    stated = np.zeros(0)
    if states_times:
        stated = np.array([stamp.time for stamp in stamps], dtype=np.float64)
        stated -= stated[0]
    if clock.interval is not None:
        if states_steps or states_times:
            raise InputError(
                f"interval: {file} states {'times' if states_times else 'time steps'}, "
                f"expected none; import without it, got {clock.interval!r}"
            )
        return np.arange(len(stamps), dtype=np.float64) * clock.interval
    if clock.timestep is not None and states_steps:
        steps = np.array([stamp.step for stamp in stamps])
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
        f"interval: {file} states no times and no time steps in all of its {len(stamps)} frames, "
        "or the same in all (looked for: Time, Step and Timestep in extended XYZ, ITEM: TIME and "
        "ITEM: TIMESTEP in dumps), expected the time between two frames in tau (interval=, "
        "--interval), got none"
    )


def _tell_apart(stated: Sequence[float | None]) -> bool:
    """Return whether all frames state a time or a step, and not the same one.

    Files whose writer knows neither, as of the library gsd, state 0 in all frames.
    """
    return None not in stated and len(set(stated)) > 1
