"""Frames of XYZ files: the number of particles, a line about the frame, one line per particle.

The second line says, in one of the dialects of `cagebreak.files.xyz.header`, what the box is and
what the columns are. Plain XYZ says neither: its columns are species, x, y and z.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from numpy.typing import NDArray

from cagebreak._atomic import replacing
from cagebreak.configuration import SPECIES_NAMES, Box, Configuration
from cagebreak.errors import InputError
from cagebreak.files import _columns
from cagebreak.files._particles import Cell, cell_of, frame_of
from cagebreak.files._text import TextFile, integer, uncommented
from cagebreak.files.frame import Frame, renamed
from cagebreak.files.xyz.header import Header, parse, plain_columns

_OURS = _columns.Names(("pos:R:3",), ("map_shift:I:3",), ("velo:R:3",), "{}:R:1")


def read(path: Path, box: Box | None = None) -> Iterator[Frame]:
    """Yield all frames; particles are sorted by their ids if the file has some.

    Parameters
    ----------
    path
    box
        The box of a file that states none.

    Raises
    ------
    FileFormatError
        If a line violates the format, the box is missing, stated twice or not periodic, or the
        file has no frame.
    """
    empty = True
    with TextFile(path) as file:
        while (line := file.start()) is not None:
            yield _frame(file, line, box)
            empty = False
        if empty:
            raise file.error("the number of particles", "the end of the file", 1)


def write(
    path: Path, configurations: Sequence[Configuration], columns: Mapping[str, NDArray]
) -> None:
    """Write frames to full precision, with images and velocities if set, and with `columns`."""
    with replacing(path) as temporary, temporary.open("w", encoding="ascii") as file:
        for i, configuration in enumerate(configurations):
            of_frame = {name: values[i] for name, values in columns.items()}
            names, rows = _columns.table(configuration, of_frame, _OURS)
            properties = ":".join(["species:S:1", *names])
            lattice = " ".join(map(repr, configuration.box.sheet.ravel().tolist()))
            stated = _stated(configuration)
            file.write(
                f'{len(configuration)}\nLattice="{lattice}" Properties={properties} pbc="T T T"'
                f"{stated}\n"
            )
            for s, row in zip(configuration.species.tolist(), rows, strict=True):
                file.write(f"{SPECIES_NAMES[s]} {row}\n")


def _stated(configuration: Configuration) -> str:
    """Return the names of the species, where those of the particles do not tell their numbers."""
    if (configuration.species == 0).any():
        return ""
    return f' species_names="{" ".join(SPECIES_NAMES[: configuration.n_species])}"'


def _frame(file: TextFile, line: str, box: Box | None) -> Frame:
    n = integer(uncommented(line))
    if n is None or n < 1:
        raise file.error("the number of particles, from 1", line)
    comment = file.line("a line about the frame")
    try:
        header = parse(comment)
        cell = _cell(header, box)
    except InputError as error:
        raise file.failure(error) from error
    rows = file.block(n, "particles")
    columns = header.columns or plain_columns(rows.first())
    # A z that the header does not mention would make a plane of a bulk.
    must_fit = (header.exact and columns.depends_on_others) or len(columns.positions) == 2
    if must_fit and len(rows.first()) != columns.width:
        raise rows.error(0, f"{columns.width} columns, as the line about the frame says")
    frame = frame_of(
        rows,
        columns,
        cell,
        step=header.step,
        time=header.time,
        type_names=header.type_names,
    )
    if header.species_names and frame.species_names is not None:
        try:
            return renamed(frame, header.species_names)
        except InputError as error:
            raise file.failure(error) from error
    return frame


def _cell(header: Header, box: Box | None) -> Cell:
    if header.cell is None and box is None:
        raise InputError(
            'box: expected Lattice="..." with nine numbers, cell:x,y,z or boxLengths=x,y,z; for a '
            "file that states none, give the box (box=, --box)"
        )
    if header.cell is not None:
        return header.cell
    return cell_of(box.sheet)  # type: ignore[union-attr]
