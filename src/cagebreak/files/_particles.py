"""Particles of a table of text as a configuration, in the order of their ids."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cagebreak.configuration import SPECIES_NAMES, Box, Configuration
from cagebreak.configuration.box import right_handed
from cagebreak.configuration.sizes import ROUNDING, own_sizes
from cagebreak.errors import InputError
from cagebreak.files._fields import SIZES, TYPES, Columns
from cagebreak.files._text import Rows, number
from cagebreak.files.frame import Frame, named

NEAR, DIGITS = 0.02, 1e-5
"""Distance of positions in two sets of columns that may be rounding: in mean spacings, and over the
position (chosen: two decimals, and six digits)."""

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


class Cell(NamedTuple):
    """The lattice vectors that a file states, as rows, and where fractions are counted from."""

    matrix: Floats
    origin: Floats
    dimension: int = 3


def cell_of(matrix: ArrayLike, origin: ArrayLike = (0.0, 0.0, 0.0)) -> Cell:
    """Return a checked cell, which may be left-handed; one of two vectors becomes a thin one.

    Raises
    ------
    InputError
        If the vectors are not finite or span no volume.
    """
    vectors = np.asarray(matrix, np.float64)
    dimension = len(vectors)
    if dimension == 2:
        vectors = Box(vectors).sheet
    Box(right_handed(vectors)[0])
    return Cell(vectors, np.asarray(origin, np.float64), dimension)


def frame_of(
    rows: Rows,
    columns: Columns,
    cell: Cell,
    *,
    step: int | None = None,
    time: float | None = None,
    types_from_one: bool = False,
    type_names: Sequence[str] = (),
) -> Frame:
    """Return the particles of a table, sorted by their ids.

    Parameters
    ----------
    rows, columns
    cell
        A left-handed cell is replaced by a right-handed one of the same lattice.
    step, time
        What the file states about the frame.
    types_from_one
        Whether the numbers of a column `type` are LAMMPS's: 1 is A, even if no particle has it.
    type_names
        Names of all species in their order, if the file states them apart from the table.

    Raises
    ------
    FileFormatError
        If a word is no number, an id is repeated, columns contradict each other, or no column is
        known to name the species though one could.
    """
    id_column = columns.ids if columns.ids is not None else columns.maybe_ids
    first = rows.first()
    types = [
        name
        for name, column in columns.species.items()
        if column < len(first) and number(first[column]) is not None
    ]
    groups = {
        "positions": columns.positions,
        "beside": columns.beside,
        "velocities": columns.velocities,
        "images": columns.images,
        "ids": () if id_column is None else (id_column,),
        **{f"species {name}": (columns.species[name],) for name in types},
        **{f"size {name}": (column,) for name, column in columns.sizes.items()},
    }
    table = rows.table(
        [column for group in groups.values() for column in group],
        columns.width,
        f"the {columns.width} columns of the header, finite numbers where they are read",
    )
    ends = np.cumsum([len(group) for group in groups.values()])
    part = dict(zip(groups, np.split(table, ends[:-1], axis=1), strict=True))

    positions = _solid(part["positions"])
    if columns.scaled:
        positions = positions @ cell.matrix + cell.origin
    matrix, change = right_handed(cell.matrix)
    dimension = len(columns.positions)
    if cell.dimension == 2 and dimension == 3 and np.ptp(positions[:, 2]):
        raise rows.file.failure(
            InputError("box: expected three vectors or lengths for positions x y z, got two")
        )
    if dimension == 2:
        _require_thin(rows, matrix)
        positions = positions * [1, 1, 0]
    if columns.beside:
        beside = _solid(part["beside"])
        beside = beside @ cell.matrix + cell.origin if columns.beside_scaled else beside
        _require_same_places(rows, positions, beside, Box(matrix, dimension))
    images: NDArray | None = None
    if columns.unwrapped:
        images = np.zeros(positions.shape, np.int64)
    elif columns.images:
        images = _solid(rows.integers(part["images"], "whole numbers as images")) @ change.T
    numbers = {name: part[f"species {name}"][:, 0] for name in types}
    species, names = _species(rows, columns, numbers, types_from_one, tuple(type_names))
    diameters = _diameters(rows, columns, part, species)
    velocities = _solid(part["velocities"]) if columns.velocities else None
    ids = None
    if columns.ids is not None or (id_column is not None and _are_ids(part["ids"])):
        order, ids = order_of(rows, part["ids"])
        positions, species = positions[order], species[order]
        velocities = None if velocities is None else velocities[order]
        images = None if images is None else images[order]
        diameters = None if diameters is None else diameters[order]
    try:
        configuration = Configuration(
            positions, species, Box(matrix, dimension), velocities, images, diameters
        )
    except InputError as error:
        raise rows.file.failure(error) from error
    return Frame(configuration, step, time, ids, names)


def _solid(vectors: NDArray) -> NDArray:
    """Return vectors of three components; a third that is missing is 0."""
    if vectors.shape[1] == 3:
        return vectors
    return np.column_stack([vectors, np.zeros(len(vectors), vectors.dtype)])


def _require_thin(rows: Rows, matrix: Floats) -> None:
    """Refuse positions without z in a box that is not thin: a column may have been left out."""
    heights = 1 / np.sqrt((np.linalg.inv(matrix) ** 2).sum(axis=0))
    if heights[2] > heights[:2].min() / 2:
        raise rows.file.failure(
            InputError(
                "positions: expected x y z; got x y, of two dimensions, in a box that is not thin: "
                f"heights {heights.tolist()}"
            )
        )


def _require_same_places(rows: Rows, positions: Floats, beside: Floats, box: Box) -> None:
    """Refuse positions that are not those beside them, in the same or another period."""
    periods = ((positions - beside) @ box.inverse)[:, : box.dimension]
    vectors = (periods - np.rint(periods)) @ box.matrix[: box.dimension]
    apart = np.linalg.norm(vectors, axis=1)
    spacing = (box.volume / len(positions)) ** (1 / box.dimension)
    rounding = NEAR * spacing + DIGITS * np.abs(positions).max(axis=1)
    different = np.flatnonzero(apart > rounding)
    if len(different):
        raise rows.error(
            int(different[0]), "positions in two sets of columns that differ by periods of the box"
        )


def order_of(rows: Rows, column: Floats) -> tuple[Integers, Integers]:
    """Return the permutation that sorts the ids, and the sorted ids; refuse repeated ids."""
    ids = rows.integers(column, "whole numbers as ids").reshape(-1)
    order = np.argsort(ids, kind="stable")
    ids = ids[order]
    repeated = np.flatnonzero(ids[1:] == ids[:-1])
    if len(repeated):
        row = int(order[repeated[0] + 1])
        raise rows.error(row, f"each id once, got {ids[repeated[0]]} again")
    return order, ids


def _species(
    rows: Rows,
    columns: Columns,
    numbers: Mapping[str, Floats],
    types_from_one: bool,
    type_names: tuple[str, ...],
) -> tuple[Integers, tuple[str, ...] | None]:
    """Return the species of the particles, and the names of the species in their order."""
    if not columns.species:
        _refuse_unknown_words(rows, columns)
        return np.zeros(len(rows), np.int64), None
    candidates = {}
    for name, column in columns.species.items():
        try:
            if name not in numbers:
                words = rows.words(column, f"the {columns.width} columns of the header")
                candidates[name] = named(words)
            elif types_from_one and name == "type":
                candidates[name] = _lammps_types(rows, numbers[name])
            else:
                candidates[name] = _numbered(numbers[name])
        except InputError as error:
            raise rows.file.failure(error) from error
    (ruling, (species, names)), *others = candidates.items()
    for other, (species_of_other, names_of_other) in others:
        if len(np.unique(species_of_other)) > 1 and not _agree(
            species, species_of_other, names_of_other
        ):
            raise rows.file.error(
                f"columns {ruling} and {other} that agree about the species; leave out one", None
            )
    if type_names and ruling in TYPES:
        unknown = [name for name in names if name not in type_names]
        if unknown:
            raise rows.file.error(f"types {', '.join(type_names)} as the header says", unknown[0])
        species, names = np.array([type_names.index(name) for name in names])[species], type_names
    return species, names


def _diameters(
    rows: Rows, columns: Columns, part: Mapping[str, Floats], species: Integers
) -> Floats | None:
    """Return the diameters in columns of sizes, if they are those of particles and not of species.

    Raises
    ------
    FileFormatError
        If columns contradict each other, or a size is not positive.
    """
    if not columns.sizes:
        return None
    sizes = {name: SIZES[name] * part[f"size {name}"][:, 0] for name in columns.sizes}
    (ruling, diameters), *others = sizes.items()
    for other, values in others:
        apart = np.flatnonzero(~np.isclose(values, diameters, rtol=ROUNDING, atol=0))
        if len(apart):
            raise rows.error(int(apart[0]), f"columns {ruling} and {other} that agree")
    try:
        return own_sizes(diameters, species)
    except InputError as error:
        raise rows.file.failure(error) from error


def _lammps_types(rows: Rows, column: Floats) -> tuple[Integers, tuple[str, ...]]:
    """Return the species (0 is A) of LAMMPS types (1 is A), and the types up to the highest."""
    expected = f"a type from 1 to {len(SPECIES_NAMES)}"
    species = rows.integers(column, expected) - 1
    bad = np.flatnonzero((species < 0) | (species >= len(SPECIES_NAMES)))
    if len(bad):
        raise rows.error(int(bad[0]), expected)
    return species, tuple(str(s + 1) for s in range(int(species.max()) + 1))


def _numbered(column: Floats) -> tuple[Integers, tuple[str, ...]]:
    values, species = np.unique(column, return_inverse=True)
    if len(values) > len(SPECIES_NAMES):
        raise InputError(f"species: expected at most {len(SPECIES_NAMES)}, got {len(values)}")
    if (values != np.rint(values)).any():
        value = values[values != np.rint(values)][0]
        raise InputError(f"species: expected words or whole numbers, got {value}")
    names = tuple(str(int(value)) for value in values.tolist())
    return species.reshape(-1).astype(np.int64), names


def _agree(species: Integers, other: Integers, names: Sequence[str]) -> bool:
    """Return whether two columns name the same species; letters have their own numbers."""
    if names[0] == "A":
        return bool((species == other).all())
    pairs = np.unique(np.stack([species, other]), axis=1).shape[1]
    return pairs == len(np.unique(species)) == len(np.unique(other))


def _are_ids(column: Floats) -> bool:
    return len(np.unique(column)) == len(column) and bool((column == np.rint(column)).all())


def _refuse_unknown_words(rows: Rows, columns: Columns) -> None:
    first = rows.first()
    for name, column in columns.others.items():
        word = first[column] if column < len(first) else "0"
        if word.lower() in ("t", "f", "true", "false") or number(word) is not None:
            continue
        try:
            float(word)
        except ValueError:
            raise rows.error(
                0,
                f"a column that names the species, such as type, element or species; {name} holds "
                f"words but is not known (rename it, or leave it out), got {word!r}",
            ) from None
