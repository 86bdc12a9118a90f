"""Read and write configurations; the suffix names the format.

A format is one module with `read` and, unless files of others are only read, `write`; and one line
in `FORMATS`.
"""

import os
from pathlib import Path
from types import ModuleType

from numpy.typing import ArrayLike

from cagebreak.configuration import Configuration
from cagebreak.errors import FileFormatError, InputError
from cagebreak.files import botan, hdf5, sph

__all__ = ["FORMATS", "read", "write"]

FORMATS: dict[str, ModuleType] = {".h5": hdf5, ".npz": botan, ".sph": sph}


def read(path: str | os.PathLike[str]) -> Configuration:
    """Read a configuration.

    Parameters
    ----------
    path
        A `.h5` file that this package wrote (also a unit of a study's `equilibrate` stage), a
        `.sph` file of hard spheres, whose units are kept, or a `.npz` file of BOTAN, whose runs
        `cagebreak.files.botan` reads.

    Raises
    ------
    FileFormatError
        If the suffix names no format or the file breaks the rules of its format; the message
        names the file and, for text, the line.
    OSError
        If the file cannot be opened.
    """
    path = Path(path)
    return _format(path).read(path)


def write(
    path: str | os.PathLike[str],
    configuration: Configuration,
    diameters: ArrayLike | None = None,
) -> None:
    """Write a configuration; an existing file is replaced, whole or not at all.

    Parameters
    ----------
    path
        Ends in `.h5` (everything, to the bit) or `.sph` (wrapped positions and sizes).
    configuration
    diameters
        sigma_ii of each species (``model.diameters``); for `.sph` only, which needs them.

    Raises
    ------
    FileFormatError
        If the suffix names no format, or one that is only read.
    InputError
        If diameters are missing or not wanted, or the format cannot hold the box.
    """
    path = Path(path)
    module = _format(path)
    if not hasattr(module, "write"):
        raise FileFormatError(f"{path}: {path.suffix} files are read only; write .h5 or .sph")
    if module is sph:
        if diameters is None:
            raise InputError("diameters: a .sph file needs them, for instance model.diameters")
        sph.write(path, configuration, diameters)
    elif diameters is not None:
        raise InputError(f"diameters: a {path.suffix} file holds none, got {diameters!r}")
    else:
        module.write(path, configuration)


def _format(path: Path) -> ModuleType:
    try:
        return FORMATS[path.suffix.lower()]
    except KeyError:
        raise FileFormatError(
            f"{path}: expected a name that ends in {' or '.join(FORMATS)}, got {path.suffix!r}"
        ) from None
