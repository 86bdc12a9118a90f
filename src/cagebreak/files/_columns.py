"""Rows of text, one per particle: the vectors of a configuration and the user's columns."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cagebreak.configuration import Configuration
from cagebreak.errors import InputError

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
_TAKEN = {
    *("id", "type", "element", "species", "mass", "image", "images", "map_shift"),
    *("pos", "position", "positions", "velo", "vel", "velocity", "velocities", "z"),
    *("x", "y", "xs", "ys", "zs", "xu", "yu", "zu", "xsu", "ysu", "zsu"),
    *("ix", "iy", "iz", "vx", "vy", "vz"),
    *("diameter", "diameters", "radius", "radii"),
}


class Names(NamedTuple):
    """The names that a format gives to the vectors of a configuration and to a user's column."""

    positions: Sequence[str]
    images: Sequence[str]
    velocities: Sequence[str]
    column: str = "{}"
    """Of diameters as well."""


def checked(
    columns: Mapping[str, ArrayLike], configurations: Sequence[Configuration]
) -> dict[str, list[NDArray[np.float64]]]:
    """Return each column as a list of arrays (N,), one per frame.

    Raises
    ------
    InputError
        If a name is not a word of letters, digits and _, or is one that formats use themselves; or
        if the values are not numbers, or not as many as particles.
    """
    sizes = [len(configuration) for configuration in configurations]
    arrays_of_name = {}
    for name, values in columns.items():
        if not _NAME.fullmatch(name) or name.lower() in _TAKEN:
            raise InputError(
                "columns: expected names of at most 40 letters, digits and _, which the format "
                f"does not use itself, got {name!r}"
            )
        frames = [values] if len(sizes) == 1 and np.ndim(values) == 1 else list(values)  # type: ignore[arg-type]
        arrays = [np.asarray(frame) for frame in frames]
        shapes = [array.shape for array in arrays]
        if shapes != [(n,) for n in sizes]:
            expected = f"({sizes[0]},)" if len(sizes) == 1 else f"one array of {sizes[:3]} a frame"
            raise InputError(f"columns: {name}: expected shape {expected}, got {shapes[:3]}")
        if any(array.dtype.kind not in "fiub" for array in arrays):
            raise InputError(f"columns: {name}: expected numbers, got {arrays[0].dtype}")
        arrays_of_name[name] = [array.astype(np.float64) for array in arrays]
    return arrays_of_name


def table(
    configuration: Configuration, columns: Mapping[str, NDArray], names: Names
) -> tuple[list[str], Iterator[str]]:
    """Return the names of the columns, and one line per particle, to full precision."""
    parts: list[tuple[Sequence[str], NDArray]] = [(names.positions, configuration.positions)]
    if configuration.images is not None:
        parts.append((names.images, configuration.images))
    if configuration.velocities is not None:
        parts.append((names.velocities, configuration.velocities))
    if configuration.diameters is not None:
        columns = {"diameter": configuration.diameters, **columns}
    parts += [((names.column.format(name),), values[:, None]) for name, values in columns.items()]
    rows = zip(*(values.tolist() for _, values in parts), strict=True)
    lines = (" ".join(repr(value) for part in row for value in part) for row in rows)
    return [name for part, _ in parts for name in part], lines
