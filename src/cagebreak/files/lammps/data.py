"""LAMMPS data files, the files of LAMMPS's `write_data` and `read_data`: one configuration.

The header states the number of atoms and the box. Sections follow it; all sections but Atoms,
Velocities and Atom Type Labels are skipped. The file cannot say whether the box is periodic, and is
taken to be.
"""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cagebreak.errors import InputError
from cagebreak.files._fields import Columns
from cagebreak.files._particles import Cell, cell_of, frame_of, order_of
from cagebreak.files._text import Rows, TextFile, integer, number, uncommented
from cagebreak.files.frame import Frame, in_order, renamed
from cagebreak.files.lammps.atom_styles import STYLES

_SECTION = re.compile(r"[A-Z][A-Za-z0-9/ ]*")


def read(path: Path) -> list[Frame]:
    """Read a data file; type 1 is A, and atoms are sorted by their ids.

    The atom style is read from the comment after Atoms, where LAMMPS writes it; the default, as in
    LAMMPS, is atomic. Types may be labels of the section Atom Type Labels, whose numbers decide.

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
        cell = _cell(file, sizes)
        atoms = velocities = None
        labels: dict[str, int] = {}
        while section is not None:
            name, _, comment = (part.strip() for part in section.partition("#"))
            name = " ".join(name.lower().split())
            if name == "atoms":
                if atoms is not None:
                    raise file.error("one section Atoms", section)
                atoms = _atoms(file, n, comment, cell, labels)
                section = _next(file)
            elif name == "velocities":
                if velocities is not None:
                    raise file.error("one section Velocities", section)
                velocities = _velocities(file, n)
                section = _next(file)
            elif name == "atom type labels":
                labels = _labels(file, sizes)
                section = _next(file)
            else:
                section = _skip(file)
        if atoms is None:
            raise file.error("a section Atoms", "the end of the file")
        n_types, n_species = sizes.get("atom types", [])[:1], atoms.configuration.n_species
        if n_types and n_species > n_types[0]:
            raise file.error(f"types up to {n_types[0]:g}, as the header says", str(n_species))
        if labels:
            atoms = _labeled(atoms, labels)
        if velocities is None:
            return [atoms]
        if (velocities[0] != atoms.ids).any():
            raise file.error("the ids of Atoms in Velocities", None)
        configuration = atoms.configuration.replace(velocities=velocities[1])
        return [replace(atoms, configuration=configuration)]


def _header(file: TextFile, sizes: dict[str, list[float]]) -> str | None:
    """Read header lines such as `0 5 xlo xhi` into `sizes`; return the first section's line."""
    while (line := file.next()) is not None:
        content = uncommented(line)
        if not content:
            continue
        if _SECTION.fullmatch(content):
            return line
        words = content.split()
        values = []
        while words and (value := number(words[0])) is not None:
            values.append(value)
            words.pop(0)
        key = " ".join(words).lower()
        if not values or not key or key in sizes:
            raise file.error("numbers and what they are, each once, or a section", line)
        sizes[key] = values
    return None


def _n_atoms(file: TextFile, sizes: dict[str, list[float]]) -> int:
    values = sizes.get("atoms", [])
    if len(values) != 1 or not 1 <= values[0] < 2**53 or values[0] != int(values[0]):
        raise file.error("a header with the number of atoms, from 1", str(values))
    return int(values[0])


def _cell(file: TextFile, sizes: dict[str, list[float]]) -> Cell:
    def values(key: str, n: int) -> list[float]:
        numbers = sizes.get(key, [])
        if len(numbers) != n:
            raise file.error(f"a header with {n} numbers for {key}", str(numbers))
        return numbers

    try:
        if "avec" in sizes:
            return cell_of(np.array([values(f"{vector}vec", 3) for vector in "abc"]))
        bounds = [values(f"{axis}lo {axis}hi", 2) for axis in "xyz"]
        xy, xz, yz = values("xy xz yz", 3) if "xy xz yz" in sizes else (0.0, 0.0, 0.0)
        x, y, z = (high - low for low, high in bounds)
        if min(x, y, z) <= 0:
            raise InputError(f"box: expected lo < hi in each direction, got lengths {[x, y, z]}")
        return cell_of([[x, 0, 0], [xy, y, 0], [xz, yz, z]])
    except InputError as error:
        raise file.failure(error) from error


