"""GSD files of HOOMD-blue (schema `hoomd`), by the library gsd: frames in single precision.

The box of a GSD file is centered at the origin. Columns of the user are written as logged
per-particle quantities, which OVITO shows.
"""

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from struct import Struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cagebreak._atomic import replacing
from cagebreak.configuration import Box, Configuration
from cagebreak.configuration.interchange.gsd import frame_of, matrix_of
from cagebreak.configuration.sizes import own_sizes
from cagebreak.errors import FileFormatError, InputError, MissingDependencyError
from cagebreak.files._compressed import LARGEST_FREE, LARGEST_RATIO, check_regular
from cagebreak.files.frame import Frame, in_order

# What the library raises on a file that is truncated, edited or not GSD.
_UNREADABLE = (OSError, RuntimeError, ValueError, KeyError, MemoryError, OverflowError, TypeError)


_HEADER = Struct("<5Q")
"""Magic number; place and number of entries of the index; place and number of names."""

_ENTRY_BYTES = 32
_NAME_BYTES = 64


def read(path: Path) -> Iterator[Frame]:
    """Yield all frames.

    If all names of types are letters of species, they are kept; otherwise the first type is A.

    Raises
    ------
    FileFormatError
        If the file is not a GSD file, is damaged, or has no frame.
    MissingDependencyError
        If the library gsd is not installed.
    """
    library = _library("gsd.fl")
    check_regular(path)
    _check_header(path)
    try:
        with library.open(str(path), "r", application="", schema="hoomd") as file:
            if file.schema != "hoomd":
                raise FileFormatError(f"{path}: expected schema 'hoomd', got {file.schema!r}")
            if not file.nframes:
                raise FileFormatError(f"{path}: expected at least one frame, got none")
            yield from _frames(file, path.stat().st_size)
    except FileFormatError:
        raise
    except InputError as error:
        raise FileFormatError(f"{path}: {error}") from error
    except _UNREADABLE as error:
        raise FileFormatError(f"{path}: expected a GSD file, whole ({error})") from error


def write(
    path: Path, configurations: Sequence[Configuration], columns: Mapping[str, NDArray]
) -> None:
    """Write frames in single precision: wrapped positions, and images that restore the unwrapped.

    Raises
    ------
    InputError
        If a box does not have HOOMD's form: first lattice vector along x, second in the xy plane;
        or some frames have velocities or diameters and others have none.
    MissingDependencyError
        If the library gsd is not installed.
    """
    library = _library("gsd.hoomd")
    # What a frame does not state is taken from the first one.
    for name in ("velocities", "diameters"):
        states = [getattr(configuration, name) is not None for configuration in configurations]
        if any(states) and not all(states):
            raise InputError(
                f"configurations: expected {name} in all frames of a GSD file or in none, got none "
                f"in frame {states.index(False)}"
            )
    frames = []
    for step, configuration in enumerate(configurations):
        frame = frame_of(configuration)
        frame.configuration.step = step
        for name, values in columns.items():
            frame.log[f"particles/{name}"] = values[step]
        frames.append(frame)
    with replacing(path) as temporary, library.open(str(temporary), "w") as file:
        file.extend(frames)


