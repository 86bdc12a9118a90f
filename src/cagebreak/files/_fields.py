"""Which column of a table of particles is what, by its name.

Names are compared in lower case. A vector is one column of width 3, as `pos`, or three columns of
width 1, as `x`, `y` and `z`. Without `z`, or with a `pos` of width 2, there are two dimensions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from cagebreak.errors import InputError

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

TYPES = {
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

SIZES = {"diameter": 1.0, "diameters": 1.0, "radius": 2.0, "radii": 2.0}
"""Diameter of a particle over the number in a column of this name."""


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
    beside
        Positions in other columns, which are only compared; empty if there are none.
    beside_scaled
        Whether they are fractions of the box.
    velocities, images
        Three columns, or two of two dimensions; empty if there are none.
    ids
        A column, or None. `maybe_ids` is one that may hold something else.
    species
        Columns that name the species, by their names, in the order of their precedence.
    sizes
        Columns of radii or diameters, by their names.
    others
        Columns that are not read.
    width
        Number of columns of a line.
    """

    positions: tuple[int, ...]
    width: int
    scaled: bool = False
    unwrapped: bool = False
    beside: tuple[int, ...] = ()
    beside_scaled: bool = False
    velocities: tuple[int, ...] = ()
    images: tuple[int, ...] = ()
    ids: int | None = None
    maybe_ids: int | None = None
    species: Mapping[str, int] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    others: Mapping[str, int] = field(default_factory=dict)

    @property
    def depends_on_others(self) -> bool:
        """Whether a column that is read stands after one that is not known."""
        ids = [column for column in (self.ids, self.maybe_ids) if column is not None]
        named = (*self.species.values(), *self.sizes.values())
        read = (*self.positions, *self.beside, *self.velocities, *self.images, *ids, *named)
        return min(self.others.values(), default=max(read)) < max(read)


def recognized(fields: Sequence[Field], width: int) -> Columns:
    """Return which field is what.

    Unwrapped positions take precedence over wrapped ones, and lengths over fractions. Others are
    compared with them.

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
    others = (form for form in candidates if form[0] and form is not chosen)
    beside, beside_scaled, _ = next(others, ((), False, False))
    ids = [name for name in single if name in _IDS]
    if len(ids) > 1:
        raise InputError(f"ids: expected one column, got {' '.join(ids)}")
    maybe_ids = [name for name in single if name in _MAYBE_IDS]
    species = {
        name: single[name]
        for known in (TYPES, _NAMES, _ATOMIC_NUMBERS)
        for name in single
        if name in known
    }
    species = species or {name: c for name, c in single.items() if name in _MAYBE_NAMES}
    sizes = {name: c for name, c in single.items() if name in SIZES}
    known_names = {*species, *sizes, *ids}
    return Columns(
        positions,
        width,
        scaled,
        unwrapped,
        beside,
        beside_scaled,
        vector("velocities", _VELOCITIES, "velocities"),
        vector("images", _IMAGES, "images", "rumd images"),
        single[ids[0]] if ids else None,
        single[maybe_ids[0]] if maybe_ids and not ids else None,
        species,
        sizes,
        {name: c for name, c in single.items() if name not in known_names},
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
