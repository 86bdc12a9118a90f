"""Reading and writing configurations; the name of a file decides its format.

A format is one module and one line in `FORMATS`. Its function `read` returns a configuration or a
list of frames. A format that can be written also has a function `write`.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType

from numpy.typing import ArrayLike

from cagebreak.configuration import Configuration
from cagebreak.errors import FileFormatError, InputError
from cagebreak.files import (
    _columns,
    botan,
    deepmind,
    extended_xyz,
    gsd,
    hdf5,
    lammps_data,
    lammps_dump,
    sph,
)
from cagebreak.files._compressed import COMPRESSED, bare_name
from cagebreak.files.frame import Frame, common_species

__all__ = ["FORMATS", "Frame", "common_species", "format_of", "read", "read_frames", "write"]

FORMATS: dict[str, ModuleType] = {
    ".h5": hdf5,
    ".gsd": gsd,
    ".dump": lammps_dump,
    ".lammpstrj": lammps_dump,
    ".data": lammps_data,
    ".lmp": lammps_data,
    ".xyz": extended_xyz,
    ".extxyz": extended_xyz,
    ".sph": sph,
    ".npz": botan,
    ".pickle": deepmind,
    ".pkl": deepmind,
}
"""The module that handles each file name suffix."""

PREFIXES: dict[str, ModuleType] = {"dump.": lammps_dump, "data.": lammps_data}
"""The module for each file name prefix; LAMMPS users often omit the suffix."""

_TRAJECTORIES = (gsd, lammps_dump, extended_xyz)
_COMPRESSIBLE = (lammps_dump, lammps_data, extended_xyz, sph, deepmind)


def read(path: str | os.PathLike[str]) -> Configuration | list[Configuration]:
    """Read a configuration, or a list of configurations from a file with several frames.

    Parameters
    ----------
    path
        The name of the file decides its format:

        ============================== ==========================================================
        `.h5`                          cagebreak's own; also a unit of the stage `equilibrate`
        `.gsd`                         HOOMD-blue; needs the extra `[files]`
        `.dump`, `.lammpstrj`,         LAMMPS dump
        `dump.*`
        `.data`, `.lmp`, `data.*`      LAMMPS data
        `.xyz`, `.extxyz`              extended XYZ, with a Lattice
        `.sph`                         hard spheres, in the units of the file
        `.npz`                         BOTAN; `cagebreak.files.botan` reads its runs
        `.pickle`, `.pkl`              DeepMind's glassy dynamics; nothing in it is executed
        ============================== ==========================================================

        Text files and pickles may be compressed, with a further suffix `.gz` or `.zst`. Before
        Python 3.14, `.zst` needs the extra `[files]`.

    Returns
    -------
    Configuration or list of Configuration
        Positions are those of the file; images and velocities are set if the file has them.
        Particles are sorted by their ids. If the file states no species, all particles are A.

    Raises
    ------
    FileFormatError
        If the name belongs to no format, or the content violates the format; the message names
        the file and, for text, the line.
    MissingDependencyError
        If the format needs a library that is not installed.
    OSError
        If the file cannot be opened.
    """
    frames = [frame.configuration for frame in read_frames(path)]
    return frames[0] if len(frames) == 1 else frames


def read_frames(path: str | os.PathLike[str]) -> list[Frame]:
    """Read a file as a list of frames, with step, time and ids where the file states them.

    Raises
    ------
    FileFormatError, MissingDependencyError, OSError
        As for `read`.
    """
    path = Path(path)
    module = format_of(path)
    if path.suffix.lower() in COMPRESSED and module not in _COMPRESSIBLE:
        raise FileFormatError(
            f"{path}: expected a file without compression, got {path.suffix!r}; expand it first"
        )
    content = module.read(path)
    if isinstance(content, Configuration):
        return [Frame(content)]
    try:
        return common_species(content)
    except InputError as error:
        raise FileFormatError(f"{path}: {error}") from error


def write(
    path: str | os.PathLike[str],
    configuration: Configuration | Sequence[Configuration],
    diameters: ArrayLike | None = None,
    columns: Mapping[str, ArrayLike] | None = None,
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

    Raises
    ------
    FileFormatError
        If the name belongs to no format, or to one that can only be read.
    InputError
        If diameters or columns are missing or refused, or the format cannot hold the box.
    """
    path = Path(path)
    module = format_of(path)
    if not hasattr(module, "write") or path.suffix.lower() in COMPRESSED:
        raise FileFormatError(
            f"{path}: expected a name that ends in .h5, .xyz, .dump, .gsd or .sph, got "
            f"{path.name!r}: such files are read only"
        )
    if module is not sph and diameters is not None:
        raise InputError(f"diameters: only a .sph file holds them, got {diameters!r}")
    if module in _TRAJECTORIES:
        frames = [configuration] if isinstance(configuration, Configuration) else configuration
        if not frames:
            raise InputError("configuration: expected at least one, got none")
        module.write(path, frames, _columns.checked(columns or {}, frames))
        return
    if columns:
        raise InputError(f"columns: only .xyz, .dump and .gsd files hold them, got {list(columns)}")
    if not isinstance(configuration, Configuration):
        raise InputError(
            f"configuration: expected one, got {len(configuration)}; several are for .xyz, .dump "
            "and .gsd files"
        )
    if module is not sph:
        module.write(path, configuration)
    elif diameters is None:
        raise InputError(
            "diameters: expected one for each species in a .sph file, such as model.diameters, "
            "got none"
        )
    else:
        sph.write(path, configuration, diameters)


def format_of(path: Path) -> ModuleType:
    """Return the module that reads a file of this name.

    Raises
    ------
    FileFormatError
        If no format has this suffix or prefix.
    """
    name = bare_name(path)
    module = FORMATS.get(Path(name).suffix)
    if module is None:
        module = next((m for prefix, m in PREFIXES.items() if name.startswith(prefix)), None)
    if module is None:
        raise FileFormatError(
            f"{path}: expected a name that ends in {' or '.join(FORMATS)}, or begins with "
            f"{' or '.join(PREFIXES)}, got {path.name!r}"
        )
    return module
