"""Extended XYZ files: per frame, a line of `key=value` pairs, then one line per particle.

The pair `Lattice` has the nine components of the three lattice vectors, and `Properties` lists the
columns. Images of particles are the columns `map_shift:I:3`, velocities are `velo:R:3`.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cagebreak._atomic import replacing
from cagebreak.configuration import SPECIES_NAMES, Box, Configuration
from cagebreak.errors import FileFormatError, InputError
from cagebreak.files import _columns
from cagebreak.files._text import TextFile, integer, number, numbers
from cagebreak.files.frame import Frame, in_order, species_of

# A key begins where a word does; otherwise a long word takes quadratic time.
_PAIR = re.compile(r"""(?<![\w-])([A-Za-z_][\w-]*)\s*=\s*(?:"([^"]*)"|'([^']*)'|(\S+))""")
_PROPERTY = re.compile(r"([^:\s]+):([SIRL]):([1-9][0-9]?)")
_SPECIES = ("species", "element", "type", "z")
_IMAGES = ("map_shift", "image", "images")
_VELOCITIES = ("velo", "vel", "velocity", "velocities")


def read(path: Path) -> list[Frame]:
    """Read all frames.

    The species follow from the column `species` (or `element`, `type`, `Z`). If its names are
    letters of species, they are kept; otherwise numbers in ascending order, then names in
    alphabetical order, become A, B and so on. Without such a column all particles are A.

    Raises
    ------
    FileFormatError
        If a line violates the format, the box is missing or not periodic, or the file has no
        frame.
    """
    parsed: list[tuple[Frame, list[str] | None]] = []
    with TextFile(path) as file:
        while (line := file.next()) is not None:
            if not line.strip():
                file.end()
                break
            parsed.append(_frame(file, line))
        if not parsed:
            raise file.error("the number of particles", "the end of the file", 1)
    types = in_order(name for _, names in parsed if names for name in names)
    frames = []
    for frame, names in parsed:
        if names is not None:
            try:
                species = species_of(names, types)
            except ValueError as error:
                raise FileFormatError(f"{path}: species: {error}") from error
            frame = Frame(frame.configuration.replace(species=species), time=frame.time)
        frames.append(frame)
    return frames


def write(
    path: Path, configurations: Sequence[Configuration], columns: Mapping[str, NDArray]
) -> None:
    """Write frames to full precision, with images and velocities if set, and with `columns`."""
    with replacing(path) as temporary, temporary.open("w", encoding="ascii") as file:
        for i, configuration in enumerate(configurations):
            of_frame = {name: values[i] for name, values in columns.items()}
            names, rows = _columns.table(configuration, of_frame, _OURS)
            properties = ":".join(["species:S:1", *names])
            lattice = " ".join(map(repr, configuration.box.matrix.ravel().tolist()))
            file.write(
                f'{len(configuration)}\nLattice="{lattice}" Properties={properties} pbc="T T T"\n'
            )
            for s, row in zip(configuration.species.tolist(), rows, strict=True):
                file.write(f"{SPECIES_NAMES[s]} {row}\n")


_OURS = _columns.Names(("pos:R:3",), ("map_shift:I:3",), ("velo:R:3",), "{}:R:1")


def _frame(file: TextFile, line: str) -> tuple[Frame, list[str] | None]:
    n = integer(line)
    if n is None or n < 1:
        raise file.error("the number of particles, from 1", line)
    comment = file.line('Lattice="..." Properties=...')
    pairs = {key.lower(): a or b or c for key, a, b, c in _PAIR.findall(comment)}
    lattice = numbers(pairs.get("lattice", ""))
    if lattice is None or len(lattice) != 9:
        raise file.error('the box, Lattice="..." with nine numbers', comment)
    if any(word.lower() not in ("t", "true", "1") for word in pairs.get("pbc", "T").split()):
        raise file.error('periodic boundaries, pbc="T T T"', comment)
    time = number(pairs["time"]) if "time" in pairs else None
    columns, width = _properties(file, pairs.get("properties", "species:S:1:pos:R:3"), comment)

    lines = file.block(n, "particles")
    expected = f"{width} columns, {pairs.get('properties', 'species:S:1:pos:R:3')}"
    vectors = [columns[name] for name in ("positions", "velocities", "images") if name in columns]
    indices = [start + k for start in vectors for k in range(3)]
    table = file.table(lines, indices, width, expected)
    parts = dict(
        zip(
            [name for name in ("positions", "velocities", "images") if name in columns],
            np.split(table, len(vectors), axis=1),
            strict=True,
        )
    )
    names = None
    if "species" in columns:
        names = [line.split()[columns["species"]] for line in lines]
    try:
        images: NDArray | None = parts.get("images")
        if images is not None:
            images = file.integers(images, lines, "whole numbers as images")
        configuration = Configuration(
            parts["positions"],
            np.zeros(n, np.int64),
            Box(np.reshape(lattice, (3, 3))),
            parts.get("velocities"),
            images,
        )
    except InputError as error:
        raise file.error(f"a configuration ({error})", None) from error
    return Frame(configuration, time=time), names


def _properties(file: TextFile, text: str, comment: str) -> tuple[dict[str, int], int]:
    """Return the first column of each quantity that is read, and the number of all columns."""
    columns: dict[str, int] = {}
    start = 0
    position = 0
    while position <= len(text):
        match = _PROPERTY.match(text, position)
        if match is None:
            raise file.error("Properties=name:S, I, R or L:columns:...", comment)
        name, kind, count = match[1].lower(), match[2], int(match[3])
        quantity = None
        if name in ("pos", "position", "positions") and (kind, count) in (("R", 3), ("I", 3)):
            quantity = "positions"
        elif name in _VELOCITIES and (kind, count) == ("R", 3):
            quantity = "velocities"
        elif name in _IMAGES and (kind, count) == ("I", 3):
            quantity = "images"
        elif name in _SPECIES and kind in "SI" and count == 1:
            quantity = "species"
        if quantity is not None and quantity in columns:
            raise file.error(f"one property of {quantity}", comment)
        if quantity is not None:
            columns[quantity] = start
        start += count
        position = match.end() + 1
        if match.end() < len(text) and text[match.end()] != ":":
            raise file.error("Properties=name:S, I, R or L:columns:...", comment)
    if "positions" not in columns:
        raise file.error("pos:R:3 in Properties", comment)
    return columns, start
