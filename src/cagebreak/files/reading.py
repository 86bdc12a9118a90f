"""Reading of configurations: one, all frames of a file, or one frame after the other."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from operator import index
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import ArrayLike

from cagebreak.configuration import SPECIES_NAMES, Box, Configuration, as_box
from cagebreak.configuration.shape import flattened
from cagebreak.errors import FileFormatError, InputError
from cagebreak.files import xyz
from cagebreak.files.formats import format_of
from cagebreak.files.frame import Frame, common_names, renamed


def read(
    path: str | os.PathLike[str],
    *,
    frame: int | None = None,
    format: str | None = None,
    box: Box | ArrayLike | None = None,
    species: Sequence[str] | None = None,
) -> Configuration | list[Configuration]:
    """Read a configuration, or a list of configurations from a file with several frames.

    Parameters
    ----------
    path
        The name of the file decides its format. If it says nothing, the first lines do.

        ============================== ==========================================================
        `.h5`                          cagebreak's own; also a unit of the stage `equilibrate`
        `.gsd`                         HOOMD-blue; needs the extra `[files]`
        `.dump`, `.lammpstrj`,         LAMMPS dump
        `.lammpsdump`, `dump.*`
        `.data`, `.lmp`,               LAMMPS data, of any atom style
        `.lammpsdata`, `data.*`
        `.xyz`, `.extxyz`              extended XYZ; XYZ of atooms, partycls and RUMD; plain XYZ
                                       with `box`
        `.sph`                         hard spheres, in the units of the file, and movies of them
        `.xml`                         DynamO
        `.npz`                         BOTAN, whose runs `cagebreak.files.botan` reads; GlassBench,
                                       whose averages over runs `cagebreak.files.glassbench` reads
        `.pickle`, `.pkl`              DeepMind's glassy dynamics; nothing in it is executed
        ============================== ==========================================================

        Text files and pickles may be compressed, with a further suffix `.gz`, `.bz2`, `.xz` or
        `.zst`. Before Python 3.14, `.zst` needs the extra `[files]`.
    frame
        Number of the one frame to return, from 0, or from -1 backwards. Default: all.
    format
        One of these suffixes, such as ``"dump"``, if neither name nor content tells the format.
    box
        The box of a file that states none, in any form that `Configuration` takes.
    species
        Names of the species in the file, in order: ``("L", "S")`` makes L species A and S species
        B. By default single letters A, B, ... are those species; of other names, numbers in
        ascending order, then words in alphabetical order, are A, B and so on.

    Returns
    -------
    Configuration or list of Configuration
        Positions are those of the file. Images are set if the file has them, and are zero if it
        says that positions are unwrapped; velocities are set if the file has them. Diameters are
        set if the file has sizes that differ within a species. Particles are sorted by their ids.
        If the file states no species, all particles are A.

    Raises
    ------
    FileFormatError
        If neither the name nor the content is of a known format, or the content violates the
        format; the message names the file and, for text, the line.
    InputError
        If there is no such frame or format, the file states another box, or has other species.
    MissingDependencyError
        If the format needs a library that is not installed.
    OSError
        If the file cannot be opened.
    """
    frames = read_frames(path, frame=frame, format=format, box=box, species=species)
    configurations = [each.configuration for each in frames]
    return configurations[0] if len(configurations) == 1 else configurations


def iread(
    path: str | os.PathLike[str],
    *,
    format: str | None = None,
    box: Box | ArrayLike | None = None,
    species: Sequence[str] | None = None,
) -> Iterator[Configuration]:
    """Return an iterator over the configurations that `read` returns; one is in memory at a time.

    The species of a frame are numbered by the names in all frames. For these the file is read once
    before the first frame is returned, and again for the frames; with `species` it is read once.

    Parameters
    ----------
    path, format, box, species
        As of `read`.

    Raises
    ------
    FileFormatError, InputError, MissingDependencyError, OSError
        As of `read`: for the name of the file and the arguments at once, for its content when
        frames are asked for.

    Examples
    --------
    >>> for configuration in cb.iread("long.dump"):  # doctest: +SKIP
    ...     print(cb.potentials.energy(configuration, model))
    """
    frames = iread_frames(path, format=format, box=box, species=species)
    return (frame.configuration for frame in frames)


def read_frames(
    path: str | os.PathLike[str],
    *,
    frame: int | None = None,
    format: str | None = None,
    box: Box | ArrayLike | None = None,
    species: Sequence[str] | None = None,
) -> list[Frame]:
    """Read a file as a list of frames, with step, time and ids where the file states them.

    The parameters are those of `read`.

    Raises
    ------
    FileFormatError, InputError, MissingDependencyError, OSError
        As for `read`.
    """
    file = _File.of(path, format, box, species)
    if frame is not None:
        return [_one(file, frame)]
    frames = list(file.frames())
    names = file.common_names(each.species_names for each in frames)
    return [file.renamed(each, names) for each in frames]


def iread_frames(
    path: str | os.PathLike[str],
    *,
    format: str | None = None,
    box: Box | ArrayLike | None = None,
    species: Sequence[str] | None = None,
) -> Iterator[Frame]:
    """Return an iterator over the frames that `read_frames` returns; see `iread`.

    Raises
    ------
    FileFormatError, InputError, MissingDependencyError, OSError
        As of `iread`.
    """
    file = _File.of(path, format, box, species)

    def frames() -> Iterator[Frame]:
        names = file.species or file.common_names(each.species_names for each in file.frames())
        for frame in file.frames():
            yield file.renamed(frame, names)

    return frames()


def iread_numbered_apart(
    path: str | os.PathLike[str],
    *,
    format: str | None = None,
    box: Box | ArrayLike | None = None,
    species: Sequence[str] | None = None,
) -> Iterator[Frame]:
    """Return an iterator over frames whose species are numbered by the names in each alone.

    The names in all frames, of one file or several, are for the caller to find; `frame.renamed`
    numbers the species by them. The file is read once.

    Raises
    ------
    FileFormatError, InputError, MissingDependencyError, OSError
        As of `iread`.
    """
    file = _File.of(path, format, box, species)
    return (file.renamed(frame, frame.species_names or ()) for frame in file.frames())


@dataclass(frozen=True)
class _File:
    """A file and what is said about it.

    Parameters
    ----------
    path
    module
        That of its format.
    box, species
        As of `read`; None if not given.
    """

    path: Path
    module: ModuleType
    box: Box | None
    species: tuple[str, ...] | None

    @classmethod
    def of(
        cls,
        path: str | os.PathLike[str],
        format: str | None,
        box: Box | ArrayLike | None,
        species: Sequence[str] | None,
    ) -> _File:
        """Return the file, of checked arguments."""
        module = format_of(path, format)
        given = None if box is None else as_box(box)
        return cls(Path(path), module, given, None if species is None else _names(species))

    def frames(self) -> Iterator[Frame]:
        """Yield the frames; each has its species numbered by its own names."""
        path = self.path
        content = self.module.read(path, self.box) if self.module is xyz else self.module.read(path)
        if isinstance(content, Configuration):
            content = [Frame(content)]
        for number, frame in enumerate(content):
            try:
                # Particles of one plane are in two dimensions.
                configuration = flattened(frame.configuration)
            except InputError as error:
                raise FileFormatError(f"{path}: frame {number}: {error}") from error
            if self.box is not None:
                _check_box(path, configuration.box, self.box)
            yield replace(frame, configuration=configuration)

    def common_names(self, names: Iterable[tuple[str, ...] | None]) -> tuple[str, ...]:
        """Return the names of the species in their order, from those of each frame."""
        distinct = {some for some in names if some is not None}
        try:
            return common_names(distinct)
        except InputError as error:
            raise FileFormatError(f"{self.path}: {error}") from error

    def renamed(self, frame: Frame, names: Sequence[str]) -> Frame:
        """Return a frame whose species are numbered in the order of `names`, or as given."""
        if self.species is None:
            return frame if frame.species_names is None else renamed(frame, names)
        if frame.species_names is None:
            raise InputError(f"species: expected a file that names its species, got {self.path}")
        try:
            return renamed(frame, self.species)
        except InputError as error:
            raise InputError(f"{self.path}: {error}") from error


def _one(file: _File, frame: int) -> Frame:
    """Return one frame of a file, without holding the others."""
    try:
        number = None if isinstance(frame, bool) else index(frame)
    except TypeError:
        number = None
    kept: deque[Frame] = deque(maxlen=max(1, -(number or 0)))
    names = set()
    n = 0
    for n, each in enumerate(file.frames(), start=1):
        names.add(each.species_names)
        if number is not None and (number < 0 or number == n - 1):
            kept.append(each)
    if number is None or not -n <= number < n:
        raise InputError(
            f"frame: {file.path} has frames 0 to {n - 1}, or -1 to -{n} from its end, got {frame!r}"
        )
    return file.renamed(kept[0], file.common_names(names))


def _names(species: Sequence[str]) -> tuple[str, ...]:
    names = () if isinstance(species, str) else tuple(str(name) for name in species)
    if not 0 < len(set(names)) == len(names) <= len(SPECIES_NAMES):
        raise InputError(f"species: expected different names, such as ('L', 'S'), got {species!r}")
    return names


def _check_box(path: Path, stated: Box, box: Box) -> None:
    if stated.dimension != box.dimension:
        raise InputError(
            f"box: expected one of {stated.dimension} dimensions, as the positions in {path} have, "
            f"got {box.lattice.tolist()}"
        )
    if not np.allclose(stated.lattice, box.lattice, rtol=0, atol=1e-6 * box.longest):
        raise InputError(
            f"box: {path} states another one, {stated.lattice.tolist()}, got {box.lattice.tolist()}"
        )
