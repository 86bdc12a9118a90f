"""The file of a unit: its arrays, its provenance, and the digests of what it was made from."""

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.lib.recfunctions import rename_fields
from numpy.typing import NDArray

from cagebreak._sealed import content_digest, creating, opened, statement
from cagebreak.descriptors.base import rename_kinds
from cagebreak.files.hdf5 import Dataset, read_datasets, write_datasets

FORMAT = "cagebreak unit 1"
PARTIAL = ".partial"

_STATED = {
    "format": str,
    "stage": str,
    "address": list,
    "partial": bool,
    "recipe": str,
    "sizes": dict,
    "content": str,
    "parents": dict,
}
"""What the first line of a unit's file states, and of which type."""

RENAMED = {"wall": "cell_rejection", "drift": "nonaffine", "lost": "dissipated"}
"""Present names of arrays and fields that earlier versions have stored."""


@dataclass(frozen=True, order=True)
class Unit:
    """A unit of work: a stage and an address, (configuration,) or (configuration, run)."""

    stage: str
    address: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.stage} {'/'.join(map(str, self.address))}"


@dataclass(frozen=True)
class Identity:
    """The recipe values that identify the results of a stage.

    Parameters
    ----------
    values
        Recipe values that the results depend on, directly or through the stages they need.
    sizes
        Recipe values that only set how many units of other stages a unit reads, such as the number
        of runs. If they change, units of this stage are done again, but the units that they read
        remain valid.
    """

    values: dict[str, Any]
    sizes: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the values in canonical JSON."""
        return hashlib.sha256(as_json(self.values).encode()).hexdigest()


@dataclass(frozen=True)
class Provenance:
    """What the file of a unit states of itself.

    Parameters
    ----------
    recipe
        `Identity.hash` of the recipe.
    sizes
        `Identity.sizes`.
    content
        SHA-256 of the unit's arrays; None for files of earlier versions, which state none.
    parents
        For each stage that the unit needs, directly or indirectly, the SHA-256 of the contents of
        the units that it was made from.
    bytes
        SHA-256 of the bytes of the file after its first lines; None as for `content`.
    """

    recipe: str
    sizes: Mapping[str, Any]
    content: str | None
    parents: Mapping[str, str]
    bytes: str | None


def write_unit(
    path: Path,
    attributes: Mapping[str, Any],
    arrays: Mapping[str, Dataset],
    parents: Mapping[str, str],
) -> None:
    """Write the file of a unit, with its provenance as attributes and in its first line.

    Parameters
    ----------
    path
    attributes
        The attributes of the file, without `content` and `parents`.
    arrays
    parents
        `Provenance.parents`.
    """
    content = content_digest({name: dataset.values for name, dataset in arrays.items()})
    about = {
        "format": attributes["format"],
        "stage": attributes["stage"],
        "address": [int(index) for index in attributes["address"]],
        "partial": is_partial(path),
        "recipe": attributes["recipe_hash"],
        "sizes": json.loads(attributes["sizes"]),
        "content": content,
        "parents": dict(parents),
    }
    with creating(path, about) as file:
        for name, value in attributes.items():
            file.attrs[name] = value
        file.attrs["content"] = content
        file.attrs["parents"] = as_json(parents)
        write_datasets(file, arrays)


def read_provenance(path: Path, unit: Unit, whole: bool = False) -> Provenance:
    """Return what the file of a unit states; `whole` as for `statement`.

    Raises
    ------
    FileNotFoundError
    ValueError, KeyError, OSError
        If the file is damaged, or is not that of this unit.
    """
    stated = statement(path, whole)
    if stated is None:
        with opened(path) as file:
            identity = read_identity(file, unit)
        return Provenance(identity.hash, identity.sizes, None, {}, None)
    for name, kind in _STATED.items():
        if not isinstance(stated.get(name), kind):
            raise ValueError(f"its first line does not state its {name}")
    _require_unit(stated["format"], stated["stage"], stated["address"], unit)
    if stated["partial"] != is_partial(path):
        raise ValueError("a partial file and that of a finished unit are in each other's place")
    return Provenance(
        stated["recipe"], stated["sizes"], stated["content"], stated["parents"], stated["sha256"]
    )


def read_identity(file: h5py.File, unit: Unit, provenance: Provenance | None = None) -> Identity:
    """Return the identity that a unit's file states in its attributes.

    Parameters
    ----------
    file
    unit
    provenance
        What the first line of the file states; None if it is not known.

    Raises
    ------
    ValueError, KeyError
        If the attributes are not those of this unit, or are not what the first line states.
    """
    attributes = file.attrs
    address = np.atleast_1d(attributes.get("address", ())).tolist()
    _require_unit(attributes.get("format"), attributes.get("stage"), address, unit)
    values, sizes = (_table(name, json.loads(attributes[name])) for name in ("recipe", "sizes"))
    identity = Identity(values, sizes)
    if identity.hash != attributes["recipe_hash"]:
        raise ValueError("its recipe does not have the hash it states")
    if provenance is not None and provenance.content is not None:
        first = provenance.recipe, provenance.sizes, provenance.content, provenance.parents
        parents = json.loads(attributes["parents"])
        if first != (identity.hash, sizes, attributes["content"], parents):
            raise ValueError("its attributes are not what its first line states")
    return identity


def _require_unit(file_format: Any, stage: Any, address: Sequence[Any], unit: Unit) -> None:
    """Check the format, stage and address that a file states.

    Raises
    ------
    ValueError
        If they are not those of a unit's file, or of another unit.
    """
    if file_format != FORMAT:
        raise ValueError(f"expected format {FORMAT!r}, got {file_format!r}")
    stated = Unit(str(stage), tuple(address))
    if stated != unit:
        raise ValueError(f"it is that of {stated}, in the place of {unit}")


def _table(name: str, value: Any) -> dict[str, Any]:
    """Return a value that a file states, after a check that it is a table.

    Raises
    ------
    ValueError
        If it is not.
    """
    if not isinstance(value, dict):
        raise ValueError(f"{name}: expected values by name, got {type(value).__name__}")
    return value


def check_content(arrays: Mapping[str, NDArray], content: str | None) -> None:
    """Check all arrays of a unit against `Provenance.content`.

    The digest of the bytes of a file does not tell that arrays were edited and the file sealed
    again; this one does, and units that were made from this one state it too.

    Raises
    ------
    ValueError
        If they are others.
    """
    if content is not None and content_digest(arrays) != content:
        raise ValueError("its arrays do not have the SHA-256 that it states")


def is_partial(path: Path) -> bool:
    """Return whether a file has the name of a unit in progress."""
    return path.stem.endswith(PARTIAL)


@cache
def content_of_arrays(path: Path, *stamp: int) -> str:
    """Return the SHA-256 of the arrays of a file; `stamp` changes with the file."""
    with opened(path) as file:
        return content_digest(read_datasets(file))


def as_json(values: Any) -> str:
    """Return values as JSON with sorted keys."""
    return json.dumps(values, sort_keys=True)


@cache
def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that results depend on."""
    packages = ("cagebreak", "numpy", "scipy", "numba", "h5py")
    return {"python": platform.python_version()} | {name: version(name) for name in packages}


def with_present_names(arrays: Mapping[str, NDArray]) -> dict[str, NDArray]:
    """Return the arrays of a unit, of which an earlier version may have named some otherwise."""
    present = {}
    for name, array in arrays.items():
        if array.dtype.names:
            array = rename_fields(array, RENAMED)
            if "kind" in (array.dtype.names or ()):
                rename_kinds(array)
        present[RENAMED.get(name, name)] = array
    return present