def _library(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise MissingDependencyError(
            "GSD files need the library gsd: pip install 'cagebreak[files]'"
        ) from error


def _check_header(path: Path) -> None:
    """Check that the tables of a GSD file lie in the file; the library ends the process if not."""
    with path.open("rb") as file:
        head = file.read(_HEADER.size)
    if len(head) < _HEADER.size:
        raise FileFormatError(f"{path}: expected a GSD file, got {len(head)} bytes")
    _, index, n_entries, names, n_names = _HEADER.unpack(head)
    size = path.stat().st_size
    if index + n_entries * _ENTRY_BYTES > size or names + n_names * _NAME_BYTES > size:
        raise FileFormatError(f"{path}: expected a GSD file, got one cut short")


def _frames(file: Any, size: int) -> Iterator[Frame]:
    """Yield the frames; frames of a small file can repeat the arrays of the first without end."""
    # By the schema, images that a frame does not store are zero, and diameters one.
    stored = {
        name: any(file.chunk_exists(index, f"particles/{name}") for index in range(file.nframes))
        for name in ("image", "diameter")
    }
    n_bytes = 0
    for index in range(file.nframes):
        frame = _frame(file, index, **stored)
        n_bytes += frame.configuration.positions.nbytes
        if n_bytes > max(LARGEST_FREE, LARGEST_RATIO * size):
            raise InputError(
                f"frame {index}: expected positions of less than {LARGEST_RATIO} times the file"
            )
        yield frame


def _frame(file: Any, index: int, image: bool, diameter: bool) -> Frame:
    """Return a frame of a file that has images or diameters in some frame, or has not."""

    def chunk(name: str, default: Any = None) -> Any:
        """Return a chunk of this frame; by the schema, a chunk not stored is the first frame's."""
        for frame in (index, 0):
            if file.chunk_exists(frame, name):
                return file.read_chunk(frame, name)
        return default

    n = _single(index, "particles/N", chunk("particles/N", [0]))
    if n < 1:
        raise InputError(f"frame {index}: expected at least one particle, got {n}")
    dimensions = _single(index, "configuration/dimensions", chunk("configuration/dimensions", [3]))
    if dimensions not in (2, 3):
        raise InputError(f"frame {index}: expected 2 or 3 dimensions, got {dimensions}")

    def particles(name: str, kind: str, width: int = 3) -> NDArray | None:
        values = chunk(f"particles/{name}")
        # The first frame's values hold only for later frames with as many particles.
        if values is None or (
            not file.chunk_exists(index, f"particles/{name}") and len(values) != n
        ):
            return None
        expected = (n, width) if width > 1 else (n,)
        if values.shape != expected or values.dtype.kind not in kind:
            raise InputError(
                f"frame {index}: particles/{name}: expected shape {expected}, got "
                f"{values.dtype} of shape {values.shape}"
            )
        return values

    position = particles("position", "f")
    if position is None:
        raise InputError(f"frame {index}: expected particles/position, got none")
    type_ids, types = particles("typeid", "iu", 1), _types(index, chunk("particles/types"))
    if type_ids is None:
        type_ids = np.zeros(n, np.int64)
    if type_ids.max() >= len(types) or type_ids.min() < 0:
        raise InputError(
            f"frame {index}: particles/typeid: expected numbers from 0 to {len(types) - 1}, got "
            f"{type_ids.min()} to {type_ids.max()}"
        )
    names = in_order(types) if "A" in types else tuple(types)
    species = np.array([names.index(name) for name in types])[type_ids]
    images, sizes = particles("image", "iu"), particles("diameter", "f", 1)
    if image and images is None:
        images = np.zeros((n, 3), np.int64)
    if diameter and sizes is None:
        sizes = np.ones(n)
    configuration = Configuration(
        position,
        species,
        _box(index, chunk("configuration/box"), dimensions),
        particles("velocity", "f"),
        images,
        None if sizes is None else _diameters(index, sizes.astype(np.float64), species),
    )
    step = _single(index, "configuration/step", chunk("configuration/step", [0]))
    return Frame(configuration, step, species_names=names)


def _diameters(index: int, sizes: NDArray[np.float64], species: NDArray) -> NDArray | None:
    if not np.isfinite(sizes).all():
        raise InputError(f"frame {index}: particles/diameter: expected finite numbers")
    try:
        return own_sizes(sizes, species)
    except InputError as error:
        raise InputError(f"frame {index}: particles/diameter: {error}") from error


def _single(index: int, name: str, values: Any) -> int:
    array = np.asarray(values)
    if array.shape != (1,) or array.dtype.kind not in "iu":
        raise InputError(
            f"frame {index}: {name}: expected one whole number, got {array.dtype} of shape "
            f"{array.shape}"
        )
    return int(array[0])


def _types(index: int, chunk: NDArray | None) -> list[str]:
    """Return the names of the types, which the file stores as zero-terminated rows of bytes."""
    if chunk is None:
        return ["A"]
    if chunk.ndim != 2 or chunk.dtype.itemsize != 1 or not len(chunk):
        raise InputError(
            f"frame {index}: particles/types: expected rows of text, got {chunk.dtype} of shape "
            f"{chunk.shape}"
        )
    rows = [row.tobytes().split(b"\0")[0] for row in chunk]
    names = [row.decode("utf-8") for row in rows]
    if len(set(names)) != len(names):
        raise InputError(f"frame {index}: particles/types: expected different names, got {names}")
    return names


def _box(index: int, edges: NDArray | None, dimensions: int) -> Box:
    if edges is None or edges.shape != (6,) or edges.dtype.kind != "f":
        raise InputError(f"frame {index}: configuration/box: expected six numbers, got {edges}")
    return Box(matrix_of(edges, dimensions), dimensions)
