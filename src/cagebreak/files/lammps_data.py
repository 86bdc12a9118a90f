"""LAMMPS data files, the files of LAMMPS's `write_data` and `read_data`: one configuration.

The header states the number of atoms and the box. Sections follow it; all sections but Atoms and
Velocities are skipped.
"""

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Box, Configuration
from cagebreak.errors import InputError
from cagebreak.files._lammps import order_of, species_of_types
from cagebreak.files._text import TextFile, integer, number

# For each atom style: column of the type, column of x, and number of columns without images.
_STYLES = {
    "atomic": (1, 2, 5),
    "charge": (1, 3, 6),
    "bond": (2, 3, 6),
    "angle": (2, 3, 6),
    "molecular": (2, 3, 6),
    "full": (2, 4, 7),
    "sphere": (1, 4, 7),
}
_SECTION = re.compile(r"[A-Z][A-Za-z0-9/ ]*")


def read(path: Path) -> Configuration:
    """Read a data file; type 1 is A, and atoms are sorted by their ids.

    The atom style is read from the comment after Atoms, where LAMMPS writes it; the default, as in
    LAMMPS, is atomic.

    Raises
    ------
    FileFormatError
        If a line violates the format, an id is repeated, or the atoms or the box are missing.
    """
    with TextFile(path) as file:
        file.line("a title")
        sizes: dict[str, list[float]] = {}
        section = _header(file, sizes)
        n = _n_atoms(file, sizes)
        box = _box(file, sizes)
        atoms = velocities = None
        while section is not None:
            name, _, comment = (part.strip() for part in section.partition("#"))
            if name == "Atoms":
                if atoms is not None:
                    raise file.error("one section Atoms", section)
                atoms, section = _atoms(file, n, comment)
            elif name == "Velocities":
                if velocities is not None:
                    raise file.error("one section Velocities", section)
                velocities, section = _velocities(file, n)
            else:
                section = _skip(file)
        if atoms is None:
            raise file.error("a section Atoms", "the end of the file")
        ids, species, positions, images = atoms
        if velocities is not None and (velocities[0] != ids).any():
            raise file.error("the ids of Atoms in Velocities", None)
        try:
            return Configuration(
                positions, species, box, None if velocities is None else velocities[1], images
            )
        except InputError as error:
            raise file.error(f"a configuration ({error})", None) from error


def _header(file: TextFile, sizes: dict[str, list[float]]) -> str | None:
    """Read header lines such as `0 5 xlo xhi` into `sizes`; return the first section's line."""
    while (line := file.next()) is not None:
        content = line.partition("#")[0].strip()
        if not content:
            continue
        if _SECTION.fullmatch(content):
            return line
        words = content.split()
        values = []
        while words and (value := number(words[0])) is not None:
            values.append(value)
            words.pop(0)
        key = " ".join(words)
        if not values or not key or key in sizes:
            raise file.error("numbers and what they are, each once, or a section", line)
        sizes[key] = values
    return None


def _n_atoms(file: TextFile, sizes: dict[str, list[float]]) -> int:
    values = sizes.get("atoms", [])
    if len(values) != 1 or not 1 <= values[0] < 2**53 or values[0] != int(values[0]):
        raise file.error("a header with the number of atoms, from 1", str(values))
    return int(values[0])


def _box(file: TextFile, sizes: dict[str, list[float]]) -> Box:
    def values(key: str, n: int) -> list[float]:
        numbers = sizes.get(key, [])
        if len(numbers) != n:
            raise file.error(f"a header with {n} numbers for {key}", str(numbers))
        return numbers

    try:
        if "avec" in sizes:
            return Box(np.array([values(f"{vector}vec", 3) for vector in "abc"]))
        bounds = [values(f"{axis}lo {axis}hi", 2) for axis in "xyz"]
        xy, xz, yz = values("xy xz yz", 3) if "xy xz yz" in sizes else (0.0, 0.0, 0.0)
        x, y, z = (high - low for low, high in bounds)
        return Box(np.array([[x, 0, 0], [xy, y, 0], [xz, yz, z]]))
    except InputError as error:
        raise file.error(f"a box of positive volume ({error})", None) from error


def _rows(file: TextFile, n: int, expected: str) -> list[str]:
    blank = file.line(expected)
    if blank.strip():
        raise file.error("an empty line after the name of a section", blank)
    return [line.partition("#")[0] for line in file.block(n, expected)]


def _atoms(
    file: TextFile, n: int, style: str
) -> tuple[tuple[NDArray, NDArray, NDArray, NDArray | None], str | None]:
    style = style or "atomic"
    if style not in _STYLES:
        raise file.error(f"Atoms # one of {', '.join(_STYLES)}", style)
    type_, x, width = _STYLES[style]
    lines = _rows(file, n, f"atoms of style {style}")
    first = file.number - n + 1
    n_columns = len(lines[0].split())
    with_images = n_columns == width + 3
    if n_columns not in (width, width + 3):
        raise file.error(
            f"{width} columns of style {style}, or {width + 3} with images (the style stands after "
            "Atoms, as in Atoms # full)", lines[0], first,
        )  # fmt: skip
    for i, line in enumerate(lines):
        if len(line.split()) != n_columns:
            raise file.error(f"{n_columns} columns, as in the first line", line, first + i)
    columns = [0, type_, x, x + 1, x + 2, *range(width, n_columns)]
    table = file.table(lines, columns, n_columns, f"{n_columns} finite numbers")
    order, ids = order_of(file, table[:, 0], lines)
    species = species_of_types(file, table[:, 1], lines)
    images = None
    if with_images:
        images = file.integers(table[:, 5:], lines, "whole numbers as images")[order]
    return (ids, species[order], table[order, 2:5], images), _next(file)


def _velocities(file: TextFile, n: int) -> tuple[tuple[NDArray, NDArray], str | None]:
    lines = _rows(file, n, "velocities")
    table = file.table(lines, [0, 1, 2, 3], 4, "an id and three finite numbers")
    order, ids = order_of(file, table[:, 0], lines)
    return (ids, table[order, 1:]), _next(file)


def _next(file: TextFile) -> str | None:
    """Return the line that names the next section."""
    while (line := file.next()) is not None:
        content = line.partition("#")[0].strip()
        if content:
            if integer(content.split()[0]) is not None or not _SECTION.fullmatch(content):
                raise file.error("the name of a section", line)
            return line
    return None


def _skip(file: TextFile) -> str | None:
    while (line := file.next()) is not None:
        content = line.partition("#")[0].strip()
        if content and _SECTION.fullmatch(content):
            return line
    return None
