"""Reading and writing configurations; the name of a file, its content or `format` decides how.

A format is one module and one line in `FORMATS`. Its function `read` returns a configuration or a
list of frames. A format that can be written also has a function `write`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from operator import index
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import ArrayLike

from cagebreak.configuration import SPECIES_NAMES, Box, Configuration, as_box, as_configurations
from cagebreak.configuration.shape import flattened
from cagebreak.errors import FileFormatError, InputError
from cagebreak.files import (
    _columns,
    botan,
    deepmind,
    dynamo,
    glassbench,
    gsd,
    hdf5,
    lammps_data,
    lammps_dump,
    sph,
    xyz,
)
from cagebreak.files._compressed import COMPRESSED, bare_name
from cagebreak.files._recognition import suffix_of_content
from cagebreak.files.frame import Frame, common_species, renamed

__all__ = ["FORMATS", "Frame", "common_species", "format_of", "read", "read_frames", "write"]

FORMATS: dict[str, ModuleType] = {
    ".h5": hdf5,
    ".gsd": gsd,
    ".dump": lammps_dump,
    ".lammpstrj": lammps_dump,
    ".lammpsdump": lammps_dump,
    ".data": lammps_data,
    ".lmp": lammps_data,
    ".lammpsdata": lammps_data,
    ".xyz": xyz,
    ".extxyz": xyz,
    ".sph": sph,
    ".xml": dynamo,
    ".npz": botan,
    ".pickle": deepmind,
    ".pkl": deepmind,
}
"""The module that handles each file name suffix."""

PREFIXES: dict[str, ModuleType] = {"dump.": lammps_dump, "data.": lammps_data}
"""The module for each file name prefix; LAMMPS users often omit the suffix."""

_TRAJECTORIES = (gsd, lammps_dump, xyz)
_COMPRESSIBLE = (lammps_dump, lammps_data, xyz, sph, dynamo, deepmind)


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
        says that positions are unwrapped; velocities are set if the file has them. Particles are
        sorted by their ids. If the file states no species, all particles are A.

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
    path = Path(path)
    module = format_of(path, format)
    if path.suffix.lower() in COMPRESSED and module not in _COMPRESSIBLE:
        raise FileFormatError(
            f"{path}: expected a file without compression, got {path.suffix!r}; expand it first"
        )
    given = None if box is None else as_box(box)
    names = None if species is None else _names(species)
    content = module.read(path, given) if module is xyz else module.read(path)
    frames = [Frame(content)] if isinstance(content, Configuration) else content
    try:
        frames = common_species(frames)
    except InputError as error:
        raise FileFormatError(f"{path}: {error}") from error
    frames = _flattened(path, frames)
    if given is not None:
        _check_box(path, frames, given)
    if names is not None:
        frames = [_ordered(path, each, names) for each in frames]
    return frames if frame is None else [frames[_number(path, frame, len(frames))]]


def _flattened(path: Path, frames: Sequence[Frame]) -> list[Frame]:
    """Return frames whose particles lie in one plane in two dimensions."""
    result = []
    for number, frame in enumerate(frames):
        try:
            configuration = flattened(frame.configuration)
        except InputError as error:
            raise FileFormatError(f"{path}: frame {number}: {error}") from error
        result.append(replace(frame, configuration=configuration))
    return result


def _number(path: str | os.PathLike[str], frame: int, n: int) -> int:
    try:
        number = index(frame)
    except TypeError:
        number = n
    if not -n <= number < n or isinstance(frame, bool):
        raise InputError(
            f"frame: {os.fspath(path)} has frames 0 to {n - 1}, or -1 to -{n} from its end, "
            f"got {frame!r}"
        )
    return number


def _names(species: Sequence[str]) -> tuple[str, ...]:
    names = () if isinstance(species, str) else tuple(str(name) for name in species)
    if not 0 < len(set(names)) == len(names) <= len(SPECIES_NAMES):
        raise InputError(f"species: expected different names, such as ('L', 'S'), got {species!r}")
    return names


def _ordered(path: Path, frame: Frame, names: tuple[str, ...]) -> Frame:
    if frame.species_names is None:
        raise InputError(f"species: expected a file that names its species, got {path}")
    try:
        return renamed(frame, names)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def _check_box(path: Path, frames: Sequence[Frame], box: Box) -> None:
    for frame in frames:
        stated = frame.configuration.box
        if stated.dimension != box.dimension or not np.allclose(
            stated.lattice, box.lattice, rtol=0, atol=1e-6 * box.longest
        ):
            raise InputError(
                f"box: {path} states another one, {stated.lattice.tolist()}, got "
                f"{box.lattice.tolist()}"
            )


def write(
    path: str | os.PathLike[str],
    configuration: Configuration | Sequence[Configuration],
    diameters: ArrayLike | None = None,
    columns: Mapping[str, ArrayLike] | None = None,
    *,
    format: str | None = None,
) -> None:
    """Write a configuration, or several as frames.

    An existing file is replaced atomically: readers see the old file or the new one.

    Parameters
    ----------
    path
        The suffix is one of `.h5` and `.xyz` (both store everything, to the bit), `.dump` (boxes in
        LAMMPS's form), `.gsd` (boxes in HOOMD's form, single precision) and `.sph` (wrapped
        positions and diameters).
    configuration
        A list is written as frames; only `.xyz`, `.dump` and `.gsd` hold several.
    diameters
        sigma_ii of each species (``model.diameters``). Required for `.sph`, refused otherwise.
    columns
        One number per particle under each name, ``{"propensity": ...}``: an array (N,), or for
        several frames one such array per frame. Only for `.xyz`, `.dump` and `.gsd`; OVITO shows
        them.
    format
        One of these suffixes, such as ``"xyz"``, for a file whose name has another.

    Raises
    ------
    FileFormatError
        If the name belongs to no format, or to one that can only be read.
    InputError
        If diameters or columns are missing or refused, or the format cannot hold the box.
    """
    path = Path(path)
    module = _writer_of(path, format)
    if module is not sph and diameters is not None:
        raise InputError(f"diameters: only a .sph file holds them, got {diameters!r}")
    frames = as_configurations(configuration, "configuration")
    if module in _TRAJECTORIES:
        if not frames:
            raise InputError("configuration: expected at least one, got none")
        module.write(path, frames, _columns.checked(columns or {}, frames))
        return
    if columns:
        raise InputError(f"columns: only .xyz, .dump and .gsd files hold them, got {list(columns)}")
    if len(frames) != 1:
        raise InputError(
            f"configuration: expected one, got {len(frames)}; several are for .xyz, .dump and .gsd "
            "files"
        )
    if module is not sph:
        module.write(path, frames[0])
    elif diameters is None:
        raise InputError(
            "diameters: expected one for each species in a .sph file, such as model.diameters, "
            "got none"
        )
    else:
        sph.write(path, frames[0], diameters)


def require_columns(path: str | os.PathLike[str]) -> None:
    """Check before any work that a file of this name can hold columns.

    Raises
    ------
    FileFormatError, InputError
        As for `write`.
    """
    path = Path(path)
    if _writer_of(path) not in _TRAJECTORIES:
        raise InputError(f"columns: only .xyz, .dump and .gsd files hold them, got {path.name!r}")


def _writer_of(path: Path, format: str | None = None) -> ModuleType:
    module = format_of(path, format) if format else _format_of_name(path, content=False)
    is_compressed = path.suffix.lower() in COMPRESSED
    if module is None or not hasattr(module, "write") or is_compressed:
        raise FileFormatError(
            f"{path}: expected a name that ends in .h5, .xyz, .dump, .gsd or .sph, got "
            f"{path.name!r}: such files are read only"
        )
    return module


def format_of(path: str | os.PathLike[str], format: str | None = None) -> ModuleType:
    """Return the module that reads a file: that of `format`, or of its name, or of its content.

    Raises
    ------
    InputError
        If `format` is not the suffix of a format.
    FileFormatError
        If neither the name nor the content is of a known format.
    OSError
        If the name says nothing and the file cannot be opened.
    """
    path = Path(path)
    suffixes = " ".join(suffix[1:] for suffix in FORMATS)
    if format is not None:
        module = FORMATS.get(f".{str(format).lower().removeprefix('.')}")
        if module is None:
            raise InputError(f"format: expected one of {suffixes}, got {format!r}")
    else:
        module = _format_of_name(path)
    if module is None and Path(bare_name(path)).suffix == ".csv":
        raise FileFormatError(
            f"{path}: expected configurations; tables of tracks are read by cagebreak.read_tracks"
        )
    if module is None:
        raise FileFormatError(
            f"{path}: expected a name that ends in {' '.join(FORMATS)} (text also with "
            f"{' '.join(COMPRESSED)}) or the content of such a file; if it is one, say which "
            f"(format=, --format): {suffixes}"
        )
    # Both are archives of arrays; what they hold tells them apart.
    return glassbench if module is botan and glassbench.recognizes(path) else module


def _format_of_name(path: Path, content: bool = True) -> ModuleType | None:
    name = bare_name(path)
    module = FORMATS.get(Path(name).suffix)
    if module is None and content:
        module = FORMATS.get(suffix_of_content(path) or "")
    if module is None:
        module = next((m for prefix, m in PREFIXES.items() if name.startswith(prefix)), None)
    return module
