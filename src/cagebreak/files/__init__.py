"""Read and write configurations; the name of a file says its format.

A format is one module with `read`, which returns a configuration or frames, and, unless files of
others are only read, `write`; and one line in `FORMATS`.
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
from cagebreak.files.frame import Frame

__all__ = ["FORMATS", "Frame", "format_of", "read", "read_frames", "write"]

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
"""The module of each suffix."""

PREFIXES: dict[str, ModuleType] = {"dump.": lammps_dump, "data.": lammps_data}
"""How LAMMPS users begin names that have no suffix of a format."""

_TRAJECTORIES = (gsd, lammps_dump, extended_xyz)
_COMPRESSIBLE = (lammps_dump, lammps_data, extended_xyz, sph, deepmind)


def read(path: str | os.PathLike[str]) -> Configuration | list[Configuration]:
    """Read a configuration, or a list of them from a file of several frames.

    Parameters
    ----------
    path
        By its name:

        ============================== ==========================================================
        `.h5`                          our own, also a unit of a study's `equilibrate` stage
        `.gsd`                         HOOMD-blue; needs the extra `[files]`
        `.dump`, `.lammpstrj`,         LAMMPS dump
        `dump.*`
        `.data`, `.lmp`, `data.*`      LAMMPS data
        `.xyz`, `.extxyz`              extended XYZ, with a Lattice
        `.sph`                         hard spheres, in the units of the file
        `.npz`                         BOTAN; `cagebreak.files.botan` reads its runs
        `.pickle`, `.pkl`              DeepMind's glassy dynamics; nothing in it is executed
        ============================== ==========================================================

        Text and pickles also with a further `.gz`, or `.zst` (which needs `[files]` before Python
        3.14).

    Returns
    -------
    Configuration or list of Configuration
        Positions as in the file, images and velocities if it has them, particles in the order of
        their ids. A file without species has one, A.

    Raises
    ------
    FileFormatError
        If the name tells no format or the file breaks the rules of its format; the message names
        the file and, for text, the line.
    MissingDependencyError
        If a library is needed that is not installed.
    OSError
        If the file cannot be opened.
    """
    frames = [frame.configuration for frame in read_frames(path)]
    return frames[0] if len(frames) == 1 else frames


def read_frames(path: str | os.PathLike[str]) -> list[Frame]:
    """Read a file like `read`, each frame with its step, time and ids as far as the file has them.

    Raises
    ------
    FileFormatError, MissingDependencyError, OSError
        As for `read`.
    """
    path = Path(path)
    module = format_of(path)
    if path.suffix.lower() in COMPRESSED and module not in _COMPRESSIBLE:
        raise FileFormatError(f"{path}: expand it first; compressed text is read as it is")
    found = module.read(path)
    return [Frame(found)] if isinstance(found, Configuration) else found


def write(
    path: str | os.PathLike[str],
    configuration: Configuration | Sequence[Configuration],
    diameters: ArrayLike | None = None,
    columns: Mapping[str, ArrayLike] | None = None,
) -> None:
    """Write a configuration, or several as frames; a file there is replaced, whole or not at all.

    Parameters
    ----------
    path
        Ends in `.h5` (everything, to the bit), `.xyz` (the same), `.dump` (boxes in LAMMPS's form),
        `.gsd` (boxes in HOOMD's form, single precision) or `.sph` (wrapped positions and sizes).
    configuration
        A list makes frames, in `.xyz`, `.dump` and `.gsd`.
    diameters
        sigma_ii of each species (``model.diameters``); for `.sph` only, which needs them.
    columns
        One number a particle by name, ``{"propensity": ...}``, each (N,), or for frames one such
        array a frame; in `.xyz`, `.dump` and `.gsd`, where OVITO shows them.

    Raises
    ------
    FileFormatError
        If the name tells no format, or one that is only read.
    InputError
        If diameters or columns are missing or not wanted, or the format cannot hold the box.
    """
    path = Path(path)
    module = format_of(path)
    if not hasattr(module, "write") or path.suffix.lower() in COMPRESSED:
        raise FileFormatError(
            f"{path}: such files are read only; write .h5, .xyz, .dump, .gsd or .sph"
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
        raise InputError("configuration: expected one; several are for .xyz, .dump and .gsd files")
    if module is not sph:
        module.write(path, configuration)
    elif diameters is None:
        raise InputError("diameters: a .sph file needs them, for instance model.diameters")
    else:
        sph.write(path, configuration, diameters)


def format_of(path: Path) -> ModuleType:
    """Return the module that reads a file of this name.

    Raises
    ------
    FileFormatError
        If there is none.
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
