"""LAMMPS dump files of style atom or custom: frames of any periodic box, images, permuted ids.

Positions are taken from the first of these columns that the file has: `xu` (unwrapped), `xsu`
(unwrapped, as fractions of the box), `x`, `xs` (fractions). Fractions are converted to lengths. The
columns `ix iy iz` become images, unless the positions are unwrapped already.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cagebreak._atomic import replacing
from cagebreak.configuration import Box, Configuration
from cagebreak.errors import InputError
from cagebreak.files import _columns
from cagebreak.files._lammps import order_of, species_of_types, type_names
from cagebreak.files._text import TextFile, integer, number, numbers
from cagebreak.files.frame import Frame, named

# Suffixes of the three columns, whether they are fractions, and whether they are unwrapped.
_POSITIONS = (("u", False, True), ("su", True, True), ("", False, False), ("s", True, False))


def read(path: Path) -> list[Frame]:
    """Read all frames; particles are sorted by their ids.

    The species follow from the column `type` (1 is A), or else from the column `element`: if its
    names are letters of species, they are kept; otherwise the names in alphabetical order become A,
    B and so on. Without either column all particles are A.

    Raises
    ------
    FileFormatError
        If a line violates the format, an id is repeated, the box is not periodic, or the file has
        no frame.
    """
    frames: list[Frame] = []
    with TextFile(path) as file:
        while (line := file.next()) is not None:
            if not line.strip():
                file.end()
                break
            frames.append(_frame(file, line))
        if not frames:
            raise file.error("ITEM: TIMESTEP", "the end of the file", 1)
    return frames


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
    step, n, box, time = None, None, None, None
    while not line.startswith("ITEM: ATOMS"):
        if line == "ITEM: UNITS":
            file.line("units")
        elif line == "ITEM: TIME":
            text = file.line("the time")
            time = number(text)
            if time is None:
                raise file.error("the time", text)
        elif line == "ITEM: TIMESTEP":
            step = _whole(file, "the time step")
        elif line == "ITEM: NUMBER OF ATOMS":
            n = _whole(file, "the number of atoms, from 1")
            if n < 1:
                raise file.error("the number of atoms, from 1", str(n))
        elif line.startswith("ITEM: BOX BOUNDS"):
            box = _box(file, line.split()[3:])
        else:
            raise file.error(
                "ITEM: TIMESTEP, NUMBER OF ATOMS, BOX BOUNDS, ATOMS, UNITS or TIME", line
            )
        line = file.line("ITEM: ATOMS")
    if step is None or n is None or box is None:
        raise file.error("ITEM: TIMESTEP, NUMBER OF ATOMS and BOX BOUNDS before ITEM: ATOMS", line)
    return _atoms(file, line.split()[2:], step, time, n, *box)


def _whole(file: TextFile, expected: str) -> int:
    text = file.line(expected)
    value = integer(text)
    if value is None:
        raise file.error(expected, text)
    return value


def _box(file: TextFile, words: list[str]) -> tuple[Box, NDArray]:
    """Return the box and its origin."""
    boundaries = [word for word in words if set(word) <= set("pfsm")]
    form = words[: len(words) - len(boundaries)]
    if any(word != "pp" for word in boundaries):
        raise file.error("periodic boundaries, pp pp pp", " ".join(boundaries))
    width = {(): 2, ("xy", "xz", "yz"): 3, ("abc", "origin"): 4}.get(tuple(form))
    if width is None:
        raise file.error("BOX BOUNDS, with xy xz yz or abc origin if sheared", " ".join(words))
    rows = []
    for _ in range(3):
        line = file.line("three lines of box bounds")
        row = numbers(line)
        if row is None or len(row) != width:
            raise file.error(f"{width} numbers", line)
        rows.append(row)
    bounds = np.array(rows)
    try:
        if width == 4:
            return Box(bounds[:, :3]), bounds[:, 3]
        xy, xz, yz = bounds[:, 2] if width == 3 else np.zeros(3)
        low = bounds[:, 0] - [min(0, xy, xz, xy + xz), min(0, yz), 0]
        high = bounds[:, 1] - [max(0, xy, xz, xy + xz), max(0, yz), 0]
        x, y, z = high - low
        return Box(np.array([[x, 0, 0], [xy, y, 0], [xz, yz, z]])), low
    except InputError as error:
        raise file.error(f"a box of positive volume ({error})", None) from error


def _atoms(
    file: TextFile,
    names: list[str],
    step: int,
    time: float | None,
    n: int,
    box: Box,
    origin: NDArray,
) -> Frame:
    if len(set(names)) != len(names):
        raise file.error("columns of different names", " ".join(names))
    index = {name: c for c, name in enumerate(names)}
    form = next(
        (form for form in _POSITIONS if all(axis + form[0] in index for axis in "xyz")), None
    )
    if form is None:
        raise file.error("columns x y z, or xs, xu, xsu", " ".join(names))
    suffix, scaled, unwrapped = form
    chosen = [axis + suffix for axis in "xyz"]
    parts = [
        part
        for part in (["id"], ["type"], ["vx", "vy", "vz"], ["ix", "iy", "iz"])
        if all(name in index for name in part) and not (part[0] == "ix" and unwrapped)
    ]
    chosen += [name for part in parts for name in part]
    lines = file.block(n, "atoms")
    expected = f"the {len(names)} columns {' '.join(names)}, finite numbers"
    table = file.table(lines, [index[name] for name in chosen], len(names), expected)
    column = {name: table[:, c] for c, name in enumerate(chosen)}

    positions = table[:, :3]
    if scaled:
        positions = positions @ box.matrix + origin
    order, ids = np.arange(n), None
    if "id" in column:
        order, ids = order_of(file, column["id"], lines)
    species: NDArray = np.zeros(n, np.int64)
    names_of_species = None
    try:
        if "type" in column:
            species = species_of_types(file, column["type"], lines)
            names_of_species = type_names(species)
        elif "element" in index:
            words = [line.split()[index["element"]] for line in lines]
            species, names_of_species = named(words)
    except InputError as error:
        raise file.error(f"known species ({error})", None) from error

    def vectors(names: str) -> NDArray | None:
        components = names.split()
        return (
            np.stack([column[name] for name in components], 1) if components[0] in column else None
        )

    velocities, images = vectors("vx vy vz"), vectors("ix iy iz")
    if images is not None:
        images = file.integers(images, lines, "whole numbers as images")[order]
    try:
        configuration = Configuration(
            positions[order],
            species[order],
            box,
            None if velocities is None else velocities[order],
            images,
        )
    except InputError as error:
        raise file.error(f"a configuration ({error})", None) from error
    return Frame(configuration, step, time, ids, names_of_species)


def _bounds(box: Box) -> list[str]:
    matrix = box.matrix
    if np.triu(matrix, 1).any():
        raise InputError(
            "configuration: a LAMMPS dump holds boxes whose first vector is along x and whose "
            f"second is in the plane of x and y, got {matrix.tolist()}; write .xyz"
        )
    (x, _, _), (xy, y, _), (xz, yz, z) = matrix.tolist()
    if box.is_orthorhombic:
        return ["ITEM: BOX BOUNDS pp pp pp", *(f"0.0 {edge!r}" for edge in (x, y, z))]
    left, right = min(0.0, xy, xz, xy + xz), max(0.0, xy, xz, xy + xz)
    return [
        "ITEM: BOX BOUNDS xy xz yz pp pp pp",
        f"{left!r} {x + right!r} {xy!r}",
        f"{min(0.0, yz)!r} {y + max(0.0, yz)!r} {xz!r}",
        f"0.0 {z!r} {yz!r}",
    ]