def _rows(file: TextFile, n: int, expected: str) -> Rows:
    rows = file.block(n, expected)
    rows.lines = [line.partition("#")[0] for line in rows.lines]
    return rows


def _labels(file: TextFile, sizes: dict[str, list[float]]) -> dict[str, int]:
    """Return the number of each type by its label."""
    n = int(sizes.get("atom types", [0.0])[0])
    rows = _rows(file, n, "labels of atom types")
    labels: dict[str, int] = {}
    for row, line in enumerate(rows.lines):
        words = line.split()
        type_ = integer(words[0]) if len(words) == 2 else None
        if type_ is None or not 1 <= type_ <= n or type_ in labels.values() or words[1] in labels:
            raise rows.error(row, f"a type from 1 to {n} and its label, each once")
        labels[words[1]] = type_
    return labels


def _labeled(frame: Frame, labels: dict[str, int]) -> Frame:
    """Return a frame whose species have the labels of the types as names."""
    names = tuple(sorted(labels, key=lambda label: labels[label]))
    frame = replace(frame, species_names=names)
    return renamed(frame, in_order(names)) if "A" in names else frame


def _numbered(rows: Rows, column: int, labels: dict[str, int]) -> list[str]:
    """Return the lines with the numbers of types in place of their labels."""
    lines = []
    for row, line in enumerate(rows.lines):
        words = line.split()
        if number(words[column]) is None:
            if words[column] not in labels:
                raise rows.error(row, "a type, or a label of the section Atom Type Labels")
            words[column] = str(labels[words[column]])
        lines.append(" ".join(words))
    return lines


def _atoms(file: TextFile, n: int, comment: str, cell: Cell, labels: dict[str, int]) -> Frame:
    name = (comment.lower().split() or ["atomic"])[0].removesuffix("/kk")
    style = STYLES.get(name)
    if style is None:
        raise file.error(f"Atoms # one of {', '.join(STYLES)}", comment)
    rows = _rows(file, n, f"atoms of style {name}")
    n_columns = len(rows.first())
    width = n_columns if style.width is None else style.width
    if n_columns not in (width, width + 3) or n_columns < style.x + 3:
        fitting = [each for each, s in STYLES.items() if s.width in (n_columns, n_columns - 3)]
        raise rows.error(
            0,
            f"{width} columns of style {name}, or {width + 3} with images (the style stands "
            f"after Atoms, as in Atoms # full; {n_columns} columns fit "
            f"{', '.join(fitting) or 'hybrid'})",
        )
    for row, line in enumerate(rows.lines):
        if len(line.split()) != n_columns:
            raise rows.error(row, f"{n_columns} columns, as in the first line")
    if style.flag is not None:
        _require_spheres(rows, name, style.flag)
    if labels:
        rows.lines = _numbered(rows, style.type, labels)
    columns = Columns(
        positions=(style.x, style.x + 1, style.x + 2),
        width=n_columns,
        images=tuple(range(width, n_columns)),
        ids=0,
        species={"type": style.type},
        sizes={} if style.diameter is None else {"diameter": style.diameter},
    )
    return frame_of(rows, columns, cell, types_from_one=True)


def _require_spheres(rows: Rows, style: str, flag: int) -> None:
    for row, word in enumerate(rows.words(flag, f"a flag of style {style}")):
        if integer(word) != 0:
            raise rows.error(
                row,
                f"spheres, of style {style} with flag 0; particles with another shape have no "
                "model here",
            )


def _velocities(file: TextFile, n: int) -> tuple[NDArray, NDArray]:
    """Return the ids, ascending, and the velocities."""
    rows = _rows(file, n, "velocities")
    table = rows.table([0, 1, 2, 3], 4, "an id and three finite numbers")
    order, ids = order_of(rows, table[:, :1])
    return ids, table[order, 1:]


def _next(file: TextFile) -> str | None:
    """Return the line that names the next section."""
    line = file.start()
    if line is None:
        return None
    content = uncommented(line)
    if integer(content.split()[0]) is not None or not _SECTION.fullmatch(content):
        raise file.error("the name of a section", line)
    return line


def _skip(file: TextFile) -> str | None:
    while (line := file.start()) is not None:
        content = uncommented(line)
        if content and _SECTION.fullmatch(content):
            return line
    return None
