"""LAMMPS dump files of style atom or custom: frames of any periodic box, images, permuted ids.

Positions are taken from the first of these columns that the file has: `xu` (unwrapped), `xsu`
(unwrapped, as fractions of the box), `x`, `xs` (fractions). Fractions are converted to lengths. The
columns `ix iy iz` become images; unwrapped positions have images of zero.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cagebreak._atomic import replacing
from cagebreak.configuration import Box, Configuration
from cagebreak.configuration.interchange.arrays import lower_triangular
from cagebreak.errors import InputError
from cagebreak.files import _columns
from cagebreak.files._fields import Field, recognized
from cagebreak.files._particles import Cell, cell_of, frame_of
from cagebreak.files._text import TextFile, integer, number, numbers, uncommented
from cagebreak.files.frame import Frame


def read(path: Path) -> Iterator[Frame]:
    """Yield all frames; particles are sorted by their ids.

    The species follow from the column `type` (1 is A), or else from a column of names, such as
    `element` or `typelabel`. Without such a column all particles are A.

    Raises
    ------
    FileFormatError
        If a line violates the format, an id is repeated, the box is not periodic, or the file has
        no frame.
    """
    empty = True
    with TextFile(path) as file:
        while (line := file.start()) is not None:
            yield _frame(file, line)
            empty = False
        if empty:
            raise file.error("ITEM: TIMESTEP", "the end of the file", 1)


def write(
    path: Path, configurations: Sequence[Configuration], columns: Mapping[str, NDArray]
) -> None:
    """Write frames with the columns id, type, x, y, z, images and velocities if set, and `columns`.

    Raises
    ------
    InputError
        If a box does not have LAMMPS's form: first lattice vector along x, second in the xy plane.
    """
    with replacing(path) as temporary, temporary.open("w", encoding="ascii") as file:
        for step, configuration in enumerate(configurations):
            bounds = _bounds(configuration.box)
            of_frame = {name: values[step] for name, values in columns.items()}
            names, table = _columns.table(configuration, of_frame, _OURS)
            file.write(f"ITEM: TIMESTEP\n{step}\nITEM: NUMBER OF ATOMS\n{len(configuration)}\n")
            file.write("\n".join(bounds) + f"\nITEM: ATOMS id type {' '.join(names)}\n")
            for i, (s, row) in enumerate(
                zip(configuration.species.tolist(), table, strict=True), start=1
            ):
                file.write(f"{i} {s + 1} {row}\n")


_OURS = _columns.Names(
    positions=("x", "y", "z"), images=("ix", "iy", "iz"), velocities=("vx", "vy", "vz")
)


def _frame(file: TextFile, line: str) -> Frame:
    step, n, cell, time = None, None, None, None
    while not (item := " ".join(line.split()).upper()).startswith("ITEM: ATOMS"):
        if item == "ITEM: UNITS":
            file.line("units")
        elif item == "ITEM: TIME":
            text = file.line("the time")
            time = number(text)
            if time is None:
                raise file.error("the time", text)
        elif item == "ITEM: TIMESTEP":
            step = _whole(file, "the time step")
        elif item == "ITEM: NUMBER OF ATOMS":
            n = _whole(file, "the number of atoms, from 1")
            if n < 1:
                raise file.error("the number of atoms, from 1", str(n))
        elif item.startswith("ITEM: BOX BOUNDS"):
            cell = _cell(file, item.lower().split()[3:])
        else:
            raise file.error(
                "ITEM: TIMESTEP, NUMBER OF ATOMS, BOX BOUNDS, ATOMS, UNITS or TIME", line
            )
        line = file.line("ITEM: ATOMS")
    if step is None or n is None or cell is None:
        raise file.error("ITEM: TIMESTEP, NUMBER OF ATOMS and BOX BOUNDS before ITEM: ATOMS", line)
    names = line.split()[2:]
    if len({name.lower() for name in names}) != len(names):
        raise file.error("columns of different names", " ".join(names))
    try:
        columns = recognized([Field(name, i) for i, name in enumerate(names)], len(names))
    except InputError as error:
        raise file.failure(error) from error
    rows = file.block(n, "atoms")
    return frame_of(rows, columns, cell, step=step, time=time, types_from_one=True)


def _whole(file: TextFile, expected: str) -> int:
    text = file.line(expected)
    value = integer(text)
    if value is None:
        raise file.error(expected, text)
    return value


def _cell(file: TextFile, words: list[str]) -> Cell:
    boundaries = [word for word in words if set(word) <= set("pfsm")]
    form = [word for word in words if not set(word) <= set("pfsm")]
    if any(set(word) != {"p"} for word in boundaries):
        raise file.error(
            "periodic boundaries, pp pp pp (films and clusters are not read)", " ".join(boundaries)
        )
    width = {(): 2, ("xy", "xz", "yz"): 3, ("abc", "origin"): 4}.get(tuple(form))
    if width is None:
        raise file.error("BOX BOUNDS, with xy xz yz or abc origin if sheared", " ".join(words))
    rows = []
    for _ in range(3):
        line = file.line("three lines of box bounds")
        row = numbers(uncommented(line))
        if row is None or len(row) != width:
            raise file.error(f"{width} numbers", line)
        rows.append(row)
    bounds = np.array(rows)
    try:
        if width == 4:
            return cell_of(bounds[:, :3], bounds[:, 3])
        xy, xz, yz = bounds[:, 2] if width == 3 else np.zeros(3)
        low = bounds[:, 0] - [min(0, xy, xz, xy + xz), min(0, yz), 0]
        high = bounds[:, 1] - [max(0, xy, xz, xy + xz), max(0, yz), 0]
        x, y, z = (high - low).tolist()
        if min(x, y, z) <= 0:
            raise InputError(f"box: expected lo < hi in each direction, got lengths {[x, y, z]}")
        return cell_of([[x, 0, 0], [xy, y, 0], [xz, yz, z]], low)
    except InputError as error:
        raise file.failure(error) from error


def _bounds(box: Box) -> list[str]:
    x, xy, y, xz, yz, z = lower_triangular(box, "a LAMMPS dump")
    if box.is_orthorhombic:
        return ["ITEM: BOX BOUNDS pp pp pp", *(f"0.0 {edge!r}" for edge in (x, y, z))]
    left, right = min(0.0, xy, xz, xy + xz), max(0.0, xy, xz, xy + xz)
    return [
        "ITEM: BOX BOUNDS xy xz yz pp pp pp",
        f"{left!r} {x + right!r} {xy!r}",
        f"{min(0.0, yz)!r} {y + max(0.0, yz)!r} {xz!r}",
        f"0.0 {z!r} {yz!r}",
    ]
