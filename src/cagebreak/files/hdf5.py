"""cagebreak's HDF5 files: named arrays with units and axes, readable with h5py alone."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np
from numpy.typing import NDArray

from cagebreak._hdf5 import UNREADABLE, is_group, names_in, read_array
from cagebreak._sealed import creating, opened
from cagebreak.configuration import Box, Configuration
from cagebreak.errors import FileFormatError, InputError
from cagebreak.files._compressed import check_regular

_NAMES = ("positions", "species", "box", "velocities", "images", "diameters")

FORMAT = "cagebreak configuration 1"


class Dataset(NamedTuple):
    """An array with its units and the names of its axes, as written to a file."""

    values: NDArray
    units: str
    axes: str


def read(path: Path) -> Configuration:
    """Read the configuration of an HDF5 file.

    Raises
    ------
    FileFormatError
        If the file is not HDF5, has changed since it was written, or holds no configuration.
    """
    check_regular(path)
    try:
        with opened(path) as file:
            arrays = read_datasets(file, tuple(name for name in _NAMES if name in set(file)))
    except FileNotFoundError:
        raise
    except UNREADABLE as error:
        raise FileFormatError(f"{path}: expected an HDF5 file, whole ({error})") from error
    return configuration(arrays, str(path))


def write(path: Path, configuration: Configuration) -> None:
    """Write a configuration: positions, species, box, and what else it has of each particle."""
    with creating(path, {"format": FORMAT}) as file:
        write_datasets(file, datasets(configuration))


def datasets(configuration: Configuration) -> dict[str, Dataset]:
    """Return the arrays of a configuration, by their names in a file."""
    arrays = {
        "positions": Dataset(configuration.positions, "sigma", "particle, xyz"),
        "species": Dataset(configuration.species, "0 is A, 1 is B", "particle"),
        # Two dimensions have two vectors of two components.
        "box": Dataset(configuration.box.lattice, "sigma", "lattice vector, xyz"),
    }
    if configuration.velocities is not None:
        arrays["velocities"] = Dataset(configuration.velocities, "sigma/tau", "particle, xyz")
    if configuration.images is not None:
        arrays["images"] = Dataset(configuration.images, "lattice vectors", "particle, xyz")
    if configuration.diameters is not None:
        arrays["diameters"] = Dataset(configuration.diameters, "sigma", "particle")
    return arrays


def configuration(arrays: Mapping[str, NDArray], where: str) -> Configuration:
    """Return the configuration of the arrays of a file; `where` names the file in errors.

    Raises
    ------
    FileFormatError
        If an array is missing or the arrays do not form a configuration.
    """
    missing = [name for name in ("positions", "species", "box") if name not in arrays]
    if missing:
        raise FileFormatError(
            f"{where}: expected the arrays of a configuration, found no {' and no '.join(missing)}"
        )
    try:
        return Configuration(
            positions=arrays["positions"],
            species=arrays["species"],
            box=Box(arrays["box"]),
            velocities=arrays.get("velocities"),
            images=arrays.get("images"),
            diameters=arrays.get("diameters"),
        )
    except InputError as error:
        raise FileFormatError(f"{where}: {error}") from error


def write_datasets(file: h5py.Group, arrays: Mapping[str, Dataset]) -> None:
    """Write arrays with a checksum per chunk, which HDF5 verifies on every read."""
    for name, (values, units, axes) in arrays.items():
        checksum = {"fletcher32": True} if np.ndim(values) and np.size(values) else {}
        dataset = file.create_dataset(name, data=values, **checksum)
        dataset.attrs["units"] = units
        dataset.attrs["axes"] = axes
        # The layout of the file depends on when a dataset is closed. Garbage collection may be
        # late: a profiler, such as Dask's, can hold a reference.
        dataset.id.close()


def read_datasets(file: h5py.Group, names: tuple[str, ...] | None = None) -> dict[str, NDArray]:
    """Read the arrays of a file: those in `names`, or all by default.

    Raises
    ------
    KeyError, ValueError, OSError
        As for `cagebreak._hdf5.read_array`.
    """
    if names is None:
        names = tuple(name for name in names_in(file) if not is_group(file, name))
    return {name: read_array(file, name) for name in names}
