"""Which module handles which file: by the argument `format`, the name of the file or its content.

A format is one module and one line in `FORMATS`. Its function `read` returns a configuration or an
iterator over frames, which reads one at a time. A format that can be written also has a function
`write`.
"""

import os
from pathlib import Path
from types import ModuleType

from cagebreak.errors import FileFormatError, InputError
from cagebreak.files import botan, deepmind, glassbench, gsd, hdf5, xyz
from cagebreak.files._compressed import COMPRESSED, bare_name
from cagebreak.files._recognition import suffix_of_content
from cagebreak.files.event_driven import dynamo, sph
from cagebreak.files.lammps import data, dump

FORMATS: dict[str, ModuleType] = {
    ".h5": hdf5,
    ".gsd": gsd,
    ".dump": dump,
    ".lammpstrj": dump,
    ".lammpsdump": dump,
    ".data": data,
    ".lmp": data,
    ".lammpsdata": data,
    ".xyz": xyz,
    ".extxyz": xyz,
    ".sph": sph,
    ".xml": dynamo,
    ".npz": botan,
    ".pickle": deepmind,
    ".pkl": deepmind,
}
"""The module that handles each file name suffix."""

PREFIXES: dict[str, ModuleType] = {"dump.": dump, "data.": data}
"""The module for each file name prefix; LAMMPS users often omit the suffix."""

TRAJECTORIES = (gsd, dump, xyz)
"""Formats that hold several frames, and columns of the user."""

_COMPRESSIBLE = (dump, data, xyz, sph, dynamo, deepmind)


def format_of(path: str | os.PathLike[str], format: str | None = None) -> ModuleType:
    """Return the module that reads a file: that of `format`, or of its name, or of its content.

    Raises
    ------
    InputError
        If `format` is not the suffix of a format, or the path is none.
    FileFormatError
        If neither the name nor the content is of a known format.
    OSError
        If the name says nothing and the file cannot be opened.
    """
    if not isinstance(path, str | os.PathLike):
        raise InputError(f"path: expected the path of a file, got {path!r}")
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
    if path.suffix.lower() in COMPRESSED and module not in _COMPRESSIBLE:
        raise FileFormatError(
            f"{path}: expected a file without compression, got {path.suffix!r}; expand it first"
        )
    # Both are archives of arrays; what they hold tells them apart.
    return glassbench if module is botan and glassbench.recognizes(path) else module


def writer_of(path: Path, format: str | None = None) -> ModuleType:
    """Return the module that writes a file.

    Raises
    ------
    FileFormatError
        If the name belongs to no format, or to one that can only be read.
    """
    module: ModuleType | None = None
    if path.suffix.lower() not in COMPRESSED:
        module = format_of(path, format) if format else _format_of_name(path, content=False)
    if module is None or not hasattr(module, "write"):
        raise FileFormatError(
            f"{path}: expected a name that ends in .h5, .xyz, .dump, .gsd or .sph, got "
            f"{path.name!r}: such files are read only"
        )
    return module


def _format_of_name(path: Path, content: bool = True) -> ModuleType | None:
    name = bare_name(path)
    module = FORMATS.get(Path(name).suffix)
    if module is None and content:
        module = FORMATS.get(suffix_of_content(path) or "")
    if module is None:
        module = next((m for prefix, m in PREFIXES.items() if name.startswith(prefix)), None)
    return module
