"""The content of files: groups of files that belong to one run, and what each group holds."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Configuration, as_box
from cagebreak.errors import InputError
from cagebreak.files import Frame, botan, deepmind, format_of, glassbench, hdf5
from cagebreak.files.frame import common_names, renamed
from cagebreak.files.reading import iread_numbered_apart
from cagebreak.models.arguments import is_whole, real
from cagebreak.study.importing import origins
from cagebreak.study.importing.starts import NEAR
from cagebreak.study.importing.trajectory import (
    Clock,
    Stamp,
    Timeline,
    Trajectory,
    distinct,
    trajectory,
)

_NO_TRAJECTORIES = (botan, deepmind, hdf5)
"""Modules of formats that state their runs whole, or none."""


@dataclass(frozen=True)
class Options:
    """Facts that the files do not state; the parameters of `Study.import_files`."""

    model: str
    parameters: dict[str, Any]
    states: tuple[str, ...]
    time: float | None = None
    timestep: float | None = None
    interval: float | None = None
    wrapped: bool = False
    origins: int | None = None
    species: tuple[str, ...] | None = None
    box: Any = None
    format: str | None = None
    keep: Mapping[str, Any] | None = None

    def check(self, files: Sequence[Path]) -> None:
        """Check the options, and that the files need those that are given.

        Raises
        ------
        InputError
            If one cannot be used.
        """
        if not files:
            raise InputError("files: expected at least one, got none")
        for name in ("time", "timestep", "interval"):
            value = getattr(self, name)
            if value is not None and not 0 < real(value) < math.inf:
                raise InputError(f"{name}: expected a positive time, got {value!r}")
        if self.origins is not None and not (is_whole(self.origins) and self.origins >= 1):
            raise InputError(f"origins: expected a whole number from 1, got {self.origins!r}")
        if self.wrapped not in (True, False):
            raise InputError(f"wrapped: expected True or False, got {self.wrapped!r}")
        formats = {format_of(file, self.format): file for file in files}
        if glassbench in formats:
            raise InputError(
                f"files: {formats[glassbench]} has averages over runs, expected runs or "
                "trajectories; cagebreak glassbench learns from such averages"
            )
        if self.time is not None and botan not in formats:
            raise InputError(
                f"time: is the duration of the runs of BOTAN files, got {self.time!r} and none of "
                "them; trajectories take timestep or interval"
            )
        others = [file for module, file in formats.items() if module in _NO_TRAJECTORIES]
        if self.origins is not None and others:
            raise InputError(f"origins: expected trajectories, got {others[0]}")
        for name in ("timestep", "interval", "wrapped"):
            if getattr(self, name) and len(others) == len(formats):
                raise InputError(f"{name}: is for trajectories, got none of them but {others[0]}")

    @property
    def clock(self) -> Clock:
        """What is stated about times of trajectories."""
        return Clock(self.timestep, self.interval)

    @property
    def how(self) -> dict[str, Any]:
        """Options that the numbers in a study depend on."""
        always = {"time": self.time, "timestep": self.timestep, "wrapped": self.wrapped}
        further: dict[str, Any] = {"interval": self.interval, "origins": self.origins}
        further["species"] = self.species
        further["box"] = None if self.box is None else as_box(self.box).matrix.tolist()
        return always | {name: value for name, value in further.items() if value is not None}


@dataclass(frozen=True, eq=False)
class Piece:
    """A configuration of one group of files, and its runs.

    Parameters
    ----------
    files
        The group.
    label
        Name of the configuration in messages.
    configuration
    times : (T,) array
        Times of the runs, in tau.
    runs
        Displacements of each run from the configuration, (T, N, 3) in sigma.
    remarks
        What was done to the files, in words.
    block
        Number of the block of an origin in its trajectory; None without origins.
    """

    files: Sequence[Path]
    label: str
    configuration: Configuration
    times: NDArray[np.float64]
    runs: Sequence[NDArray[np.float64]]
    remarks: Sequence[str] = ()
    block: int | None = None


@dataclass(frozen=True)
class Files:
    """The files of a study.

    Parameters
    ----------
    groups
        Files that belong together.
    options
    stamps
        Time steps and times that the frames of each file state.
    names
        Names of the species in all files, in order.
    memory
        Time in tau beyond which blocks of origins are apart; 0 without `Options.origins`.
    remarks
        What is to be said about all of them.
    """

    groups: Sequence[Sequence[Path]]
    options: Options
    stamps: Mapping[Path, Sequence[Stamp]] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    memory: float = 0.0
    remarks: Sequence[str] = ()

    @classmethod
    def of(cls, files: Sequence[Path], options: Options) -> "Files":
        """Group files, and measure how long trajectories remember if origins are asked for.

        Blocks of origins are further apart than the structure is remembered. Where trajectories are
        too short for that, they are further apart than frames are copies of each other.

        Raises
        ------
        InputError
            If the files cannot be grouped, or trajectories are too short even for that.
        """
        contents = {file: _Content.of(file, options) for file in files}
        if len(contents) != len(files):
            repeated = next(file for file in files if files.count(file) > 1)
            raise InputError(f"files: expected each file once, got {repeated} twice or more")
        names = common_names(n for content in contents.values() for n in content.names)
        groups = list(_groups(contents))
        grouped = cls(groups, options, {f: c.stamps for f, c in contents.items()}, names)
        if options.origins is None:
            return grouped
        times: list[NDArray[np.float64]] = []
        memories = [0.0, 0.0]
        for group in groups:
            timeline = grouped.timeline(group)
            if len(timeline.times) == 1:
                raise InputError(f"origins: expected trajectories, got one frame in {group[0]}")
            times.append(timeline.times)
            some = origins.sampled(timeline.times)
            frames = distinct(group[0], grouped.frames(group), timeline)
            sample = [frame for i, frame in enumerate(frames) if i in some]
            for i, copies in enumerate((False, True)):
                memory = origins.memory(sample, timeline.times[sorted(some)], copies)
                memories[i] = max(memories[i], memory)
        short = [
            any(
                origins.stretches(group[0], of_group, options.origins, longest, _least(groups))
                is None
                for group, of_group in zip(groups, times, strict=True)
            )
            for longest in memories
        ]
        last = f"{groups[0][0]}{f' and {len(groups) - 1} more' if len(groups) > 1 else ''}"
        if all(short):
            raise InputError(
                f"origins: {last} last too short for {options.origins} origins each, of which some "
                "are held out together: frames are copies of each other over "
                f"{_duration(memories[1])}; give longer trajectories, or fewer origins"
            )
        if not short[0]:
            return replace(grouped, memory=memories[0])
        remark = (
            f"{last}: over {_duration(memories[0])} more than {NEAR:.0%} of the particles stay "
            "within half a spacing of their place, too long for blocks without a common structure; "
            "a fit tells how well motion from this structure is predicted, not motion from others"
        )
        return replace(grouped, memory=memories[1], remarks=[remark])

    def pieces(self) -> Iterator[Piece]:
        """Yield the content of each group, read one at a time, always in the same order."""
        for group in self.groups:
            yield from _pieces(self, group)

    def timeline(self, group: Sequence[Path]) -> Timeline:
        """Return when the frames of a group are."""
        stamps = [stamp for file in group for stamp in self.stamps[file]]
        return Timeline.of(group[0], stamps, self.options.clock)

    def frames(self, group: Sequence[Path]) -> Iterator[Frame]:
        """Yield the frames of a group, with the species numbered as in all files."""
        for file in group:
            for frame in _frames(file, self.options):
                yield frame if self.options.species else renamed(frame, self.names)


def _pieces(files: Files, group: Sequence[Path]) -> Iterator[Piece]:
    file, options = group[0], files.options
    module = format_of(file, options.format)
    if module is botan:
        if options.time is None:
            raise InputError(
                f"time: {file} does not say when its runs end, expected their duration in tau "
                "(time=, --time), got none"
            )
        start, ends = botan.read_runs(file)
        displacements = ends - start.positions
        runs = [run[None] for run in displacements]
        yield Piece(group, str(file), start, np.array([options.time]), runs)
        return
    if module is deepmind:
        start, times, of_times = deepmind.read_runs(file)
        yield Piece(group, str(file), start, times, list(of_times - start.positions))
        return
    timeline = files.timeline(group)

    def run_with(starts: Sequence[int]) -> Trajectory:
        return trajectory(file, files.frames(group), timeline, options.wrapped, starts)

    if options.origins is None:
        run = run_with([0])
        runs = [run.displacements[1:]] if len(run.times) > 1 else []
        yield Piece(group, str(file), run.starts[0], run.times[1:], runs, run.remarks)
        return
    least = _least(files.groups)
    layout = origins.stretches(file, timeline.times, options.origins, files.memory, least)
    assert layout is not None
    run = run_with([int(at[0]) for at in layout.frames])
    remarks = [*run.remarks, f"{file}: {_described(run, layout)}"]
    for at, block in zip(layout.frames, layout.blocks, strict=True):
        moved = run.displacements[at[1:]] - run.displacements[at[0]]
        label = f"{file} at {run.times[at[0]]:g} tau"
        start = run.starts[at[0]]
        yield Piece(group, label, start, layout.times, [moved], remarks, block)
        remarks = []


def _least(groups: Sequence[Sequence[Path]]) -> int:
    """Return the smallest number of blocks of each trajectory."""
    return math.ceil(origins.LEAST_BLOCKS / len(groups))


def _duration(time: float) -> str:
    return "their whole length" if math.isinf(time) else f"{time:g} tau"


def _described(run: Trajectory, layout: origins.Stretches) -> str:
    """Return where the origins of a trajectory are, in words."""
    n_blocks = layout.blocks[-1] + 1
    of_blocks = f"the configurations of each of {n_blocks} blocks" if n_blocks > 1 else "they"
    text = (
        f"{len(layout.frames)} origins, each followed by {len(layout.times)} times up to "
        f"{layout.times[-1]:g} tau; {of_blocks} share a fold"
    )
    between = [
        run.displacements[layout.frames[i + 1][0]] - run.displacements[layout.frames[i][0]]
        for i in range(len(layout.frames) - 1)
        if layout.blocks[i] != layout.blocks[i + 1]
    ]
    if not between:
        return text
    # Near the first peak of the structure factor, as by default in a recipe.
    f_s = np.mean([np.cos(2 * math.pi * moved).mean() for moved in between])
    return f"{text}; blocks are {layout.gap:g} tau apart, over which F_s falls to {f_s:.2f}"


def _frames(file: Path, options: Options) -> Iterator[Frame]:
    return iread_numbered_apart(
        file, format=options.format, box=options.box, species=options.species
    )


@dataclass(frozen=True)
class _Content:
    """What decides how a file is grouped and its species are numbered.

    Parameters
    ----------
    module
        Module of its format.
    stamps
        Time steps and times that its frames state; none if it is no trajectory.
    steps
        Time steps of its frames; None if it states none.
    names
        Names of the species of its frames.
    """

    module: ModuleType
    stamps: Sequence[Stamp] = ()
    steps: Sequence[int] | None = None
    names: frozenset[tuple[str, ...]] = frozenset()

    @classmethod
    def of(cls, file: Path, options: Options) -> "_Content":
        module = format_of(file, options.format)
        if module in (botan, deepmind):
            if options.species is not None or options.box is not None:
                list(_frames(file, options))  # refuses what the file does not need
            return cls(module)
        stamps, names = [], set()
        for frame in _frames(file, options):
            stamps.append(Stamp(frame.step, frame.time))
            if frame.species_names is not None:
                names.add(frame.species_names)
        steps = [stamp.step for stamp in stamps if stamp.step is not None]
        whole = module is not hdf5 and len(steps) == len(stamps)
        return cls(module, stamps, steps if whole else None, frozenset(names))


def _groups(contents: Mapping[Path, _Content]) -> Iterator[list[Path]]:
    """Yield groups of files: the one-frame files of a run together, every other file alone."""
    done: set[Path] = set()
    for file, content in contents.items():
        if file in done:
            continue
        group = [file]
        if content.steps is not None and len(content.steps) == 1:
            siblings = {
                other: further.steps
                for other, further in contents.items()
                if other.parent == file.parent and further.module is content.module
            }
            first_steps = {
                other: steps[0]
                for other, steps in siblings.items()
                if steps is not None and len(steps) == 1
            }
            distinct = len(set(first_steps.values())) == len(siblings)
            if len(siblings) > 1 and distinct:
                group = sorted(first_steps, key=first_steps.__getitem__)
        done |= set(group)
        yield group
