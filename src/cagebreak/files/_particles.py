"""Particles from a table of text: which column is what, by its name, and the configuration.

Names are compared in lower case. A vector is one column of width 3, as `pos`, or three columns of
width 1, as `x`, `y` and `z`. Without `z`, or with a `pos` of width 2, there are two dimensions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cagebreak.configuration import SPECIES_NAMES, Box, Configuration
from cagebreak.configuration.box import right_handed
from cagebreak.errors import InputError
from cagebreak.files._text import Rows, number
from cagebreak.files.frame import Frame, named, warn_of_sizes

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

_POSITIONS = {"pos", "position", "positions", "coord", "coords", "coordinates", "r"}
_UNWRAPPED = ("unwrapped", "unfolded")
"""Parts of the names of vectors that are unwrapped positions, such as `unwrapped_pos`."""

_VELOCITIES = {"velo", "vel", "velocity", "velocities", "v"}
_IMAGES = {
    *("map_shift", "image", "images", "image_flag", "image_flags", "travel"),
    *("periodic_image", "periodic_images", "box_image", "box_images"),
}
_AXES = {
    "positions": ("x", "y", "z"),
    "scaled": ("xs", "ys", "zs"),
    "unwrapped": ("xu", "yu", "zu"),
    "scaled unwrapped": ("xsu", "ysu", "zsu"),
    "velocities": ("vx", "vy", "vz"),
    "images": ("ix", "iy", "iz"),
    "rumd images": ("imx", "imy", "imz"),
}
_POSITION_AXES = ("positions", "scaled", "unwrapped", "scaled unwrapped")
_IDS = {
    *("id", "ids", "identifier", "identifiers", "atom_id", "atom_ids", "atomid"),
    *("particle_id", "particle_ids", "particleid", "particle_identifier", "particle_identifiers"),
}
_MAYBE_IDS = {
    *("index", "indices", "idx", "tag", "tags", "serial", "nr", "uid", "gid", "global_id"),
    *("atom_index", "atom_idx", "atom_number", "particle_index", "particle_idx"),
    *("particle_number", "orig_id", "orig_index", "original_id", "original_index"),
}
"""Names of columns that are ids if their values differ."""

_TYPES = {
    *("type", "types", "typeid", "type_id", "atype", "atom_type", "atom_types"),
    *("particle_type", "particle_types", "species_id"),
}
_NAMES = {
    *("species", "element", "elements", "typelabel", "typelabels", "type_label", "type_name"),
    *("symbol", "symbols", "chemical_symbol", "chemical_symbols"),
}
_ATOMIC_NUMBERS = {"z", "atomic_number", "atomic_numbers", "numbers", "atomicnumber"}
_MAYBE_NAMES = {"name", "names", "label", "labels", "atom_name", "kind"}
"""Names of columns that name the species if no other column does."""


_SIZES = ("radius", "radii", "diameter", "diameters")


class Field(NamedTuple):
    """A named quantity of the particles: the first of its columns, and how many it has."""

    name: str
    start: int
    width: int = 1


@dataclass(frozen=True)
class Columns:
    """Which column is what.

    Parameters
    ----------
    positions
        Three columns, or two of two dimensions.
    scaled
        Whether positions are fractions of the box.
    unwrapped
        Whether positions are unwrapped.
    velocities, images
        Three columns, or two of two dimensions; empty if there are none.
    ids
        A column, or None. `maybe_ids` is one that may hold something else.
    species
        Columns that name the species, by their names, in the order of their precedence.
    others
        Columns that are not read.
    width
        Number of columns of a line.
    """

    positions: tuple[int, ...]
    width: int
    scaled: bool = False
    unwrapped: bool = False
    velocities: tuple[int, ...] = ()
    images: tuple[int, ...] = ()
    ids: int | None = None
    maybe_ids: int | None = None
    species: Mapping[str, int] = field(default_factory=dict)
    others: Mapping[str, int] = field(default_factory=dict)

    @property
    def depends_on_others(self) -> bool:
        """Whether a column that is read stands after one that is not known."""
        ids = [column for column in (self.ids, self.maybe_ids) if column is not None]
        read = (*self.positions, *self.velocities, *self.images, *ids, *self.species.values())
        return min(self.others.values(), default=max(read)) < max(read)


def recognized(fields: Sequence[Field], width: int) -> Columns:
    """Return which field is what.

    Unwrapped positions take precedence over wrapped ones, and lengths over fractions.

    Raises
    ------
    InputError
        If there are no positions, images in some directions only, or two fields of one kind.
    """
    names = [f.name for f in fields]
    if "Z" in names and "z" in names:
        fields = [f._replace(name="atomic_number") if f.name == "Z" else f for f in fields]
    lower = [f.name.lower() for f in fields]
    if len(set(lower)) < len(lower):
        repeated = next(name for i, name in enumerate(lower) if name in lower[:i])
        raise InputError(f"columns: expected different names, got {repeated} twice")
    single = {f.name.lower(): f.start for f in fields if f.width == 1}
    d = _dimension(fields, single)
    vectors = {f.name.lower(): f.start for f in fields if f.width == d}
    of_axes: dict[str, tuple[int, ...]] = {}
    for kind, axes in _AXES.items():
        present = [axis for axis in axes if axis in single]
        if present == list(axes) or present == list(axes[:d]):
            of_axes[kind] = tuple(single.pop(axis) for axis in present)
        elif present and "images" in kind:
            raise InputError(f"images: expected columns {' '.join(axes[:d])}, got {present}")

    def vector(kind: str, known: set[str], *axes: str) -> tuple[int, ...]:
        chosen = [(name, start) for name, start in vectors.items() if name in known]
        if len(chosen) > 1:
            raise InputError(f"{kind}: expected one of {[name for name, _ in chosen]}")
        if chosen:
            return tuple(range(chosen[0][1], chosen[0][1] + d))
        return next((of_axes[axis] for axis in axes if axis in of_axes), ())

    unwrapped_names = {name for name in vectors if any(part in name for part in _UNWRAPPED)}
    candidates = (
        (vector("unwrapped positions", unwrapped_names, "unwrapped"), False, True),
        (of_axes.get("scaled unwrapped", ()), True, True),
        (vector("positions", _POSITIONS, "positions"), False, False),
        (of_axes.get("scaled", ()), True, False),
    )
    chosen = next((form for form in candidates if form[0]), None)
    if chosen is None:
        raise InputError(
            "positions: expected columns x y z, xu yu zu, xs ys zs or xsu ysu zsu, or a column "
            f"pos of width 3 (in two dimensions without z, or of width 2), got {' '.join(names)}"
        )
    positions, scaled, unwrapped = chosen
    ids = [name for name in single if name in _IDS]
    if len(ids) > 1:
        raise InputError(f"ids: expected one column, got {' '.join(ids)}")
    maybe_ids = [name for name in single if name in _MAYBE_IDS]
    species = {
        name: single[name]
        for known in (_TYPES, _NAMES, _ATOMIC_NUMBERS)
        for name in single
        if name in known
    }
    species = species or {name: c for name, c in single.items() if name in _MAYBE_NAMES}
    return Columns(
        positions,
        width,
        scaled,
        unwrapped,
        vector("velocities", _VELOCITIES, "velocities"),
        vector("images", _IMAGES, "images", "rumd images"),
        single[ids[0]] if ids else None,
        single[maybe_ids[0]] if maybe_ids and not ids else None,
        species,
        {name: c for name, c in single.items() if name not in species and name not in ids},
    )


def _dimension(fields: Sequence[Field], single: Mapping[str, int]) -> int:
    """Return 2 if positions have two components and none has a third, else 3."""
    widths = {f.width for f in fields if f.name.lower() in _POSITIONS}
    if any(_AXES[kind][2] in single for kind in _POSITION_AXES):
        return 3
    for kind in _POSITION_AXES:
        axes = _AXES[kind]
        widths |= {2} if all(axis in single for axis in axes[:2]) else set()
    return 2 if 2 in widths and 3 not in widths else 3


class Cell(NamedTuple):
    """The lattice vectors that a file states, as rows, and where fractions are counted from."""

    matrix: Floats
    origin: Floats


def cell_of(matrix: ArrayLike, origin: ArrayLike = (0.0, 0.0, 0.0)) -> Cell:
    """Return a checked cell, which may be left-handed; one of two vectors becomes a thin one.

    Raises
    ------
    InputError
        If the vectors are not finite or span no volume.
    """
    vectors = np.asarray(matrix, np.float64)
    if vectors.shape == (2, 2):
        vectors = Box(vectors).sheet
    Box(right_handed(vectors)[0])
    return Cell(vectors, np.asarray(origin, np.float64))


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
        "velocities": columns.velocities,
        "images": columns.images,
        "ids": () if id_column is None else (id_column,),
        **{f"species {name}": (columns.species[name],) for name in types},
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
    if dimension == 2:
        _require_thin(rows, matrix)
        positions = positions * [1, 1, 0]
    images: NDArray | None = None
    if columns.unwrapped:
        images = np.zeros(positions.shape, np.int64)
    elif columns.images:
        images = _solid(rows.integers(part["images"], "whole numbers as images")) @ change.T
    numbers = {name: part[f"species {name}"][:, 0] for name in types}
    species, names = _species(rows, columns, numbers, types_from_one, tuple(type_names))
    _compare_sizes(rows, columns, species)
    velocities = _solid(part["velocities"]) if columns.velocities else None
    ids = None
    if columns.ids is not None or (id_column is not None and _are_ids(part["ids"])):
        order, ids = order_of(rows, part["ids"])
        positions, species = positions[order], species[order]
        velocities = None if velocities is None else velocities[order]
        images = None if images is None else images[order]
    try:
        configuration = Configuration(
            positions, species, Box(matrix, dimension), velocities, images
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
    if type_names and ruling in _TYPES:
        unknown = [name for name in names if name not in type_names]
        if unknown:
            raise rows.file.error(f"types {', '.join(type_names)} as the header says", unknown[0])
        species, names = np.array([type_names.index(name) for name in names])[species], type_names
    return species, names


def _compare_sizes(rows: Rows, columns: Columns, species: Integers) -> None:
    for name in _SIZES:
        if name in columns.others:
            words = rows.words(columns.others[name], f"the {columns.width} columns of the header")
            sizes = [number(word) for word in words]
            if None not in sizes:
                warn_of_sizes(f"{rows.file.path}, {name}", np.array(sizes, np.float64), species)


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
